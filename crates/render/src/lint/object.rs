//! What Helm's linter reads of an object (Helm: `pkg/chart/v2/lint/rules/template.go`, k8sYamlStruct).

use std::collections::BTreeSet;

use pintle_value::{Data, DataMap};
use pintle_yaml::{Limits, parse};

/// The head of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The objects of a text, as Kubernetes' reader gives them: `None` for a document without content. An error ends them.
pub(super) struct Objects(std::vec::IntoIter<Result<Option<Head>, String>>);

impl Objects {
    pub(super) fn of(text: &str) -> Self {
        let objects = match pintle_chart::stream_documents(text.as_bytes()) {
            Err(error) => vec![Err(error)],
            Ok(documents) => documents.into_iter().map(|document| head(&document)).collect(),
        };
        Self(objects.into_iter())
    }
}

impl Iterator for Objects {
    type Item = Result<Option<Head>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

fn head(document: &[u8]) -> Result<Option<Head>, String> {
    let data = parse(document, &Limits::default()).map_err(|error| error.to_string())?;
    let mut reader = Reader(None);
    let mut head = Head::default();
    match &data {
        Data::Null => return Ok(None),
        Data::Map(map) => head.fill(map, &mut reader),
        other => reader.mismatch(other, "Go value", "rules.k8sYamlStruct"),
    }
    match reader.0 {
        None => Ok(Some(head)),
        Some(error) => Err(format!("error unmarshaling JSON: while decoding JSON: {error}")),
    }
}

impl Head {
    fn fill(&mut self, map: &DataMap, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            let field = format!("Go struct field .{key}");
            match key.to_ascii_lowercase().as_str() {
                "apiversion" => reader.text(value, &field, &mut self.api_version),
                "kind" => reader.text(value, &field, &mut self.kind),
                "metadata" => match value {
                    Data::Null => {}
                    Data::Map(metadata) => {
                        for (inner, value) in metadata {
                            let inner = inner.to_str_lossy();
                            let field = format!("{field}.{inner}");
                            let mut namespace = String::new();
                            match inner.to_ascii_lowercase().as_str() {
                                "name" => reader.text(value, &field, &mut self.name),
                                "namespace" => reader.text(value, &field, &mut namespace),
                                _ => {}
                            }
                        }
                    }
                    other => reader.mismatch(other, &field, "rules.k8sYamlMetadata"),
                },
                _ => {}
            }
        }
    }
}

/// Keeps the first error, as Go's decoder does.
struct Reader(Option<String>);

impl Reader {
    fn text(&mut self, data: &Data, field: &str, into: &mut String) {
        match data {
            Data::Null => {}
            Data::String(text) => *into = text.to_str_lossy().into_owned(),
            Data::Bool(value) => *into = value.to_string(),
            Data::Int(value) => *into = value.to_string(),
            Data::Float(value) => *into = pintle_chart::number_text(*value),
            other => self.mismatch(other, field, "string"),
        }
    }

    fn mismatch(&mut self, data: &Data, field: &str, go_type: &str) {
        let value = match data {
            Data::Null => "null",
            Data::Bool(_) => "bool",
            Data::Int(_) | Data::Float(_) => "number",
            Data::String(_) => "string",
            Data::List(_) => "array",
            Data::Map(_) => "object",
        };
        self.0
            .get_or_insert_with(|| format!("json: cannot unmarshal {value} into {field} of type {go_type}"));
    }
}

/// The annotations of the items of a List, by item.
pub(super) fn annotations_of_items(text: &str) -> Result<Vec<BTreeSet<String>>, String> {
    let data = parse(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())?;
    let items = data.get("items").and_then(Data::as_list).into_iter().flatten();
    let keys = |item: &Data| {
        let annotations = item.at(&["metadata", "annotations"]).and_then(Data::as_map);
        let keys = annotations.into_iter().flat_map(DataMap::keys);
        keys.map(|key| key.to_str_lossy().into_owned()).collect()
    };
    Ok(items.map(keys).collect())
}
