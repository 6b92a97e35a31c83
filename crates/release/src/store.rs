//! Where records are kept.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{Head, Record, SealError, Status, codec};

/// The name of the object that keeps a revision: `sh.helm.release.v1.NAME.vREVISION` (Helm:
/// `pkg/storage/storage.go`, `makeKey`).
pub fn record_key(name: &str, revision: u32) -> String {
    format!("sh.helm.release.v1.{name}.v{revision}")
}

/// The state of a stored object that a write expects to find (the resource version in a cluster).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// A record together with what its store knows of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stored {
    /// The record, the user's labels included.
    pub record: Record,
    /// What the next write of it has to expect.
    pub version: Version,
    /// The stored object's annotations. What Helm's record has no place for stands here; Helm drops them when it
    /// writes the record.
    pub annotations: BTreeMap<String, String>,
}

impl Stored {
    /// A record as read from a store.
    pub fn new(record: Record, version: Version, annotations: BTreeMap<String, String>) -> Self {
        Self { record, version, annotations }
    }
}

/// How a release stands, by its records that are not superseded: what is done about a release that is as it should be
/// needs no others.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// The newest of them.
    pub last: Stored,
    /// All of them, oldest first.
    pub revisions: Vec<Summary>,
}

impl Standing {
    /// The newest record and, oldest first, what is known of all that are not superseded.
    pub fn new(last: Stored, revisions: Vec<Summary>) -> Self {
        Self { last, revisions }
    }
}

/// What a store knows of a record without decoding it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The release's name.
    pub name: String,
    /// The revision, from 1.
    pub revision: u32,
    /// The state.
    pub status: Status,
    /// The namespace that the record lies in.
    pub storage_namespace: String,
    /// What the next write of it has to expect.
    pub version: Version,
    /// When the stored object was written last, in whole seconds; `None` where it does not say.
    pub modified: Option<Timestamp>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// The stored object's annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Summary {
    /// A summary without labels and annotations.
    pub fn new(name: impl Into<String>, revision: u32, status: Status, version: Version) -> Self {
        Self {
            name: name.into(),
            revision,
            status,
            storage_namespace: String::new(),
            version,
            modified: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }
}

/// Which records to list.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Filter {
    /// Only this release.
    pub name: Option<String>,
    /// Only records in this state.
    pub status: Option<Status>,
    /// A label selector in Kubernetes' syntax over the user's labels; stores in memory know only `key=value` terms.
    pub selector: Option<String>,
}

impl Filter {
    /// All revisions of one release.
    pub fn release(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The same, in this state alone.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, with this label selector.
    #[must_use]
    pub fn selector(mut self, selector: impl Into<String>) -> Self {
        self.selector = Some(selector.into());
        self
    }
}

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such record.
    #[error("release: not found")]
    NotFound,
    /// A record of that name and revision is already there.
    #[error("release: already exists")]
    AlreadyExists,
    /// Somebody else wrote the record meanwhile.
    #[error("the record {key} was changed by somebody else; read it again")]
    Conflict {
        /// The stored object's name.
        key: String,
    },
    /// The record cannot be read.
    #[error("the record {key} cannot be read: {source}")]
    Damaged {
        /// The stored object's name.
        key: String,
        /// What is wrong with it.
        source: codec::CodecError,
    },
    /// The record does not fit into one stored object.
    #[error("the record {key} takes {bytes} bytes, more than the {limit} that a stored object may have")]
    TooLarge {
        /// The stored object's name.
        key: String,
        /// The encoded record's size.
        bytes: usize,
        /// The most that the store takes.
        limit: usize,
    },
    /// The record's content could not be sealed or opened.
    #[error("the record {key} is sealed: {source}")]
    Sealed {
        /// The stored object's name.
        key: String,
        /// Why.
        source: SealError,
    },
    /// The place behind the store failed: not reachable, not allowed, timed out.
    #[error(transparent)]
    Backend(Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps the records of one namespace.
///
/// Every write says what it expects: [`create`](Self::create) that nothing is there, the others the [`Version`] that
/// was read. So two writers never overwrite each other unseen.
#[async_trait]
pub trait Store: Send + Sync {
    /// The records that pass the filter, without decoding them, in no order.
    async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError>;

    /// One revision of a release.
    async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError>;

    /// How a release stands; `None` where it has no record that is not superseded.
    ///
    /// By default the records are listed and the newest is read; a store that can do it with one request should.
    async fn standing(&self, name: &str) -> Result<Option<Standing>, StoreError> {
        let mut revisions = self.list(&Filter::release(name)).await?;
        revisions.retain(|summary| summary.status != Status::Superseded);
        revisions.sort_by_key(|summary| summary.revision);
        let Some(newest) = revisions.last() else { return Ok(None) };
        let last = self.get(name, newest.revision).await?;
        Ok(Some(Standing::new(last, revisions)))
    }

    /// What lists and histories show of these records, in no order. Those that are gone meanwhile, or cannot be read, are
    /// left out, as Helm leaves them out.
    ///
    /// By default each is read as a whole.
    async fn heads(&self, wanted: &[Summary]) -> Result<Vec<Head>, StoreError> {
        let mut heads = Vec::with_capacity(wanted.len());
        for summary in wanted {
            match self.get(&summary.name, summary.revision).await {
                Ok(stored) => heads.push(Head::of(&stored.record)),
                Err(StoreError::NotFound | StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(heads)
    }

    /// Stores a new revision.
    async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Version, StoreError>;

    /// Replaces a revision that is still in the state `expected`.
    async fn update(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        expected: &Version,
    ) -> Result<Version, StoreError>;

    /// Deletes a revision that is still in the state `expected`; without one, in whatever state it is.
    async fn delete(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<(), StoreError>;
}
