//! What lists and histories show of a record.

use std::collections::BTreeMap;

use pintle_value::Data;
use serde::{Deserialize, Deserializer};

use crate::record::null_is_default;
use crate::{ApplyMethod, Info, Record};

/// What lists and histories show of a record: everything but values, manifest, hooks and the chart's content, which are
/// most of its size and are passed over while it is read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Head {
    /// The release's name.
    pub name: String,
    /// The namespace that the release was installed into.
    pub namespace: String,
    /// The number of the revision, from 1.
    #[serde(rename = "version")]
    pub revision: u32,
    /// State, times and description; notes are left out.
    #[serde(deserialize_with = "without_notes")]
    pub info: Info,
    /// The chart's metadata; [`Data::Null`] where the record has no chart.
    #[serde(rename = "chart", deserialize_with = "metadata_alone")]
    pub chart_metadata: Data,
    /// How the objects were applied.
    #[serde(deserialize_with = "crate::record::unknown_is_none")]
    pub apply_method: Option<ApplyMethod>,
    /// The user's labels, which stand on the stored object.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
}

impl Head {
    /// The head of a record that was read as a whole.
    pub fn of(record: &Record) -> Self {
        let mut info = record.info.clone();
        info.notes.clear();
        Self {
            name: record.name.clone(),
            namespace: record.namespace.clone(),
            revision: record.revision,
            info,
            chart_metadata: record.chart.get("metadata").cloned().unwrap_or_default(),
            apply_method: record.apply_method,
            labels: record.labels.clone(),
        }
    }

    /// The chart's name; empty where the record has no chart.
    pub fn chart_name(&self) -> &str {
        self.text("name")
    }

    /// The chart's version; empty where the record has no chart.
    pub fn chart_version(&self) -> &str {
        self.text("version")
    }

    /// The version of what the chart installs; empty where the chart does not say.
    pub fn app_version(&self) -> &str {
        self.text("appVersion")
    }

    fn text(&self, key: &str) -> &str {
        self.chart_metadata.get(key).and_then(Data::as_str).unwrap_or_default()
    }
}

fn without_notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Info, D::Error> {
    let mut info: Info = null_is_default(deserializer)?;
    info.notes.clear();
    Ok(info)
}

fn metadata_alone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Chart {
        metadata: Data,
    }
    Ok(Option::<Chart>::deserialize(deserializer)?.unwrap_or_default().metadata)
}
