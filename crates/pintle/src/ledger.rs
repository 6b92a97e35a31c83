//! The records of one release, as an action reads and writes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pintle_release::{Filter, Record, Status, Store, StoreError, Stored, Summary, Version};

use crate::{Error, HistoryLimit};

/// How long the last word about a run may take when the run itself was cancelled or is out of time.
const LAST_WORD: Duration = Duration::from_secs(5);

/// The annotation of a record whose run is under way. It tells a crash of this engine, which is healed at once, from a
/// `helm` that may still be at work; the last word of a run takes it away.
pub(crate) const RUN: &str = "pintle.io/run";

/// The records of one release.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Arc<dyn Store>,
    name: String,
}

/// A record that this run writes, with what the store expects of its next write.
pub(crate) struct Entry {
    store: Arc<dyn Store>,
    pub(crate) record: Record,
    pub(crate) annotations: BTreeMap<String, String>,
    version: Version,
}

/// What the release's records say before an action begins.
pub(crate) struct Past {
    /// Every revision, oldest first.
    pub(crate) revisions: Vec<Summary>,
    /// The newest revision.
    pub(crate) last: Stored,
    /// The revision that is deployed, where it is not the newest one.
    pub(crate) deployed: Option<Stored>,
}

impl Past {
    /// The revision that the next one is compared with: the deployed one, or the newest where none is deployed (Helm:
    /// `pkg/action/upgrade.go`, `prepareUpgrade`).
    pub(crate) fn current(&self) -> &Stored {
        self.deployed.as_ref().unwrap_or(&self.last)
    }

    /// The number of the next revision.
    pub(crate) fn next_revision(&self) -> u32 {
        self.last.record.revision.saturating_add(1)
    }
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn Store>, name: impl Into<String>) -> Self {
        Self { store, name: name.into() }
    }

    /// Every revision, oldest first, without decoding them.
    pub(crate) async fn revisions(&self) -> Result<Vec<Summary>, StoreError> {
        let mut revisions = self.store.list(&Filter::release(&self.name)).await?;
        revisions.sort_by_key(|summary| summary.revision);
        Ok(revisions)
    }

    /// One revision.
    pub(crate) async fn get(&self, revision: u32) -> Result<Stored, StoreError> {
        self.store.get(&self.name, revision).await
    }

    /// What the records say, or `None` where there are none. Only the records that matter are decoded.
    pub(crate) async fn past(&self) -> Result<Option<Past>, StoreError> {
        let revisions = self.revisions().await?;
        let Some(newest) = revisions.last() else { return Ok(None) };
        let last = self.get(newest.revision).await?;
        let deployed = revisions.iter().rev().find(|summary| summary.status == Status::Deployed);
        let deployed = match deployed.filter(|summary| summary.revision != newest.revision) {
            Some(summary) => Some(self.get(summary.revision).await?),
            None => None,
        };
        Ok(Some(Past { revisions, last, deployed }))
    }

    /// Writes the first record of a new revision, after making room for it.
    pub(crate) async fn begin(
        &self,
        record: Record,
        annotations: BTreeMap<String, String>,
        limit: HistoryLimit,
    ) -> Result<Entry, StoreError> {
        if let HistoryLimit(Some(limit)) = limit {
            self.trim(limit.saturating_sub(1)).await?;
        }
        let mut annotations = annotations;
        annotations.insert(RUN.to_owned(), concat!("pintle/", env!("CARGO_PKG_VERSION")).to_owned());
        let version = self.store.create(&record, &annotations).await?;
        Ok(Entry { store: Arc::clone(&self.store), record, annotations, version })
    }

    /// A record that is there already, to be written again.
    pub(crate) fn reopen(&self, stored: Stored) -> Entry {
        Entry {
            store: Arc::clone(&self.store),
            record: stored.record,
            annotations: stored.annotations,
            version: stored.version,
        }
    }

    /// Marks every revision but `except` that says it is deployed as superseded.
    pub(crate) async fn supersede(&self, except: u32) -> Result<(), StoreError> {
        let stale = self.store.list(&Filter::release(&self.name).status(Status::Deployed)).await?;
        for summary in stale.into_iter().filter(|summary| summary.revision != except) {
            let mut entry = self.reopen(self.get(summary.revision).await?);
            entry.record.info.status = Status::Superseded;
            entry.write().await?;
        }
        Ok(())
    }

    /// Deletes every record of the release.
    pub(crate) async fn purge(&self) -> Result<(), StoreError> {
        for summary in self.revisions().await? {
            self.delete(summary.revision).await?;
        }
        Ok(())
    }

    /// Deletes the oldest revisions until at most `keep` are left, but never the one that is deployed (Helm:
    /// `pkg/storage/storage.go`, `removeLeastRecent`).
    async fn trim(&self, keep: u32) -> Result<(), StoreError> {
        let revisions = self.revisions().await?;
        let deployed = revisions.iter().rev().find(|summary| summary.status == Status::Deployed);
        let deployed = deployed.map(|summary| summary.revision);
        let excess = revisions.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        let old = revisions.iter().filter(|summary| Some(summary.revision) != deployed);
        for summary in old.take(excess) {
            self.delete(summary.revision).await?;
        }
        Ok(())
    }

    async fn delete(&self, revision: u32) -> Result<(), StoreError> {
        match self.store.delete(&self.name, revision, None).await {
            Err(StoreError::NotFound) | Ok(()) => Ok(()), // somebody else trimmed it meanwhile
            Err(error) => Err(error),
        }
    }
}

impl Entry {
    /// Stores the record as it is now.
    pub(crate) async fn write(&mut self) -> Result<(), StoreError> {
        self.version = self.store.update(&self.record, &self.annotations, &self.version).await?;
        Ok(())
    }

    /// Stores the record as the last thing that a run does, whatever became of the run: within 5 seconds, and not
    /// subject to its cancellation.
    pub(crate) async fn write_last_word(&mut self) -> Result<(), Error> {
        self.annotations.remove(RUN);
        match tokio::time::timeout(LAST_WORD, self.write()).await {
            Ok(written) => written.map_err(Error::Store),
            Err(_) => {
                Err(Error::Unrecorded { name: self.record.name.clone(), revision: self.record.revision })
            }
        }
    }

    /// The record as it is stored now.
    pub(crate) fn into_stored(self) -> Stored {
        Stored::new(self.record, self.version, self.annotations)
    }

    /// Sets state and description, the two things that tell people what became of a revision.
    pub(crate) fn set(&mut self, status: Status, description: impl Into<String>) {
        self.record.info.status = status;
        self.record.info.description = description.into();
    }
}

#[cfg(test)]
mod tests {
    use pintle_release::MemoryStore;

    use super::*;

    async fn ledger(states: &[Status]) -> Ledger {
        let store = MemoryStore::new();
        for (status, revision) in states.iter().zip(1..) {
            let mut record = Record::new("web", "shop", revision);
            record.info.status = status.clone();
            store.create(&record, &BTreeMap::new()).await.unwrap();
        }
        Ledger::new(Arc::new(store), "web")
    }

    async fn left(ledger: &Ledger) -> Vec<u32> {
        ledger.revisions().await.unwrap().iter().map(|summary| summary.revision).collect()
    }

    #[tokio::test]
    async fn the_deployed_revision_outlives_the_limit() {
        use Status::{Deployed, Failed, Superseded};
        let ledger = ledger(&[Superseded, Deployed, Failed, Failed, Failed]).await;
        let next = Record::new("web", "shop", 6);
        ledger.begin(next, BTreeMap::new(), HistoryLimit(Some(2))).await.unwrap();
        assert_eq!(left(&ledger).await, [2, 6]);
        let next = Record::new("web", "shop", 7);
        ledger.begin(next, BTreeMap::new(), HistoryLimit::UNLIMITED).await.unwrap();
        assert_eq!(left(&ledger).await, [2, 6, 7]);
    }

    #[tokio::test]
    async fn the_past_knows_what_is_deployed_below_failures() {
        use Status::{Deployed, Failed, Superseded};
        let past = ledger(&[Superseded, Deployed, Failed]).await.past().await.unwrap().unwrap();
        assert_eq!((past.current().record.revision, past.next_revision()), (2, 4));
        let past = ledger(&[Failed]).await.past().await.unwrap().unwrap();
        assert_eq!((past.current().record.revision, past.next_revision()), (1, 2));
        assert!(ledger(&[]).await.past().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn superseding_leaves_the_new_revision_alone() {
        use Status::{Deployed, Failed, Superseded};
        let ledger = ledger(&[Deployed, Failed, Deployed, Deployed]).await;
        ledger.supersede(4).await.unwrap();
        let states: Vec<Status> =
            ledger.revisions().await.unwrap().into_iter().map(|summary| summary.status).collect();
        assert_eq!(states, [Superseded, Failed, Superseded, Deployed]);
    }
}
