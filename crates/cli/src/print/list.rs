//! What `list` prints (Helm: `pkg/cmd/list.go`).

use std::io::Write;

use pintle::release::Head;
use serde::Serialize;

use super::table::Table;
use super::time::go_string;
use super::{Palette, formatted, release};
use crate::Failure;
use crate::arguments::{OutputFormat, Switch};

#[derive(Serialize)]
struct Element<'a> {
    name: &'a str,
    namespace: &'a str,
    revision: String,
    updated: String,
    status: &'a str,
    chart: String,
    app_version: String,
}

/// Prints releases.
pub(crate) fn list(
    out: &mut dyn Write,
    records: &[Head],
    format: OutputFormat,
    no_headers: Option<Switch>,
    palette: Palette,
) -> Result<(), Failure> {
    let elements: Vec<Element<'_>> = records.iter().map(element).collect();
    formatted(out, format, &elements, |out| {
        let mut table = Table::default();
        if !Switch::is_on(no_headers) {
            let headings = ["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"];
            table.row(headings.map(|heading| palette.heading(heading)));
        }
        for (record, element) in records.iter().zip(&elements) {
            table.row([
                element.name.to_owned(),
                palette.namespace(element.namespace),
                element.revision.clone(),
                element.updated.clone(),
                palette.status(&record.info.status),
                element.chart.clone(),
                element.app_version.clone(),
            ]);
        }
        table.write(out)
    })
}

fn element(record: &Head) -> Element<'_> {
    Element {
        name: &record.name,
        namespace: &record.namespace,
        revision: record.revision.to_string(),
        updated: record.info.last_deployed.map_or_else(|| "-".to_owned(), go_string),
        status: record.info.status.as_str(),
        chart: release::chart(record),
        app_version: release::app_version(record),
    }
}
