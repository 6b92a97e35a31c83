//! What is kept for each tenant between reconciliations.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::connect::{ConnectError, ConnectOptions, connect};
use crate::kubeconfig::TenantKubeconfig;

/// A key of a Secret of the management cluster.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SecretLocation {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// The key, where the reference names one.
    pub key: Option<String>,
}

type Digest = [u8; 32];

/// Keeps one `T` (a client, and what hangs from it) for each kubeconfig that is in use.
///
/// Secrets with the same bytes share one. New bytes in a Secret make a new one; the old goes when the last user lets
/// go of it.
pub struct TenantCache<T> {
    options: ConnectOptions,
    state: Mutex<State<T>>,
}

struct State<T> {
    locations: HashMap<SecretLocation, Digest>,
    tenants: HashMap<Digest, Arc<T>>,
}

impl<T> TenantCache<T> {
    /// An empty cache, whose clients get `options`.
    pub fn new(options: ConnectOptions) -> Self {
        Self { options, state: Mutex::new(State { locations: HashMap::new(), tenants: HashMap::new() }) }
    }

    /// The `T` of a kubeconfig; `make` makes it from a new client where there is none yet.
    ///
    /// Nothing is sent to the tenant, so that one that does not answer keeps nobody waiting here.
    pub async fn get(
        &self,
        location: &SecretLocation,
        kubeconfig: &TenantKubeconfig,
        make: impl FnOnce(kube::Client) -> T,
    ) -> Result<Arc<T>, ConnectError> {
        let digest = kubeconfig.digest();
        let mut state = self.state.lock().await;
        let tenant = if let Some(tenant) = state.tenants.get(&digest) {
            Arc::clone(tenant)
        } else {
            let tenant = Arc::new(make(connect(kubeconfig, self.options).await?));
            state.tenants.insert(digest, Arc::clone(&tenant));
            tenant
        };
        state.locations.insert(location.clone(), digest);
        state.sweep();
        Ok(tenant)
    }

    /// Forgets a Secret that is gone, or that no release refers to any more.
    pub async fn forget(&self, location: &SecretLocation) {
        let mut state = self.state.lock().await;
        state.locations.remove(location);
        state.sweep();
    }

    /// Forgets all Secrets but those that `used` takes.
    pub async fn keep(&self, used: impl Fn(&SecretLocation) -> bool) {
        let mut state = self.state.lock().await;
        state.locations.retain(|location, _| used(location));
        state.sweep();
    }

    /// How many tenants are kept.
    pub async fn len(&self) -> usize {
        self.state.lock().await.tenants.len()
    }

    /// Whether none is kept.
    pub async fn is_empty(&self) -> bool {
        self.len().await == 0
    }
}

impl<T> State<T> {
    /// Drops the tenants that no Secret stands for.
    fn sweep(&mut self) {
        let used: std::collections::HashSet<_> = self.locations.values().collect();
        self.tenants.retain(|digest, _| used.contains(digest));
    }
}
