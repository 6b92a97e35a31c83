//! What the engine measures, for a caller's metrics.

use std::time::{Duration, Instant};

use tracing::{Instrument as _, Span};

use crate::{Action, Class, Error, ObjectAction, ReleaseHandle};

/// Is told what the engine did and how long it took: for metrics. It must not block.
///
/// An [`Engine`](crate::Engine) has one for all of its releases
/// ([`EngineBuilder::meter`](crate::EngineBuilder::meter)). How single requests went is told by the cluster's
/// [`RequestObserver`](pintle_cluster::RequestObserver), what a run does as it does it by its
/// [`Observer`](crate::Observer).
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
/// use pintle::{Engine, Measured, Measurement, Meter};
///
/// #[derive(Default)]
/// struct Renders(AtomicU64);
///
/// impl Meter for Renders {
///     fn measured(&self, measured: &Measured<'_>) {
///         if let Measurement::Rendered { .. } = measured.what {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let renders = Arc::new(Renders::default());
/// let engine = Engine::builder().meter(renders.clone()).build();
/// # let _ = engine;
/// ```
pub trait Meter: Send + Sync {
    /// Something was done.
    fn measured(&self, measured: &Measured<'_>);
}

/// Something that the engine did for a release.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Measured<'a> {
    /// The name of the cluster.
    pub cluster: &'a str,
    /// The release's namespace.
    pub namespace: &'a str,
    /// The release.
    pub release: &'a str,
    /// What was done.
    pub what: Measurement,
}

impl<'a> Measured<'a> {
    /// Something that was done for a release: for tests of a [`Meter`].
    pub fn new(cluster: &'a str, namespace: &'a str, release: &'a str, what: Measurement) -> Self {
        Self { cluster, namespace, release, what }
    }
}

/// What was done, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Measurement {
    /// A chart was rendered.
    Rendered {
        /// How long it took.
        took: Duration,
    },
    /// A rendering was taken that was made for another release with the same inputs.
    RenderShared,
    /// A plan was made.
    Planned {
        /// `install`, `upgrade`, `rollback` or `uninstall`; `ensure` for one that found out itself what is needed.
        action: &'static str,
        /// How long it took, rendering included.
        took: Duration,
        /// How it ended.
        ended: Ended,
    },
    /// A plan was run.
    Ran {
        /// What was done.
        action: Action,
        /// How long it took, waiting included.
        took: Duration,
        /// How it ended.
        ended: Ended,
    },
    /// A run, or the correction of drift, was done with an object.
    Object {
        /// What was done to it.
        action: ObjectAction,
    },
    /// An object that somebody fights over was let be.
    Contested,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// As it should.
    Well,
    /// By an error of this class.
    Badly(Class),
}

impl Ended {
    fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Well,
            Err(error) => Self::Badly(error.class()),
        }
    }
}

impl ReleaseHandle {
    pub(crate) fn measure(&self, what: Measurement) {
        if let Some(meter) = self.engine().meter() {
            meter.measured(&Measured::new(self.cluster().name(), self.namespace(), self.name(), what));
        }
    }

    /// Makes a plan, in its span, and measures that.
    pub(crate) async fn planning<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let result = work.instrument(crate::span::plan(self, action)).await;
        self.measure(Measurement::Planned { action, took: began.elapsed(), ended: Ended::of(&result) });
        result
    }

    /// Runs a plan, in its span, and measures that.
    pub(crate) async fn running<T>(
        &self,
        (action, span): (Action, Span),
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let result = work.instrument(span).await;
        self.measure(Measurement::Ran { action, took: began.elapsed(), ended: Ended::of(&result) });
        result
    }
}
