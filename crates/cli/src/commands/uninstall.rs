//! `pintle uninstall` (Helm: `pkg/cmd/uninstall.go`).

use pintle::render::{UNINSTALL_ORDER, compare_kinds};
use pintle::{Cascade, Error, History, ObjectAction, Plan, PlanUninstall, ReleaseHandle};

use super::approval::{self, Approval};
use super::{Context, options};
use crate::arguments::{self, Switch, UninstallArguments};
use crate::progress::{Progress, say};
use crate::{Failure, cancel};

pub(super) async fn run(context: &mut Context<'_>, arguments: &UninstallArguments) -> Result<(), Failure> {
    let (target, namespace) = context.cluster().await?;
    for name in &arguments.releases {
        let release = target.release(&name.0).in_namespace(&namespace);
        match plan(&release, arguments).await {
            Ok(plan) => uninstall(context, plan, arguments).await?,
            Err(Error::NotFound { .. }) if Switch::is_on(arguments.ignore_not_found) => {}
            Err(error @ Error::NotFound { .. }) => {
                return Err(Failure::from(error).within(format!("uninstall: Release not loaded: {}", name.0)));
            }
            Err(error) => return Err(error.into()),
        }
        writeln!(context.out, "release \"{}\" uninstalled", name.0)?;
    }
    Ok(())
}

async fn uninstall(
    context: &mut Context<'_>,
    plan: Plan,
    arguments: &UninstallArguments,
) -> Result<(), Failure> {
    let approval = Approval::of(&arguments.plan)?;
    if Switch::is_on(arguments.dry_run) {
        say(plan.to_string().trim_end());
        return Ok(());
    }
    for warning in plan.warnings() {
        say(warning);
    }
    let mut kept = plan.objects();
    kept.retain(|change| change.action == ObjectAction::Keep);
    kept.sort_by(|a, b| compare_kinds(UNINSTALL_ORDER, &a.object.gvk.kind, &b.object.gvk.kind));
    let kept: Vec<String> =
        kept.iter().map(|change| format!("[{}] {}", change.object.gvk.kind, change.object.name)).collect();
    let cancel = cancel::on_signal(plan.release().name());
    let progress = Progress::new(format_args!("uninstall {}", plan.release().name()));
    let ended = approval::run(plan, approval, &progress, &cancel).await;
    progress.finish();
    ended?;
    if !kept.is_empty() {
        writeln!(
            context.out,
            "These resources were kept due to the resource policy:\n{}\n",
            kept.join("\n")
        )?;
    }
    Ok(())
}

pub(super) fn plan(release: &ReleaseHandle, arguments: &UninstallArguments) -> PlanUninstall {
    let plan = release
        .plan_uninstall()
        .hooks(options::hooks(arguments.no_hooks))
        .timeout(arguments.timeout.0)
        .pending_timeout(arguments.pending_timeout.0)
        .wait(options::wait(arguments.wait, None))
        .cascade(match arguments.cascade {
            arguments::Cascade::Background => Cascade::Background,
            arguments::Cascade::Foreground => Cascade::Foreground,
            arguments::Cascade::Orphan => Cascade::Orphan,
        })
        .history(if Switch::is_on(arguments.keep_history) { History::Keep } else { History::Delete });
    match &arguments.description {
        Some(description) => plan.description(description),
        None => plan,
    }
}
