//! What a release is in the cluster at one moment.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle::cluster::ObjectRef;
use pintle::release::{Record, codec};
use pintle_testkit::Tenant;
use serde_json::{Map, Value, json};

/// Members that the server sets, or that differ from object to object.
const OF_THE_SERVER: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink"];

/// The paths of kinds, as the cluster serves them.
pub(crate) struct Paths<'a> {
    tenant: &'a Tenant,
    known: Mutex<HashMap<String, Vec<Value>>>,
}

/// A release's records and objects with everything taken out that may differ.
#[derive(Default, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) parts: BTreeMap<String, Value>,
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

/// All records of a release, oldest first, each with the object that it is stored in.
pub(crate) fn records(tenant: &Tenant, name: &str, namespace: &str) -> Vec<(Record, Value)> {
    let path = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector=owner%3Dhelm,name%3D{name}");
    let list = tenant.api().get(&path).unwrap();
    let mut records: Vec<(Record, Value)> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| {
            let stored = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
            (codec::decode(&stored, codec::Limits::default()).unwrap(), secret.clone())
        })
        .collect();
    records.sort_by_key(|(record, _)| record.revision);
    records
}

/// The objects that a record names, hooks included.
pub(crate) fn objects(record: &Record) -> Vec<ObjectRef> {
    let hooks = record.hooks.iter().map(|hook| hook.manifest.as_str());
    let texts: Vec<&str> = std::iter::once(record.manifest.as_str()).chain(hooks).collect();
    let mut objects = Vec::new();
    for text in texts {
        for (_, document) in pintle::render::split_manifests(text) {
            let parsed = pintle::yaml::parse(document.as_bytes(), &pintle::yaml::Limits::default());
            let Ok(object) = parsed else { continue };
            let items = object.get("items").and_then(pintle::value::Data::as_list).cloned();
            match items {
                Some(items) => objects.extend(items.iter().filter_map(ObjectRef::of)),
                None => objects.extend(ObjectRef::of(&object)),
            }
        }
    }
    objects
}

impl Snapshot {
    pub(crate) fn take(paths: &Paths<'_>, name: &str, namespace: &str) -> Self {
        let mut parts = BTreeMap::new();
        let records = records(paths.tenant, name, namespace);
        for (record, secret) in &records {
            let mut whole = serde_json::to_value(record).unwrap();
            without_times(&mut whole);
            // Helm 3 does not say how it applied.
            whole.as_object_mut().unwrap().remove("apply_method");
            parts.insert(format!("record {}", record.revision), cover(whole, namespace));
            let mut labels = secret["metadata"]["labels"].clone();
            for (key, value) in labels.as_object_mut().unwrap() {
                if key.ends_with("At") {
                    *value = Value::Bool(true);
                }
            }
            let stored = json!({"labels": labels, "type": secret["type"]});
            parts.insert(format!("stored record {}", record.revision), stored);
        }
        if let Some((newest, _)) = records.last() {
            for object in objects(newest) {
                let Some(path) = paths.of(&object, namespace) else { continue };
                let live = paths.tenant.api().find(&path).unwrap().map(plain).unwrap_or_default();
                parts.insert(cover_text(&object.to_string(), namespace), cover(live, namespace));
            }
        }
        Self { parts }
    }

    /// What another one has otherwise, a few lines for each part.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut names: Vec<&String> = self.parts.keys().chain(other.parts.keys()).collect();
        names.sort();
        names.dedup();
        let mut differences = Vec::new();
        for name in names {
            let (theirs, ours) = (self.parts.get(name), other.parts.get(name));
            let mut text = String::new();
            compare(theirs.unwrap_or(&Value::Null), ours.unwrap_or(&Value::Null), "", &mut text);
            if !text.is_empty() {
                differences.push(format!("{name}:{text}"));
            }
        }
        differences
    }
}

fn compare(theirs: &Value, ours: &Value, path: &str, text: &mut String) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let (a, b) = (a.get(name), b.get(name));
                compare(
                    a.unwrap_or(&Value::Null),
                    b.unwrap_or(&Value::Null),
                    &format!("{path}.{name}"),
                    text,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{path}[{index}]"), text);
            }
        }
        _ if theirs == ours => {}
        _ => {
            let short = |value: &Value| value.to_string().chars().take(160).collect::<String>();
            let _ = write!(
                text,
                "\n      {path}\n        theirs {}\n        ours   {}",
                short(theirs),
                short(ours)
            );
        }
    }
}

/// A live object without what the server and its controllers set; of the managed fields only those of Helm's manager.
fn plain(mut object: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    members.remove("status");
    if members.get("kind").is_some_and(|kind| kind == "ServiceAccount") {
        members.remove("secrets");
    }
    let metadata = members.get_mut("metadata").unwrap().as_object_mut().unwrap();
    for name in
        OF_THE_SERVER.into_iter().chain(["finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"])
    {
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
    if let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut) {
        for name in ["clusterIP", "clusterIPs", "volumeName", "nodeName", "healthCheckNodePort"] {
            spec.remove(name);
        }
        remove_everywhere(spec, "nodePort");
        // The labels and the selector of a Job name its unique id.
        for name in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
            remove_everywhere(spec, name);
        }
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

fn without_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in
                ["first_deployed", "last_deployed", "deleted", "started_at", "completed_at", "modtime"]
            {
                members.remove(name);
            }
            members.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

fn cover(value: Value, namespace: &str) -> Value {
    match value {
        Value::String(text) => Value::String(cover_text(&text, namespace)),
        Value::Array(items) => items.into_iter().map(|item| cover(item, namespace)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (cover_text(&name, namespace), cover(value, namespace)))
            .collect(),
        other => other,
    }
}

fn cover_text(text: &str, namespace: &str) -> String {
    text.replace(namespace, "NAMESPACE")
}
