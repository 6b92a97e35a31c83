//! What `history` prints (Helm: `pkg/cmd/history.go`).

use std::io::Write;

use jiff::Timestamp;
use pintle::release::Head;
use serde::Serialize;

use super::table::Table;
use super::time::ansi_c;
use super::{formatted, release};
use crate::Failure;
use crate::arguments::{OutputFormat, Switch};

#[derive(Serialize)]
struct Entry<'a> {
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<Timestamp>,
    status: &'a str,
    chart: String,
    app_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_revision: Option<u32>,
    description: &'a str,
}

/// Prints the revisions of a release, oldest first.
pub(crate) fn history(
    out: &mut dyn Write,
    records: &[Head],
    format: OutputFormat,
    show_rollback: Option<Switch>,
) -> Result<(), Failure> {
    let revisions: Vec<Entry<'_>> = records.iter().map(revision).collect();
    formatted(out, format, &revisions, |out| {
        let with_rollback = Switch::is_on(show_rollback);
        let mut table = Table::default();
        table.row(row(
            ["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"].map(str::to_owned),
            with_rollback.then(|| "ROLLBACK".to_owned()),
            "DESCRIPTION",
        ));
        for revision in &revisions {
            let rollback = revision.rollback_revision.map(|number| number.to_string()).unwrap_or_default();
            table.row(row(
                [
                    revision.revision.to_string(),
                    revision.updated.map_or_else(|| "Mon Jan  1 00:00:00 0001".to_owned(), ansi_c),
                    revision.status.to_owned(),
                    revision.chart.clone(),
                    revision.app_version.clone(),
                ],
                with_rollback.then_some(rollback),
                revision.description,
            ));
        }
        table.write(out)
    })
}

fn row(cells: [String; 5], rollback: Option<String>, description: &str) -> Vec<String> {
    cells.into_iter().chain(rollback).chain([description.to_owned()]).collect()
}

fn revision(record: &Head) -> Entry<'_> {
    Entry {
        revision: record.revision,
        updated: record.info.last_deployed,
        status: record.info.status.as_str(),
        chart: release::chart(record),
        app_version: release::app_version(record),
        rollback_revision: record.info.rollback_revision.filter(|number| *number > 0),
        description: &record.info.description,
    }
}
