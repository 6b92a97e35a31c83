//! In which order objects are written and deleted.
//!
//! Helm has a list of kinds and goes through it one object at a time. Here the list is a graph: what needs what is told
//! by a table for the built-in kinds, by the API group for custom objects (which need their CRD, what answers
//! their webhooks and what works on them, so everything else), and by [`DEPENDS_ON`] where a chart says more.
//! Objects that do not need each other go at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;

use crate::{Error, Gvk, Object, ObjectRef};

/// The annotation that names what an object needs beyond what its kind says: `KIND[.GROUP]/[NAMESPACE/]NAME`, several of
/// them between commas (`Deployment/db, Issuer.cert-manager.io/ca`).
///
/// The object is written when those are ready, and they are deleted when it is gone. Without a group every group's
/// kind of that name fits, without a namespace the object's own is meant.
pub const DEPENDS_ON: &str = "pintle.io/depends-on";

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
        "VolumeAttributesClass",
        "CSIDriver",
        "RuntimeClass",
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
    &[
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ],
];

/// Objects that are written at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wave {
    /// The places of the objects, in the order that they came in.
    pub objects: Vec<usize>,
    /// The places of objects of earlier waves that these ones name in [`DEPENDS_ON`]: they have to be ready before, and
    /// when deleting, these have to be gone before them.
    pub needs: Vec<usize>,
}

/// Why objects have no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// They need each other.
    #[error("{} need each other by their annotations {DEPENDS_ON}; take one of these away", Listed(.objects))]
    Circle {
        /// The objects that cannot be the first.
        objects: Vec<ObjectRef>,
    },
    /// An annotation cannot be read.
    #[error("{object}: the annotation {DEPENDS_ON} has {text:?}, which is not KIND[.GROUP]/[NAMESPACE/]NAME")]
    Unreadable {
        /// The object.
        object: Box<ObjectRef>,
        /// The part of the annotation.
        text: String,
    },
    /// An annotation names something that is not among the objects.
    #[error("{object}: the annotation {DEPENDS_ON} names {text}, which is not part of the release")]
    Unknown {
        /// The object.
        object: Box<ObjectRef>,
        /// The part of the annotation.
        text: String,
    },
}

struct Listed<'a>(&'a [ObjectRef]);

impl std::fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(" and "))
    }
}

/// The order of objects, wave after wave, with what their annotations say.
///
/// Helm's order of kinds (Helm: `pkg/release/v1/util/kind_sorter.go`, `InstallOrder`, then unknown kinds by name) holds
/// between any two kinds that need each other; within a wave the objects keep the order that they came in. Kinds that
/// Helm does not know, and kinds of other API groups that only have the name of one it knows, have a wave each, at
/// the end. An object that names others in [`DEPENDS_ON`] goes behind them, whatever their kinds are.
pub fn waves(objects: &[&Object]) -> Result<Vec<Wave>, OrderError> {
    let by_name = by_name(objects);
    let needs = objects.iter().map(|object| {
        let needed: Result<Vec<Vec<usize>>, OrderError> =
            named(object).map(|text| find(object, text, objects, &by_name)).collect();
        Ok(needed?.concat())
    });
    arrange(objects, &needs.collect::<Result<Vec<_>, _>>()?)
}

/// The same for objects that are deleted: what their annotations say and cannot be followed holds up nothing. The waves
/// come in the order of writing, too: go through them backwards.
pub fn waves_of_deletion(objects: &[&Object]) -> Vec<Wave> {
    let by_name = by_name(objects);
    let needs = objects.iter().map(|object| {
        named(object).filter_map(|text| find(object, text, objects, &by_name).ok()).flatten().collect()
    });
    let needs: Vec<Vec<usize>> = needs.collect();
    arrange(objects, &needs).unwrap_or_else(|_| {
        let wave = |objects| Wave { objects, needs: Vec::new() };
        kind_waves(objects.iter().copied()).into_iter().map(wave).collect()
    })
}

fn arrange(objects: &[&Object], needs: &[Vec<usize>]) -> Result<Vec<Wave>, OrderError> {
    let mut ranks: Vec<(Step<'_>, usize)> =
        objects.iter().map(|object| (Step::of(&object.reference().gvk), 0)).collect();
    // Each round settles at least one object more, where there is no circle.
    for _ in 0..=objects.len() {
        let mut settled = true;
        for (place, needed) in needs.iter().enumerate() {
            let Some(own) = ranks.get(place).copied() else { continue };
            let behind = needed.iter().filter_map(|needed| ranks.get(*needed));
            let Some((step, depth)) = behind.max().copied() else { continue };
            let least = (step, depth + 1);
            if own < least {
                settled = false;
                if let Some(rank) = ranks.get_mut(place) {
                    *rank = least;
                }
            }
        }
        if settled {
            return Ok(gather(&ranks, needs));
        }
    }
    Err(OrderError::Circle { objects: circle(objects, needs) })
}

fn gather(ranks: &[(Step<'_>, usize)], needs: &[Vec<usize>]) -> Vec<Wave> {
    let mut waves = BTreeMap::<(Step<'_>, usize), Wave>::new();
    for (place, rank) in ranks.iter().enumerate() {
        let wave = waves.entry(*rank).or_insert_with(|| Wave { objects: Vec::new(), needs: Vec::new() });
        wave.objects.push(place);
        wave.needs.extend(needs.get(place).into_iter().flatten());
    }
    for wave in waves.values_mut() {
        wave.needs.sort_unstable();
        wave.needs.dedup();
    }
    waves.into_values().collect()
}

/// The objects that are left when all that can go first are taken away, again and again.
fn circle(objects: &[&Object], needs: &[Vec<usize>]) -> Vec<ObjectRef> {
    let mut left: BTreeSet<usize> = (0..objects.len()).collect();
    loop {
        let blocked =
            |place: &usize| needs.get(*place).into_iter().flatten().any(|needed| left.contains(needed));
        let still: BTreeSet<usize> = left.iter().copied().filter(blocked).collect();
        if still.len() == left.len() {
            break;
        }
        left = still;
    }
    left.into_iter().filter_map(|place| Some(objects.get(place)?.reference().clone())).collect()
}

/// The places of objects by kind and name.
fn by_name<'a>(objects: &[&'a Object]) -> HashMap<(&'a str, &'a str), Vec<usize>> {
    let mut by_name = HashMap::<(&str, &str), Vec<usize>>::new();
    for (place, object) in objects.iter().enumerate() {
        let reference = object.reference();
        by_name.entry((&reference.gvk.kind, &reference.name)).or_default().push(place);
    }
    by_name
}

/// The parts of an object's annotation.
fn named(object: &Object) -> impl Iterator<Item = &str> {
    let parts = object.annotation(DEPENDS_ON).unwrap_or_default().split(',').map(str::trim);
    parts.filter(|text| !text.is_empty())
}

/// The places of the objects that a part of an annotation names.
fn find(
    object: &Object,
    text: &str,
    objects: &[&Object],
    by_name: &HashMap<(&str, &str), Vec<usize>>,
) -> Result<Vec<usize>, OrderError> {
    let unreadable =
        || OrderError::Unreadable { object: Box::new(object.reference().clone()), text: text.to_owned() };
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] => (*kind, None, *name),
        [kind, namespace, name] => (*kind, Some(*namespace), *name),
        _ => return Err(unreadable()),
    };
    let (kind, group) = kind.split_once('.').map_or((kind, None), |(kind, group)| (kind, Some(group)));
    if kind.is_empty() || name.is_empty() || namespace == Some("") || group == Some("") {
        return Err(unreadable());
    }
    let own = object.reference().namespace.as_deref();
    let fits = |place: &&usize| {
        objects.get(**place).is_some_and(|other| {
            let other = other.reference();
            let there = other.namespace.as_deref();
            group.is_none_or(|group| other.gvk.group == group)
                && (there.is_none() || namespace.or(own).is_none_or(|namespace| there == Some(namespace)))
        })
    };
    let found: Vec<usize> = by_name.get(&(kind, name)).into_iter().flatten().filter(fits).copied().collect();
    if found.is_empty() {
        return Err(OrderError::Unknown {
            object: Box::new(object.reference().clone()),
            text: text.to_owned(),
        });
    }
    Ok(found)
}

/// The waves by the kinds alone, for objects whose annotations do not matter or were looked at before.
pub(crate) fn kind_waves<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<Vec<usize>> {
    let mut waves = BTreeMap::<Step<'_>, Vec<usize>>::new();
    for (place, object) in objects.into_iter().enumerate() {
        waves.entry(Step::of(&object.reference().gvk)).or_default().push(place);
    }
    waves.into_values().collect()
}

/// Whether objects of a kind are there for programs that work on them: then they are deleted, and their finalizers
/// answered, before anything else of their release goes.
pub fn is_custom(gvk: &Gvk) -> bool {
    // The groups of the built-in kinds have no domain, or Kubernetes' own.
    gvk.group.contains('.') && !gvk.group.ends_with(".k8s.io")
}

/// A step of the order, the last one with the kind's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step<'a>(usize, &'a str);

impl<'a> Step<'a> {
    fn of(gvk: &'a Gvk) -> Self {
        let known =
            (!is_custom(gvk)).then(|| STEPS.iter().position(|step| step.contains(&gvk.kind.as_str())));
        match known.flatten() {
            Some(step) => Self(step, ""),
            None => Self(STEPS.len(), &gvk.kind),
        }
    }
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

#[cfg(test)]
mod tests {
    use pintle_value::Data;

    use super::*;

    fn object(api_version: &str, kind: &str, name: &str, needs: &str) -> Object {
        let json = serde_json::json!({"apiVersion": api_version, "kind": kind, "metadata": {
            "name": name, "namespace": "shop", "annotations": {DEPENDS_ON: needs}}});
        Object::new(serde_json::from_value::<Data>(json).unwrap()).unwrap()
    }

    fn names(objects: &[Object]) -> Result<Vec<Vec<String>>, OrderError> {
        let objects: Vec<&Object> = objects.iter().collect();
        let name = |place: &usize| objects[*place].reference().name.clone();
        Ok(waves(&objects)?.iter().map(|wave| wave.objects.iter().map(name).collect()).collect())
    }

    #[test]
    fn kinds_go_after_what_they_need() {
        let objects = [
            object("example.com/v1", "Service", "custom", ""),
            object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "hook", ""),
            object("apps/v1", "Deployment", "web", ""),
            object("v1", "ConfigMap", "settings", ""),
            object("v1", "Service", "web", ""),
            object("rbac.authorization.k8s.io/v1", "Role", "role", ""),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "crd", ""),
        ];
        let expected: [&[&str]; 6] =
            [&["crd"], &["role"], &["settings", "web"], &["web"], &["hook"], &["custom"]];
        assert_eq!(names(&objects).unwrap(), expected);
    }

    #[test]
    fn annotations_go_before_kinds() {
        let objects = [
            object("v1", "ConfigMap", "after", "Deployment/db, Job.batch/shop/migrate"),
            object("apps/v1", "Deployment", "db", ""),
            object("batch/v1", "Job", "migrate", "Deployment/db"),
            object("networking.k8s.io/v1", "Ingress", "last", ""),
        ];
        let expected: [&[&str]; 4] = [&["db"], &["migrate"], &["after"], &["last"]];
        assert_eq!(names(&objects).unwrap(), expected);
        let objects: Vec<&Object> = objects.iter().collect();
        assert_eq!(waves(&objects).unwrap()[2].needs, [1, 2]);
    }

    #[test]
    fn what_has_no_order_is_named() {
        let error = |objects: &[Object]| names(objects).unwrap_err().to_string();
        let circle = [
            object("v1", "ConfigMap", "a", "Secret/b"),
            object("v1", "Secret", "b", "ConfigMap/a"),
            object("v1", "Secret", "c", ""),
        ];
        assert_eq!(
            error(&circle),
            "ConfigMap \"a\" in namespace \"shop\" and Secret \"b\" in namespace \"shop\" need each other by their \
             annotations pintle.io/depends-on; take one of these away"
        );
        let unknown = error(&[object("v1", "ConfigMap", "a", "Secret/b")]);
        assert!(unknown.ends_with("names Secret/b, which is not part of the release"), "{unknown}");
        for text in ["b", "Secret/", "Secret/a/b/c", "Secret./b"] {
            assert!(error(&[object("v1", "ConfigMap", "a", text)]).contains("which is not KIND"), "{text}");
        }
    }
}
