//! The CRD manifests, made from the Rust types and brought into the form that Flux's have.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Map, Value, json};

use super::{HelmRelease, HelmRepository};

/// The definitions of every custom resource that the controller reads, as manifests that a Kubernetes API server
/// from 1.30 on accepts.
///
/// They say the same as Flux's own, so that either can be installed and neither drops a field of the other.
///
/// ```
/// let names: Vec<_> = pintle_controller::api::definitions()
///     .iter()
///     .filter_map(|manifest| manifest["metadata"]["name"].as_str().map(str::to_owned))
///     .collect();
/// assert_eq!(names, ["helmreleases.helm.toolkit.fluxcd.io", "helmrepositories.source.toolkit.fluxcd.io"]);
/// ```
pub fn definitions() -> Vec<Value> {
    vec![manifest(&HelmRelease::crd()), manifest(&HelmRepository::crd())]
}

fn manifest(definition: &CustomResourceDefinition) -> Value {
    let mut manifest = json!(definition);
    if let Some(versions) = manifest.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
        for version in versions {
            if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
                plain(schema);
                root(schema);
            }
        }
    }
    if let Some(version) = manifest.pointer_mut("/spec/names").and_then(Value::as_object_mut) {
        // kube leaves the list kind to the server; Flux's manifests have it.
        if let Some(kind) = version.get("kind").and_then(Value::as_str).map(|kind| format!("{kind}List")) {
            version.insert("listKind".into(), kind.into());
        }
    }
    manifest
}

/// What controller-gen writes at the top: the object's own fields, no required ones, and the status of an object
/// that nobody has looked at yet.
fn root(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    schema.remove("required");
    schema.remove("title");
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".into(), json!({"type": "string"}));
        properties.insert("kind".into(), json!({"type": "string"}));
        properties.insert("metadata".into(), json!({"type": "object"}));
        if let Some(status) = properties.get_mut("status").and_then(Value::as_object_mut) {
            status.insert("default".into(), json!({"observedGeneration": -1}));
        }
    }
}

/// Takes away what the derive says about Rust's `Option` and collections: in Flux's schemas an absent field is
/// absent, and null is nothing.
fn plain(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("nullable");
    unwrap_option(object);
    for key in ["properties", "patternProperties"] {
        if let Some(children) = object.get_mut(key).and_then(Value::as_object_mut) {
            children.values_mut().for_each(plain);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = object.get_mut(key) {
            plain(child);
        }
    }
}

/// `anyOf: [T, null]` says that a field may be left out, which the absence from `required` says already.
fn unwrap_option(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get("anyOf") else { return };
    let mut real = alternatives.iter().filter(|alternative| alternative["enum"] != json!([null]));
    let (Some(Value::Object(only)), None) = (real.next(), real.next()) else { return };
    let mut only = only.clone();
    object.remove("anyOf");
    // The field's own words (its description, say) go before those of its type.
    only.append(object);
    *object = only;
}
