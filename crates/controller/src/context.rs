//! What all reconciliations share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::runtime::reflector::{ObjectRef, Store};
use pintle::Engine;
use pintle::cluster::{DriftWatch, Scope};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::{HelmRelease, HelmRepository};
use crate::events::Events;
use crate::key::{Key, Lane, ObjectName};
use crate::metrics::Metrics;
use crate::queue::Trigger;
use crate::references::References;
use crate::release::Memory;
use crate::repository::Reading;
use crate::sources::Sources;
use crate::tenant::TenantCache;

/// A cluster that releases are installed into, and the watch over their objects in it.
pub(crate) struct Tenant {
    pub(crate) target: pintle::Target,
    pub(crate) drift: DriftWatch,
    /// Ends with the tenant what keeps the known kinds true.
    _following: DropGuard,
}

/// How the controller was started.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) retry_interval: Duration,
    pub(crate) tenant_timeout: Duration,
    pub(crate) cross_namespace: CrossNamespace,
    pub(crate) scale_managers: Vec<String>,
}

/// Whether a release may use a repository of another namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CrossNamespace {
    Allowed,
    Refused,
}

/// What all reconciliations share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) engine: Engine,
    pub(crate) sources: Sources,
    pub(crate) tenants: TenantCache<Tenant>,
    pub(crate) management: Arc<Tenant>,
    pub(crate) releases: Store<HelmRelease>,
    pub(crate) repositories: Store<HelmRepository>,
    /// The repositories whose status is this controller's to write; none: all.
    pub(crate) selected: Option<Mutex<HashSet<ObjectName>>>,
    pub(crate) references: References<Key>,
    pub(crate) trigger: Trigger<Key, Lane>,
    pub(crate) events: Events,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) settings: Settings,
    pub(crate) stop: CancellationToken,
    pub(crate) memories: Mutex<HashMap<ObjectName, Arc<Memory>>>,
    pub(crate) readings: Mutex<HashMap<ObjectName, Arc<Reading>>>,
}

impl Tenant {
    pub(crate) fn new(
        engine: &Engine,
        client: Client,
        (name, timeout): (&str, Duration),
        metrics: &Arc<Metrics>,
    ) -> Self {
        let cluster =
            pintle::cluster::Target::builder(client).name(name).request_timeout(timeout).attempts(3);
        let cluster = cluster.observer(Arc::<Metrics>::clone(metrics)).build();
        let (follower, scope) = (cluster.clone(), Scope::unlimited());
        let following = scope.cancel_token().clone().drop_guard();
        tokio::spawn(async move {
            if let Err(error) = follower.follow_crds(&scope).await {
                tracing::debug!(cluster = follower.name(), %error, "crds are not watched");
            }
        });
        let drift = DriftWatch::new(cluster.clone());
        Self { target: engine.target_of(cluster), drift, _following: following }
    }
}

impl Context {
    pub(crate) fn release(&self, name: &ObjectName) -> Option<Arc<HelmRelease>> {
        self.releases.get(&ObjectRef::new(&name.name).within(&name.namespace))
    }

    pub(crate) fn repository(&self, name: &ObjectName) -> Option<Arc<HelmRepository>> {
        self.repositories.get(&ObjectRef::new(&name.name).within(&name.namespace))
    }

    /// What is remembered of a release.
    pub(crate) fn memory(&self, name: &ObjectName) -> Arc<Memory> {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(memories.entry(name.clone()).or_default())
    }

    /// Forgets a release.
    pub(crate) fn forget_release(&self, name: &ObjectName) -> Option<Arc<Memory>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    /// What was read of a repository.
    pub(crate) fn reading(&self, name: &ObjectName) -> Arc<Reading> {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(readings.entry(name.clone()).or_default())
    }

    /// Forgets a repository.
    pub(crate) fn forget_repository(&self, name: &ObjectName) {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Whether a repository's status is this controller's to write.
    pub(crate) fn is_selected(&self, name: &ObjectName) -> bool {
        self.selected
            .as_ref()
            .is_none_or(|selected| selected.lock().unwrap_or_else(PoisonError::into_inner).contains(name))
    }

    /// Asks that something be worked on at once.
    pub(crate) fn wake(&self, key: &Key) {
        let lane = match key {
            Key::Repository(name) => Lane::Repository(name.clone()),
            Key::Release(name) => match self.release(name) {
                Some(release) => Lane::of(&release),
                None => return,
            },
        };
        self.trigger.now(key.clone(), lane);
    }

    /// The pause after so many failures in a row.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        const LONGEST: Duration = Duration::from_secs(300);
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1).min(16)).unwrap_or(u32::MAX);
        self.settings.retry_interval.saturating_mul(doubled).min(LONGEST)
    }
}
