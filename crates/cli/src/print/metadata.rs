//! What `get metadata` prints (Helm: `pkg/cmd/get_metadata.go`, `pkg/action/get_metadata.go`).

use std::collections::BTreeMap;
use std::io::Write;

use pintle::release::{ApplyMethod, Record, Summary};
use pintle::value::Data;
use serde::Serialize;

use super::formatted;
use super::time::rfc3339;
use crate::Failure;
use crate::arguments::OutputFormat;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    name: &'a str,
    chart: &'a str,
    version: &'a str,
    app_version: &'a str,
    #[serde(skip_serializing_if = "is_empty")]
    annotations: &'a Data,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_empty")]
    dependencies: &'a Data,
    namespace: &'a str,
    revision: u32,
    status: &'a str,
    deployed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_method: Option<ApplyMethod>,
}

/// Prints what a record says of its release, without the objects; with `stored`, Helm's own labels too.
pub(crate) fn metadata(
    out: &mut dyn Write,
    record: &Record,
    stored: Option<&Summary>,
    format: OutputFormat,
) -> Result<(), Failure> {
    let labels = stored.map_or_else(|| record.labels.clone(), |stored| labels(record, stored));
    let of_chart = |key: &str| record.chart.at(&["metadata", key]).unwrap_or(&Data::Null);
    let metadata = Metadata {
        name: &record.name,
        chart: record.chart_name(),
        version: record.chart_version(),
        app_version: record.app_version(),
        annotations: of_chart("annotations"),
        labels: &labels,
        dependencies: of_chart("dependencies"),
        namespace: &record.namespace,
        revision: record.revision,
        status: record.info.status.as_str(),
        deployed_at: rfc3339(record.info.last_deployed),
        apply_method: record.apply_method,
    };
    formatted(out, format, &metadata, |out| table(out, &metadata))
}

fn table(out: &mut dyn Write, metadata: &Metadata<'_>) -> Result<(), Failure> {
    let apply_method = match metadata.apply_method {
        Some(ApplyMethod::ServerSide) => "server-side apply",
        Some(ApplyMethod::ClientSide) => "client-side apply",
        None => "client-side apply (defaulted)",
    };
    let labels = metadata.labels.iter().map(|(key, value)| format!("{key}={value}"));
    writeln!(out, "NAME: {}", metadata.name)?;
    writeln!(out, "CHART: {}", metadata.chart)?;
    writeln!(out, "VERSION: {}", metadata.version)?;
    writeln!(out, "APP_VERSION: {}", metadata.app_version)?;
    writeln!(out, "ANNOTATIONS: {}", pairs(metadata.annotations))?;
    writeln!(out, "LABELS: {}", labels.collect::<Vec<_>>().join(","))?;
    writeln!(out, "DEPENDENCIES: {}", names(metadata.dependencies))?;
    writeln!(out, "NAMESPACE: {}", metadata.namespace)?;
    writeln!(out, "REVISION: {}", metadata.revision)?;
    writeln!(out, "STATUS: {}", metadata.status)?;
    writeln!(out, "DEPLOYED_AT: {}", metadata.deployed_at)?;
    Ok(writeln!(out, "APPLY_METHOD: {apply_method}")?)
}

/// All labels of the stored object: the user's, and those that Helm puts there itself
/// (Helm: `pkg/storage/driver/secrets.go`).
fn labels(record: &Record, stored: &Summary) -> BTreeMap<String, String> {
    let mut labels = record.labels.clone();
    let mut add = |key: &str, value: String| labels.insert(key.to_owned(), value);
    add("name", record.name.clone());
    add("owner", "helm".to_owned());
    add("status", record.info.status.as_str().to_owned());
    add("version", record.revision.to_string());
    if let Some(time) = stored.modified {
        add("modifiedAt", time.as_second().to_string());
    }
    labels
}

/// A map of texts as Kubernetes prints labels: sorted, `key=value`, with commas.
fn pairs(map: &Data) -> String {
    let entries = map.as_map().into_iter().flat_map(|map| map.iter());
    let mut pairs: Vec<String> = entries
        .map(|(key, value)| format!("{}={}", key.to_str_lossy(), value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    pairs.join(",")
}

fn names(dependencies: &Data) -> String {
    let dependencies = dependencies.as_list().into_iter().flat_map(|list| list.iter());
    let mut names: Vec<&str> =
        dependencies.filter_map(|dependency| dependency.get("name").and_then(Data::as_str)).collect();
    names.sort_unstable();
    names.join(",")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_empty(data: &&Data) -> bool {
    match data {
        Data::Null => true,
        Data::Map(map) => map.is_empty(),
        Data::List(list) => list.is_empty(),
        _ => false,
    }
}
