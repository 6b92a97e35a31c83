//! Release records as they are stored, without what differs from run to run.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle::cluster::ObjectRef;
use pintle::release::{Record, codec};
use pintle::value::Data;
use pintle_testkit::Tenant;
use serde_json::{Value, json};

/// Whose records are compared with ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Helm4,
    Helm3,
}

/// A record in the cluster.
pub(crate) struct StoredRecord {
    pub(crate) record: Record,
    /// Its JSON, which may have more than this engine knows of.
    json: Value,
    secret: Value,
}

/// All records of a release, oldest first.
pub(crate) fn records(tenant: &Tenant, name: &str, namespace: &str) -> Vec<StoredRecord> {
    let path = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm,name%3D{name}");
    let list = tenant.api().get(&path).unwrap();
    let mut records: Vec<StoredRecord> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| {
            let stored = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
            let packed = STANDARD.decode(&stored).unwrap();
            let mut json = String::new();
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut json).unwrap();
            StoredRecord {
                record: codec::decode(&stored, codec::Limits::default()).unwrap(),
                json: serde_json::from_str(&json).unwrap(),
                secret: secret.clone(),
            }
        })
        .collect();
    records.sort_by_key(|stored| stored.record.revision);
    records
}

impl StoredRecord {
    /// What of it is to be equal.
    pub(crate) fn comparable(&self, peer: Peer) -> Value {
        let mut record = self.json.clone();
        cover_times(&mut record);
        let failed = record["info"]["status"] == "failed";
        if failed {
            // The words of a failure are Helm's and Kubernetes' libraries' there, and say more here.
            record["info"]["description"] = json!("FAILED");
        }
        if peer == Peer::Helm3 {
            forget_what_is_new(&mut record);
        }
        let mut labels = self.secret["metadata"]["labels"].clone();
        for (key, value) in labels.as_object_mut().unwrap() {
            if key.ends_with("At") {
                *value = json!("TIME");
            }
        }
        json!({"record": record, "labels": labels, "type": self.secret["type"]})
    }

    /// What was rendered: the manifest and those of the hooks, without the blanks that end documents, and what they
    /// mean, since blanks that end a document can be part of its last text.
    pub(crate) fn rendering(&self) -> Vec<(String, Vec<Data>)> {
        let meaning = |text: &str| {
            let documents = pintle::render::split_manifests(text).into_iter();
            documents.map(|(_, document)| parsed(document)).collect::<Vec<_>>()
        };
        self.texts().map(|text| (trimmed(text), meaning(text))).collect()
    }

    /// The objects that it names, hooks included.
    pub(crate) fn objects(&self) -> Vec<ObjectRef> {
        let mut objects = Vec::new();
        for text in self.texts() {
            for (_, document) in pintle::render::split_manifests(text) {
                let object = parsed(document);
                let items = object.get("items").and_then(Data::as_list).cloned();
                match items {
                    Some(items) => objects.extend(items.iter().filter_map(ObjectRef::of)),
                    None => objects.extend(ObjectRef::of(&object)),
                }
            }
        }
        objects
    }

    /// The manifest and those of the hooks.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let hooks = self.record.hooks.iter().map(|hook| hook.manifest.as_str());
        std::iter::once(self.record.manifest.as_str()).chain(hooks)
    }
}

/// A document; null where it is not YAML.
fn parsed(document: &str) -> Data {
    pintle::yaml::parse(document.as_bytes(), &pintle::yaml::Limits::default()).unwrap_or_default()
}

/// Says of each moment only that there is one.
fn cover_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(time) if is_time(name) && !time.is_empty() => *member = json!("TIME"),
                    _ => cover_times(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cover_times),
        _ => {}
    }
}

/// Takes out what Helm 4 writes otherwise than Helm 3: how objects were applied, the revision that a rollback went to,
/// the times of the chart's files, times that there are not (empty texts there), and the blanks that end documents.
fn forget_what_is_new(record: &mut Value) {
    forget_times(record);
    let members = record.as_object_mut().unwrap();
    members.remove("apply_method");
    if let Some(info) = members.get_mut("info").and_then(Value::as_object_mut) {
        info.remove("rollback_revision");
    }
    let hooks = members.get_mut("hooks").and_then(Value::as_array_mut);
    let hooks = hooks.into_iter().flatten().filter_map(|hook| hook.get_mut("manifest"));
    hooks.for_each(trim);
    members.get_mut("manifest").into_iter().for_each(trim);
}

fn is_time(name: &str) -> bool {
    ["first_deployed", "last_deployed", "deleted", "started_at", "completed_at", "modtime"].contains(&name)
}

fn forget_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("modtime");
            members.remove("schemamodtime");
            members.retain(|name, member| !is_time(name) || *member != "");
            members.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

fn trim(manifest: &mut Value) {
    if let Some(text) = manifest.as_str() {
        *manifest = json!(trimmed(text));
    }
}

fn trimmed(manifest: &str) -> String {
    let documents: Vec<&str> = manifest.split("\n---\n").map(str::trim_end).collect();
    documents.join("\n---\n")
}
