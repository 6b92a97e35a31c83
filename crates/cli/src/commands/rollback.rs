//! `pintle rollback` (Helm: `pkg/cmd/rollback.go`).

use pintle::{PlanRollback, ReleaseHandle};

use super::approval::{self, Approval};
use super::{Context, options};
use crate::arguments::{DryRun, RollbackArguments};
use crate::progress::{Progress, say};
use crate::{Failure, cancel};

/// The longest description (Helm: `pkg/action/action.go`, `MaxDescriptionLength`).
const MAX_DESCRIPTION: usize = 256;

pub(super) async fn run(context: &mut Context<'_>, arguments: &RollbackArguments) -> Result<(), Failure> {
    let length = arguments.description.as_ref().map_or(0, |text| text.chars().count());
    if length > MAX_DESCRIPTION {
        return Err(Failure::new(format!(
            "description must be {MAX_DESCRIPTION} characters or less, got {length}"
        )));
    }
    let (target, namespace) = context.cluster().await?;
    let release = target.release(&arguments.release.0).in_namespace(namespace);
    let plan = plan(&release, arguments)?.await?;
    let approval = Approval::of(&arguments.run.plan)?;
    if arguments.run.dry_run == DryRun::None {
        for warning in plan.warnings() {
            say(warning);
        }
        let cancel = cancel::on_signal(&arguments.release.0);
        let progress = Progress::new(format_args!("{} {}", plan.action(), arguments.release.0));
        let ended = approval::run(plan, approval, &progress, &cancel).await;
        progress.finish();
        ended?;
    } else {
        say(plan.to_string().trim_end());
    }
    Ok(writeln!(context.out, "Rollback was a success! Happy Helming!")?)
}

pub(super) fn plan(release: &ReleaseHandle, arguments: &RollbackArguments) -> Result<PlanRollback, Failure> {
    let mut plan = release
        .plan_rollback()
        .hooks(options::hooks(arguments.run.no_hooks))
        .timeout(arguments.run.timeout.0)
        .pending_timeout(arguments.pending_timeout.0)
        .wait(options::wait(arguments.run.wait, arguments.run.wait_for_jobs))
        .conflicts(options::conflicts(arguments.run.force_conflicts))
        .immutable(options::immutable(arguments.run.on_immutable))
        .detail(options::detail(arguments.run.dry_run))
        .merging(options::merging(arguments.server_side))
        .updates(options::updates(&arguments.run)?)
        .cleanup(options::cleanup(arguments.cleanup_on_fail))
        .history_limit(options::history_limit(arguments.history_max));
    if let Some(revision) = arguments.revision.filter(|revision| revision.0 > 0) {
        plan = plan.to(revision.0);
    }
    if let Some(description) = &arguments.description {
        plan = plan.description(description);
    }
    Ok(plan)
}
