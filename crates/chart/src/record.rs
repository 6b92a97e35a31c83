//! A chart as it stands in a release record (Helm: `pkg/chart/v2/chart.go`, its JSON tags).

use std::sync::Arc;

use pintle_value::{Data, DataMap};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Chart, ChartBuilder, File, Lock, Metadata, Timestamp};

impl Serialize for Chart {
    /// Writes the chart as Helm writes it into a release record. The charts inside it are not part of a record.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let with_time = self.modified().is_some();
        let mut chart = serializer.serialize_struct("Chart", 7 + usize::from(with_time))?;
        chart.serialize_field("metadata", self.metadata())?;
        chart.serialize_field("lock", &self.lock())?;
        chart.serialize_field("templates", &Files(self.templates()))?;
        chart.serialize_field("values", &recorded_values(self))?;
        chart.serialize_field("schema", &self.schema().map(Base64))?;
        match self.schema_modified() {
            Some(time) => chart.serialize_field("schemamodtime", &time)?,
            None => chart.serialize_field("schemamodtime", "0001-01-01T00:00:00Z")?,
        }
        chart.serialize_field("files", &Files(self.files()))?;
        if let Some(time) = self.modified() {
            chart.serialize_field("modtime", &time)?;
        }
        chart.end()
    }
}

impl<'de> Deserialize<'de> for Chart {
    /// Reads a chart of a release record, of Helm 3 or 4.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = Record::deserialize(deserializer)?;
        let mut builder = ChartBuilder::new(record.metadata.unwrap_or_default())
            .templates(record.templates)
            .files(record.files)
            .values(Data::Map(record.values));
        if let Some(lock) = record.lock {
            builder = builder.lock(lock);
        }
        if let Some(schema) = record.schema {
            builder = builder.schema(schema, known(record.schemamodtime));
        }
        if let Some(time) = known(record.modtime) {
            builder = builder.modified_at(time);
        }
        Ok(builder.build())
    }
}

/// The values; none where Go has no map for them. It makes one of `values.yaml`, and where it looks for values to import
/// (Helm: `pkg/chart/v2/loader/load.go`, `LoadFiles`; `pkg/chart/v2/util/dependencies.go`, `processImportValues`).
fn recorded_values(chart: &Chart) -> Option<&Data> {
    let made = chart.raw_values().is_some() || !chart.metadata().dependencies.is_empty();
    let is_empty = chart.values().as_map().is_none_or(DataMap::is_empty);
    (made || !is_empty).then(|| chart.values())
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Record {
    metadata: Option<Metadata>,
    lock: Option<Lock>,
    #[serde(deserialize_with = "files")]
    templates: Vec<File>,
    #[serde(deserialize_with = "null_is_default")]
    values: DataMap,
    #[serde(deserialize_with = "bytes")]
    schema: Option<Arc<[u8]>>,
    schemamodtime: Option<Timestamp>,
    #[serde(deserialize_with = "files")]
    files: Vec<File>,
    modtime: Option<Timestamp>,
}

/// Go's zero time stands for "not known".
fn known(time: Option<Timestamp>) -> Option<Timestamp> {
    time.filter(|time| time.unix() != -62_135_596_800)
}

/// A list of files; `null` when empty, as Go writes a nil slice.
struct Files<'a>(&'a [File]);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_none();
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for file in self.0 {
            list.serialize_element(&FileRecord(file))?;
        }
        list.end()
    }
}

struct FileRecord<'a>(&'a File);

impl Serialize for FileRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut file = serializer.serialize_struct("File", 3)?;
        file.serialize_field("name", &*self.0.name)?;
        file.serialize_field("data", &Base64(&self.0.data))?;
        if let Some(time) = self.0.modified {
            file.serialize_field("modtime", &time)?;
        }
        file.end()
    }
}

/// Bytes, as Go's JSON has them.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&base64::display::Base64Display::new(
            self.0,
            &base64::engine::general_purpose::STANDARD,
        ))
    }
}

fn files<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<File>, D::Error> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        name: String,
        #[serde(default, deserialize_with = "bytes")]
        data: Option<Arc<[u8]>>,
        #[serde(default)]
        modtime: Option<Timestamp>,
    }
    let entries: Option<Vec<Option<Entry>>> = Option::deserialize(deserializer)?;
    Ok(entries
        .unwrap_or_default()
        .into_iter()
        .flatten()
        .map(|entry| File {
            name: entry.name.into(),
            data: entry.data.unwrap_or_default(),
            modified: known(entry.modtime),
        })
        .collect())
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<[u8]>>, D::Error> {
    use base64::Engine as _;
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(de::Error::custom)?;
    Ok(Some(bytes.into()))
}

/// Reads `null` as the default, as Go's JSON does.
pub(crate) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn recorded(files: &[(&str, &str)]) -> serde_json::Value {
        let file = |(name, text): &(&str, &str)| File {
            name: (*name).into(),
            data: text.as_bytes().into(),
            modified: None,
        };
        let chart = Chart::from_files(files.iter().map(file).collect(), &Limits::default()).unwrap();
        serde_json::to_value(chart).unwrap()
    }

    #[test]
    fn values_are_recorded_where_helm_has_a_map_of_them() {
        let metadata = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        assert_eq!(recorded(&[metadata])["values"], serde_json::Value::Null);
        assert_eq!(recorded(&[metadata, ("values.yaml", "")])["values"], serde_json::json!({}));
        let importing =
            "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: a, version: 1.0.0}]\n";
        assert_eq!(recorded(&[("Chart.yaml", importing)])["values"], serde_json::json!({}));
    }

    #[test]
    fn a_lock_keeps_its_empty_list() {
        let metadata = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        let lock = |text| recorded(&[metadata, ("Chart.lock", text)])["lock"]["dependencies"].clone();
        assert_eq!(lock("dependencies: []\n"), serde_json::json!([]));
        assert_eq!(lock("dependencies:\n"), serde_json::Value::Null);
        assert_eq!(lock("digest: a\n"), serde_json::Value::Null);
    }
}
