//! `pintle rollback` (Helm: `pkg/cmd/rollback.go`).

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
    options::server_side(arguments.server_side)?;
    let (target, namespace) = context.cluster().await?;
    let mut plan = target
        .release(&arguments.release.0)
        .in_namespace(namespace)
        .plan_rollback()
        .hooks(options::hooks(arguments.run.no_hooks))
        .timeout(arguments.run.timeout.0)
        .wait(options::wait(arguments.run.wait, arguments.run.wait_for_jobs)?)
        .conflicts(options::conflicts(arguments.run.force_conflicts))
        .cleanup(options::cleanup(arguments.cleanup_on_fail))
        .history_limit(options::history_limit(arguments.history_max));
    if let Some(revision) = arguments.revision.filter(|revision| revision.0 > 0) {
        plan = plan.to(revision.0);
    }
    if let Some(description) = &arguments.description {
        plan = plan.description(description);
    }
    let plan = plan.await?;
    for warning in plan.warnings() {
        say(warning);
    }
    if arguments.run.dry_run == DryRun::None {
        let cancel = cancel::on_signal(&arguments.release.0);
        let progress = Progress::new(format_args!("{} {}", plan.action(), arguments.release.0));
        let ended = plan.run(&progress, &cancel).await;
        progress.finish();
        ended?;
    }
    Ok(writeln!(context.out, "Rollback was a success! Happy Helming!")?)
}
