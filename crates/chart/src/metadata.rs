//! What a Chart.yaml says.

use std::collections::{BTreeMap, HashSet};

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::ChartError;
use crate::record::{is_false, null_is_default};
use pintle_value::{is_print, quoted};

/// The content of a Chart.yaml (Helm: `pkg/chart/v2/metadata.go`). A text that is not set is empty.
///
/// Serialised it is the JSON that Helm writes into release records, empty fields left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Metadata {
    /// The chart's name. Required.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// The address of the project's page.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub home: String,
    /// Addresses of the sources.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub sources: Vec<String>,
    /// The chart's version, a semantic one. Required.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub version: String,
    /// One sentence about the chart.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub description: String,
    /// Words to find the chart by.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub keywords: Vec<String>,
    /// Who maintains the chart.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub maintainers: Vec<Maintainer>,
    /// The address of an icon.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub icon: String,
    /// The version of the chart format, `v1` or `v2`. Required.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub api_version: String,
    /// A condition that enables the chart; kept, but not looked at by Helm.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub condition: String,
    /// Tags that enable the chart; kept, but not looked at by Helm.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub tags: String,
    /// The version of the application inside the chart; any text.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub app_version: String,
    /// Whether the chart is deprecated.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_is_default")]
    pub deprecated: bool,
    /// Anything else, for other programs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_default")]
    pub annotations: BTreeMap<String, String>,
    /// The versions of Kubernetes that the chart works with, as a constraint.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub kube_version: String,
    /// The charts that this one depends on.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub dependencies: Vec<Dependency>,
    /// `application`, `library`, or empty, which means `application`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub chart_type: String,
}

/// Somebody who maintains a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Maintainer {
    /// The name of a person or an organisation.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub name: String,
    /// The e-mail address.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub email: String,
    /// The address of a page about them.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub url: String,
}

/// A chart that another one depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Dependency {
    /// The name in the dependency's own Chart.yaml.
    #[serde(deserialize_with = "null_is_default")]
    pub name: String,
    /// The versions that will do, as a constraint; in a lock one version.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub version: String,
    /// The address of the repository.
    #[serde(deserialize_with = "null_is_default")]
    pub repository: String,
    /// Paths of values, separated by commas; the first that is a boolean says whether the chart is used.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub condition: String,
    /// Tags under which `tags` in the values switches the chart on or off.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub tags: Vec<String>,
    /// Whether the chart is used; set when dependencies are processed.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_is_default")]
    pub enabled: bool,
    /// What to import of the dependency's values: names under its `exports`, or maps with `child` and `parent`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub import_values: Vec<Data>,
    /// Another name for the chart.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_is_default")]
    pub alias: String,
}

/// The content of a Chart.lock: which versions the dependencies were resolved to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Lock {
    /// When the lock was written, in RFC 3339.
    pub generated: String,
    /// A digest of the dependencies in Chart.yaml.
    #[serde(deserialize_with = "null_is_default")]
    pub digest: String,
    /// The dependencies, each at one version; `None` where the lock names no list of them, not even an empty one.
    pub dependencies: Option<Vec<Dependency>>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            generated: "0001-01-01T00:00:00Z".to_owned(), // Go's zero time
            digest: String::new(),
            dependencies: None,
        }
    }
}

impl Metadata {
    /// Whether the chart is a library: it only lends its templates, and makes no objects of its own.
    pub fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }

    /// Cleans all texts of what cannot be printed, then checks the rules for metadata
    /// (Helm: `pkg/chart/v2/metadata.go`, Validate).
    pub fn validate(&mut self) -> Result<(), ChartError> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().for_each(sanitize);
        self.keywords.iter_mut().for_each(sanitize);
        let broken = |message: String| Err(ChartError::Validation(message));
        if self.api_version.is_empty() {
            return broken("chart.metadata.apiVersion is required".to_owned());
        }
        if self.name.is_empty() {
            return broken("chart.metadata.name is required".to_owned());
        }
        if self.name == "." || self.name == ".." {
            return broken(format!("chart.metadata.name {} is not allowed", quoted(&self.name)));
        }
        if self.name.contains('/') {
            return broken(format!("chart.metadata.name {} is invalid", quoted(&self.name)));
        }
        if self.version.is_empty() {
            return broken("chart.metadata.version is required".to_owned());
        }
        if pintle_functions::Version::parse(&self.version).is_err() {
            return broken(format!("chart.metadata.version {} is invalid", quoted(&self.version)));
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return broken("chart.metadata.type must be application or library".to_owned());
        }
        for maintainer in &mut self.maintainers {
            for text in [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url] {
                sanitize(text);
            }
        }
        let mut seen = HashSet::new();
        for dependency in &mut self.dependencies {
            dependency.validate()?;
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !seen.insert(key.clone()) {
                return broken(format!("more than one dependency with name or alias {}", quoted(key)));
            }
        }
        Ok(())
    }
}

impl Dependency {
    /// The name that the chart goes by in its parent: the alias where there is one.
    pub fn effective_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    fn validate(&mut self) -> Result<(), ChartError> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            sanitize(text);
        }
        self.tags.iter_mut().for_each(sanitize);
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        if !self.alias.chars().all(allowed) {
            return Err(ChartError::Validation(format!(
                "dependency {} has disallowed characters in the alias",
                quoted(&self.name)
            )));
        }
        Ok(())
    }
}

/// Makes every white space a blank and drops what cannot be printed (Helm: `metadata.go`, sanitizeString).
fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|letter| match letter {
            space if space.is_whitespace() => Some(' '),
            print if is_print(print) => Some(print),
            _ => None,
        })
        .collect();
}
