//! A values file: one or more YAML documents, merged.

use std::borrow::Cow;

use pintle_value::{Data, DataMap, Step, Str};

use crate::ChartError;
use crate::decode::{self, Failure};

/// The values of a chart's `values.yaml`.
pub(crate) fn chart_values(bytes: &[u8]) -> Result<DataMap, ChartError> {
    read(bytes).map_err(|failure| ChartError::Yaml {
        file: "values.yaml".to_owned(),
        line: failure.line,
        message: format!("cannot load values.yaml: {}", failure.message),
    })
}

/// The documents of a values file, merged: later ones win
/// (Helm: `pkg/chart/v2/loader/load.go`, `LoadValues`).
pub(crate) fn read(bytes: &[u8]) -> Result<DataMap, Failure> {
    let bytes = &*normalize(bytes);
    let mut values = DataMap::default();
    for (line, document) in split(bytes)? {
        let map = decode::yaml_map(document).map_err(|failure| Failure {
            line: if failure.line == 0 { 0 } else { failure.line + line },
            message: format!("cannot unmarshal yaml document: {}", failure.message),
        })?;
        values = if values.is_empty() { map } else { merge(&values, &map) };
    }
    Ok(values)
}

/// The documents of a YAML stream as Kubernetes' reader cuts them, at lines that begin with `---`. The error is its text
/// (`k8s.io/apimachinery/pkg/util/yaml/decoder.go`, `YAMLReader`).
pub fn stream_documents(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let bytes = normalize(bytes);
    let documents = split(&bytes).map_err(|failure| {
        let text = failure.message;
        text.strip_prefix("error reading yaml document: ").map_or(text.clone(), str::to_owned)
    })?;
    Ok(documents.into_iter().map(|(_, document)| document.to_vec()).collect())
}

/// The text with `\n` behind every line, the last one included, and nowhere `\r\n`: so Helm's reader hands it on.
pub(crate) fn normalize(bytes: &[u8]) -> Cow<'_, [u8]> {
    let crlf = bytes.windows(2).any(|pair| pair == b"\r\n");
    if !crlf && (bytes.is_empty() || bytes.ends_with(b"\n")) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + 1);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        out.push(b'\n');
    }
    Cow::Owned(out)
}

/// Splits a stream of YAML documents at lines that begin with `---`, each with the number of lines before it
/// (`k8s.io/apimachinery/pkg/util/yaml/decoder.go`, `YAMLReader.Read`).
pub(crate) fn split(bytes: &[u8]) -> Result<Vec<(u32, &[u8])>, Failure> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut at, mut line) = (0, 0_u32, 0, 0_u32);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let text = rest.get(..length).unwrap_or_default();
        if let Some(behind) = text.strip_prefix(b"---") {
            let behind = String::from_utf8_lossy(behind);
            let behind = behind.trim();
            if !behind.is_empty() && !behind.starts_with('#') {
                let message =
                    format!("error reading yaml document: invalid Yaml document separator: {behind}");
                return Err(Failure { line: line + 1, message });
            }
            if at > start {
                documents.push((first_line, bytes.get(start..at).unwrap_or_default()));
                // The separator is gone for good only where a document ended; else it is part of the next one.
                start = at + length;
                first_line = line + 1;
            }
        }
        at += length;
        line += 1;
    }
    if start < bytes.len() {
        documents.push((first_line, bytes.get(start..).unwrap_or_default()));
    }
    Ok(documents)
}

/// The line and column, both from 1, of the key or list item that a path leads to, or of the last one on the way that
/// is written there. Of several documents the one that has the most of the path, and of equal ones the last.
pub(crate) fn find(bytes: &[u8], path: &[Step]) -> Option<(u32, u32)> {
    let bytes = &*normalize(bytes);
    let mut found: Option<(usize, (u32, u32))> = None;
    for (before, document) in split(bytes).ok()? {
        let Ok(Some(document)) = pintle_yaml::parse_spanned(document, &pintle_yaml::Limits::default()) else {
            continue;
        };
        let mut node = document.root();
        for (depth, step) in path.iter().enumerate() {
            let next = match step {
                // The last of equal keys counts; a merged one has no place here but its value's.
                Step::Key(key) => {
                    let key = key.to_str_lossy();
                    let written = node.members().filter(|(name, _, _)| *name == key).last();
                    written
                        .map(|(_, key, value)| (key.position(), value))
                        .or_else(|| node.get(&key).map(|value| (value.position(), value)))
                }
                Step::Item(index) => node.items().nth(*index).map(|item| (item.position(), item)),
            };
            let Some((position, below)) = next else { break };
            if found.is_none_or(|(deepest, _)| deepest <= depth) {
                found = Some((depth, (before + position.line, position.column)));
            }
            node = below;
        }
    }
    found.map(|(_, place)| place)
}

/// Both maps in one; of two members the second map's wins, maps are merged
/// (Helm: `pkg/chart/v2/loader/load.go`, `MergeMaps`).
pub(crate) fn merge(a: &DataMap, b: &DataMap) -> DataMap {
    let mut members: Vec<(Str, Data)> = a.iter().cloned().collect();
    members.extend(b.iter().map(|(key, value)| {
        let value = match (a.get_bytes(key), value) {
            (Some(Data::Map(old)), Data::Map(new)) => Data::Map(merge(old, new)),
            _ => value.clone(),
        };
        (key.clone(), value)
    }));
    members.into_iter().collect()
}
