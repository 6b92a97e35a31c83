//! In which order objects are written and deleted.

use crate::Object;

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

/// Objects in waves: what is in one wave can be written at once, wave after wave.
///
/// Helm's order of kinds (`InstallOrder`, then unknown kinds by name) holds between any two kinds that depend on each
/// other; within a wave the objects keep the order that they came in. Kinds that Helm does not know have a wave
/// each, at the end.
pub fn install_waves<T: AsRef<Object>>(objects: impl IntoIterator<Item = T>) -> Vec<Vec<T>> {
    waves(objects, |object| {
        let kind = &object.reference().gvk.kind;
        match STEPS.iter().position(|step| step.contains(&kind.as_str())) {
            Some(step) => (step, String::new()),
            None => (STEPS.len(), kind.clone()),
        }
    })
}

/// Objects in waves for their deletion: custom objects before what works on them, then Helm's waves backwards.
///
/// Helm deletes unknown kinds last (`UninstallOrder`), which leaves custom objects with finalizers behind when their
/// operator is gone.
pub fn uninstall_waves<T: AsRef<Object>>(objects: impl IntoIterator<Item = T>) -> Vec<Vec<T>> {
    let mut waves = install_waves(objects);
    waves.reverse();
    waves
}

fn waves<T: AsRef<Object>, K: Ord>(objects: impl IntoIterator<Item = T>, step: impl Fn(&Object) -> K) -> Vec<Vec<T>> {
    let mut waves = std::collections::BTreeMap::<K, Vec<T>>::new();
    for object in objects {
        waves.entry(step(object.as_ref())).or_default().push(object);
    }
    waves.into_values().collect()
}

impl AsRef<Self> for Object {
    fn as_ref(&self) -> &Self {
        self
    }
}
