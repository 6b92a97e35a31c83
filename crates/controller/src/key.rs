//! Names of the objects that are worked on, and the lanes that they wait in.

use std::fmt;

use kube::{Resource, ResourceExt as _};

use crate::api::HelmRelease;
use crate::tenant::SecretLocation;

/// An object by namespace and name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ObjectName {
    /// An object by namespace and name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The name of an object that was read.
    pub fn of<K: Resource>(object: &K) -> Self {
        Self::new(object.namespace().unwrap_or_default(), object.name_any())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.namespace, self.name)
    }
}

/// What is worked on.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// A `HelmRepository`.
    Repository(ObjectName),
    /// A `HelmRelease`.
    Release(ObjectName),
}

/// What does not wait for anything else.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Lane {
    /// One repository.
    Repository(ObjectName),
    /// The releases of one tenant, by the place of its kubeconfig.
    Tenant(SecretLocation),
    /// The releases of the cluster that holds the declarations.
    Management,
}

impl Lane {
    /// The lane of a release.
    pub fn of(release: &HelmRelease) -> Self {
        kubeconfig_location(release).map_or(Self::Management, Self::Tenant)
    }
}

/// The place of a release's kubeconfig; none where it is installed into the cluster that holds it.
pub fn kubeconfig_location(release: &HelmRelease) -> Option<SecretLocation> {
    let reference = release.spec.kube_config.as_ref()?.secret_ref.as_ref()?;
    Some(SecretLocation {
        namespace: release.namespace().unwrap_or_default(),
        name: reference.name.clone(),
        key: reference.key.clone().filter(|key| !key.is_empty()),
    })
}
