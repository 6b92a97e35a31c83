//! `pintle history` (Helm: `pkg/cmd/history.go`).

use super::Context;
use crate::Failure;
use crate::arguments::HistoryArguments;
use crate::print;

pub(super) async fn run(context: &mut Context<'_>, arguments: &HistoryArguments) -> Result<(), Failure> {
    let (target, namespace) = context.cluster().await?;
    let release = target.release(&arguments.release.0).in_namespace(namespace);
    let revisions = release.history().await?;
    let skipped = revisions.len().saturating_sub(arguments.max.items());
    let heads = release.heads(revisions.get(skipped..).unwrap_or_default()).await?;
    print::history(context.out, &heads, arguments.output, arguments.show_rollback_revision)
}
