//! What a render is given beside the chart.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pintle_chart::Values;
use pintle_functions::{LookupRequest, Moment};
use pintle_value::Data;

use crate::{Capabilities, PostRenderStrategy, PostRenderer, Witness};

/// What a render is given beside the chart: the release, the user's values, what the cluster can do, and everything
/// that is not the chart's own doing, such as the time.
///
/// ```
/// use pintle_render::{Capabilities, KubeVersion, RenderInput};
///
/// let input = RenderInput::new("web", "shop")
///     .capabilities(Capabilities::offline().with_kube_version(KubeVersion::parse("v1.34.0")?));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct RenderInput {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) revision: i64,
    pub(crate) operation: Operation,
    pub(crate) values: Values,
    pub(crate) capabilities: Capabilities,
    pub(crate) lookup: Option<Arc<dyn LiveLookup>>,
    pub(crate) resolver: Option<Arc<dyn NameResolver>>,
    pub(crate) time: Option<Moment>,
    pub(crate) seed: Option<[u8; 32]>,
    pub(crate) witness: Option<Witness>,
    pub(crate) limits: pintle_template::Limits,
    pub(crate) cancel: Option<Arc<AtomicBool>>,
    pub(crate) mode: Mode,
    pub(crate) schema: SchemaCheck,
    pub(crate) notes: Notes,
    pub(crate) post_renderer: Option<(Arc<dyn PostRenderer>, PostRenderStrategy)>,
    pub(crate) objects: Objects,
}

/// Whether documents keep the objects that their texts were read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Objects {
    /// They do.
    #[default]
    Keep,
    /// They do not: for who only prints, they would be memory for nothing.
    Drop,
}

/// What the release is being rendered for: what `.Release.IsInstall` and `.Release.IsUpgrade` say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A first installation.
    #[default]
    Install,
    /// An upgrade or a rollback.
    Upgrade,
    /// Neither: the chart is only looked at.
    Neither,
}

/// How strictly templates are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// As Helm runs them.
    #[default]
    Normal,
    /// A key that is missing in a map is an error (Helm's `Strict`).
    Strict,
    /// `required` and `fail` do not end the render (Helm's `LintMode`).
    Lint,
}

/// Whether values are checked against the charts' schemas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they are or they are not")]
pub enum SchemaCheck {
    /// They are.
    #[default]
    Check,
    /// They are not (`--skip-schema-validation`).
    Skip,
}

/// Whose `NOTES.txt` is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are no other charts")]
pub enum Notes {
    /// The chart's own.
    #[default]
    Own,
    /// Those of the charts inside it as well (`--render-subchart-notes`).
    All,
}

/// Answers `lookup` from a live cluster; called on the thread that renders.
pub trait LiveLookup: Send + Sync {
    /// The object, or a list object with `items` where the request has no name; [`Data::Null`] where there is none.
    /// An error's text ends the render.
    fn lookup(&self, request: LookupRequest<'_>) -> Result<Data, String>;
}

/// Answers `getHostByName` (`--enable-dns`); called on the thread that renders.
pub trait NameResolver: Send + Sync {
    /// An address of the host; empty where there is none.
    fn resolve(&self, name: &str) -> String;
}

impl RenderInput {
    /// The release `name` in `namespace`, its first revision, with no values of the user; the clock and random source
    /// of the system, no cluster.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            revision: 1,
            operation: Operation::Install,
            values: Values::default(),
            capabilities: Capabilities::offline(),
            lookup: None,
            resolver: None,
            time: None,
            seed: None,
            witness: None,
            limits: pintle_template::Limits::default(),
            cancel: None,
            mode: Mode::Normal,
            schema: SchemaCheck::Check,
            notes: Notes::Own,
            post_renderer: None,
            objects: Objects::Keep,
        }
    }

    /// Sets the revision, from 1.
    #[must_use]
    pub fn revision(mut self, revision: i64) -> Self {
        self.revision = revision;
        self
    }

    /// Sets what the release is rendered for.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// Sets the user's values; where they are [`Values`], explanations of errors can say which file or flag set them.
    #[must_use]
    pub fn values(mut self, values: impl Into<Values>) -> Self {
        self.values = values.into();
        self
    }

    /// Sets what the cluster can do.
    #[must_use]
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Answers `lookup` from here; without it every lookup finds nothing.
    #[must_use]
    pub fn lookup(mut self, lookup: Arc<dyn LiveLookup>) -> Self {
        self.lookup = Some(lookup);
        self
    }

    /// Answers `getHostByName` from here; without it every name resolves to nothing.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<dyn NameResolver>) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Stops the clock that templates see at this moment.
    #[must_use]
    pub fn time(mut self, time: Moment) -> Self {
        self.time = Some(time);
        self
    }

    /// Draws everything random from this seed, so that a second render gives the same. The seed is as secret as the
    /// passwords and keys that come from it.
    #[must_use]
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Tells this witness when templates ask for the time or for something random.
    #[must_use]
    pub fn witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// Sets how far templates may go.
    #[must_use]
    pub fn limits(mut self, limits: pintle_template::Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Ends the render soon after this became true.
    #[must_use]
    pub fn cancel(mut self, cancel: Arc<AtomicBool>) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Sets how strictly templates are run.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether values are checked against schemas.
    #[must_use]
    pub fn schema(mut self, schema: SchemaCheck) -> Self {
        self.schema = schema;
        self
    }

    /// Sets whose notes are given back.
    #[must_use]
    pub fn notes(mut self, notes: Notes) -> Self {
        self.notes = notes;
        self
    }

    /// Sets whether documents keep their objects.
    pub(crate) fn objects(mut self, objects: Objects) -> Self {
        self.objects = objects;
        self
    }

    /// Hands the documents to a post-renderer before they are sorted.
    #[must_use]
    pub fn post_renderer(
        mut self,
        post_renderer: Arc<dyn PostRenderer>,
        strategy: PostRenderStrategy,
    ) -> Self {
        self.post_renderer = Some((post_renderer, strategy));
        self
    }
}

impl fmt::Debug for RenderInput {
    /// Leaves out values and seed: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderInput")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("revision", &self.revision)
            .field("operation", &self.operation)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
