//! A store that keeps what may be secret under a key.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_value::Data;

use crate::codec::{CodecError, Limits};
use crate::envelope::{Content, Envelope};
use crate::{Filter, Head, Record, Standing, Store, StoreError, Stored, Summary, Version, record_key};

const KIND: &str = "SealedRecord";

/// Encrypts what a record holds: values, manifest, hooks, notes and the chart's content.
///
/// What is sealed is compressed already. An implementation authenticates `key` along with the bytes, so that the
/// content of one record cannot be passed off as that of another.
pub trait Seal: Send + Sync {
    /// Encrypts the content of the record that is stored under `key`.
    fn seal(&self, key: &str, content: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Decrypts what [`seal`](Self::seal) gave.
    fn open(&self, key: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
}

/// Why content could not be sealed or opened. Its text must not hold any of the content.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SealError(pub String);

/// Keeps records in another store, with everything sealed that may be secret. Helm lists such releases and shows their
/// history, and refuses to change them ([`envelope`](crate::envelope)).
///
/// Records that were not sealed are read as they are, so that sealing can begin at any time.
#[derive(Clone)]
pub struct SealedStore {
    store: Arc<dyn Store>,
    seal: Arc<dyn Seal>,
    limits: Limits,
}

impl SealedStore {
    /// Seals what is kept in `store`.
    pub fn new(store: Arc<dyn Store>, seal: Arc<dyn Seal>) -> Self {
        Self { store, seal, limits: Limits::default() }
    }

    fn closed(&self, record: &Record) -> Result<Record, StoreError> {
        let key = record_key(&record.name, record.revision);
        let damaged = |source| StoreError::Damaged { key: key.clone(), source };
        let content = Content::of(record).pack().map_err(damaged)?;
        let sealed = self
            .seal
            .seal(&key, &content)
            .map_err(|source| StoreError::Sealed { key: key.clone(), source })?;
        let text = Data::from(STANDARD.encode(sealed));
        Envelope::close(record, KIND, text).map_err(damaged)
    }

    fn opened(&self, record: Record) -> Result<Record, StoreError> {
        let key = record_key(&record.name, record.revision);
        let damaged = |source| StoreError::Damaged { key: key.clone(), source };
        let Some(envelope) = Envelope::of(&record, KIND).map_err(damaged)? else { return Ok(record) };
        let sealed = STANDARD
            .decode(envelope.content.as_str().unwrap_or_default())
            .map_err(|error| damaged(CodecError::Base64(error)))?;
        let content = self
            .seal
            .open(&envelope.key, &sealed)
            .map_err(|source| StoreError::Sealed { key: key.clone(), source })?;
        let content = Content::unpack(&content, self.limits).map_err(damaged)?;
        Ok(envelope.open(record, content))
    }
}

#[async_trait]
impl Store for SealedStore {
    async fn list(&self, filter: &Filter) -> Result<Vec<Summary>, StoreError> {
        self.store.list(filter).await
    }

    async fn heads(&self, wanted: &[Summary]) -> Result<Vec<Head>, StoreError> {
        self.store.heads(wanted).await
    }

    async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError> {
        let Stored { record, version, annotations } = self.store.get(name, revision).await?;
        Ok(Stored::new(self.opened(record)?, version, annotations))
    }

    async fn standing(&self, name: &str) -> Result<Option<Standing>, StoreError> {
        let Some(mut standing) = self.store.standing(name).await? else { return Ok(None) };
        standing.last.record = self.opened(standing.last.record)?;
        Ok(Some(standing))
    }

    async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Version, StoreError> {
        self.store.create(&self.closed(record)?, annotations).await
    }

    async fn update(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        self.store.update(&self.closed(record)?, annotations, expected).await
    }

    async fn delete(&self, name: &str, revision: u32, expected: Option<&Version>) -> Result<(), StoreError> {
        self.store.delete(name, revision, expected).await
    }
}
