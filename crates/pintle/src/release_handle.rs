//! One release in one cluster.

use std::fmt;
use std::sync::Arc;

use pintle_cluster::{Lock, Locks, Owner, Scope};
use pintle_release::{Head, Record, Store, StoreError, Summary};

use crate::ledger::Ledger;
use crate::{Engine, Error, Target};

/// One release in one cluster: where to start every action on it.
///
/// Making a handle asks the cluster nothing; the release need not exist.
#[derive(Clone)]
pub struct ReleaseHandle {
    target: Target,
    name: String,
    namespace: String,
    storage_namespace: Option<String>,
    store: Option<Arc<dyn Store>>,
}

impl ReleaseHandle {
    pub(crate) fn new(target: Target, name: String) -> Self {
        Self { target, name, namespace: "default".to_owned(), storage_namespace: None, store: None }
    }

    /// The namespace that objects without one go to. An existing release keeps the namespace of its record.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The namespace that the release's records lie in. Default: the release's own, as with `helm`.
    #[must_use]
    pub fn stored_in(mut self, namespace: impl Into<String>) -> Self {
        self.storage_namespace = Some(namespace.into());
        self
    }

    /// Another place for the records than Secrets in the cluster.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// The release's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The release's namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The namespace that its records lie in.
    pub fn storage_namespace(&self) -> &str {
        self.storage_namespace.as_deref().unwrap_or(&self.namespace)
    }

    /// The cluster.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Every revision, oldest first, without decoding them: one request.
    pub async fn history(&self) -> Result<Vec<Summary>, Error> {
        let revisions = self.ledger().revisions().await?;
        if revisions.is_empty() { Err(self.not_found()) } else { Ok(revisions) }
    }

    /// What a history shows of these revisions, oldest first; few of them are read alone, many of them by one list.
    pub async fn heads(&self, revisions: &[Summary]) -> Result<Vec<Head>, Error> {
        let mut heads = self.store().heads(revisions).await?;
        heads.sort_by_key(|head| head.revision);
        Ok(heads)
    }

    /// The record of the newest revision: two requests.
    pub async fn status(&self) -> Result<Record, Error> {
        let ledger = self.ledger();
        let newest = ledger.revisions().await?.pop().ok_or_else(|| self.not_found())?;
        Ok(ledger.get(newest.revision).await?.record)
    }

    /// The record of one revision: one request.
    pub async fn get(&self, revision: u32) -> Result<Record, Error> {
        match self.ledger().get(revision).await {
            Ok(stored) => Ok(stored.record),
            Err(StoreError::NotFound) => Err(self.not_found()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.target.engine()
    }

    pub(crate) fn cluster(&self) -> &pintle_cluster::Target {
        self.target.cluster()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(self.store(), &self.name)
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap_or_else(|| Arc::new(self.target.store(self.storage_namespace())))
    }

    /// Takes the release's lock, from a dead holder too; it gets a fencing token above `fence`. A holder that shows no
    /// life is watched for as long as its lock lasts.
    pub(crate) async fn lock(&self, scope: &Scope, fence: i64) -> Result<Lock, Error> {
        let taken = self.locks().after(fence).take_from_the_dead(scope, &self.name).await;
        taken.map_err(|error| Error::lock(&self.name, error))
    }

    /// Whether somebody has the release's lock: one who is at work, or one who died before the records said so.
    pub(crate) async fn is_locked(&self, scope: &Scope) -> Result<bool, Error> {
        let holder = self.locks().holder_of(scope, &self.name).await;
        Ok(holder.map_err(|error| Error::lock(&self.name, error))?.is_some())
    }

    fn locks(&self) -> Locks {
        let engine = self.engine();
        Locks::new(self.cluster().clone(), self.storage_namespace(), engine.holder().clone())
            .timing(engine.lock_timing())
    }

    /// What marks the release's objects.
    pub(crate) fn owner(&self, namespace: &str) -> Owner {
        Owner::new(&self.name, namespace)
    }

    pub(crate) fn not_found(&self) -> Error {
        Error::NotFound { name: self.name.clone() }
    }

    pub(crate) fn no_deployed(&self) -> Error {
        Error::NoDeployed { name: self.name.clone() }
    }

    /// Fails where the name is none of a release (Helm: `pkg/chart/v2/util/validate_name.go`, `ValidateReleaseName`).
    pub(crate) fn check_name(&self) -> Result<(), Error> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let label = |label: &str| {
            let bytes = label.as_bytes();
            bytes.first().copied().is_some_and(letter)
                && bytes.last().copied().is_some_and(letter)
                && bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
        };
        if self.name.len() <= 53 && self.name.split('.').all(label) {
            return Ok(());
        }
        Err(Error::Name { name: self.name.clone() })
    }
}

impl fmt::Debug for ReleaseHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReleaseHandle")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("storage_namespace", &self.storage_namespace())
            .field("cluster", &self.cluster().name())
            .finish_non_exhaustive()
    }
}
