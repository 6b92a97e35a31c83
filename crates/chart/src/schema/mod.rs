//! Values checked against the schemas of a chart and of the charts inside it
//! (Helm: `pkg/chart/common/util/jsonschema.go`).

mod check;
mod compile;
mod decimal;
mod failure;
mod format;
mod metaschema;
mod resource;

use std::fmt::Write as _;
use std::sync::OnceLock;

use pintle_value::{Data, DataMap, Value, ValuePath};

use crate::{Chart, ChartError, SchemaFault};
pub(crate) use compile::Compiled;

/// Checks coalesced values against the schema of the chart and of each chart inside it; JSON Schema of the drafts 4
/// to 2020-12, without any access to the network. The error lists every fault in Helm's words.
pub fn validate_schema(chart: &Chart, values: &DataMap) -> Result<(), ChartError> {
    let mut found = Found::default();
    found.check_tree(chart, values, chart.name(), &ValuePath::root());
    let Found { text, faults } = found;
    if text.is_empty() { Ok(()) } else { Err(ChartError::Schema { text, faults }) }
}

/// Checks values against one schema. The error lists every fault in Helm's words
/// (Helm: `ValidateAgainstSingleSchema`).
pub fn check_schema(values: &DataMap, schema: &[u8]) -> Result<(), String> {
    let schema = Compiled::new(schema)?;
    check::check(&schema, &Data::Map(values.clone())).map_err(|failures| {
        let mut text = String::new();
        for failure in &failures {
            failure.write(&mut text, 0);
        }
        text
    })
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

/// What is wrong with the values: Helm's text, and the same by value.
#[derive(Default)]
struct Found {
    text: String,
    faults: Vec<SchemaFault>,
}

impl Found {
    fn check_tree(&mut self, chart: &Chart, values: &DataMap, path: &str, prefix: &ValuePath) {
        if let Some(schema) = chart.compiled_schema() {
            let values = Data::Map(values.clone());
            let mut text = String::new();
            match schema {
                Err(message) => text.push_str(message),
                Ok(schema) => {
                    for failure in check::check(schema, &values).err().unwrap_or_default() {
                        failure.write(&mut text, 0);
                        self.faults.extend(failure.leaves().into_iter().map(|(steps, message)| {
                            SchemaFault {
                                chart: path.to_owned(),
                                path: prefix.join(&value_path(&values, &steps)),
                                message,
                            }
                        }));
                    }
                }
            }
            if !text.is_empty() {
                let _ = write!(self.text, "{}:\n{text}", chart.name());
            }
        }
        for child in chart.dependencies() {
            let (name, prefix) = (child.name(), prefix.key(child.name()));
            let path = format!("{path}/charts/{name}");
            match values.get(name) {
                None | Some(Data::Null) => {}
                Some(Data::Map(below)) => self.check_tree(child, below, &path, &prefix),
                Some(other) => {
                    let go_type = Value::from(other).go_type().map_or("<nil>", |go_type| go_type.name);
                    let message = format!("invalid type for values: expected object (map), got {go_type}");
                    let _ = write!(self.text, "{name}:\n{message}\n");
                    self.faults.push(SchemaFault { chart: path, path: prefix, message });
                }
            }
        }
    }
}

/// The steps of a JSON pointer as those of a value: digits are the place in a list where there is a list.
fn value_path(values: &Data, steps: &[String]) -> ValuePath {
    let mut path = ValuePath::root();
    for step in steps {
        path = match (path.find(values), step.parse()) {
            (Some(Data::List(_)), Ok(index)) => path.item(index),
            _ => path.key(step.as_str()),
        };
    }
    path
}
