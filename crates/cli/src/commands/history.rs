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
    let mut records = Vec::new();
    for revision in revisions.iter().skip(skipped) {
        records.push(release.get(revision.revision).await?);
    }
    print::history(context.out, &records, arguments.output, arguments.show_rollback_revision)
}
