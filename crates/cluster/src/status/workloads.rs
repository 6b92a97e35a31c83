//! The rules of kinds that run Pods (kstatus: `core.go`).

use pintle_value::Data;

use super::StatusResult;
use super::conditions::{conditions, integer, text};

/// The deadline that the controller takes for none.
const NO_DEADLINE: i64 = i32::MAX as i64;

pub(super) fn deployment(object: &Data) -> StatusResult {
    let deadline = integer(object, &["spec", "progressDeadlineSeconds"]).unwrap_or(NO_DEADLINE);
    // Without a deadline the controller sets no condition `Progressing`.
    let mut progressing = deadline == NO_DEADLINE;
    let mut available = false;
    for condition in conditions(object) {
        match condition.kind {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return StatusResult::failed(condition.reason, "Progress deadline exceeded");
            }
            "Progressing" if condition.is_true() && condition.reason == "NewReplicaSetAvailable" => {
                progressing = true;
            }
            "Available" if condition.is_true() => available = true,
            _ => {}
        }
    }
    let wanted = integer(object, &["spec", "replicas"]).unwrap_or(1);
    let status = |key| integer(object, &["status", key]).unwrap_or(0);
    let (replicas, updated) = (status("replicas"), status("updatedReplicas"));
    let (ready, ready_long) = (status("readyReplicas"), status("availableReplicas"));
    if wanted > replicas {
        StatusResult::progress("LessReplicas", format!("Replicas: {replicas}/{wanted}"))
    } else if wanted > updated {
        StatusResult::progress("LessUpdated", format!("Updated: {updated}/{wanted}"))
    } else if replicas > wanted {
        StatusResult::progress("ExtraPods", format!("Pending termination: {}", replicas - wanted))
    } else if updated > ready_long {
        StatusResult::progress("LessAvailable", format!("Available: {ready_long}/{updated}"))
    } else if wanted > ready {
        StatusResult::progress("LessReady", format!("Ready: {ready}/{wanted}"))
    } else if !progressing {
        StatusResult::progress("ReplicaSetNotAvailable", "ReplicaSet not Available")
    } else if !available {
        StatusResult::progress("DeploymentNotAvailable", "Deployment not Available")
    } else {
        StatusResult::current(format!("Deployment is available. Replicas: {replicas}"))
    }
}

pub(super) fn replica_set(object: &Data) -> StatusResult {
    if conditions(object).any(|condition| condition.kind == "ReplicaFailure" && condition.is_true()) {
        return StatusResult::progress("ReplicaFailure", "Replica Failure condition. Check Pods");
    }
    let wanted = integer(object, &["spec", "replicas"]).unwrap_or(1);
    let status = |key| integer(object, &["status", key]).unwrap_or(0);
    let (replicas, labelled) = (status("replicas"), status("fullyLabeledReplicas"));
    let (available, ready) = (status("availableReplicas"), status("readyReplicas"));
    if wanted > labelled {
        StatusResult::progress("LessLabelled", format!("Labelled: {labelled}/{wanted}"))
    } else if wanted > available {
        StatusResult::progress("LessAvailable", format!("Available: {available}/{wanted}"))
    } else if wanted > ready {
        StatusResult::progress("LessReady", format!("Ready: {ready}/{wanted}"))
    } else if replicas > wanted {
        StatusResult::progress("ExtraPods", format!("Pending termination: {}", replicas - wanted))
    } else {
        StatusResult::current(format!("ReplicaSet is available. Replicas: {replicas}"))
    }
}

pub(super) fn stateful_set(object: &Data) -> StatusResult {
    if text(object, &["spec", "updateStrategy", "type"]) == "OnDelete" {
        return StatusResult::current("StatefulSet is using the ondelete update strategy");
    }
    let wanted = integer(object, &["spec", "replicas"]).unwrap_or(1);
    let status = |key| integer(object, &["status", key]).unwrap_or(0);
    let (replicas, ready) = (status("replicas"), status("readyReplicas"));
    if wanted > replicas {
        return StatusResult::progress("LessReplicas", format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > ready {
        return StatusResult::progress("LessReady", format!("Ready: {ready}/{wanted}"));
    }
    if replicas > wanted {
        return StatusResult::progress("ExtraPods", format!("Pending termination: {}", replicas - wanted));
    }
    let partition = integer(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]);
    if let Some(partition) = partition.filter(|partition| *partition != -1) {
        let (updated, due) = (status("updatedReplicas"), wanted - partition);
        if updated < due {
            return StatusResult::progress("PartitionRollout", format!("updated: {updated}/{due}"));
        }
        return StatusResult::current(format!("Partition rollout complete. updated: {updated}"));
    }
    let current = status("currentReplicas");
    if wanted > current {
        return StatusResult::progress("LessCurrent", format!("current: {current}/{wanted}"));
    }
    if text(object, &["status", "currentRevision"]) != text(object, &["status", "updateRevision"]) {
        let message = "Waiting for updated revision to match current";
        return StatusResult::progress("RevisionMismatch", message);
    }
    StatusResult::current(format!("All replicas scheduled as expected. Replicas: {replicas}"))
}

pub(super) fn daemon_set(object: &Data) -> StatusResult {
    if integer(object, &["metadata", "generation"]).is_none() {
        return StatusResult::progress("NoGeneration", "DaemonSet metadata.generation not found");
    }
    if integer(object, &["status", "observedGeneration"]).is_none() {
        let message = "DaemonSet status.observedGeneration not found";
        return StatusResult::progress("NoObservedGeneration", message);
    }
    let status = |key| integer(object, &["status", key]);
    let wanted = match status("desiredNumberScheduled") {
        Some(wanted) if wanted != -1 => wanted,
        _ => {
            return StatusResult::progress("NoDesiredNumber", "Missing .status.desiredNumberScheduled");
        }
    };
    let counts = [
        ("currentNumberScheduled", "LessCurrent", "Current"),
        ("updatedNumberScheduled", "LessUpdated", "Updated"),
        ("numberAvailable", "LessAvailable", "Available"),
        ("numberReady", "LessReady", "Ready"),
    ];
    for (key, reason, what) in counts {
        let count = status(key).unwrap_or(0);
        if wanted > count {
            return StatusResult::progress(reason, format!("{what}: {count}/{wanted}"));
        }
    }
    StatusResult::current(format!("All replicas scheduled as expected. Replicas: {wanted}"))
}
