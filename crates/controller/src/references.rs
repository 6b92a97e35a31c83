//! Who refers to whom, so that a change of one object wakes up those that need it.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// The kind of an object that others refer to.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ReferredKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
    /// A `HelmRepository`.
    Repository,
}

/// An object that others refer to.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Referred {
    /// Its kind.
    pub kind: ReferredKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Referred {
    /// An object by kind, namespace and name.
    pub fn new(kind: ReferredKind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

/// Which referrers (`K`) refer to which objects.
///
/// ```
/// use pintle_controller::references::{Referred, ReferredKind::Secret, References};
///
/// let references = References::default();
/// let secret = Referred::new(Secret, "tenants", "tenant1-admin-kubeconfig");
/// references.set("web", [secret.clone()]);
/// assert_eq!(references.to(&secret), ["web"]);
/// references.set("web", []);
/// assert!(references.to(&secret).is_empty());
/// ```
#[derive(Debug)]
pub struct References<K> {
    inner: Mutex<Inner<K>>,
}

#[derive(Debug)]
struct Inner<K> {
    to: HashMap<Referred, BTreeSet<K>>,
    from: HashMap<K, BTreeSet<Referred>>,
}

impl<K> Default for References<K> {
    fn default() -> Self {
        Self { inner: Mutex::new(Inner { to: HashMap::new(), from: HashMap::new() }) }
    }
}

impl<K: Clone + Eq + Hash + Ord> References<K> {
    /// Says all that one referrer refers to; what it referred to before is forgotten.
    pub fn set(&self, from: K, to: impl IntoIterator<Item = Referred>) {
        let new: BTreeSet<Referred> = to.into_iter().collect();
        // Every change below leaves both maps whole, so that a poisoned lock still guards sound ones.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let old = inner.from.remove(&from).unwrap_or_default();
        for gone in old.difference(&new) {
            if let Some(referrers) = inner.to.get_mut(gone) {
                referrers.remove(&from);
                if referrers.is_empty() {
                    inner.to.remove(gone);
                }
            }
        }
        for added in &new {
            inner.to.entry(added.clone()).or_default().insert(from.clone());
        }
        if !new.is_empty() {
            inner.from.insert(from, new);
        }
    }

    /// Who refers to an object, in order.
    pub fn to(&self, referred: &Referred) -> Vec<K> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.to.get(referred).map(|referrers| referrers.iter().cloned().collect()).unwrap_or_default()
    }
}
