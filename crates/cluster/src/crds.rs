//! Custom resource definitions of a chart's `crds/`.

use std::collections::BTreeMap;
use std::time::Duration;

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::status::conditions::{list, text};
use crate::{
    ApplyOptions, Change, Class, Conflicts, Error, Gvk, Object, Progress, ProgressObserver, Scope, Target,
    WaitError, WaitOptions, is_terminating,
};

/// How long CRDs may take to be established (Helm: `pkg/action/install.go`, `installCRDs`).
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(60);

/// What is done with the CRDs of a chart's `crds/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CrdPolicy {
    /// Nothing.
    Skip,
    /// Those that are not there are created, the others stay as they are.
    #[default]
    Create,
    /// Those that are there are changed too, unless that would lose a stored version or a field.
    CreateReplace,
}

/// Why CRDs could not be brought in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrdError {
    /// The new CRD lacks something that the old one has and that objects may use.
    #[error("{object} would lose {}; keep it, or change the crd by hand", losses.join(", "))]
    Loss {
        /// The CRD's name.
        object: String,
        /// What would be lost (`version v1alpha1`, `v1 .spec.size`).
        losses: Vec<String>,
    },
    /// It was not established in time.
    #[error("crds are not established: {0}")]
    NotEstablished(WaitError),
    /// The cluster could not be asked, or said no.
    #[error(transparent)]
    Cluster(#[from] Error),
}

impl CrdError {
    /// What a caller can do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Loss { .. } => Class::User,
            Self::NotEstablished(error) => error.cause.as_ref().map_or(Class::User, Error::class),
            Self::Cluster(error) => error.class(),
        }
    }
}

impl Target {
    /// Brings a chart's CRDs into the cluster by the policy, waits until they are established and asks the cluster
    /// anew for its kinds. The changes come in the order of the CRDs.
    ///
    /// A CRD of the policy [`CrdPolicy::Create`] that is there already is [`Change::Unchanged`], as Helm leaves it. One that
    /// is being deleted is awaited and created anew: what is written into it, and all objects of its kind, go with it.
    pub async fn install_crds(
        &self,
        scope: &Scope,
        crds: &[Object],
        policy: CrdPolicy,
        observer: &dyn ProgressObserver,
    ) -> Result<Vec<Change>, CrdError> {
        if policy == CrdPolicy::Skip {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        let mut written = Vec::new();
        for crd in crds {
            let change = self.install_crd(scope, crd, policy, observer).await?;
            observer.progress(&Progress::Applied { object: crd.reference(), change });
            if change != Change::Unchanged {
                written.push(crd.clone());
            }
            changes.push(change);
        }
        if !written.is_empty() {
            let scope = scope.within(ESTABLISHED_WITHIN);
            let references: Vec<_> = written.iter().map(|crd| crd.reference().clone()).collect();
            self.wait_ready(&scope, &references, &WaitOptions::default(), observer)
                .await
                .map_err(CrdError::NotEstablished)?;
            self.await_kinds(&scope, &kinds_of(&written)).await?;
        }
        Ok(changes)
    }

    async fn install_crd(
        &self,
        scope: &Scope,
        crd: &Object,
        policy: CrdPolicy,
        observer: &dyn ProgressObserver,
    ) -> Result<Change, CrdError> {
        let live = self.get(scope, crd.reference()).await?;
        let options = ApplyOptions::default();
        if let Some(live) = live.as_ref().filter(|live| is_terminating(live)) {
            let gone = [(crd.reference().clone(), Some(text(live, &["metadata", "uid"]).to_owned()))];
            let (scope, options) = (scope.within(ESTABLISHED_WITHIN), WaitOptions::default());
            let waited = self.wait_gone(&scope, &gone, &options, observer).await;
            waited.map_err(CrdError::NotEstablished)?;
        }
        let Some(live) = live.filter(|live| !is_terminating(live)) else {
            return Ok(self.apply(scope, crd, options).await?.change);
        };
        if policy == CrdPolicy::Create || crate::fields::is_unchanged(crd.data(), &live, self.manager()) {
            return Ok(Change::Unchanged);
        }
        let losses = losses(&live, crd.data());
        if !losses.is_empty() {
            return Err(CrdError::Loss { object: crd.to_string(), losses });
        }
        Ok(self.apply(scope, crd, options.conflicts(Conflicts::Force)).await?.change)
    }
}

/// The kinds that CRDs will make known: for rendering before they are there.
pub fn kinds_of(crds: &[Object]) -> Vec<Gvk> {
    let mut kinds = Vec::new();
    for crd in crds {
        let (group, kind) =
            (text(crd.data(), &["spec", "group"]), text(crd.data(), &["spec", "names", "kind"]));
        for version in list(crd.data(), &["spec", "versions"]) {
            if version.get("served").and_then(Data::as_bool) != Some(false) {
                kinds.push(Gvk::new(group, text(version, &["name"]), kind));
            }
        }
    }
    kinds
}

/// What a CRD would lose if another one took its place: versions in which objects are stored or that clients use, and
/// fields of versions that both have. Each is named as people look for it (`stored version v1alpha1`, `v1 .spec.size`).
///
/// Both are `apiextensions.k8s.io/v1`; the old one as the cluster has it, with its status.
pub fn losses(old: &Data, new: &Data) -> Vec<String> {
    let versions = |crd: &Data| -> BTreeMap<String, Data> {
        let versions = list(crd, &["spec", "versions"]);
        versions.map(|version| (text(version, &["name"]).to_owned(), version.clone())).collect()
    };
    let (old_versions, new_versions) = (versions(old), versions(new));
    let stored: Vec<&str> = list(old, &["status", "storedVersions"]).filter_map(Data::as_str).collect();
    let mut losses: Vec<String> = stored
        .iter()
        .filter(|stored| !new_versions.contains_key(**stored))
        .map(|stored| format!("stored version {stored}"))
        .collect();
    let is_served = |version: &Data| version.get("served").and_then(Data::as_bool) == Some(true);
    for (name, old) in &old_versions {
        let schema = |version: &Data| version.at(&["schema", "openAPIV3Schema"]).cloned().unwrap_or_default();
        let new = new_versions.get(name);
        if let Some(new) = new {
            lost_fields(&schema(old), &schema(new), &format!("{name} "), 0, &mut losses);
        }
        let told = new.is_none() && stored.contains(&name.as_str());
        if is_served(old) && !new.is_some_and(is_served) && !told {
            losses.push(format!("served version {name}"));
        }
    }
    losses
}

/// How deep schemas are compared. What lies deeper counts as kept: CRDs are bounded by the server to less.
const DEEPEST: usize = 200;

fn lost_fields(old: &Data, new: &Data, path: &str, depth: usize, losses: &mut Vec<String>) {
    let keeps_all = |schema: &Data| {
        schema.get("x-kubernetes-preserve-unknown-fields").and_then(Data::as_bool) == Some(true)
            || schema.get("additionalProperties").is_some_and(|more| more.as_bool() == Some(true))
    };
    if depth > DEEPEST || keeps_all(new) {
        return;
    }
    if keeps_all(old) {
        losses.push(format!("{path}* (unknown fields)"));
        return;
    }
    let members =
        |schema: &Data| schema.get("additionalProperties").filter(|more| more.as_map().is_some()).cloned();
    let (old_members, new_members) = (members(old), members(new));
    for (name, below) in old.get("properties").and_then(Data::as_map).into_iter().flatten() {
        let name = name.to_str_lossy();
        let path = format!("{path}.{name}");
        let found =
            new.get("properties").and_then(|properties| properties.get(&name)).or(new_members.as_ref());
        match found {
            Some(new) => lost_fields(below, new, &path, depth + 1, losses),
            None => losses.push(path),
        }
    }
    match (&old_members, &new_members) {
        (Some(old), Some(new)) => lost_fields(old, new, &format!("{path}.*"), depth + 1, losses),
        (Some(_), None) => losses.push(format!("{path}.*")),
        (None, _) => {}
    }
    if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
        lost_fields(old, new, &format!("{path}[]"), depth + 1, losses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crd(versions: &serde_json::Value, stored: &[&str]) -> Data {
        serde_json::from_value(serde_json::json!({
            "spec": {"versions": versions}, "status": {"storedVersions": stored}
        }))
        .unwrap()
    }

    fn version(name: &str, served: bool, schema: &serde_json::Value) -> serde_json::Value {
        serde_json::json!({"name": name, "served": served, "schema": {"openAPIV3Schema": schema}})
    }

    fn schema(old: &serde_json::Value, new: &serde_json::Value) -> Vec<String> {
        let one = |schema| crd(&serde_json::json!([version("v1", true, schema)]), &["v1"]);
        losses(&one(old), &one(new))
    }

    #[test]
    fn versions_that_are_stored_or_served_are_missed() {
        let any = serde_json::json!({"type": "object"});
        let all = |served: bool| {
            serde_json::json!([
                version("v1alpha1", true, &any),
                version("v1beta1", served, &any),
                version("v1", true, &any)
            ])
        };
        let old = crd(&all(true), &["v1alpha1", "v1"]);
        assert_eq!(losses(&old, &crd(&all(true), &[])), Vec::<String>::new());
        assert_eq!(losses(&old, &crd(&all(false), &[])), ["served version v1beta1"]);
        let new = crd(&serde_json::json!([version("v1", true, &any)]), &[]);
        assert_eq!(losses(&old, &new), ["stored version v1alpha1", "served version v1beta1"]);
        assert_eq!(losses(&crd(&all(false), &["v1"]), &crd(&all(false), &[])), Vec::<String>::new());
    }

    #[test]
    fn fields_are_missed_wherever_they_stand() {
        let string = serde_json::json!({"type": "string"});
        let list = |fields: serde_json::Value| {
            serde_json::json!({"properties": {"spec": {"properties": {
                "list": {"type": "array", "items": {"properties": fields}},
                "map": {"additionalProperties": {"properties": {"a": {"type": "string"}}}},
            }}}})
        };
        let old = list(serde_json::json!({"a": string, "b": string}));
        assert_eq!(schema(&old, &old), Vec::<String>::new());
        assert_eq!(schema(&old, &list(serde_json::json!({"a": string}))), ["v1 .spec.list[].b"]);
        let without_map = serde_json::json!({"properties": {"spec": {"properties": {
            "list": {"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": true}}, "map": {"type": "object"}}}}});
        assert_eq!(schema(&old, &without_map), ["v1 .spec.map.*"]);
        let open =
            serde_json::json!({"properties": {"spec": {"x-kubernetes-preserve-unknown-fields": true}}});
        assert_eq!(schema(&old, &open), Vec::<String>::new());
        assert_eq!(schema(&open, &old), ["v1 .spec* (unknown fields)"]);
    }
}
