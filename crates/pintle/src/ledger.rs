//! The records of one release, as an action reads and writes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use pintle_cluster::{Lock, Scope};
use pintle_release::{
    Filter, Record, Standing, Status, Store, StoreError, Stored, Summary, Version, record_key,
};

use crate::{Class, Error, HistoryLimit};

/// How long the last word about a run may take when the run itself was cancelled or is out of time.
pub(crate) const LAST_WORD: Duration = Duration::from_secs(5);

/// The annotation of a record with the run that is at work on it, or that has ended and did not give its lock back. It
/// tells a run of this engine, whose lock says whether it lives, from a `helm` that may still be at work.
pub(crate) const RUN: &str = "pintle.io/run";

/// The annotation of a record with the fencing token of the run that wrote it last.
const FENCE: &str = "pintle.io/fence";

/// The annotation of a record whose run is under way with the event whose hooks ran last: a hook may run at several.
pub(crate) const HOOKS_AT: &str = "pintle.io/hooks-at";

/// How often a write is looked after whose answer did not come.
const TRIES: u32 = 4;

/// The pause before that, doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The records of one release.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Arc<dyn Store>,
    name: String,
    scope: Scope,
}

/// A record that this run writes, with what the store expects of its next write.
pub(crate) struct Entry {
    ledger: Ledger,
    pub(crate) record: Record,
    pub(crate) annotations: BTreeMap<String, String>,
    version: Version,
}

/// What a run under a lock writes into its records.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    run: String,
    fence: i64,
}

impl Claim {
    pub(crate) fn of(lock: &Lock) -> Self {
        Self { run: lock.run_id().to_owned(), fence: lock.fence() }
    }

    fn mark(&self, annotations: &mut BTreeMap<String, String>) {
        annotations.insert(RUN.to_owned(), self.run.clone());
        annotations.insert(FENCE.to_owned(), self.fence.to_string());
        annotations.remove(HOOKS_AT);
    }
}

/// The greatest fencing token that records name; 0 where none does.
pub(crate) fn highest_fence(revisions: &[Summary]) -> i64 {
    let fences = revisions.iter().filter_map(|summary| summary.annotations.get(FENCE)?.parse().ok());
    fences.max().unwrap_or(0)
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

/// Whether the run that made the newest revision died when all but its last steps were done: its lock may be left, and the
/// revision before may still say that it is deployed.
pub(crate) fn is_untidy(standing: &Standing) -> bool {
    let deployed = standing.revisions.iter().filter(|summary| summary.status == Status::Deployed);
    standing.last.annotations.contains_key(RUN) || deployed.count() > 1
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn Store>, name: impl Into<String>) -> Self {
        Self { store, name: name.into(), scope: Scope::unlimited() }
    }

    /// The same records, for requests that end with this scope: that of a lock.
    pub(crate) fn within(&self, scope: &Scope) -> Self {
        Self { scope: scope.clone(), ..self.clone() }
    }

    /// Every revision, oldest first, without decoding them.
    pub(crate) async fn revisions(&self) -> Result<Vec<Summary>, StoreError> {
        self.listed(&Filter::release(&self.name)).await
    }

    async fn listed(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
        let mut revisions = self.scope.run(self.store.list(filter)).await.map_err(ended)??;
        revisions.sort_by_key(|summary| summary.revision);
        Ok(revisions)
    }

    /// One revision.
    pub(crate) async fn get(&self, revision: u32) -> Result<Stored, StoreError> {
        self.scope.run(self.store.get(&self.name, revision)).await.map_err(ended)?
    }

    /// How the release stands, without a look at what is superseded.
    pub(crate) async fn standing(&self) -> Result<Option<Standing>, StoreError> {
        self.scope.run(self.store.standing(&self.name)).await.map_err(ended)?
    }

    /// What the records say, or `None` where there are none. Only the records that matter are decoded.
    pub(crate) async fn past(&self) -> Result<Option<Past>, StoreError> {
        self.past_knowing(None).await
    }

    /// The same, where it may be known already how the release stands.
    pub(crate) async fn past_knowing(&self, standing: Option<Standing>) -> Result<Option<Past>, StoreError> {
        let revisions = self.revisions().await?;
        let Some(newest) = revisions.last() else { return Ok(None) };
        let known = standing.map(|standing| standing.last);
        let last = match known.filter(|known| known.version == newest.version) {
            Some(known) => known,
            None => self.get(newest.revision).await?,
        };
        let deployed = revisions.iter().rev().find(|summary| summary.status == Status::Deployed);
        let deployed = match deployed.filter(|summary| summary.revision != newest.revision) {
            Some(summary) => Some(self.get(summary.revision).await?),
            None => None,
        };
        Ok(Some(Past { revisions, last, deployed }))
    }

    /// Writes the first record of a new revision, after making room for it among `revisions`, those that are there.
    pub(crate) async fn begin(
        &self,
        record: Record,
        mut annotations: BTreeMap<String, String>,
        claim: &Claim,
        limit: HistoryLimit,
        revisions: &[Summary],
    ) -> Result<Entry, StoreError> {
        if let HistoryLimit(Some(limit)) = limit {
            self.trim(revisions, limit.saturating_sub(1)).await?;
        }
        claim.mark(&mut annotations);
        let version = self.create(&record, &annotations, claim).await?;
        Ok(Entry { ledger: self.clone(), record, annotations, version })
    }

    /// Creates a record. Where no answer came, it is looked for: the server may have acted.
    async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        claim: &Claim,
    ) -> Result<Version, StoreError> {
        let mut tries = 0;
        loop {
            let created = self.scope.run(self.store.create(record, annotations)).await;
            let error = match created.map_err(ended)? {
                Ok(version) => return Ok(version),
                Err(error) => error,
            };
            let unsure = may_pass(&error) || matches!(error, StoreError::AlreadyExists) && tries > 0;
            if !unsure || tries >= TRIES {
                return Err(error);
            }
            self.pause(tries).await?;
            tries += 1;
            match self.get(record.revision).await {
                Ok(stored) if stored.annotations.get(RUN) == Some(&claim.run) => return Ok(stored.version),
                Ok(_) => return Err(StoreError::AlreadyExists),
                Err(StoreError::NotFound) => {}
                Err(error) if may_pass(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A record that is there already, to be written again.
    pub(crate) fn reopen(&self, stored: Stored) -> Entry {
        Entry {
            ledger: self.clone(),
            record: stored.record,
            annotations: stored.annotations,
            version: stored.version,
        }
    }

    /// Marks every revision but `except` that says it is deployed as superseded.
    pub(crate) async fn supersede(&self, except: u32) -> Result<(), StoreError> {
        let stale = self.listed(&Filter::release(&self.name).status(Status::Deployed)).await?;
        for summary in stale.into_iter().filter(|summary| summary.revision != except) {
            let mut entry = self.reopen(self.get(summary.revision).await?);
            entry.record.info.status = Status::Superseded;
            entry.annotations.remove(RUN);
            entry.write().await?;
        }
        Ok(())
    }

    /// Deletes the records of these revisions but that of one.
    ///
    /// They are not listed anew: after writes of other kinds the server lets such a list wait for up to 100 ms, until it
    /// knows that no record changed (Kubernetes: KEP-2340, consistent reads from cache).
    pub(crate) async fn purge(&self, revisions: &[Summary], except: u32) -> Result<(), StoreError> {
        let others = revisions.iter().filter(|summary| summary.revision != except);
        try_join_all(others.map(|summary| self.delete(summary.revision, None))).await?;
        Ok(())
    }

    /// Deletes the oldest revisions until at most `keep` are left, but never the one that is deployed (Helm:
    /// `pkg/storage/storage.go`, `removeLeastRecent`).
    async fn trim(&self, revisions: &[Summary], keep: u32) -> Result<(), StoreError> {
        let deployed = revisions.iter().rev().find(|summary| summary.status == Status::Deployed);
        let deployed = deployed.map(|summary| summary.revision);
        let excess = revisions.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        let old = revisions.iter().filter(|summary| Some(summary.revision) != deployed);
        for summary in old.take(excess) {
            self.delete(summary.revision, None).await?;
        }
        Ok(())
    }

    /// Deletes a record, only that of this version where one is given. That there is none is no error: somebody else
    /// trimmed it meanwhile, or no answer came to the deletion.
    async fn delete(&self, revision: u32, expected: Option<&Version>) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let deleted = self.scope.run(self.store.delete(&self.name, revision, expected)).await;
            match deleted.map_err(ended)? {
                Err(StoreError::NotFound) | Ok(()) => return Ok(()),
                Err(error) if may_pass(&error) && tries < TRIES => self.pause(tries).await?,
                Err(error) => return Err(error),
            }
            tries += 1;
        }
    }

    async fn pause(&self, tries: u32) -> Result<(), StoreError> {
        self.scope.sleep(PAUSE * (1 << tries.min(8))).await.map_err(ended)
    }
}

impl Entry {
    /// Makes the record that of a run: whoever wrote it before can write it no more.
    pub(crate) fn claim(&mut self, claim: &Claim) {
        claim.mark(&mut self.annotations);
    }

    /// Stores the record as it is now. Where no answer came, or a conflict, it is read: the server may have acted.
    pub(crate) async fn write(&mut self) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let Ledger { store, scope, .. } = &self.ledger;
            let written = scope.run(store.update(&self.record, &self.annotations, &self.version)).await;
            let error = match written.map_err(ended)? {
                Ok(version) => {
                    self.version = version;
                    return Ok(());
                }
                Err(error) => error,
            };
            let unsure = may_pass(&error) || matches!(error, StoreError::Conflict { .. });
            if !unsure || tries >= TRIES {
                return Err(error);
            }
            match self.ledger.get(self.record.revision).await {
                Ok(stored) if stored.version == self.version => {}
                Ok(stored) if self.is(&stored) => {
                    self.version = stored.version;
                    return Ok(());
                }
                Ok(_) => {
                    let key = record_key(&self.record.name, self.record.revision);
                    return Err(StoreError::Conflict { key });
                }
                Err(error) if may_pass(&error) => {}
                Err(error) => return Err(error),
            }
            self.ledger.pause(tries).await?;
            tries += 1;
        }
    }

    /// Whether what is stored is what was to be written.
    fn is(&self, stored: &Stored) -> bool {
        let text = |record: &Record| serde_json::to_value(record).ok();
        stored.annotations == self.annotations && text(&stored.record) == text(&self.record)
    }

    /// Stores the record as the last thing that a run does, whatever became of the run: within 5 seconds, and not
    /// subject to its cancellation.
    ///
    /// A record that nobody has to act on goes on naming its run until the lock is given back ([`settle`](Self::settle)).
    pub(crate) async fn write_last_word(&mut self) -> Result<(), Error> {
        self.annotations.remove(HOOKS_AT);
        if !matches!(self.record.info.status, Status::Deployed | Status::Uninstalled) {
            self.annotations.remove(RUN);
        }
        match tokio::time::timeout(LAST_WORD, self.write()).await {
            Ok(written) => written.map_err(Error::from),
            Err(_) => {
                Err(Error::Unrecorded { name: self.record.name.clone(), revision: self.record.revision })
            }
        }
    }

    /// Takes the run's name out of a record that has ended, when its lock is given back.
    pub(crate) async fn settle(mut self, scope: &Scope) -> Result<(), StoreError> {
        self.ledger = self.ledger.within(scope);
        if self.annotations.remove(RUN).is_none() {
            return Ok(());
        }
        self.write().await
    }

    /// Deletes the record, unless somebody wrote it meanwhile.
    pub(crate) async fn delete(self, scope: &Scope) -> Result<(), StoreError> {
        self.ledger.within(scope).delete(self.record.revision, Some(&self.version)).await
    }

    /// Sets state and description, the two things that tell people what became of a revision.
    pub(crate) fn set(&mut self, status: Status, description: impl Into<String>) {
        self.record.info.status = status;
        self.record.info.description = description.into();
    }
}

/// Whether the same again may work, or has worked already.
fn may_pass(error: &StoreError) -> bool {
    match error {
        StoreError::Backend(source) => {
            source.downcast_ref().map_or(Class::Retry, crate::error::class_of) == Class::Retry
        }
        _ => false,
    }
}

/// The scope of a request ended.
fn ended(error: pintle_cluster::Error) -> StoreError {
    StoreError::Backend(Box::new(error))
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
        let claim = Claim { run: "run".to_owned(), fence: 7 };
        for (revision, limit, kept) in
            [(6, HistoryLimit(Some(2)), &[2, 6][..]), (7, HistoryLimit::UNLIMITED, &[2, 6, 7])]
        {
            let there = ledger.revisions().await.unwrap();
            let next = Record::new("web", "shop", revision);
            ledger.begin(next, BTreeMap::new(), &claim, limit, &there).await.unwrap();
            assert_eq!(left(&ledger).await, kept);
        }
        assert_eq!(highest_fence(&ledger.revisions().await.unwrap()), 7);
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
