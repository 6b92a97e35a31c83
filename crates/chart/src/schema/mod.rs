//! Values checked against the schemas of a chart and of the charts inside it
//! (Helm: `pkg/chart/common/util/jsonschema.go`).

mod check;
mod compile;
mod decimal;
mod failure;
mod format;
mod resource;

use std::fmt::Write as _;
use std::sync::OnceLock;

use pintle_value::{Data, DataMap, Value};

use crate::{Chart, ChartError};
pub(crate) use compile::Compiled;

/// Checks coalesced values against the schema of the chart and of each chart inside it; JSON Schema of the drafts 4
/// to 2020-12, without any access to the network. The error lists every fault in Helm's words.
pub fn validate_schema(chart: &Chart, values: &DataMap) -> Result<(), ChartError> {
    let mut text = String::new();
    check_tree(chart, values, &mut text);
    if text.is_empty() { Ok(()) } else { Err(ChartError::Schema(text)) }
}

/// Whether the chart or one inside it has a schema.
pub fn has_schema(chart: &Chart) -> bool {
    chart.schema().is_some() || chart.dependencies().iter().any(has_schema)
}

/// A chart's compiled schema, made when it is first asked for, or what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct SchemaCell(OnceLock<Result<Compiled, String>>);

impl SchemaCell {
    pub(crate) fn get(&self, bytes: &[u8]) -> &Result<Compiled, String> {
        self.0.get_or_init(|| Compiled::new(bytes))
    }
}

fn check_tree(chart: &Chart, values: &DataMap, text: &mut String) {
    if let Some(schema) = chart.compiled_schema() {
        let found = match schema {
            Err(message) => message.clone(),
            Ok(schema) => match check::check(schema, &Data::Map(values.clone())) {
                Ok(()) => String::new(),
                Err(failures) => {
                    let mut found = String::new();
                    for failure in &failures {
                        failure.write(&mut found, 0);
                    }
                    found
                }
            },
        };
        if !found.is_empty() {
            text.push_str(chart.name());
            text.push_str(":\n");
            text.push_str(&found);
        }
    }
    for child in chart.dependencies() {
        match values.get(child.name()) {
            None | Some(Data::Null) => {}
            Some(Data::Map(below)) => check_tree(child, below, text),
            Some(other) => {
                let go_type = Value::from(other).go_type().map_or("<nil>", |go_type| go_type.name);
                let _ = write!(
                    text,
                    "{}:\ninvalid type for values: expected object (map), got {go_type}\n",
                    child.name()
                );
            }
        }
    }
}
