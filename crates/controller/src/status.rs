//! Writes an object's status, and only what has changed of it.

use std::fmt::Debug;

use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Who writes: the field manager of everything that the controller writes to its own custom resources.
pub const FIELD_MANAGER: &str = "pintle-controller";

/// Whether a status had to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// It was.
    Changed,
    /// It said so already.
    Unchanged,
}

/// Brings the status of `object`, as it was read, to `status`. Nothing is sent when it says so already.
///
/// The patch names the object's uid, so that it never lands on a namesake that was created since.
///
/// # Errors
///
/// What the API server answers; 404 and 409 mean that the object is gone.
pub async fn write<K, S>(
    client: &Client,
    object: &K,
    old: Option<&S>,
    new: &S,
) -> Result<Written, kube::Error>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned,
    S: Serialize,
{
    let old = serde_json::to_value(old).map_err(kube::Error::SerdeError)?;
    let new = serde_json::to_value(new).map_err(kube::Error::SerdeError)?;
    let Some(change) = difference(&old, &new) else { return Ok(Written::Unchanged) };
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"uid": object.uid()},
        "status": change,
    });
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    api.patch_status(&object.name_any(), &params, &Patch::Merge(&patch)).await?;
    Ok(Written::Changed)
}

/// The merge patch (RFC 7386) that makes `old` into `new`, or none when they are equal.
pub fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in after {
        let change = match before.get(key) {
            Some(old) => difference(old, value),
            None => Some(value.clone()),
        };
        if let Some(change) = change {
            patch.insert(key.clone(), change);
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}
