//! The rules of single kinds (kstatus: `core.go`).

use jiff::{SignedDuration, Timestamp};
use pintle_value::Data;

use super::conditions::{conditions, integer, list, text};
use super::{Status, StatusResult, workloads};

/// How long a Pod may stay without a node before it counts as failed.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// The status of an object whose kind has a rule of its own.
pub(super) fn of(group: &str, kind: &str, object: &Data, now: Timestamp) -> Option<StatusResult> {
    Some(match (group, kind) {
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => {
            StatusResult::current("Resource is always ready")
        }
        ("", "Service") => service(object),
        ("", "Pod") => pod(object, now),
        ("", "PersistentVolumeClaim") => claim(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => workloads::daemon_set(object),
        ("apps" | "extensions", "Deployment") => workloads::deployment(object),
        ("apps" | "extensions", "ReplicaSet") => workloads::replica_set(object),
        ("policy", "PodDisruptionBudget") => StatusResult::current("AllowedDisruptions has been computed."),
        ("batch", "Job") => job(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        _ => return None,
    })
}

fn service(object: &Data) -> StatusResult {
    let balanced = text(object, &["spec", "type"]) == "LoadBalancer";
    if balanced && text(object, &["spec", "clusterIP"]).is_empty() {
        return StatusResult::progress("NoIPAssigned", "ClusterIP not set. Service type: LoadBalancer");
    }
    StatusResult::current("Service is ready")
}

fn claim(object: &Data) -> StatusResult {
    match object.at(&["status", "phase"]).and_then(Data::as_str).unwrap_or("unknown") {
        "Bound" => StatusResult::current("PVC is Bound"),
        phase => StatusResult::progress("NotBound", format!("PVC is not Bound. phase: {phase}")),
    }
}

fn pod(object: &Data, now: Timestamp) -> StatusResult {
    match text(object, &["status", "phase"]) {
        "Succeeded" => StatusResult::current("Pod has completed successfully"),
        "Failed" => StatusResult::current("Pod has completed, but not successfully"),
        "Running" => running_pod(object),
        "Pending" => pending_pod(object, now),
        "" => StatusResult::progress("PodNotObserved", "Pod phase not available"),
        phase => StatusResult::new(Status::Unknown, format!("unknown phase {phase}")),
    }
}

fn running_pod(object: &Data) -> StatusResult {
    if conditions(object).any(|condition| condition.kind == "Ready" && condition.is_true()) {
        return StatusResult::current("Pod is Ready");
    }
    let crashing: Vec<&str> = list(object, &["status", "containerStatuses"])
        .filter(|container| text(container, &["state", "waiting", "reason"]) == "CrashLoopBackOff")
        .map(|container| text(container, &["name"]))
        .collect();
    if crashing.is_empty() {
        return StatusResult::progress("PodRunningNotReady", "Pod is running but is not Ready");
    }
    let message = format!("Containers in CrashLoop state: {}", crashing.join(","));
    StatusResult::failed("ContainerCrashLooping", message)
}

fn pending_pod(object: &Data, now: Timestamp) -> StatusResult {
    if !is_unschedulable(object) {
        return StatusResult::progress("PodPending", "Pod is in the Pending phase");
    }
    let created: Option<Timestamp> = text(object, &["metadata", "creationTimestamp"]).parse().ok();
    let waited = created.map_or(SignedDuration::MAX, |created| now.duration_since(created));
    if waited < SCHEDULE_WINDOW {
        return StatusResult::progress("PodNotScheduled", "Pod has not been scheduled");
    }
    StatusResult::failed("PodUnschedulable", "Pod could not be scheduled")
}

/// Whether no node takes the Pod at the moment.
pub(crate) fn is_unschedulable(pod: &Data) -> bool {
    conditions(pod)
        .find(|condition| condition.kind == "PodScheduled" && condition.is_false())
        .is_some_and(|condition| condition.reason == "Unschedulable")
}

fn job(object: &Data) -> StatusResult {
    let count = |path: &[&str], default| integer(object, path).unwrap_or(default);
    let completions = count(&["spec", "completions"], count(&["spec", "parallelism"], 1));
    let succeeded = count(&["status", "succeeded"], 0);
    let failed = count(&["status", "failed"], 0);
    for condition in conditions(object).filter(super::Condition::is_true) {
        match condition.kind {
            "Complete" => {
                return StatusResult::current(format!("Job Completed. succeeded: {succeeded}/{completions}"));
            }
            "Failed" => {
                return StatusResult::failed(
                    "JobFailed",
                    format!("Job Failed. failed: {failed}/{completions}"),
                );
            }
            _ => {}
        }
    }
    if text(object, &["status", "startTime"]).is_empty() {
        return StatusResult::progress("JobNotStarted", "Job not started");
    }
    let active = count(&["status", "active"], 0);
    StatusResult::current(format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}"))
}

fn definition(object: &Data) -> StatusResult {
    for condition in conditions(object) {
        match condition.kind {
            "NamesAccepted" if condition.is_false() => {
                return StatusResult::failed(condition.reason, condition.message);
            }
            "Established" if condition.is_false() && condition.reason != "Installing" => {
                return StatusResult::failed(condition.reason, condition.message);
            }
            "Established" if condition.is_true() => return StatusResult::current("CRD is established"),
            _ => {}
        }
    }
    StatusResult::progress("Installing", "Install in progress")
}
