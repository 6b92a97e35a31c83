//! When objects are ready by Helm 3's rules, which Helm 4 keeps as `--wait=legacy` (Helm: `pkg/kube/ready.go`).
//!
//! Kinds that are not named here are ready as soon as they are there; nobody even looks at them.

use pintle_value::Data;

use super::conditions::{conditions, integer, list, text};
use super::{Jobs, StatusResult};

/// What has to be known beside the object itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The `ReplicaSets` that match this selector.
    ReplicaSets(String),
    /// The Pods that match this selector.
    Pods(String),
}

/// Whether objects of a kind are looked at.
pub(crate) fn is_checked(group: &str, kind: &str, jobs: Jobs) -> bool {
    match (group, kind) {
        ("batch", "Job") => jobs == Jobs::Completed,
        ("", "Pod" | "PersistentVolumeClaim" | "Service" | "ReplicationController")
        | ("apps", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet")
        | ("apiextensions.k8s.io", "CustomResourceDefinition") => true,
        _ => false,
    }
}

/// What else has to be read before [`ready`] can tell.
pub(crate) fn need(object: &Data) -> Option<Need> {
    let paused = object.at(&["spec", "paused"]).and_then(Data::as_bool) == Some(true);
    let selector = object.at(&["spec", "selector"]);
    match text(object, &["kind"]) {
        "Deployment" if !paused => Some(Need::ReplicaSets(selector.map(of_selector).unwrap_or_default())),
        "ReplicaSet" => Some(Need::Pods(selector.map(of_selector).unwrap_or_default())),
        "ReplicationController" => Some(Need::Pods(selector.map(of_labels).unwrap_or_default())),
        _ => None,
    }
}

/// Whether an object is ready; `others` are what [`need`] asked for.
pub(crate) fn ready(object: &Data, others: &[Data], jobs: Jobs) -> StatusResult {
    match text(object, &["kind"]) {
        "Pod" => pod(object),
        "Job" if jobs == Jobs::Completed => job(object),
        "Deployment" => deployment(object, others),
        "PersistentVolumeClaim" => claim(object),
        "Service" => service(object),
        "DaemonSet" => daemon_set(object),
        "CustomResourceDefinition" => definition(object),
        "StatefulSet" => stateful_set(object),
        "ReplicationController" | "ReplicaSet" => observed(object).unwrap_or_else(|| {
            let unready = others.iter().find(|pod| !is_ready(pod));
            match unready {
                Some(pod) => waits(format!("Pod {} is not ready", text(pod, &["metadata", "name"]))),
                None => is(),
            }
        }),
        _ => is(),
    }
}

fn is() -> StatusResult {
    StatusResult::current("ready")
}

fn waits(message: impl Into<String>) -> StatusResult {
    StatusResult::progress("NotReady", message)
}

/// Not ready, where the controller has not yet seen what is wanted.
fn observed(object: &Data) -> Option<StatusResult> {
    let generation = integer(object, &["metadata", "generation"]).unwrap_or(0);
    let observed = integer(object, &["status", "observedGeneration"]).unwrap_or(0);
    (generation != observed).then(|| waits(format!("generation is {generation}, observed is {observed}")))
}

fn is_ready(pod: &Data) -> bool {
    conditions(pod).any(|condition| condition.kind == "Ready" && condition.is_true())
}

fn pod(object: &Data) -> StatusResult {
    if is_ready(object) { is() } else { waits("the Pod is not ready") }
}

fn job(object: &Data) -> StatusResult {
    let failed = integer(object, &["status", "failed"]).unwrap_or(0);
    // The server's default.
    if failed > integer(object, &["spec", "backoffLimit"]).unwrap_or(6) {
        let namespace = text(object, &["metadata", "namespace"]);
        let name = text(object, &["metadata", "name"]);
        return StatusResult::failed("JobFailed", format!("job is failed: {namespace}/{name}"));
    }
    let succeeded = integer(object, &["status", "succeeded"]).unwrap_or(0);
    match integer(object, &["spec", "completions"]) {
        Some(completions) if succeeded < completions => {
            waits(format!("Succeeded: {succeeded}/{completions}"))
        }
        _ => is(),
    }
}

fn claim(object: &Data) -> StatusResult {
    match text(object, &["status", "phase"]) {
        "Bound" => is(),
        phase => waits(format!("phase: {phase}")),
    }
}

fn service(object: &Data) -> StatusResult {
    let spec = |key| text(object, &["spec", key]);
    if spec("type") == "ExternalName" {
        return is();
    }
    if spec("clusterIP").is_empty() {
        return waits("it has no cluster IP");
    }
    let balanced =
        object.at(&["status", "loadBalancer", "ingress"]).is_some_and(|ingress| !ingress.is_null());
    if spec("type") == "LoadBalancer" && list(object, &["spec", "externalIPs"]).next().is_none() && !balanced
    {
        return waits("it has no load balancer");
    }
    is()
}

fn deployment(object: &Data, replica_sets: &[Data]) -> StatusResult {
    if object.at(&["spec", "paused"]).and_then(Data::as_bool) == Some(true) {
        return is();
    }
    let Some(newest) = new_replica_set(object, replica_sets) else {
        return waits("its new ReplicaSet is not there");
    };
    if let Some(waits) = observed(newest).or_else(|| observed(object)) {
        return waits;
    }
    let replicas = integer(object, &["spec", "replicas"]).unwrap_or(1);
    let expected = replicas - max_unavailable(object, replicas);
    let ready = integer(newest, &["status", "readyReplicas"]).unwrap_or(0);
    if ready < expected { waits(format!("Ready: {ready}/{expected}")) } else { is() }
}

/// The oldest `ReplicaSet` of the Deployment's own that has its template (Kubernetes:
/// `pkg/controller/deployment/util/deployment_util.go`, `FindNewReplicaSet`).
fn new_replica_set<'a>(deployment: &Data, replica_sets: &'a [Data]) -> Option<&'a Data> {
    let uid = text(deployment, &["metadata", "uid"]);
    let template = template(deployment);
    let age = |set: &Data| {
        let text = |key| text(set, &["metadata", key]).to_owned();
        (text("creationTimestamp"), text("name"))
    };
    let of_it = |set: &&Data| {
        list(set, &["metadata", "ownerReferences"]).any(|owner| {
            owner.get("controller").and_then(Data::as_bool) == Some(true) && text(owner, &["uid"]) == uid
        })
    };
    replica_sets.iter().filter(of_it).filter(|set| self::template(set) == template).min_by_key(|set| age(set))
}

/// The template of Pods without the label that tells the templates of one Deployment apart.
fn template(object: &Data) -> Data {
    let Some(template) = object.at(&["spec", "template"]) else { return Data::Null };
    without(template, &["metadata", "labels", "pod-template-hash"])
}

/// The object without a member somewhere inside, and without what says nothing (`null`, empty maps and lists), which
/// Go's `Semantic.DeepEqual` takes for equal to nothing.
fn without(data: &Data, path: &[&str]) -> Data {
    match data {
        Data::Map(map) => map
            .iter()
            .filter_map(|(key, value)| {
                let deeper = match path {
                    [last] if key.as_str() == Some(*last) => return None,
                    [first, rest @ ..] if key.as_str() == Some(*first) => rest,
                    _ => &[],
                };
                let value = without(value, deeper);
                let says_nothing = match &value {
                    Data::Null => true,
                    Data::Map(map) => map.is_empty(),
                    Data::List(list) => list.is_empty(),
                    _ => false,
                };
                (!says_nothing).then(|| (key.clone(), value))
            })
            .collect(),
        Data::List(list) => Data::from(list.iter().map(|item| without(item, &[])).collect::<Vec<_>>()),
        other => other.clone(),
    }
}

/// How many Pods of a rolling update may be away (Kubernetes: the same file, `MaxUnavailable`).
fn max_unavailable(deployment: &Data, replicas: i64) -> i64 {
    if text(deployment, &["spec", "strategy", "type"]) != "RollingUpdate" || replicas == 0 {
        return 0;
    }
    let rolling = |key| deployment.at(&["spec", "strategy", "rollingUpdate", key]);
    let surge = share(rolling("maxSurge"), replicas, Rounding::Up);
    let unavailable = share(rolling("maxUnavailable"), replicas, Rounding::Down);
    match (surge, unavailable) {
        (Some(0), Some(0)) => 1.min(replicas),
        (Some(_), Some(unavailable)) => unavailable.min(replicas),
        _ => 0,
    }
}

#[derive(Clone, Copy)]
enum Rounding {
    Up,
    Down,
}

/// A number, or a share of a whole number in percent (Kubernetes: apimachinery `pkg/util/intstr`,
/// `GetScaledValueFromIntOrPercent`); `None` for what is neither.
fn share(part: Option<&Data>, whole: i64, rounding: Rounding) -> Option<i64> {
    let Some(part) = part else { return Some(0) };
    if let Some(number) = part.as_i64() {
        return Some(number);
    }
    let percent: i64 = part.as_str()?.strip_suffix('%')?.parse().ok()?;
    let hundredfold = percent.checked_mul(whole)?;
    Some(match rounding {
        Rounding::Up => hundredfold.div_euclid(100) + i64::from(hundredfold.rem_euclid(100) > 0),
        Rounding::Down => hundredfold.div_euclid(100),
    })
}

fn daemon_set(object: &Data) -> StatusResult {
    if let Some(waits) = observed(object) {
        return waits;
    }
    if text(object, &["spec", "updateStrategy", "type"]) != "RollingUpdate" {
        return is();
    }
    let status = |key| integer(object, &["status", key]).unwrap_or(0);
    let (updated, wanted) = (status("updatedNumberScheduled"), status("desiredNumberScheduled"));
    if updated != wanted {
        return waits(format!("Updated: {updated}/{wanted}"));
    }
    let most = object.at(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
    let expected = wanted - share(most, wanted, Rounding::Up).unwrap_or(wanted);
    let ready = status("numberReady");
    if ready < expected { waits(format!("Ready: {ready}/{expected}")) } else { is() }
}

fn definition(object: &Data) -> StatusResult {
    // A name that is taken counts as ready: it is not the waiter's business (Helm: `crdReady`).
    let done = conditions(object).any(|condition| {
        (condition.kind == "Established" && condition.is_true())
            || (condition.kind == "NamesAccepted" && condition.is_false())
    });
    if done { is() } else { waits("the kind is not established") }
}

fn stateful_set(object: &Data) -> StatusResult {
    if let Some(waits) = observed(object) {
        return waits;
    }
    if text(object, &["spec", "updateStrategy", "type"]) != "RollingUpdate" {
        return is();
    }
    let partition = integer(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]).unwrap_or(0);
    let replicas = integer(object, &["spec", "replicas"]).unwrap_or(1);
    let status = |key| integer(object, &["status", key]).unwrap_or(0);
    let (updated, due) = (status("updatedReplicas"), replicas - partition);
    if updated < due {
        return waits(format!("Updated: {updated}/{due}"));
    }
    let ready = status("readyReplicas");
    if ready != replicas {
        return waits(format!("Ready: {ready}/{replicas}"));
    }
    let revision = |key| text(object, &["status", key]);
    if partition == 0 && revision("currentRevision") != revision("updateRevision") {
        return waits("the current revision is not the updated one");
    }
    is()
}

/// A label selector (`matchLabels`, `matchExpressions`) as the API server reads it in a query.
fn of_selector(selector: &Data) -> String {
    let labels = selector.get("matchLabels").map(of_labels).filter(|labels| !labels.is_empty());
    let expressions = list(selector, &["matchExpressions"]).map(|expression| {
        let key = text(expression, &["key"]);
        let values: Vec<&str> = list(expression, &["values"]).filter_map(Data::as_str).collect();
        match text(expression, &["operator"]) {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        }
    });
    labels.into_iter().chain(expressions).collect::<Vec<_>>().join(",")
}

fn of_labels(labels: &Data) -> String {
    let pairs = labels.as_map().into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    pairs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Status;
    use crate::drift::selects;

    #[derive(Deserialize)]
    struct Table {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        object: Data,
        others: Vec<Data>,
        jobs: bool,
        ready: Option<bool>,
        #[serde(default)]
        error: String,
    }

    /// The answers are those of Helm's own checker (`cargo xtask record readiness`).
    #[test]
    fn objects_are_ready_when_helm_says_so() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cluster/status/legacy.json");
        let table: Table = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(table.cases.len() > 80);
        for Case { name, object, others, jobs, ready: expected, error } in table.cases {
            let jobs = if jobs { Jobs::Completed } else { Jobs::Started };
            let (kind, selector) = match need(&object) {
                Some(Need::ReplicaSets(selector)) => ("ReplicaSet", selector),
                Some(Need::Pods(selector)) => ("Pod", selector),
                None => ("", String::new()),
            };
            let listed = others.into_iter().filter(|other| {
                text(other, &["kind"]) == kind && selects(&selector, other.at(&["metadata", "labels"]))
            });
            let ours = ready(&object, &listed.collect::<Vec<_>>(), jobs);
            match expected {
                Some(expected) => {
                    assert_eq!(ours.status == Status::Current, expected, "{name}: {}", ours.message);
                }
                None => assert_eq!((ours.status, ours.message), (Status::Failed, error), "{name}"),
            }
        }
    }
}
