//! A cluster that releases are installed into.

use std::sync::Arc;

use pintle_cluster::SecretStore;
use pintle_release::Store;

use crate::{Engine, ReleaseHandle};

/// A cluster that releases are installed into: an [`Engine`] together with a client of the cluster.
///
/// Cheap to clone. Discovery, request limits and counters belong to the cluster's
/// [`Target`](pintle_cluster::Target) and are shared by all clones, so make one of these per cluster and keep it.
#[derive(Clone, Debug)]
pub struct Target {
    engine: Engine,
    cluster: pintle_cluster::Target,
}

impl Target {
    pub(crate) fn new(engine: Engine, cluster: pintle_cluster::Target) -> Self {
        Self { engine, cluster }
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

    /// The store of records in one namespace.
    pub(crate) fn store(&self, namespace: &str) -> Arc<dyn Store> {
        Arc::new(SecretStore::new(self.cluster.clone(), namespace))
    }
}
