//! `pintle status` (Helm: `pkg/cmd/status.go`, `pkg/action/status.go`).

use pintle::value::Data;

use super::Context;
use crate::arguments::{OutputFormat, StatusArguments};
use crate::print::{self, Shown};
use crate::{Failure, live};

pub(super) async fn run(context: &mut Context<'_>, arguments: &StatusArguments) -> Result<(), Failure> {
    let (target, mut record) = context.record(&arguments.release.0, arguments.revision).await?;
    let mut shown = Shown::short(context.palette);
    if arguments.output == OutputFormat::Table {
        shown.resources = print::resources(&live::tables(&target, &record).await?);
    } else {
        let groups = live::objects(&target, &record).await?;
        record.info.resources = groups.into_iter().map(|group| (group.name, group.items)).collect();
    }
    record.chart = Data::Null; // as Helm does: the chart is not the release's state
    print::release(context.out, &record, arguments.output, &shown)
}
