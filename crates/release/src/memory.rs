//! A store in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{Filter, Record, Store, StoreError, Stored, Summary, Version, record_key};

/// Keeps records in memory: for tests, and for dry runs that must not write.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    writes: u64,
    records: BTreeMap<(String, u32), Entry>,
}

#[derive(Debug)]
struct Entry {
    stored: Stored,
    modified: Timestamp,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A writer that panicked left the map whole: every change is a single insert or remove.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn put(&mut self, record: &Record, annotations: &BTreeMap<String, String>) -> Version {
        self.writes += 1;
        let version = Version(self.writes.to_string());
        let stored = Stored::new(record.clone(), version.clone(), annotations.clone());
        let entry = Entry { stored, modified: Timestamp::now() };
        self.records.insert((record.name.clone(), record.revision), entry);
        version
    }

    fn expect(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<(), StoreError> {
        let entry = self.records.get(&(name.to_owned(), revision)).ok_or(StoreError::NotFound)?;
        match expected {
            Some(version) if *version != entry.stored.version => {
                Err(StoreError::Conflict { key: record_key(name, revision) })
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
        let inner = self.lock();
        let passes = |record: &Record| {
            filter.name.as_ref().is_none_or(|name| *name == record.name)
                && filter.status.as_ref().is_none_or(|status| *status == record.info.status)
                && filter.selector.as_ref().is_none_or(|selector| has_labels(record, selector))
        };
        let entries = inner.records.values().filter(|entry| passes(&entry.stored.record));
        Ok(entries
            .map(|Entry { stored, modified }| Summary {
                name: stored.record.name.clone(),
                revision: stored.record.revision,
                status: stored.record.info.status.clone(),
                storage_namespace: stored.record.namespace.clone(),
                version: stored.version.clone(),
                modified: Some(*modified),
                labels: stored.record.labels.clone(),
                annotations: stored.annotations.clone(),
            })
            .collect())
    }

    async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError> {
        let inner = self.lock();
        let entry = inner.records.get(&(name.to_owned(), revision)).ok_or(StoreError::NotFound)?;
        Ok(entry.stored.clone())
    }

    async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Version, StoreError> {
        let mut inner = self.lock();
        if inner.records.contains_key(&(record.name.clone(), record.revision)) {
            return Err(StoreError::AlreadyExists);
        }
        Ok(inner.put(record, annotations))
    }

    async fn update(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        let mut inner = self.lock();
        inner.expect(&record.name, record.revision, Some(expected))?;
        Ok(inner.put(record, annotations))
    }

    async fn delete(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.expect(name, revision, expected)?;
        inner.records.remove(&(name.to_owned(), revision));
        Ok(())
    }
}

fn has_labels(record: &Record, selector: &str) -> bool {
    selector.split(',').filter(|term| !term.trim().is_empty()).all(|term| {
        let (key, value) = term.split_once('=').unwrap_or((term, ""));
        record.labels.get(key.trim()).is_some_and(|found| found == value.trim_start_matches('=').trim())
    })
}
