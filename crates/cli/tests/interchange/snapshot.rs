//! What a release is in the cluster at one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use pintle::cluster::ObjectRef;
use pintle::value::Data;
use pintle_testkit::Tenant;
use serde_json::{Map, Value, json};

use super::difference::difference;
use super::record::{Peer, records};

/// Members that the server sets, or that differ from object to object.
const OF_THE_SERVER: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink"];

/// The paths of kinds, as the cluster serves them.
pub(crate) struct Paths<'a> {
    pub(crate) tenant: &'a Tenant,
    known: Mutex<HashMap<String, Vec<Value>>>,
}

/// A release's records and objects with everything taken out that may differ.
#[derive(Default, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) parts: BTreeMap<String, Value>,
    /// What was rendered for each revision.
    pub(crate) renderings: Vec<Vec<(String, Vec<Data>)>>,
}

/// What is thought of an object that is there with Helm and not with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It should be there.
    IsMissed,
    /// Helm may have forgotten it.
    IsForgotten,
}

impl<'a> Paths<'a> {
    pub(crate) fn new(tenant: &'a Tenant) -> Self {
        Self { tenant, known: Mutex::default() }
    }

    /// Where an object is read; `None` for a kind that is not served.
    pub(crate) fn of(&self, object: &ObjectRef, namespace: &str) -> Option<String> {
        let version = object.gvk.api_version();
        let root = if object.gvk.group.is_empty() { "/api" } else { "/apis" };
        let base = format!("{root}/{version}");
        let mut known = self.known.lock().unwrap();
        let kinds = known.entry(base.clone()).or_insert_with(|| {
            let list = self.tenant.api().find(&base).unwrap().unwrap_or_default();
            list["resources"].as_array().cloned().unwrap_or_default()
        });
        let kind = kinds.iter().find(|kind| {
            kind["kind"] == object.gvk.kind.as_str() && !kind["name"].as_str().unwrap().contains('/')
        })?;
        let plural = kind["name"].as_str().unwrap();
        let place = if kind["namespaced"] == true {
            format!("/namespaces/{}", object.namespace.as_deref().unwrap_or(namespace))
        } else {
            String::new()
        };
        Some(format!("{base}{place}/{plural}/{}", object.name))
    }
}

impl Snapshot {
    /// What there is of a release now: its records, the objects that they name and those that they named before
    /// (`made`), and the locks in its namespace.
    pub(crate) fn take(
        paths: &Paths<'_>,
        (name, namespace): (&str, &str),
        peer: Peer,
        made: &mut Vec<ObjectRef>,
    ) -> Self {
        let mut parts = BTreeMap::new();
        let mut renderings = Vec::new();
        for stored in records(paths.tenant, name, namespace) {
            let part = format!("record {}", stored.record.revision);
            parts.insert(part, stored.comparable(peer));
            renderings.push(stored.rendering());
            for object in stored.objects() {
                if !made.contains(&object) {
                    made.push(object);
                }
            }
        }
        for object in &*made {
            let Some(path) = paths.of(object, namespace) else { continue };
            let live = paths.tenant.api().find(&path).unwrap().filter(|live| !is_going(live));
            let live = live.map(plain).unwrap_or_default();
            parts.insert(object.to_string(), live);
        }
        let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        let leases = paths.tenant.api().get(&leases).unwrap()["items"].take();
        parts.insert("locks".to_owned(), leases);
        Self { parts, renderings }
    }

    /// What another one has otherwise, a few lines for each part.
    pub(crate) fn differences(&self, other: &Self, left: Left) -> Vec<String> {
        let names: BTreeSet<&String> = self.parts.keys().chain(other.parts.keys()).collect();
        let mut differences = Vec::new();
        for name in names {
            let part = |of: &Self| of.parts.get(name).cloned().unwrap_or_default();
            let (theirs, ours) = (part(self), part(other));
            if left == Left::IsForgotten && ours.is_null() {
                continue;
            }
            let text = difference(&theirs, &ours);
            if !text.is_empty() {
                differences.push(format!("{name}:{text}"));
            }
        }
        differences
    }
}

/// Whether an object is deleted, and stays for a while because of a finalizer.
fn is_going(live: &Value) -> bool {
    !live["metadata"]["deletionTimestamp"].is_null()
}

/// A live object without what the server and its controllers set; of the managed fields only those of Helm's manager.
fn plain(mut object: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    members.remove("status");
    if members.get("kind").is_some_and(|kind| kind == "ServiceAccount") {
        members.remove("secrets");
    }
    let metadata = members.get_mut("metadata").unwrap().as_object_mut().unwrap();
    for name in OF_THE_SERVER.into_iter().chain(["finalizers"]) {
        metadata.remove(name);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        let of_controllers = |name: &String| {
            [
                "deployment.kubernetes.io/",
                "volume.",
                "pv.kubernetes.io/",
                "deprecated.daemonset.",
                "batch.kubernetes.io/",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        };
        annotations.retain(|name, _| !of_controllers(name));
    }
    let managed = metadata.remove("managedFields").unwrap_or_default();
    let mut helms: Vec<Value> = managed
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["manager"] == "helm")
        .map(|entry| json!({"operation": entry["operation"], "subresource": entry["subresource"], "fields": entry["fieldsV1"]}))
        .collect();
    helms.sort_by_key(|entry| entry["operation"].to_string());
    metadata.insert("managedFields".to_owned(), Value::Array(helms));
    // The server gives every Pod a volume with a random name.
    if members.get("kind").is_some_and(|kind| kind == "Pod") {
        members.values_mut().for_each(cover_account_volume);
    }
    // The labels and the selector of a Job name its unique id.
    for name in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        remove_everywhere(members, name);
    }
    if let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut) {
        for name in ["clusterIP", "clusterIPs", "volumeName", "nodeName", "healthCheckNodePort"] {
            spec.remove(name);
        }
        // What binds volumes names the claim by its unique id.
        if spec.get("claimRef").is_some_and(|claim| claim["uid"].is_string()) {
            spec.remove("claimRef");
        }
        remove_everywhere(spec, "nodePort");
    }
    object
}

fn remove_everywhere(members: &mut Map<String, Value>, name: &str) {
    members.remove(name);
    for value in members.values_mut() {
        remove_below(value, name);
    }
}

fn remove_below(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => remove_everywhere(members, name),
        Value::Array(items) => items.iter_mut().for_each(|item| remove_below(item, name)),
        _ => {}
    }
}

fn cover_account_volume(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("kube-api-access-") => *value = json!("kube-api-access"),
        Value::Array(items) => items.iter_mut().for_each(cover_account_volume),
        Value::Object(members) => members.values_mut().for_each(cover_account_volume),
        _ => {}
    }
}
