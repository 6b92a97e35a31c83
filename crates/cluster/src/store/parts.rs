//! Records that do not fit into one object.
//!
//! Their content lies in objects of its own, by digest, and the record itself is an
//! [envelope](pintle_release::envelope). Parts are written before the record that names them and belong to it
//! (`ownerReferences`), so that the cluster collects them when the record is deleted, by whomever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use pintle_release::codec::CodecError;
use pintle_release::envelope::{Content, Envelope};
use pintle_release::{Record, StoreError, record_key};
use pintle_value::Data;
use sha2::{Digest as _, Sha256};

use super::kept::{Kept, Medium, backend};
use crate::Verb;
use crate::path::UrlPath;
use crate::read::{Pages, Selection, nameless};
use crate::request::{Call, PARTIAL_LIST};

const KIND: &str = "RecordInParts";

/// How much of the content one object holds; in a `ConfigMap` base64 makes it a third more.
const PART_BYTES: usize = 768 << 10;

/// The most parts: together they are more than any record may take when it is decoded.
const MOST_PARTS: usize = 128;

/// A record's content, cut to pieces.
#[derive(Debug)]
pub(super) struct Parts {
    key: String,
    labels: [(&'static str, String); 3],
    digest: String,
    pieces: Vec<Vec<u8>>,
}

type Cut = (Content, Arc<Parts>);

/// The parts that were cut last: a run writes its record several times, and its content is the same each time.
#[derive(Clone, Debug, Default)]
pub(super) struct LastCut(Arc<Mutex<Option<Cut>>>);

impl LastCut {
    /// Whether the content that was cut last is this record's.
    pub(super) fn is_of(&self, record: &Record) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().is_some_and(|(content, parts)| {
            parts.key == record_key(&record.name, record.revision) && *content == Content::of(record)
        })
    }

    /// The parts of a record's content.
    pub(super) fn of(&self, record: &Record) -> Result<Arc<Parts>, StoreError> {
        let content = Content::of(record);
        let key = record_key(&record.name, record.revision);
        // A writer that panicked left the last cut whole.
        let last = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((cut, parts)) = &*last()
            && parts.key == key
            && *cut == content
        {
            return Ok(Arc::clone(parts));
        }
        let parts = Arc::new(Parts::of(record, key, &content)?);
        *last() = Some((content, Arc::clone(&parts)));
        Ok(parts)
    }
}

impl Parts {
    fn of(record: &Record, key: String, content: &Content) -> Result<Self, StoreError> {
        let packed = content.pack();
        let bytes = packed.map_err(|source| StoreError::Damaged { key: key.clone(), source })?;
        let pieces: Vec<Vec<u8>> = bytes.chunks(PART_BYTES).map(<[u8]>::to_vec).collect();
        if pieces.len() > MOST_PARTS {
            return Err(StoreError::TooLarge { key, bytes: bytes.len(), limit: MOST_PARTS * PART_BYTES });
        }
        let labels = [
            ("name", record.name.clone()),
            ("owner", "pintle".to_owned()),
            ("version", record.revision.to_string()),
        ];
        Ok(Self { key, labels, digest: hex(&Sha256::digest(&bytes)), pieces })
    }

    /// The record as it is stored beside these parts.
    pub(super) fn close(&self, record: &Record) -> Result<Record, StoreError> {
        let count = i64::try_from(self.pieces.len()).unwrap_or(i64::MAX);
        let content =
            [("parts", Data::Int(count)), ("sha256", Data::from(&self.digest))].into_iter().collect();
        let closed = Envelope::close(record, KIND, content);
        closed.map_err(|source| StoreError::Damaged { key: self.key.clone(), source })
    }
}

/// The digest's first digits tell one content from another; the whole digest is checked when it is read.
fn part_name(key: &str, digest: &str, index: usize) -> String {
    format!("{key}.{}.{index}", digest.get(..12).unwrap_or(digest))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

impl Kept {
    /// Writes those parts that are not there yet.
    pub(super) async fn write_parts(&self, parts: &Parts) -> Result<(), StoreError> {
        let there = self.parts_there(&parts.labels).await?;
        let missing =
            parts.pieces.iter().enumerate().filter(|(index, _)| {
                !there.contains_key(part_name(&parts.key, &parts.digest, *index).as_str())
            });
        let writes = missing.map(|(index, bytes)| async move {
            let name = part_name(&parts.key, &parts.digest, index);
            let value = STANDARD.encode(bytes);
            let labels = parts.labels.iter().map(|(label, value)| (*label, Data::from(value))).collect();
            let namespace = self.namespace.clone().unwrap_or_default();
            let metadata =
                [("name", Data::from(&name)), ("namespace", Data::from(&namespace)), ("labels", labels)];
            let mut object = vec![
                ("apiVersion", Data::from("v1")),
                ("kind", Data::from(self.resource().gvk.kind)),
                ("metadata", metadata.into_iter().collect()),
                ("data", [("part", Data::from(value))].into_iter().collect()),
            ];
            if self.medium == Medium::Secret {
                object.push(("type", Data::from("pintle.io/record-part.v1")));
            }
            let reference = self.reference(&name);
            let body = crate::apply::json(&reference, &object.into_iter().collect()).map_err(backend)?;
            let url = UrlPath::collection(&self.resource(), reference.namespace.as_deref());
            let call = Call::new(Verb::Create, url).about(&reference).body("application/json", body);
            match self.target.object(&self.scope, &call).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_already_exists() => Ok(()),
                Err(error) => Err(backend(error)),
            }
        });
        try_join_all(writes).await.map(drop)
    }

    /// Makes the parts the record's own, and deletes those of what it held before. What fails here is made up for by the
    /// next write.
    pub(super) async fn settle_parts(&self, parts: &Parts, record: &Data) {
        let Ok(there) = self.parts_there(&parts.labels).await else { return };
        let uid = record.at(&["metadata", "uid"]).and_then(Data::as_str).unwrap_or_default();
        let current: Vec<String> =
            (0..parts.pieces.len()).map(|index| part_name(&parts.key, &parts.digest, index)).collect();
        for (name, owned) in there {
            let reference = self.reference(&name);
            let url = UrlPath::object(&self.resource(), &reference);
            let call = if !current.contains(&name) {
                Call::new(Verb::Delete, url).about(&reference)
            } else if owned {
                continue;
            } else {
                let owner: Data = [
                    ("apiVersion", Data::from("v1")),
                    ("kind", Data::from(self.resource().gvk.kind)),
                    ("name", Data::from(&parts.key)),
                    ("uid", Data::from(uid)),
                ]
                .into_iter()
                .collect();
                let metadata: Data = [("ownerReferences", Data::from(vec![owner]))].into_iter().collect();
                let patch: Data = [("metadata", metadata)].into_iter().collect();
                let Ok(body) = crate::apply::json(&reference, &patch) else { continue };
                Call::new(Verb::Patch, url).about(&reference).body("application/merge-patch+json", body)
            };
            if let Err(error) = self.target.object(&self.scope, &call).await {
                tracing::debug!(%error, "a part of a record is left for the next write");
            }
        }
    }

    /// The record with its content, where that lies in parts.
    pub(super) async fn assembled(&self, record: Record) -> Result<Record, StoreError> {
        let key = record_key(&record.name, record.revision);
        let damaged = |source| StoreError::Damaged { key: key.clone(), source };
        let Some(envelope) = Envelope::of(&record, KIND).map_err(damaged)? else { return Ok(record) };
        let count = envelope.content.get("parts").and_then(Data::as_i64).unwrap_or_default();
        let count = usize::try_from(count).unwrap_or_default().min(MOST_PARTS);
        let digest = envelope.content.get("sha256").and_then(Data::as_str).unwrap_or_default().to_owned();
        let incomplete = || damaged(CodecError::Parts { parts: count });
        let reads = (0..count).map(|index| {
            let reference = self.reference(&part_name(&envelope.key, &digest, index));
            async move {
                let url = UrlPath::object(&self.resource(), &reference);
                let call = Call::new(Verb::Get, url).about(&reference);
                match self.target.object(&self.scope, &call).await {
                    Ok(object) => {
                        let value = object.at(&["data", "part"]).and_then(Data::as_str).unwrap_or_default();
                        Ok(STANDARD.decode(value).ok())
                    }
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                }
            }
        });
        let parts: Vec<Option<Vec<u8>>> = try_join_all(reads).await.map_err(backend)?;
        let parts: Option<Vec<Vec<u8>>> = parts.into_iter().collect();
        let bytes = parts.ok_or_else(incomplete)?.concat();
        if hex(&Sha256::digest(&bytes)) != digest {
            return Err(incomplete());
        }
        let content = Content::unpack(&bytes, self.limits).map_err(damaged)?;
        Ok(envelope.open(record, content))
    }

    /// The parts that a record has, by name, and whether they belong to it.
    async fn parts_there(
        &self,
        labels: &[(&'static str, String)],
    ) -> Result<BTreeMap<String, bool>, StoreError> {
        let terms: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
        let resource = self.resource();
        let namespace = self.namespace.as_deref();
        let call = Call::new(Verb::List, UrlPath::collection(&resource, namespace))
            .about(&nameless(&resource.gvk, namespace))
            .accept(PARTIAL_LIST);
        let selection = Selection::labels(terms.join(","));
        let list = self.target.pages(&self.scope, &call, &selection, Pages::All).await;
        let items = list.map_err(backend)?.items;
        let part = |item: &Data| {
            let name = item.at(&["metadata", "name"])?.as_str()?.to_owned();
            Some((name, item.at(&["metadata", "ownerReferences"]).is_some()))
        };
        Ok(items.iter().filter_map(part).collect())
    }
}
