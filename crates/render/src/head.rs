//! The part of a document that Helm sorts by (Helm: `pkg/release/v1/util/manifest.go`, `SimpleHead`).

use std::collections::BTreeMap;

use pintle_value::{Data, DataMap};

/// What Helm reads of a document before it goes to the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Head {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
}

impl Head {
    /// The head of a document. The error is Helm's text behind `YAML parse error on FILE: `.
    pub(crate) fn of(object: &Data) -> Result<Self, String> {
        let mut head = Self::default();
        let mut reader = Reader(None);
        match object {
            Data::Map(map) => head.fill(map, &mut reader),
            Data::Null => {}
            other => reader.mismatch(other, "Go value", "util.SimpleHead"),
        }
        match reader.0 {
            None => Ok(head),
            Some(error) => Err(format!("error unmarshaling JSON: while decoding JSON: {error}")),
        }
    }

    fn fill(&mut self, map: &DataMap, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            match known(&key, &["apiVersion", "kind", "metadata"]) {
                Some("apiVersion") => reader.text(value, &format!(".{key}"), &mut self.api_version),
                Some("kind") => reader.text(value, &format!(".{key}"), &mut self.kind),
                Some(_) => match value {
                    Data::Null => {}
                    Data::Map(metadata) => self.fill_metadata(metadata, &key, reader),
                    other => reader.mismatch(
                        other,
                        &format!("Go struct field .{key}"),
                        "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \
                         \"json:\\\"annotations\\\"\" }",
                    ),
                },
                None => {}
            }
        }
    }

    fn fill_metadata(&mut self, map: &DataMap, above: &str, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            let path = format!(".{above}.{key}");
            match known(&key, &["name", "annotations"]) {
                Some("name") => reader.text(value, &path, &mut self.name),
                Some(_) => match value {
                    Data::Null => {}
                    Data::Map(annotations) => {
                        for (name, value) in annotations {
                            let name = name.to_str_lossy();
                            let mut text = String::new();
                            reader.text(value, &format!("{path}.{name}"), &mut text);
                            self.annotations.insert(name.into_owned(), text);
                        }
                    }
                    other => reader.mismatch(other, &format!("Go struct field {path}"), "map[string]string"),
                },
                None => {}
            }
        }
    }
}

/// The field of a Go struct that a key of JSON goes to.
fn known<'a>(key: &str, fields: &[&'a str]) -> Option<&'a str> {
    fields
        .iter()
        .find(|field| **field == key)
        .or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(key)))
        .copied()
}

/// Keeps the first error, as Go's decoder does.
struct Reader(Option<String>);

impl Reader {
    fn text(&mut self, data: &Data, path: &str, into: &mut String) {
        match data {
            Data::Null => {}
            Data::String(text) => *into = text.to_str_lossy().into_owned(),
            Data::Bool(value) => *into = value.to_string(),
            Data::Int(value) => *into = value.to_string(),
            Data::Float(value) => *into = pintle_chart::number_text(*value),
            other => {
                let last = path.rsplit('.').next().unwrap_or(path);
                let is_index = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
                let place = if is_index { path.to_owned() } else { format!("Go struct field {path}") };
                self.mismatch(other, &place, "string");
            }
        }
    }

    fn mismatch(&mut self, data: &Data, place: &str, go_type: &str) {
        let value = match data {
            Data::Null => "null",
            Data::Bool(_) => "bool",
            Data::Int(_) | Data::Float(_) => "number",
            Data::String(_) => "string",
            Data::List(_) => "array",
            Data::Map(_) => "object",
        };
        self.0
            .get_or_insert_with(|| format!("json: cannot unmarshal {value} into {place} of type {go_type}"));
    }
}
