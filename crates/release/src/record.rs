//! The record of one revision of a release.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use pintle_value::{Data, DataMap};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Hook, Status};

/// One revision of a release, as Helm keeps it (Helm: `pkg/release/v1/release.go`).
///
/// Its `Debug` shows neither values nor manifest, which may hold secrets.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Record {
    /// The release's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// State, times, description and notes.
    pub info: Info,
    /// The chart in Helm's JSON form, kept as it was read: a rollback hands it on unchanged.
    ///
    /// Members: `metadata`, `lock`, `templates` (`name`, `data` in base64), `values`, `schema`, `files`.
    #[serde(skip_serializing_if = "Data::is_null")]
    pub chart: Data,
    /// The user's values: what was given, without the chart's defaults.
    #[serde(skip_serializing_if = "DataMap::is_empty", deserialize_with = "null_is_default")]
    pub config: DataMap,
    /// The rendered objects in install order, each behind `---` and a `# Source:` line; no hooks, no `crds/`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// The hooks.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub hooks: Vec<Hook>,
    /// The number of the revision, from 1.
    #[serde(rename = "version", skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// The namespace that the release was installed into; its record may lie in another.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The user's labels, which stand on the stored object and not inside of it. Helm's own are not among them.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
    /// How the objects were applied; a record of Helm 3 says nothing, which means [`ApplyMethod::ClientSide`].
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "unknown_is_none")]
    pub apply_method: Option<ApplyMethod>,
}

/// State, times, description and notes of a [`Record`] (Helm: `pkg/release/v1/info.go`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Info {
    /// When the release's first revision was deployed.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "absent_time")]
    pub first_deployed: Option<Timestamp>,
    /// When this revision was deployed.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "absent_time")]
    pub last_deployed: Option<Timestamp>,
    /// When it was uninstalled.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "absent_time")]
    pub deleted: Option<Timestamp>,
    /// What happened, for people (`Upgrade complete`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The state.
    pub status: Status,
    /// The revision that this one rolled back to; `None` where it is no rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_revision: Option<u32>,
    /// The rendered `NOTES.txt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// The release's objects as they are in the cluster, by version and kind (`v1/Service`), for who prints its state.
    /// Empty in records that are stored.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, Vec<Data>>,
}

/// How a release's objects are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ApplyMethod {
    /// By the API server (server-side apply).
    #[serde(rename = "ssa")]
    ServerSide,
    /// By a three-way merge of the client, as Helm 3 does.
    #[serde(rename = "csa")]
    ClientSide,
}

impl Record {
    /// A record without a chart, in state [`Status::Unknown`].
    pub fn new(name: impl Into<String>, namespace: impl Into<String>, revision: u32) -> Self {
        Self { name: name.into(), namespace: namespace.into(), revision, ..Self::default() }
    }

    /// The chart's name; empty where the record has no chart.
    pub fn chart_name(&self) -> &str {
        self.chart_metadata("name")
    }

    /// The chart's version; empty where the record has no chart.
    pub fn chart_version(&self) -> &str {
        self.chart_metadata("version")
    }

    /// The version of what the chart installs; empty where the chart does not say.
    pub fn app_version(&self) -> &str {
        self.chart_metadata("appVersion")
    }

    /// The chart's default values.
    pub fn chart_values(&self) -> Option<&DataMap> {
        self.chart.get("values").and_then(Data::as_map)
    }

    fn chart_metadata(&self, key: &str) -> &str {
        self.chart.at(&["metadata", key]).and_then(Data::as_str).unwrap_or_default()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("revision", &self.revision)
            .field("status", &self.info.status)
            .field("description", &self.info.description)
            .field("chart", &format_args!("{} {}", self.chart_name(), self.chart_version()))
            .field("apply_method", &self.apply_method)
            .finish_non_exhaustive()
    }
}

/// Reads a time that Helm may have written as `""` or left out, or as Go's zero time.
pub(crate) fn absent_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if text.is_empty() || text.starts_with("0001-01-01T00:00:00") {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Reads `null`, which Go writes for an empty slice or map, as the empty value.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

pub(crate) fn unknown_is_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ApplyMethod>, D::Error> {
    Ok(match Option::<String>::deserialize(deserializer)?.as_deref() {
        Some("ssa") => Some(ApplyMethod::ServerSide),
        Some("csa") => Some(ApplyMethod::ClientSide),
        _ => None,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}
