//! The names that a `HelmRelease` gives to its release; the defaults are Flux's.

use kube::ResourceExt;
use sha2::{Digest, Sha256};

use crate::api::HelmRelease;

/// Longest release name that Helm takes, in bytes.
const LONGEST: usize = 53;

/// How many digits of the hash stand at the end of a shortened name.
const HASH_DIGITS: usize = 12;

/// Where a release is, in its target cluster.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ReleaseName {
    /// Name of the release, at most 53 bytes.
    pub name: String,
    /// Namespace that the chart is installed into.
    pub namespace: String,
    /// Namespace of the release's records.
    pub storage_namespace: String,
}

impl ReleaseName {
    /// The names that `release` asks for (Flux: `HelmRelease.GetReleaseName`, `GetReleaseNamespace`,
    /// `GetStorageNamespace`).
    pub fn of(release: &HelmRelease) -> Self {
        let spec = &release.spec;
        let own = release.namespace().unwrap_or_default();
        let name = match (&spec.release_name, &spec.target_namespace) {
            (Some(name), _) if !name.is_empty() => name.clone(),
            (_, Some(namespace)) if !namespace.is_empty() => format!("{namespace}-{}", release.name_any()),
            _ => release.name_any(),
        };
        let or_own = |namespace: &Option<String>| {
            namespace.clone().filter(|namespace| !namespace.is_empty()).unwrap_or_else(|| own.clone())
        };
        Self {
            name: shorten(name),
            namespace: or_own(&spec.target_namespace),
            storage_namespace: or_own(&spec.storage_namespace),
        }
    }
}

/// A name that fits: one that is too long is cut and ends in a hash of the whole (Flux: `release.ShortenName`).
pub fn shorten(name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    let hash = Sha256::digest(&name).iter().fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
    // Object names and namespaces are ASCII, so that this cut is at a character.
    let head = name.get(..LONGEST - HASH_DIGITS - 1).unwrap_or_default();
    let tail = hash.get(..HASH_DIGITS).unwrap_or_default();
    format!("{head}-{tail}")
}
