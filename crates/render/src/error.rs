//! Why a chart could not be rendered.

use pintle_chart::ChartError;
use pintle_value::Origin;

/// A chart that could not be rendered. Texts are Helm's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The charts inside the chart and the values do not fit together.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(#[source] ChartError),
    /// The values do not fit the chart or its schema.
    #[error(transparent)]
    Values(ChartError),
    /// The chart asks for another version of Kubernetes.
    #[error("chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// The constraint in the Chart.yaml.
        constraint: String,
        /// The version of the cluster.
        version: String,
    },
    /// A template could not be parsed, or failed while it ran.
    #[error("{message}")]
    Template {
        /// Helm's text, of one line or a trace of several.
        message: String,
        /// The file that was being parsed or rendered.
        file: String,
        /// Where in the templates it happened, outermost first: the file that was rendered, then what it included.
        places: Vec<Origin>,
        /// What kind of error it is.
        kind: pintle_template::ErrorKind,
    },
    /// What a template wrote is no YAML, or no object.
    #[error("YAML parse error on {file}: {message}")]
    Manifest {
        /// The template file.
        file: String,
        /// Helm's text behind the file's name.
        message: String,
        /// The line of the template that wrote the faulty line, where both are known.
        place: Option<Origin>,
        /// All that was rendered, for `--debug`.
        rendered: Hidden,
    },
    /// A post-renderer failed.
    #[error("error while running post render on files: {0}")]
    PostRender(String),
    /// What a post-renderer gave back could not be read.
    #[error("error while parsing post rendered output: {0}")]
    PostRendered(String),
    /// A limit of the render was met.
    #[error("limit reached: {0}")]
    Limit(String),
}

/// A text that may hold secrets, and is therefore printed only by who asks for it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hidden({} bytes)", self.0.len())
    }
}

/// What kind of trouble a [`RenderError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The chart or its templates; another try gives the same.
    Chart,
    /// The values.
    Values,
    /// The cluster is not what the chart needs.
    Cluster,
    /// A limit was met, or the render was cancelled.
    Stopped,
    /// A program beside the chart: the post-renderer.
    PostRenderer,
}

impl RenderError {
    /// What kind of trouble this is.
    pub fn class(&self) -> Class {
        match self {
            Self::Dependencies(error) | Self::Values(error) => match error.class() {
                pintle_chart::Class::Values => Class::Values,
                _ => Class::Chart,
            },
            Self::KubeVersion { .. } => Class::Cluster,
            Self::Template { kind, .. } => match kind {
                pintle_template::ErrorKind::Limit(_) | pintle_template::ErrorKind::Cancelled => {
                    Class::Stopped
                }
                _ => Class::Chart,
            },
            Self::Manifest { .. } => Class::Chart,
            Self::PostRender(_) | Self::PostRendered(_) => Class::PostRenderer,
            Self::Limit(_) => Class::Stopped,
        }
    }

    /// Where it happened, the outermost template first; empty where no template is to blame.
    pub fn places(&self) -> &[Origin] {
        match self {
            Self::Template { places, .. } => places,
            Self::Manifest { place, .. } => place.as_slice(),
            _ => &[],
        }
    }

    /// Whether Helm had begun to render. Only then `helm template` and `helm install` point at `--debug`.
    pub fn while_rendering(&self) -> bool {
        !matches!(self, Self::Dependencies(_) | Self::Values(_))
    }
}
