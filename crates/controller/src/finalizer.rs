//! Flux's finalizer, which keeps a deleted `HelmRelease` until its release is uninstalled.

use std::fmt::Debug;

use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::status::{FIELD_MANAGER, Written};

/// The finalizer's name. It is Flux's, so that an object can change hands while it is being deleted.
pub const FINALIZER: &str = "finalizers.fluxcd.io";

/// Whether an object has the finalizer.
pub fn is_set<K: Resource>(object: &K) -> bool {
    object.meta().finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
}

/// Puts the finalizer on an object that lacks it.
///
/// # Errors
///
/// What the API server answers; 409 means that the object has changed since it was read.
pub async fn add<K>(client: &Client, object: &K) -> Result<Written, kube::Error>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned,
{
    if is_set(object) {
        return Ok(Written::Unchanged);
    }
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    set(client, object, &finalizers).await
}

/// Takes the finalizer off an object that has it.
///
/// # Errors
///
/// What the API server answers; 409 means that the object has changed since it was read, 404 that it is gone.
pub async fn remove<K>(client: &Client, object: &K) -> Result<Written, kube::Error>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned,
{
    if !is_set(object) {
        return Ok(Written::Unchanged);
    }
    let kept: Vec<_> =
        object.finalizers().iter().filter(|finalizer| *finalizer != FINALIZER).cloned().collect();
    set(client, object, &kept).await
}

/// A merge patch replaces the whole list, so it names the version that the list was read from.
async fn set<K>(client: &Client, object: &K, finalizers: &[String]) -> Result<Written, kube::Error>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    let patch = json!({"metadata": {
        "uid": object.uid(),
        "resourceVersion": object.resource_version(),
        "finalizers": finalizers,
    }});
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    api.patch(&object.name_any(), &params, &Patch::Merge(&patch)).await?;
    Ok(Written::Changed)
}
