//! Names of kinds and objects.

use std::fmt;

use pintle_value::Data;
use serde::{Deserialize, Serialize};

/// A kind of objects in one version of its API group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version (`v1`).
    pub version: String,
    /// The kind (`Deployment`).
    pub kind: String,
}

impl Gvk {
    /// A kind by its parts.
    pub fn new(group: impl Into<String>, version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// A kind by the `apiVersion` of its objects (`apps/v1`, or `v1` for the core group).
    pub fn from_api_version(api_version: &str, kind: impl Into<String>) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self::new(group, version, kind)
    }

    /// What stands in an object's `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether this is a kind of the core group.
    pub fn is_core(&self, kind: &str) -> bool {
        self.group.is_empty() && self.kind == kind
    }

    /// Whether this kind has the group and the name given, in whatever version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// Whether objects of this kind hold what must never be shown.
    pub fn is_secret(&self) -> bool {
        self.is_core("Secret")
    }
}

impl fmt::Display for Gvk {
    /// As Go prints a `schema.GroupVersionKind`: `apps/v1, Kind=Deployment`, with an empty group as `/v1, Kind=Pod`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

/// What makes two manifests speak of the same object: group, kind, namespace and name.
///
/// The version is left out (Helm: `pkg/kube/resource.go`, `isMatchingInfo`): objects of all versions of a kind are
/// stored once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for objects of the whole cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " {namespace}/{}", self.name),
            None => write!(f, " {}", self.name),
        }
    }
}

/// An object by kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The kind.
    pub gvk: Gvk,
    /// The namespace; `None` for objects of the whole cluster.
    pub namespace: Option<String>,
    /// The name; empty where the server makes it (`generateName`).
    pub name: String,
}

impl ObjectRef {
    /// An object of the whole cluster.
    pub fn cluster(gvk: Gvk, name: impl Into<String>) -> Self {
        Self { gvk, namespace: None, name: name.into() }
    }

    /// An object in a namespace.
    pub fn namespaced(gvk: Gvk, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { gvk, namespace: Some(namespace.into()), name: name.into() }
    }

    /// What an object says of itself: `apiVersion`, `kind`, `metadata.namespace`, `metadata.name`. `None` where
    /// `apiVersion` or `kind` is missing.
    pub fn of(object: &Data) -> Option<Self> {
        let text = |path: &[&str]| object.at(path).and_then(Data::as_str).filter(|text| !text.is_empty());
        Some(Self {
            gvk: Gvk::from_api_version(text(&["apiVersion"])?, text(&["kind"])?),
            namespace: text(&["metadata", "namespace"]).map(str::to_owned),
            name: text(&["metadata", "name"]).unwrap_or_default().to_owned(),
        })
    }

    /// What identifies the object over all versions of its kind.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: self.gvk.group.clone(),
            kind: self.gvk.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

impl fmt::Display for ObjectRef {
    /// As Helm names objects in its errors: `Deployment "web" in namespace "shop"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.gvk.kind, self.name)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace:?}"),
            None => Ok(()),
        }
    }
}
