//! Which release an object belongs to.

use std::fmt;

use pintle_value::Data;

use crate::object::{annotation, label};
use crate::{Object, ObjectRef};

/// The label that says who manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What Helm puts into [`MANAGED_BY`].
pub const MANAGED_BY_HELM: &str = "Helm";
/// The annotation with the release's name.
pub const RELEASE_NAME: &str = "meta.helm.sh/release-name";
/// The annotation with the release's namespace.
pub const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The release that objects belong to, as Helm marks it (Helm: `pkg/action/validate.go`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// The release's name.
    pub name: String,
    /// The release's namespace.
    pub namespace: String,
}

impl Owner {
    /// The release of this name.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: namespace.into() }
    }

    /// The object with Helm's label and annotations of this release, over what it has.
    #[must_use]
    pub fn mark(&self, object: &Object) -> Object {
        object.with_metadata(
            &[(MANAGED_BY, MANAGED_BY_HELM)],
            &[(RELEASE_NAME, &self.name), (RELEASE_NAMESPACE, &self.namespace)],
        )
    }

    /// Whether a live object carries Helm's label and annotations of this release.
    pub fn owns(&self, live: &Data) -> bool {
        self.problems(live).is_empty()
    }

    /// Fails where a live object does not carry Helm's label and annotations of this release.
    pub fn check(&self, reference: &ObjectRef, live: &Data) -> Result<(), Box<OwnershipError>> {
        let problems = self.problems(live);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Box::new(OwnershipError { object: reference.clone(), problems }))
    }

    fn problems(&self, live: &Data) -> Vec<String> {
        let wanted = [
            ("label", MANAGED_BY, label(live, MANAGED_BY), MANAGED_BY_HELM),
            ("annotation", RELEASE_NAME, annotation(live, RELEASE_NAME), &self.name),
            ("annotation", RELEASE_NAMESPACE, annotation(live, RELEASE_NAMESPACE), &self.namespace),
        ];
        let problem = |(what, key, is, must): (&str, &str, Option<&str>, &str)| match is {
            Some(is) if is == must => None,
            Some(is) => Some(format!(
                "{what} validation error: key {key:?} must equal {must:?}: current value is {is:?}"
            )),
            None => Some(format!("{what} validation error: missing key {key:?}: must be set to {must:?}")),
        };
        wanted.into_iter().filter_map(problem).collect()
    }
}

/// The release that a live object is marked with.
pub fn owner_of(live: &Data) -> Option<Owner> {
    (label(live, MANAGED_BY)? == MANAGED_BY_HELM).then_some(())?;
    Some(Owner::new(annotation(live, RELEASE_NAME)?, annotation(live, RELEASE_NAMESPACE)?))
}

/// An object exists and does not belong to the release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnershipError {
    /// The object.
    pub object: ObjectRef,
    /// What is missing or different, in Helm's words.
    pub problems: Vec<String>,
}

impl fmt::Display for OwnershipError {
    /// Helm's text (`pkg/action/validate.go`, `existingResourceConflict`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.object.namespace.as_deref().unwrap_or_default();
        write!(
            f,
            "{} {:?} in namespace {place:?} exists and cannot be imported into the current release: \
             invalid ownership metadata; {}",
            self.object.gvk.kind,
            self.object.name,
            self.problems.join("; ")
        )
    }
}

impl std::error::Error for OwnershipError {}
