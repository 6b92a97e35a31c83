//! The list of what a repository offers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pintle_functions::semver::{Constraint, Version};
use serde::{Deserialize, Deserializer};

/// A repository's `index.yaml`: the charts with their versions, newest first.
///
/// Only what is needed to choose and to fetch a chart is kept. Entries that Helm would skip (without a name, with a
/// version that is none) are left out.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: BTreeMap<String, Vec<IndexEntry>>,
}

/// One version of a chart in an [`Index`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IndexEntry {
    /// The chart's name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// The version as the index writes it.
    #[serde(deserialize_with = "text")]
    pub version: String,
    /// The version of what the chart installs.
    #[serde(rename = "appVersion", deserialize_with = "text")]
    pub app_version: String,
    /// What the chart is.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// The archive's addresses, absolute or relative to the repository.
    #[serde(deserialize_with = "list")]
    pub urls: Vec<String>,
    /// The archive's SHA-256 in hexadecimal digits; empty where the index does not say.
    #[serde(deserialize_with = "text")]
    pub digest: String,
    /// When this version was added; `None` where the index does not say, or says it so that it cannot be read.
    #[serde(deserialize_with = "time")]
    pub created: Option<Timestamp>,
    /// Whether the chart is not maintained any more.
    pub deprecated: Option<bool>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "apiVersion", default)]
    api_version: Option<String>,
    #[serde(default)]
    entries: Option<BTreeMap<String, Option<Vec<Option<IndexEntry>>>>>,
}

impl Index {
    /// Reads an index, YAML or JSON.
    ///
    /// # Errors
    ///
    /// The text says where the index is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Err("it is empty".to_owned());
        }
        let document: Document = if bytes.trim_ascii_start().starts_with(b"{") {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?
        } else {
            pintle_yaml::from_slice(bytes).map_err(|error| error.to_string())?
        };
        if document.api_version.is_none_or(|version| version.is_empty()) {
            return Err("no API version specified".to_owned()); // Helm: pkg/repo/v1/index.go, ErrNoAPIVersion
        }
        let entries = document.entries.unwrap_or_default();
        Ok(Self { entries: entries.into_iter().map(|(name, versions)| (name, usable(versions))).collect() })
    }

    /// The names of the charts, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The versions of a chart, newest first; `None` where there is no such chart.
    pub fn versions(&self, name: &str) -> Option<&[IndexEntry]> {
        self.entries.get(name).map(Vec::as_slice)
    }

    /// The version that Helm would choose (Helm: `pkg/repo/v1/index.go`, `IndexFile.Get`): the one that is written
    /// exactly like `constraint`, else the newest that passes it. An empty constraint takes the newest stable one.
    ///
    /// # Errors
    ///
    /// The text says why `constraint` is no constraint.
    pub fn select(&self, name: &str, constraint: &str) -> Result<Option<&IndexEntry>, String> {
        let Some(versions) = self.entries.get(name) else { return Ok(None) };
        let parsed = Constraint::parse(if constraint.is_empty() { "*" } else { constraint });
        let parsed = parsed.map_err(|error| error.to_string())?;
        if let Some(exact) = versions.iter().find(|entry| entry.version == constraint) {
            return Ok(Some(exact));
        }
        let passes = |entry: &&IndexEntry| Version::parse(&entry.version).is_ok_and(|version| parsed.check(&version));
        Ok(versions.iter().find(passes))
    }
}

/// The entries that have a name and a version, newest first; equal versions keep the order of the index.
fn usable(versions: Option<Vec<Option<IndexEntry>>>) -> Vec<IndexEntry> {
    let mut parsed: Vec<(Version, IndexEntry)> = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !entry.name.is_empty())
        .filter_map(|entry| Some((Version::parse(&entry.version).ok()?, entry)))
        .collect();
    parsed.sort_by(|a, b| b.0.cmp(&a.0));
    parsed.into_iter().map(|(_, entry)| entry).collect()
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default())
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}
