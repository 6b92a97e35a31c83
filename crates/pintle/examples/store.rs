//! Records somewhere else than in Secrets: here in a folder, one file for each revision, in Helm's own encoding.
//!
//! ```text
//! store FOLDER RELEASE NAMESPACE CHART
//! ```
//!
//! The cluster is the one that `KUBECONFIG` names. One process at a time may use the folder: a store for several has to
//! compare and write in one step, as a database or an API server does.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use pintle::chart::Limits;
use pintle::release::{Filter, Record, Store, StoreError, Stored, Summary, Version, codec, record_key};
use pintle::{Chart, Engine};
use serde::{Deserialize, Serialize};

/// Keeps records in a folder.
struct FolderStore {
    folder: PathBuf,
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The record as Helm encodes it: JSON, compressed, in base64.
    release: String,
    annotations: BTreeMap<String, String>,
    /// Counts the writes, so that a writer notices another one.
    version: u64,
}

impl FolderStore {
    fn path(&self, name: &str, revision: u32) -> PathBuf {
        self.folder.join(format!("{}.json", record_key(name, revision)))
    }

    fn read(path: &Path) -> Result<Stored, StoreError> {
        let bytes = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => StoreError::NotFound,
            _ => StoreError::Backend(error.into()),
        })?;
        let entry: Entry =
            serde_json::from_slice(&bytes).map_err(|error| StoreError::Backend(error.into()))?;
        let record = codec::decode(entry.release.as_bytes(), codec::Limits::default())
            .map_err(|error| StoreError::Backend(error.into()))?;
        Ok(Stored::new(record, Version(entry.version.to_string()), entry.annotations))
    }

    fn write(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        version: u64,
    ) -> Result<Version, StoreError> {
        let backend = |error: Box<dyn Error + Send + Sync>| StoreError::Backend(error);
        let encoded = codec::encode(record).map_err(|error| backend(error.into()))?;
        let release = String::from_utf8(encoded).map_err(|error| backend(error.into()))?;
        let entry = Entry { release, annotations: annotations.clone(), version };
        let bytes = serde_json::to_vec(&entry).map_err(|error| backend(error.into()))?;
        // Written beside its place and then moved there: a crash leaves the old file or the new one.
        let path = self.path(&record.name, record.revision);
        let beside = path.with_extension("new");
        std::fs::write(&beside, bytes)
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|error| backend(error.into()))?;
        Ok(Version(version.to_string()))
    }

    /// The stored record, if it still is in the state that is expected.
    fn expect(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<Stored, StoreError> {
        let stored = Self::read(&self.path(name, revision))?;
        match expected {
            Some(version) if *version != stored.version => {
                Err(StoreError::Conflict { key: record_key(name, revision) })
            }
            _ => Ok(stored),
        }
    }
}

#[async_trait]
impl Store for FolderStore {
    async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
        let files = std::fs::read_dir(&self.folder).map_err(|error| StoreError::Backend(error.into()))?;
        let paths = files.filter_map(|file| Some(file.ok()?.path()));
        let mut found = Vec::new();
        for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")) {
            let Stored { record, version, annotations, .. } = Self::read(&path)?;
            let status = record.info.status.clone();
            let wanted = filter.name.as_ref().is_none_or(|name| *name == record.name)
                && filter.status.as_ref().is_none_or(|wanted| *wanted == status);
            if wanted {
                let mut summary = Summary::new(record.name, record.revision, status, version);
                summary.annotations = annotations;
                found.push(summary);
            }
        }
        Ok(found)
    }

    async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError> {
        Self::read(&self.path(name, revision))
    }

    async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Version, StoreError> {
        if self.path(&record.name, record.revision).exists() {
            return Err(StoreError::AlreadyExists);
        }
        self.write(record, annotations, 1)
    }

    async fn update(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        let stored = self.expect(&record.name, record.revision, Some(expected))?;
        let writes: u64 = stored.version.0.parse().unwrap_or_default();
        self.write(record, annotations, writes + 1)
    }

    async fn delete(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<(), StoreError> {
        self.expect(name, revision, expected)?;
        std::fs::remove_file(self.path(name, revision)).map_err(|error| StoreError::Backend(error.into()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, namespace, chart] = arguments.as_slice() else {
        return Err("usage: store FOLDER RELEASE NAMESPACE CHART".into());
    };
    std::fs::create_dir_all(folder)?;
    let store = FolderStore { folder: folder.into() };
    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    let release =
        Engine::new().target(client).release(name).in_namespace(namespace).with_store(Arc::new(store));
    let chart = Chart::from_path(Path::new(chart), &Limits::default())?;

    let outcome = release.ensure(&chart).await?;
    println!("{:?}: revision {}", outcome.change, outcome.record.revision);
    for revision in release.history().await? {
        println!("{} {}", revision.revision, revision.status);
    }
    Ok(())
}
