//! The list of what a repository offers.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use pintle_functions::{Constraint, Version};
use pintle_value::{Data, DataMap};

/// How deep lists and maps of an index may nest. What Helm writes nests seven deep.
const MAX_DEPTH: usize = 100;

/// A repository's `index.yaml`: the charts with their versions, newest first.
///
/// Only what is needed to choose and to fetch a chart is kept. Entries that Helm would skip (without a name, with a
/// version that is none) are left out.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: BTreeMap<String, Vec<IndexEntry>>,
}

/// One version of a chart in an [`Index`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexEntry {
    /// The chart's name.
    pub name: String,
    /// The version as the index writes it.
    pub version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// What the chart is.
    pub description: String,
    /// The archive's addresses, absolute or relative to the repository.
    pub urls: Vec<String>,
    /// The archive's SHA-256 in hexadecimal digits; empty where the index does not say.
    pub digest: String,
    /// When this version was added; `None` where the index does not say, or says it so that it cannot be read.
    pub created: Option<Timestamp>,
    /// Whether the chart is not maintained any more.
    pub deprecated: bool,
}

impl Index {
    /// Reads an index, YAML or JSON. A key that stands twice in a YAML map is refused, as Helm does.
    ///
    /// # Errors
    ///
    /// The text says where the index is wrong: the line, or the path of the value.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Err("it is empty".to_owned());
        }
        let data: Data = if bytes.trim_ascii_start().starts_with(b"{") {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?
        } else {
            let limits = pintle_yaml::Limits::default().max_depth(MAX_DEPTH);
            pintle_yaml::parse_strict(bytes, &limits).map_err(|error| error.to_string())?
        };
        let document = map(&data, &"the index")?;
        if text(document, "apiVersion", &"")?.is_empty() {
            return Err("no API version specified".to_owned()); // Helm: pkg/repo/v1/index.go, ErrNoAPIVersion
        }
        let mut entries = BTreeMap::new();
        for (name, versions) in optional_map(document, "entries", &"")? {
            let name = name.to_str_lossy().into_owned();
            let versions = usable(versions, &name)?;
            entries.insert(name, versions);
        }
        Ok(Self { entries })
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
        let passes =
            |entry: &&IndexEntry| Version::parse(&entry.version).is_ok_and(|version| parsed.allows(&version));
        Ok(versions.iter().find(passes))
    }
}

/// The entries that have a name and a version, newest first; equal versions keep the order of the index.
fn usable(versions: &Data, chart: &str) -> Result<Vec<IndexEntry>, String> {
    let versions = match versions {
        Data::Null => return Ok(Vec::new()),
        Data::List(versions) => versions,
        other => return Err(wrong(&format_args!("entries.{chart}"), "a list", other)),
    };
    let mut parsed = Vec::with_capacity(versions.len());
    for (place, data) in versions.iter().enumerate() {
        if data.is_null() {
            continue;
        }
        let entry = IndexEntry::read(data, &format_args!("entries.{chart}[{place}]"))?;
        if entry.name.is_empty() {
            continue;
        }
        if let Ok(version) = Version::parse(&entry.version) {
            parsed.push((version, entry));
        }
    }
    parsed.sort_by(|a, b| b.0.compare(&a.0));
    Ok(parsed.into_iter().map(|(_, entry)| entry).collect())
}

impl IndexEntry {
    fn read(data: &Data, path: &dyn fmt::Display) -> Result<Self, String> {
        let fields = map(data, path)?;
        let urls = match fields.get("urls") {
            None | Some(Data::Null) => Vec::new(),
            Some(Data::List(urls)) => {
                let address = |(place, url): (usize, &Data)| match url {
                    Data::String(url) => Ok(url.to_str_lossy().into_owned()),
                    other => Err(wrong(&format_args!("{path}.urls[{place}]"), "text", other)),
                };
                urls.iter().enumerate().map(address).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(wrong(&format_args!("{path}.urls"), "a list", other)),
        };
        let deprecated = match fields.get("deprecated") {
            None | Some(Data::Null) => false,
            Some(Data::Bool(deprecated)) => *deprecated,
            Some(other) => return Err(wrong(&format_args!("{path}.deprecated"), "true or false", other)),
        };
        let field = |name: &str| text(fields, name, &format_args!("{path}."));
        Ok(Self {
            name: field("name")?,
            version: field("version")?,
            app_version: field("appVersion")?,
            description: field("description")?,
            urls,
            digest: field("digest")?,
            created: field("created")?.parse().ok(),
            deprecated,
        })
    }
}

fn map<'a>(data: &'a Data, path: &dyn fmt::Display) -> Result<&'a DataMap, String> {
    match data {
        Data::Map(map) => Ok(map),
        other => Err(wrong(path, "a map", other)),
    }
}

fn optional_map<'a>(
    fields: &'a DataMap,
    name: &str,
    path: &dyn fmt::Display,
) -> Result<impl Iterator<Item = &'a (pintle_value::Str, Data)> + use<'a>, String> {
    match fields.get(name) {
        None | Some(Data::Null) => Ok([].iter()),
        Some(Data::Map(map)) => Ok(map.iter()),
        Some(other) => Err(wrong(&format_args!("{path}{name}"), "a map", other)),
    }
}

/// A text that may be left out. Numbers are no text, as they are none for Helm: an unquoted `version: 1.10` would be 1.1.
fn text(fields: &DataMap, name: &str, path: &dyn fmt::Display) -> Result<String, String> {
    match fields.get(name) {
        None | Some(Data::Null) => Ok(String::new()),
        Some(Data::String(text)) => Ok(text.to_str_lossy().into_owned()),
        Some(other) => Err(wrong(&format_args!("{path}{name}"), "text", other)),
    }
}

fn wrong(path: &dyn fmt::Display, wanted: &str, found: &Data) -> String {
    let found = match found {
        Data::Null => "nothing",
        Data::Bool(_) => "true or false",
        Data::String(_) => "text",
        Data::List(_) => "a list",
        Data::Map(_) => "a map",
        _ => "a number",
    };
    format!("{path} must be {wanted}, and is {found}")
}
