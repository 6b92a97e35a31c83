//! What all releases share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pintle_chart::{Chart, Digest};
use pintle_cluster::{Holder, LockTiming, Patience};
use pintle_render::CompiledChart;

use crate::shared_renders::SharedRenders;
use crate::{Meter, Target};

/// What all releases share: the HTTP client for repositories, the charts that were compiled, and the name under which
/// releases are locked.
///
/// Cheap to clone; nothing of it is global, so two engines know nothing of each other.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    #[cfg(feature = "http")]
    http: Option<pintle_registry::Http>,
    functions: pintle_template::Functions,
    /// Whether all functions are Helm's own.
    helms_functions: bool,
    meter: Option<Arc<dyn Meter>>,
    render_limits: pintle_render::Limits,
    holder: Holder,
    lock_timing: LockTiming,
    patience: Patience,
    compiled: Mutex<Compiled>,
    renders: SharedRenders,
}

/// The charts that were compiled last, by content.
struct Compiled {
    capacity: usize,
    clock: u64,
    charts: HashMap<Digest, (u64, Arc<CompiledChart>)>,
}

/// Makes an [`Engine`].
pub struct EngineBuilder {
    #[cfg(feature = "http")]
    http: Option<pintle_registry::Http>,
    functions: pintle_template::Functions,
    helms_functions: bool,
    meter: Option<Arc<dyn Meter>>,
    render_limits: pintle_render::Limits,
    holder: Option<Holder>,
    lock_timing: LockTiming,
    patience: Patience,
    compiled_charts: usize,
    shared_renders: usize,
}

impl Engine {
    /// An engine with the defaults of every setting.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder {
            #[cfg(feature = "http")]
            http: None,
            functions: pintle_functions::Helm::functions(),
            helms_functions: true,
            meter: None,
            render_limits: pintle_render::Limits::default(),
            holder: None,
            lock_timing: LockTiming::default(),
            patience: Patience::default(),
            compiled_charts: 64,
            shared_renders: 32,
        }
    }

    /// A cluster to work on, by the caller's own client. Nothing is read from kubeconfig files or the environment.
    pub fn target(&self, client: kube::Client) -> Target {
        self.target_of(pintle_cluster::Target::new(client))
    }

    /// The same, with a cluster whose time-outs, limits or field manager were set by its builder.
    pub fn target_of(&self, cluster: pintle_cluster::Target) -> Target {
        Target::new(self.clone(), cluster)
    }

    /// A chart repository at `url`, without credentials. For those, for TLS settings and for limits, build a
    /// [`Repository`](crate::registry::Repository) with the engine's [`http`](Self::http).
    #[cfg(feature = "http")]
    pub fn repository(&self, url: &str) -> Result<pintle_registry::Repository, crate::Error> {
        Ok(pintle_registry::Repository::builder(url).map_err(Box::new)?.build(&self.http()?))
    }

    /// The HTTP client for repositories: the one that was handed in, or one with the defaults.
    #[cfg(feature = "http")]
    pub fn http(&self) -> Result<pintle_registry::Http, crate::Error> {
        match &self.0.http {
            Some(http) => Ok(http.clone()),
            None => Ok(pintle_registry::Http::new().map_err(Box::new)?),
        }
    }

    /// Who takes the locks of releases.
    pub(crate) fn holder(&self) -> &Holder {
        &self.0.holder
    }

    /// How long locks are kept and how often they are renewed.
    pub(crate) fn lock_timing(&self) -> LockTiming {
        self.0.lock_timing
    }

    /// How far templates may go.
    pub(crate) fn render_limits(&self) -> &pintle_render::Limits {
        &self.0.render_limits
    }

    /// Who is told what was done.
    pub(crate) fn meter(&self) -> Option<&dyn Meter> {
        self.0.meter.as_deref()
    }

    /// The renderings that releases share; `None` where a caller's own functions may make them differ.
    pub(crate) fn shared_renders(&self) -> Option<&SharedRenders> {
        self.0.helms_functions.then_some(&self.0.renders)
    }

    /// How long objects are fought over.
    pub(crate) fn patience(&self) -> Patience {
        self.0.patience
    }

    /// The compiled form of a chart: at hand where a chart of the same content was compiled lately. Compiling takes
    /// milliseconds of CPU time, so call this on a blocking thread.
    pub(crate) fn compile(&self, chart: &Chart) -> Arc<CompiledChart> {
        let digest = chart.digest();
        if let Some(compiled) = self.compiled().get(&digest) {
            return compiled;
        }
        // Compiled outside of the lock: two callers may both do it, and neither waits for the other.
        let compiled = Arc::new(CompiledChart::with_functions(chart.clone(), self.0.functions.clone()));
        self.compiled().put(digest, Arc::clone(&compiled));
        compiled
    }

    fn compiled(&self) -> std::sync::MutexGuard<'_, Compiled> {
        // Whoever panicked left the map whole: every change is a single insert or remove.
        self.0.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("holder", &self.holder)
            .field("lock_timing", &self.lock_timing)
            .field("patience", &self.patience)
            .field("compiled_charts", &self.compiled_charts)
            .field("shared_renders", &self.shared_renders)
            .finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl EngineBuilder {
    /// The HTTP client for repositories. Default: one that trusts the system's authorities, made when it is needed.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn http(mut self, http: pintle_registry::Http) -> Self {
        self.http = Some(http);
        self
    }

    /// A function that templates find beside Helm's, or instead of the one of that name; `required`, `fail` and their
    /// like can be replaced too. The release's record says nothing of it: `helm` renders such a chart only with a
    /// function of its own.
    #[must_use]
    pub fn function(mut self, name: &str, function: pintle_template::Function) -> Self {
        self.functions.insert(name, function);
        self.helms_functions = false;
        self
    }

    /// How far the templates of one render may go. Default: [`Limits`](crate::render::Limits)'s own, which stop what never
    /// ends; whoever renders strangers' charts for many tenants wants less time and less output.
    #[must_use]
    pub fn render_limits(mut self, limits: pintle_render::Limits) -> Self {
        self.render_limits = limits;
        self
    }

    /// Who is told what was done and how long it took. Default: nobody.
    #[must_use]
    pub fn meter(mut self, meter: Arc<dyn Meter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// The name under which releases are locked while they are worked on. Default: one that nobody else has.
    ///
    /// Give one that is the process's alone among all that are alive, and the same after a restart (the name of a Pod,
    /// or that of a controller of which one is elected): then what a crash left is taken over at
    /// once, instead of after the lock has run out.
    #[must_use]
    pub fn holder(mut self, name: impl Into<Arc<str>>) -> Self {
        self.holder = Some(Holder::new(name));
        self
    }

    /// How long the lock of a release outlives a crash, and how often it is renewed. Default: 13 s and 3 s.
    #[must_use]
    pub fn lock_timing(mut self, timing: LockTiming) -> Self {
        self.lock_timing = timing;
        self
    }

    /// How often drift of an object is put back before its opponent is named and it is let be for a while. Default: three
    /// times at once, then after 1 min, 2 min and so on up to 1 h.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// How many compiled charts are kept. Default: 64. A large chart takes a few MiB.
    #[must_use]
    pub fn compiled_charts(mut self, count: usize) -> Self {
        self.compiled_charts = count;
        self
    }

    /// How many renderings are kept for other releases with the same inputs. Default: 32; 0 shares none. One takes about
    /// as much memory as its manifest three times.
    ///
    /// A rendering is shared between releases of one name and namespace in clusters with the same capabilities, where
    /// chart, values and revision are the same, and only where templates ask neither the cluster nor a resolver of names,
    /// neither the time nor chance, and the engine has no [`function`](Self::function) and the action no post-renderer of
    /// the caller's.
    #[must_use]
    pub fn shared_renders(mut self, count: usize) -> Self {
        self.shared_renders = count;
        self
    }

    /// The engine.
    pub fn build(self) -> Engine {
        let compiled = Compiled { capacity: self.compiled_charts, clock: 0, charts: HashMap::new() };
        Engine(Arc::new(Inner {
            #[cfg(feature = "http")]
            http: self.http,
            functions: self.functions,
            helms_functions: self.helms_functions,
            meter: self.meter,
            render_limits: self.render_limits,
            holder: self.holder.unwrap_or_else(Holder::unique),
            lock_timing: self.lock_timing,
            patience: self.patience,
            compiled: Mutex::new(compiled),
            renders: SharedRenders::new(self.shared_renders),
        }))
    }
}

impl Compiled {
    fn get(&mut self, digest: &Digest) -> Option<Arc<CompiledChart>> {
        self.clock += 1;
        let (used, chart) = self.charts.get_mut(digest)?;
        *used = self.clock;
        Some(Arc::clone(chart))
    }

    fn put(&mut self, digest: Digest, chart: Arc<CompiledChart>) {
        if self.capacity == 0 {
            return;
        }
        if self.charts.len() >= self.capacity {
            let oldest = self.charts.iter().min_by_key(|(_, (used, _))| *used).map(|(digest, _)| *digest);
            if let Some(oldest) = oldest {
                self.charts.remove(&oldest);
            }
        }
        self.clock += 1;
        self.charts.insert(digest, (self.clock, chart));
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("compiled", &self.compiled().charts.len()).finish_non_exhaustive()
    }
}
