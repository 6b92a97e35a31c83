//! What Secrets and ConfigMaps have in common as places of records.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pintle_release::codec::{self, CodecError, Limits};
use pintle_release::{Record, Standing, Status, StoreError, Stored, Summary, Version, record_key};
use pintle_value::{Data, Str};

use super::listing::Metadata;
use super::parts::{LastCut, Parts};
use crate::path::UrlPath;
use crate::read::{Pages, Selection, nameless};
use crate::request::Call;
use crate::{Error, Gvk, ObjectRef, Placement, Resource, Scope, Target, Verb};

/// The most bytes that the values of a Secret or ConfigMap may have together (Kubernetes: `MaxSecretSize`).
const MOST_BYTES: usize = 1 << 20;

/// Under this name Helm's records are written: the first part of its user agent, unlike that of the objects.
const RECORD_MANAGER: &str = "Helm";

/// Labels that the store sets; the others are the user's (Helm: `pkg/storage/driver/util.go`, `systemLabels`).
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    Secret,
    ConfigMap,
}

#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) target: Target,
    pub(super) namespace: Option<String>,
    pub(super) scope: Scope,
    pub(super) limits: Limits,
    pub(super) medium: Medium,
    pub(super) last_cut: LastCut,
}

impl Kept {
    pub(super) async fn get(&self, name: &str, revision: u32) -> Result<Stored, StoreError> {
        let reference = self.reference(&record_key(name, revision));
        let call = Call::new(Verb::Get, UrlPath::object(&self.resource(), &reference)).about(&reference);
        let object = self.target.object(&self.scope, &call).await.map_err(missing)?;
        let Stored { record, version, annotations, .. } = self.stored(&reference.name, &object)?;
        Ok(Stored::new(self.assembled(record).await?, version, annotations))
    }

    /// One list; only the newest record of it is decoded.
    pub(super) async fn standing(&self, name: &str) -> Result<Option<Standing>, StoreError> {
        if !is_label_value(name) {
            return Ok(None); // no object can carry it
        }
        let resource = self.resource();
        let namespace = self.namespace.as_deref();
        let call = Call::new(Verb::List, UrlPath::collection(&resource, namespace))
            .about(&nameless(&resource.gvk, namespace));
        let selector = format!("owner=helm,name={name},status!={}", Status::Superseded.as_str());
        let selection = Selection::labels(selector);
        let listed = self.target.pages::<Data>(&self.scope, &call, &selection, Pages::All).await;
        let mut records: Vec<(Summary, Data)> = listed
            .map_err(backend)?
            .items
            .into_iter()
            .filter_map(|object| Some((Metadata::of(&object).summary()?, object)))
            .collect();
        records.sort_by_key(|(summary, _)| summary.revision);
        let Some((newest, object)) = records.last() else { return Ok(None) };
        let key = record_key(name, newest.revision);
        let Stored { record, version, annotations, .. } = self.stored(&key, object)?;
        let last = Stored::new(self.assembled(record).await?, version, annotations);
        Ok(Some(Standing::new(last, records.into_iter().map(|(summary, _)| summary).collect())))
    }

    pub(super) fn encoded(&self, object: &Data) -> Result<Vec<u8>, CodecError> {
        let value = object.at(&["data", "release"]).and_then(Data::as_str).unwrap_or_default();
        let mut encoded = Vec::new();
        self.medium.encoded(value, &mut encoded)?;
        Ok(encoded)
    }

    pub(super) async fn create(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Version, StoreError> {
        let (object, parts) = self.objects(record, annotations, "createdAt", None)?;
        if let Some(parts) = &parts {
            self.write_parts(parts).await?;
        }
        let resource = self.resource();
        let reference = self.reference(&record_key(&record.name, record.revision));
        let url = UrlPath::collection(&resource, reference.namespace.as_deref())
            .param("fieldManager", RECORD_MANAGER);
        let call = Call::new(Verb::Create, url)
            .about(&reference)
            .body("application/json", crate::apply::json(&reference, &object).map_err(backend)?);
        match self.target.object(&self.scope, &call).await {
            Ok(live) => {
                if let Some(parts) = &parts {
                    self.settle_parts(parts, &live).await;
                }
                Ok(version(&live))
            }
            Err(error) if error.is_already_exists() => Err(StoreError::AlreadyExists),
            Err(error) => Err(backend(error)),
        }
    }

    pub(super) async fn update(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        let (object, parts) = self.objects(record, annotations, "modifiedAt", Some(expected))?;
        if let Some(parts) = &parts {
            self.write_parts(parts).await?;
        }
        let reference = self.reference(&record_key(&record.name, record.revision));
        let url = UrlPath::object(&self.resource(), &reference).param("fieldManager", RECORD_MANAGER);
        let call = Call::new(Verb::Replace, url)
            .about(&reference)
            .body("application/json", crate::apply::json(&reference, &object).map_err(backend)?);
        match self.target.object(&self.scope, &call).await {
            Ok(live) => {
                if let Some(parts) = &parts {
                    self.settle_parts(parts, &live).await;
                }
                Ok(version(&live))
            }
            Err(error) if error.is_conflict() => Err(StoreError::Conflict { key: reference.name }),
            Err(error) => Err(missing(error)),
        }
    }

    pub(super) async fn delete(
        &self,
        name: &str,
        revision: u32,
        expected: Option<&Version>,
    ) -> Result<(), StoreError> {
        let reference = self.reference(&record_key(name, revision));
        let mut call =
            Call::new(Verb::Delete, UrlPath::object(&self.resource(), &reference)).about(&reference);
        if let Some(Version(version)) = expected {
            let preconditions: Data = [("resourceVersion", Data::from(version))].into_iter().collect();
            let body: Data = [
                ("apiVersion", Data::from("v1")),
                ("kind", Data::from("DeleteOptions")),
                ("preconditions", preconditions),
            ]
            .into_iter()
            .collect();
            call = call.body("application/json", crate::apply::json(&reference, &body).map_err(backend)?);
        }
        match self.target.object(&self.scope, &call).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Err(StoreError::Conflict { key: reference.name }),
            Err(error) => Err(missing(error)),
        }
    }

    /// The kind is the same in every cluster: no discovery is needed to reach the records.
    pub(super) fn resource(&self) -> Resource {
        let (kind, plural) = match self.medium {
            Medium::Secret => ("Secret", "secrets"),
            Medium::ConfigMap => ("ConfigMap", "configmaps"),
        };
        Resource {
            gvk: Gvk::new("", "v1", kind),
            plural: plural.to_owned(),
            singular: String::new(),
            placement: Placement::Namespaced,
            verbs: std::collections::BTreeSet::new(),
            subresources: std::collections::BTreeSet::new(),
        }
    }

    pub(super) fn reference(&self, key: &str) -> ObjectRef {
        ObjectRef { gvk: self.resource().gvk, namespace: self.namespace.clone(), name: key.to_owned() }
    }

    /// The object of a record, and its content in parts where it does not fit.
    fn objects(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        time_label: &str,
        expected: Option<&Version>,
    ) -> Result<(Data, Option<Arc<Parts>>), StoreError> {
        // Compressing takes most of the time of a write: what did not fit is not tried whole again.
        let whole = if self.last_cut.is_of(record) {
            None
        } else {
            Some(self.object(record, annotations, time_label, expected))
        };
        match whole {
            Some(Err(StoreError::TooLarge { .. })) | None => {
                let parts = self.last_cut.of(record)?;
                let closed = parts.close(record)?;
                Ok((self.object(&closed, annotations, time_label, expected)?, Some(parts)))
            }
            Some(object) => Ok((object?, None)),
        }
    }

    /// The object of a record (Helm: `newSecretsObject`, `newConfigMapsObject`).
    fn object(
        &self,
        record: &Record,
        annotations: &BTreeMap<String, String>,
        time_label: &str,
        expected: Option<&Version>,
    ) -> Result<Data, StoreError> {
        let key = record_key(&record.name, record.revision);
        let encoded =
            codec::encode(record).map_err(|source| StoreError::Damaged { key: key.clone(), source })?;
        if encoded.len() > MOST_BYTES {
            return Err(StoreError::TooLarge { key, bytes: encoded.len(), limit: MOST_BYTES });
        }
        let mut labels: BTreeMap<&str, String> =
            record.labels.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        labels.insert(time_label, Timestamp::now().as_second().to_string());
        labels.insert("name", record.name.clone());
        labels.insert("owner", "helm".to_owned());
        labels.insert("status", record.info.status.as_str().to_owned());
        labels.insert("version", record.revision.to_string());

        let texts = |map: Vec<(&str, &str)>| -> Data {
            map.into_iter().map(|(key, value)| (key, Data::from(value))).collect()
        };
        let labels = texts(labels.iter().map(|(key, value)| (*key, value.as_str())).collect());
        let mut metadata = vec![("name", Data::from(&key)), ("labels", labels)];
        if let Some(namespace) = &self.namespace {
            metadata.push(("namespace", Data::from(namespace)));
        }
        if !annotations.is_empty() {
            let annotations = annotations.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            metadata.push(("annotations", texts(annotations)));
        }
        if let Some(Version(version)) = expected {
            metadata.push(("resourceVersion", Data::from(version)));
        }
        let (kind, value) = match self.medium {
            Medium::Secret => ("Secret", Data::from(STANDARD.encode(&encoded))),
            Medium::ConfigMap => ("ConfigMap", Data::String(Str::from_bytes(&encoded))),
        };
        let mut object = vec![
            ("apiVersion", Data::from("v1")),
            ("kind", Data::from(kind)),
            ("metadata", metadata.into_iter().collect()),
            ("data", [("release", value)].into_iter().collect()),
        ];
        if self.medium == Medium::Secret {
            object.push(("type", Data::from("helm.sh/release.v1")));
        }
        Ok(object.into_iter().collect())
    }

    fn stored(&self, key: &str, object: &Data) -> Result<Stored, StoreError> {
        let damaged = |source| StoreError::Damaged { key: key.to_owned(), source };
        let encoded = self.encoded(object).map_err(damaged)?;
        let mut record = codec::decode(&encoded, self.limits).map_err(damaged)?;
        record.labels = user_labels(object);
        Ok(Stored::new(record, version(object), texts(object.at(&["metadata", "annotations"]))))
    }
}

impl Medium {
    /// Puts a record as the codec reads it after what is there, by the text that an object has of it.
    pub(super) fn encoded(self, value: &str, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        match self {
            Self::Secret => STANDARD.decode_vec(value, encoded)?,
            Self::ConfigMap => encoded.extend_from_slice(value.as_bytes()),
        }
        Ok(())
    }
}

pub(super) fn user_labels(object: &Data) -> BTreeMap<String, String> {
    without_system_labels(texts(object.at(&["metadata", "labels"])))
}

pub(super) fn without_system_labels(mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.retain(|key, _| !SYSTEM_LABELS.contains(&key.as_str()));
    labels
}

pub(super) fn texts(map: Option<&Data>) -> BTreeMap<String, String> {
    let members = map.and_then(Data::as_map).into_iter().flatten();
    members
        .filter_map(|(key, value)| Some((key.to_str_lossy().into_owned(), value.as_str()?.to_owned())))
        .collect()
}

fn version(object: &Data) -> Version {
    Version(crate::apply::version(object).unwrap_or_default().to_owned())
}

/// Whether a text can be the value of a label (Kubernetes: `validation.IsValidLabelValue`).
pub(super) fn is_label_value(text: &str) -> bool {
    text.len() <= 63 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

pub(super) fn backend(error: Error) -> StoreError {
    StoreError::Backend(Box::new(error))
}

fn missing(error: Error) -> StoreError {
    if error.is_not_found() { StoreError::NotFound } else { backend(error) }
}
