//! What is wrong with a chart, or might be (Helm: `pkg/chart/v2/lint`).

use std::fmt;
use std::path::Path;

use pintle_chart::{Values, Warning};

use crate::{KubeVersion, SchemaCheck};

mod address;
mod chart_file;
mod crds;
mod dependencies;
mod deprecated;
mod folder;
mod object;
mod object_name;
mod templates;
mod values_file;

pub use folder::charts_below;

use folder::Folder;

/// What a chart is checked with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LintOptions {
    /// The user's values.
    pub values: Values,
    /// The namespace that templates see; empty stands for `default`.
    pub namespace: String,
    /// The version of Kubernetes that templates see, and whose deprecations count (`--kube-version`).
    pub kube_version: Option<KubeVersion>,
    /// Whether values are checked against the schema (`--skip-schema-validation`).
    pub schema: SchemaCheck,
}

/// One thing that is wrong with a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintMessage {
    /// How grave it is.
    pub severity: Severity,
    /// The file or folder, from the chart's own; for what is about the dependencies the chart's folder itself.
    pub path: String,
    /// What is wrong, in Helm's words.
    pub text: String,
}

/// How grave a [`LintMessage`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// It is worth knowing.
    Info,
    /// It breaks with what is usual, but works.
    Warning,
    /// It will most likely not work.
    Error,
}

/// What was found out about a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// What is wrong, in the order of Helm's rules.
    pub messages: Vec<LintMessage>,
    /// What Helm writes to its log on the way.
    pub warnings: Vec<Warning>,
}

/// Checks the chart in a folder or in a `.tgz` archive. The error is Helm's text, where there is no chart.
pub fn lint(path: &Path, options: &LintOptions) -> Result<Lint, String> {
    let folder = Folder::open(path)?;
    let mut lint = Lint::default();
    chart_file::check(&folder, &mut lint);
    values_file::check(&folder, options, &mut lint);
    templates::check(&folder, options, &mut lint);
    dependencies::check(&folder, &mut lint);
    crds::check(&folder, &mut lint);
    Ok(lint)
}

impl Lint {
    /// The gravest thing that is wrong; `None` where nothing is.
    pub fn severity(&self) -> Option<Severity> {
        self.messages.iter().map(|message| message.severity).max()
    }

    fn say(&mut self, severity: Severity, path: &str, text: impl Into<String>) {
        self.messages.push(LintMessage { severity, path: path.to_owned(), text: text.into() });
    }

    /// Says what a rule found; gives whether it found nothing.
    fn rule<T>(&mut self, severity: Severity, path: &str, found: Result<T, String>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(text) => {
                self.say(severity, path, text);
                None
            }
        }
    }
}

impl fmt::Display for LintMessage {
    /// Writes `[WARNING] templates/: directory does not exist`, as Helm does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: {}", self.severity, self.path, self.text)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        })
    }
}
