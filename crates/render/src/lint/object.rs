//! What Helm's linter reads of an object (Helm: `pkg/chart/v2/lint/rules/template.go`, k8sYamlStruct).

use std::collections::BTreeSet;

use pintle_value::{Data, DataMap};
use pintle_yaml::{Limits, parse};

use crate::go_struct::{Reader, field};

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
    let mut reader = Reader::default();
    let mut head = Head::default();
    match &data {
        Data::Null => return Ok(None),
        Data::Map(map) => head.fill(map, &mut reader),
        other => reader.mismatch(other, "rules.k8sYamlStruct"),
    }
    reader.end(Some(head))
}

impl Head {
    fn fill(&mut self, map: &DataMap, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            let path = format!(".{key}");
            match field(&key, &["apiVersion", "kind", "metadata"]) {
                Some("apiVersion") => reader.text(value, &path, &mut self.api_version),
                Some("kind") => reader.text(value, &path, &mut self.kind),
                Some(_) => match value {
                    Data::Null => {}
                    Data::Map(metadata) => self.fill_metadata(metadata, &path, reader),
                    other => reader.mismatch_in(other, &path, "rules.k8sYamlMetadata"),
                },
                None => {}
            }
        }
    }

    fn fill_metadata(&mut self, map: &DataMap, above: &str, reader: &mut Reader) {
        for (key, value) in map {
            let key = key.to_str_lossy();
            let path = format!("{above}.{key}");
            match field(&key, &["name", "namespace"]) {
                Some("name") => reader.text(value, &path, &mut self.name),
                // Only its type counts.
                Some(_) => reader.text(value, &path, &mut String::new()),
                None => {}
            }
        }
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
