//! The part of a document that Helm sorts by (Helm: `pkg/release/v1/util/manifest.go`, `SimpleHead`).

use std::collections::BTreeMap;

use pintle_value::{Data, DataMap, pointer_token};

use crate::go_struct::{Reader, field};

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
        let mut reader = Reader::default();
        match object {
            Data::Map(map) => head.fill(map, &mut reader),
            Data::Null => {}
            other => reader.mismatch(other, "util.SimpleHead"),
        }
        reader.end(head)
    }

    fn fill(&mut self, map: &DataMap, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            match field(&key, &["apiVersion", "kind", "metadata"]) {
                Some("apiVersion") => reader.text(value, &format!(".{key}"), &mut self.api_version),
                Some("kind") => reader.text(value, &format!(".{key}"), &mut self.kind),
                Some(_) => match value {
                    Data::Null => {}
                    Data::Map(metadata) => self.fill_metadata(metadata, &key, reader),
                    other => reader.mismatch_in(
                        other,
                        &format!(".{key}"),
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
            match field(&key, &["name", "annotations"]) {
                Some("name") => reader.text(value, &path, &mut self.name),
                Some(_) => match value {
                    Data::Null => {}
                    Data::Map(annotations) => {
                        for (name, value) in annotations {
                            let name = name.to_str_lossy();
                            let mut text = String::new();
                            reader.text(value, &format!("{path}.{}", pointer_token(&name)), &mut text);
                            self.annotations.insert(name.into_owned(), text);
                        }
                    }
                    other => reader.mismatch_in(other, &path, "map[string]string"),
                },
                None => {}
            }
        }
    }
}
