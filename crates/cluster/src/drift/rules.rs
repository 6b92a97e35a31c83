//! What is left alone.

use pintle_value::Data;
use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};

use crate::Object;
use crate::fields::{FieldPath, ManagedFields, Step};

/// Which differences are left alone, beside those that no rule could forbid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DriftRules {
    /// The managers whose `spec.replicas`, set through the subresource `scale`, are left alone. Default: the
    /// horizontal autoscaler's, `kube-controller-manager`.
    pub replica_managers: Vec<String>,
    /// Fields that are left alone. Default: none.
    pub ignore: Vec<IgnoreRule>,
}

/// Fields of certain objects that are left alone (Flux: `spec.driftDetection.ignore`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IgnoreRule {
    /// JSON pointers (RFC 6901) into the object. The empty one is the whole object.
    pub paths: Vec<String>,
    /// Which objects; `None` for all.
    pub target: Option<TargetSelector>,
}

/// Picks objects. What is empty picks all; group, version, kind, name and namespace are regular expressions for the
/// whole of them, as Flux's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TargetSelector {
    /// The API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// A label selector in Kubernetes' syntax.
    pub label_selector: String,
    /// A selector over annotations in the same syntax.
    pub annotation_selector: String,
}

impl Default for DriftRules {
    fn default() -> Self {
        Self { replica_managers: vec!["kube-controller-manager".to_owned()], ignore: Vec::new() }
    }
}

impl IgnoreRule {
    /// Fields of all objects.
    pub fn new(paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { paths: paths.into_iter().map(Into::into).collect(), target: None }
    }

    /// Only of these objects.
    #[must_use]
    pub fn of(mut self, target: TargetSelector) -> Self {
        self.target = Some(target);
        self
    }
}

impl DriftRules {
    /// With this rule too.
    #[must_use]
    pub fn ignore(mut self, rule: IgnoreRule) -> Self {
        self.ignore.push(rule);
        self
    }

    /// With these managers whose replicas are left alone, instead of the default.
    #[must_use]
    pub fn replica_managers(mut self, managers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.replica_managers = managers.into_iter().map(Into::into).collect();
        self
    }

    /// The pointers that are left alone in an object.
    pub(super) fn pointers(&self, object: &Object) -> Vec<String> {
        let rules = self.ignore.iter();
        let speaking = rules.filter(|rule| rule.target.as_ref().is_none_or(|target| target.takes(object)));
        speaking.flat_map(|rule| rule.paths.iter().cloned()).collect()
    }

    /// The same, with the replicas where an autoscaler set them.
    pub(crate) fn all_pointers(&self, object: &Object, live: &Data) -> Vec<String> {
        let mut pointers = self.pointers(object);
        if self.leaves_replicas(live) {
            pointers.push("/spec/replicas".to_owned());
        }
        pointers
    }

    /// Whether an autoscaler set the replicas of a live object.
    fn leaves_replicas(&self, live: &Data) -> bool {
        let replicas = FieldPath(vec![Step::Field("spec".to_owned()), Step::Field("replicas".to_owned())]);
        ManagedFields::of(live).iter().any(|entry| {
            entry.subresource == "scale"
                && self.replica_managers.contains(&entry.manager)
                && entry.fields.contains(&replicas)
        })
    }
}

impl TargetSelector {
    fn takes(&self, object: &Object) -> bool {
        let reference = object.reference();
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        let map = |key| object.data().at(&["metadata", key]);
        fits(&self.group, &reference.gvk.group)
            && fits(&self.version, &reference.gvk.version)
            && fits(&self.kind, &reference.gvk.kind)
            && fits(&self.name, &reference.name)
            && fits(&self.namespace, namespace)
            && selects(&self.label_selector, map("labels"))
            && selects(&self.annotation_selector, map("annotations"))
    }
}

/// Whether a regular expression takes the whole of a name (Flux: `pkg/ssa/jsondiff`, which anchors it). What is no
/// expression stands for itself.
fn fits(wanted: &str, is: &str) -> bool {
    if wanted.is_empty() || wanted == is {
        return true;
    }
    let plain = wanted.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    !plain && Regex::new(&format!("^(?:{wanted})$")).is_ok_and(|regex| regex.is_match(is))
}

/// Whether a selector takes a map: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, all of them
/// (Kubernetes: apimachinery `labels/selector.go`). What is no selector takes nothing.
pub(crate) fn selects(selector: &str, map: Option<&Data>) -> bool {
    let value = |key: &str| map.and_then(|map| map.get(key.trim())).and_then(Data::as_str);
    requirements(selector).into_iter().all(|term| {
        let term = term.trim();
        if let Some((key, list)) = term.split_once(" notin ") {
            return !value(key).is_some_and(|value| listed(list, value));
        }
        if let Some((key, list)) = term.split_once(" in ") {
            return value(key).is_some_and(|value| listed(list, value));
        }
        if let Some((key, wanted)) = term.split_once("!=") {
            return value(key) != Some(wanted.trim());
        }
        if let Some((key, wanted)) = term.split_once("==").or_else(|| term.split_once('=')) {
            return value(key) == Some(wanted.trim());
        }
        match term.strip_prefix('!') {
            Some(key) => value(key).is_none(),
            None => value(term).is_some(),
        }
    })
}

fn listed(list: &str, value: &str) -> bool {
    let list = list.trim().strip_prefix('(').and_then(|list| list.strip_suffix(')'));
    list.is_some_and(|list| list.split(',').any(|item| item.trim() == value))
}

/// The terms of a selector: split at the commas outside of brackets.
fn requirements(selector: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = selector.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    split.filter(|term| !term.trim().is_empty()).collect()
}
