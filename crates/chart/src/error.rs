//! What can be wrong with a chart or with values.

use std::path::PathBuf;

use pintle_value::ValuePath;

/// A chart, or values for one, that could not be used. Texts are Helm's own where Helm refuses the same thing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are not an archive, or a damaged one.
    #[error("{0}")]
    Archive(String),
    /// A path inside the archive points outside the chart, or is not allowed for another reason.
    #[error("{message}")]
    IllegalPath {
        /// The path as the archive has it.
        path: String,
        /// Helm's text.
        message: String,
    },
    /// A limit of [`Limits`](crate::Limits) was passed.
    #[error("{0}")]
    TooLarge(String),
    /// The chart lies in another form than a chart has, such as one without a Chart.yaml.
    #[error("{0}")]
    Layout(String),
    /// A YAML file of the chart could not be read; the text says which and at which line.
    #[error("{message}")]
    Yaml {
        /// The file inside the chart, or the user's values file.
        file: String,
        /// The line, from 1; 0 where it is not known.
        line: u32,
        /// Helm's text, which names the file.
        message: String,
    },
    /// The metadata breaks a rule (Helm's `ValidationError`).
    #[error("validation: {0}")]
    Validation(String),
    /// A chart inside `charts/` could not be read.
    #[error("error unpacking subchart {subchart} in {chart}: {source}")]
    Subchart {
        /// The chart that holds it.
        chart: String,
        /// The folder or archive under `charts/`.
        subchart: String,
        /// Why.
        source: Box<ChartError>,
    },
    /// An ignore rule (`.helmignore`) could not be read.
    #[error("{0}")]
    IgnoreRule(String),
    /// A symbolic link leads nowhere (Helm: `internal/sympath/walk.go`).
    #[error("error evaluating symlink {}: lstat {}: no such file or directory", path.display(), missing.display())]
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// The first part of where it leads that is not there.
        missing: PathBuf,
    },
    /// A symbolic link leads out of the chart's folder.
    #[error("{}: the link leads out of the chart's folder, to {}; copy the file into the chart", path.display(), target.display())]
    SymlinkOutside {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A flag such as `--set` could not be read.
    #[error("failed parsing {flag} data{separator}{message}")]
    Flag {
        /// The flag, such as `--set`.
        flag: &'static str,
        /// What Helm writes between the flag and the message.
        separator: &'static str,
        /// Helm's text.
        message: String,
    },
    /// Values do not fit together.
    #[error("{0}")]
    Values(String),
    /// Values do not fit the charts' schemas; the text lists every place.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{text}")]
    Schema {
        /// Helm's text.
        text: String,
        /// The single faults, by value.
        faults: Vec<SchemaFault>,
    },
}

/// A value that does not fit the schema of its chart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaFault {
    /// The path of the chart whose schema it is, such as `web/charts/db`.
    pub chart: String,
    /// The value, from the root of all values: that of a chart inside is below its name.
    pub path: ValuePath,
    /// What is wrong with it.
    pub message: String,
}

/// What kind of trouble a [`ChartError`] is, for callers that decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The chart itself is wrong; another try gives the same.
    Chart,
    /// What the user set is wrong; another try gives the same.
    Values,
    /// The machine could not read or write; another try may help.
    Io,
}

impl ChartError {
    /// What kind of trouble this is.
    pub fn class(&self) -> Class {
        match self {
            Self::Io { .. } => Class::Io,
            Self::Flag { .. } | Self::Values(_) | Self::Schema { .. } => Class::Values,
            Self::Subchart { source, .. } => source.class(),
            _ => Class::Chart,
        }
    }
}
