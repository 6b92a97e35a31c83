//! Rules for the values.yaml (Helm: `pkg/chart/v2/lint/rules/values.go`).

use pintle_yaml::{Limits, parse_map};

use super::folder::Folder;
use super::{Lint, LintOptions, Severity};
use crate::SchemaCheck;

const FILE: &str = "values.yaml";

pub(super) fn check(folder: &Folder, options: &LintOptions, lint: &mut Lint) {
    if folder.entry(FILE).is_none() {
        lint.say(Severity::Info, FILE, "file does not exist");
        return;
    }
    let found = values(folder, options);
    lint.rule(Severity::Error, FILE, found);
}

fn values(folder: &Folder, options: &LintOptions) -> Result<(), String> {
    let bytes = folder.read(FILE).map_err(|error| format!("unable to parse YAML: {error}"))?;
    let defaults = parse_map(&bytes, &Limits::default()).map_err(|error| {
        // Helm reads into a type of its own here.
        let text = error.to_string().replace("of type map[string]interface {}", "of type common.Values");
        format!("unable to parse YAML: {text}")
    })?;
    let Ok(schema) = folder.read("values.schema.json") else { return Ok(()) };
    if schema.is_empty() || options.schema == SchemaCheck::Skip {
        return Ok(());
    }
    let mut warnings = Vec::new();
    check_schema(&pintle_chart::coalesce_tables(options.values.data(), &defaults, &mut warnings), &schema)
}

#[cfg(feature = "schema")]
fn check_schema(values: &pintle_value::DataMap, schema: &[u8]) -> Result<(), String> {
    pintle_chart::check_schema(values, schema)
}

#[cfg(not(feature = "schema"))]
fn check_schema(_: &pintle_value::DataMap, _: &[u8]) -> Result<(), String> {
    Ok(())
}
