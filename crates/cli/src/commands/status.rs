//! `pintle status` (Helm: `pkg/cmd/status.go`).

use pintle::value::Data;

use super::Context;
use crate::Failure;
use crate::arguments::StatusArguments;
use crate::print::{self, Shown};

pub(super) async fn run(context: &mut Context<'_>, arguments: &StatusArguments) -> Result<(), Failure> {
    let mut record = context.record(&arguments.release.0, arguments.revision).await?;
    record.chart = Data::Null; // as Helm does: the chart is not the release's state
    print::release(context.out, &record, arguments.output, &Shown::short(context.palette))
}
