//! A cluster that releases are installed into.

use std::sync::Arc;

use pintle_cluster::{Contests, SecretStore};

use crate::watched::WatchedReleases;
use crate::{Engine, ReleaseHandle};

/// A cluster that releases are installed into: an [`Engine`] together with a client of the cluster.
///
/// Cheap to clone. Discovery, request limits and counters belong to the cluster's
/// [`Target`](pintle_cluster::Target), and what is known of objects that somebody fights over to this; all clones share
/// them, so make one of these per cluster and keep it.
#[derive(Clone, Debug)]
pub struct Target {
    engine: Engine,
    cluster: pintle_cluster::Target,
    watched: Option<WatchedReleases>,
    contests: Arc<Contests>,
}

impl Target {
    pub(crate) fn new(engine: Engine, cluster: pintle_cluster::Target) -> Self {
        let contests = Arc::new(Contests::new(engine.patience()));
        Self { engine, cluster, watched: None, contests }
    }

    /// Watches the objects of releases that [`ensure`](ReleaseHandle::ensure) found in order or put in order, so that the
    /// next one looks at the release's record alone where nothing happened since: two reads. At rest that costs one
    /// metadata-only watch for each kind, for all releases of the cluster together.
    ///
    /// For processes that ensure the same releases again and again; clones of this target watch together. It belongs to
    /// the tokio runtime in which `ensure` is called.
    #[must_use]
    pub fn watching(mut self) -> Self {
        self.watched.get_or_insert_with(|| WatchedReleases::new(self.cluster.clone()));
        self
    }

    /// What is fought over in this cluster.
    pub(crate) fn contests(&self) -> &Contests {
        &self.contests
    }

    pub(crate) fn watched(&self) -> Option<&WatchedReleases> {
        self.watched.as_ref()
    }

    /// A release by its name, in the namespace `default` until [`ReleaseHandle::in_namespace`] says otherwise.
    pub fn release(&self, name: impl Into<String>) -> ReleaseHandle {
        ReleaseHandle::new(self.clone(), name.into())
    }

    /// The cluster.
    pub fn cluster(&self) -> &pintle_cluster::Target {
        &self.cluster
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The records of all namespaces, to list them.
    pub(crate) fn store_of_all_namespaces(&self) -> SecretStore {
        SecretStore::of_all_namespaces(self.cluster.clone())
    }

    /// The store of records in one namespace.
    pub(crate) fn store(&self, namespace: &str) -> SecretStore {
        SecretStore::new(self.cluster.clone(), namespace)
    }
}
