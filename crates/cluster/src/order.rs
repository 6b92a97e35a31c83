//! In which order objects are written and deleted.

use std::collections::BTreeMap;

use futures::future::join_all;

use crate::{Error, Object};

/// The kinds in the order in which Helm installs them (Helm: `pkg/release/v1/util/kind_sorter.go`, `InstallOrder`).
const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The kinds in the order in which Helm uninstalls them (Helm: same file, `UninstallOrder`).
const UNINSTALL: [&str; 38] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// Kinds of one step do not depend on each other and go at once. Each step may need what the steps before it made:
/// namespaces hold objects, quotas and accounts govern them, bindings name roles and accounts, workloads read
/// configuration and find services by environment, extension APIs and webhooks are answered by workloads.
const STEPS: [&[&str]; 6] = [
    &["PriorityClass", "Namespace", "CustomResourceDefinition"],
    &[
        "NetworkPolicy",
        "ResourceQuota",
        "LimitRange",
        "PodSecurityPolicy",
        "PodDisruptionBudget",
        "ServiceAccount",
        "StorageClass",
        "ClusterRole",
        "ClusterRoleList",
        "Role",
        "RoleList",
        "IngressClass",
    ],
    &[
        "Secret",
        "SecretList",
        "ConfigMap",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ClusterRoleBinding",
        "ClusterRoleBindingList",
        "RoleBinding",
        "RoleBindingList",
        "Service",
    ],
    &[
        "DaemonSet",
        "Pod",
        "ReplicationController",
        "ReplicaSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "StatefulSet",
        "Job",
        "CronJob",
    ],
    &["Ingress", "APIService"],
    &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
];

/// The place of a kind in Helm's install order; kinds that Helm does not know come last, by name.
pub fn install_rank(kind: &str) -> (usize, &str) {
    rank(&INSTALL, kind)
}

/// The place of a kind in Helm's uninstall order; kinds that Helm does not know come last, by name.
pub fn uninstall_rank(kind: &str) -> (usize, &str) {
    rank(&UNINSTALL, kind)
}

fn rank<'a>(order: &[&str], kind: &'a str) -> (usize, &'a str) {
    match order.iter().position(|known| *known == kind) {
        Some(place) => (place, ""),
        None => (order.len(), kind),
    }
}

/// The places of objects, in waves: what is in one wave can be written at once, wave after wave.
///
/// Helm's order of kinds (`InstallOrder`, then unknown kinds by name) holds between any two kinds that depend on each
/// other; within a wave the objects keep the order that they came in. Kinds that Helm does not know have a wave
/// each, at the end.
pub fn install_waves<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<Vec<usize>> {
    let mut waves = BTreeMap::<(usize, &str), Vec<usize>>::new();
    for (place, object) in objects.into_iter().enumerate() {
        let kind = object.reference().gvk.kind.as_str();
        let wave = match STEPS.iter().position(|step| step.contains(&kind)) {
            Some(step) => (step, ""),
            None => (STEPS.len(), kind),
        };
        waves.entry(wave).or_default().push(place);
    }
    waves.into_values().collect()
}

/// The places of objects, in waves for their deletion: custom objects before what works on them, then the waves of
/// [`install_waves`] backwards.
///
/// Helm deletes kinds that it does not know last (`UninstallOrder`), which leaves custom objects with finalizers
/// behind when their operator is gone.
pub fn uninstall_waves<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<Vec<usize>> {
    let mut waves = install_waves(objects);
    waves.reverse();
    waves
}

/// Does the same with all objects, wave after wave, and gives the answers in the order of the objects.
pub(crate) async fn in_waves<'a, T, F: Future<Output = Result<T, Error>>>(
    waves: Vec<Vec<usize>>,
    objects: &'a [Object],
    work: impl Fn(&'a Object) -> F,
) -> Vec<Result<T, Error>> {
    let mut results: Vec<Option<Result<T, Error>>> = objects.iter().map(|_| None).collect();
    for wave in waves {
        let members = wave.iter().filter_map(|place| objects.get(*place));
        for (place, result) in wave.iter().zip(join_all(members.map(&work)).await) {
            if let Some(slot) = results.get_mut(*place) {
                *slot = Some(result);
            }
        }
    }
    results.into_iter().map(|result| result.unwrap_or(Err(Error::Cancelled))).collect()
}
