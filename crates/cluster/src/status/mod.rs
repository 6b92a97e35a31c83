//! How far an object is on the way to what it should be.
//!
//! The rules are kstatus's, as Helm 4 follows them (`github.com/fluxcd/cli-utils` v1.2.2, `pkg/kstatus/status`).

pub(crate) mod conditions;
mod hooks;
pub(crate) mod kinds;
pub(crate) mod legacy;
mod workloads;

use std::fmt;

use jiff::Timestamp;
use pintle_value::Data;
use serde::{Deserialize, Serialize};

pub use conditions::Condition;
use conditions::{conditions, integer, text};

/// How far an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Status {
    /// It is on its way.
    InProgress,
    /// It is not getting further by itself.
    Failed,
    /// It is what it should be.
    Current,
    /// It is being deleted.
    Terminating,
    /// It is not there.
    NotFound,
    /// It could not be found out.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Current => "Current",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        })
    }
}

/// How far an object is, and why that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatusResult {
    /// How far it is.
    pub status: Status,
    /// The reason in one word; empty where there is none.
    pub reason: String,
    /// The reason in a sentence.
    pub message: String,
}

impl StatusResult {
    /// A status with its reason in a sentence.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, reason: String::new(), message: message.into() }
    }

    /// The same with its reason in one word.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(Status::Current, message)
    }

    fn progress(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, message).reason(reason)
    }

    fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self::new(Status::Failed, message).reason(reason)
    }
}

/// When a Job counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Jobs {
    /// When it has started (Helm without `--wait-for-jobs`).
    #[default]
    Started,
    /// When it has completed (Helm's `--wait-for-jobs`; `internal/statusreaders/job_status_reader.go`).
    Completed,
}

/// The status of a live object.
///
/// `now` decides how long a Pod may stay unscheduled.
///
/// ```
/// use pintle_cluster::{Jobs, Status, status_of};
/// use pintle_value::Data;
///
/// let claim: Data = serde_json::from_str(
///     r#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"status":{"phase":"Pending"}}"#,
/// )?;
/// let result = status_of(&claim, Jobs::Started, jiff::Timestamp::now());
/// assert_eq!(result.status, Status::InProgress);
/// assert_eq!(result.message, "PVC is not Bound. phase: Pending");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn status_of(object: &Data, jobs: Jobs, now: Timestamp) -> StatusResult {
    let kind = text(object, &["kind"]);
    let api_version = text(object, &["apiVersion"]);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    // A reader of Jobs alone does not look at what all kinds have in common.
    if jobs == Jobs::Completed && (group, kind) == ("batch", "Job") {
        return hooks::job(object);
    }
    generic(object, kind)
        .or_else(|| kinds::of(group, kind, object, now))
        .or_else(|| ready_condition(object))
        .unwrap_or_else(|| StatusResult::current("Resource is current"))
}

/// The status of a live object that a hook made: Jobs and Pods are waited for until they have ended, all else is
/// ready at once (Helm: `pkg/kube/statuswait.go`, `WatchUntilReady`).
pub fn hook_status_of(object: &Data) -> StatusResult {
    let group = text(object, &["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    match (group, text(object, &["kind"])) {
        ("batch", "Job") => hooks::job(object),
        ("", "Pod") => hooks::pod(object),
        _ => StatusResult::current("Resource is current"),
    }
}

/// What all kinds have in common (kstatus: `generic.go`, `checkGenericProperties`).
fn generic(object: &Data, kind: &str) -> Option<StatusResult> {
    if !text(object, &["metadata", "deletionTimestamp"]).is_empty() {
        return Some(StatusResult::new(Status::Terminating, "Resource scheduled for deletion"));
    }
    let generation = integer(object, &["metadata", "generation"]);
    let observed = integer(object, &["status", "observedGeneration"]);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        let message =
            format!("{kind} generation is {generation}, but latest observed generation is {observed}");
        return Some(StatusResult::progress("LatestGenerationNotObserved", message));
    }
    conditions(object).find_map(|condition| match condition.kind {
        "Reconciling" if condition.is_true() => {
            Some(StatusResult::progress(condition.reason, condition.message))
        }
        "Stalled" if condition.is_true() => Some(StatusResult::failed(condition.reason, condition.message)),
        _ => None,
    })
}

/// The condition that most custom objects have (kstatus: `status.go`, `checkReadyCondition`).
fn ready_condition(object: &Data) -> Option<StatusResult> {
    conditions(object).filter(|condition| condition.kind == "Ready").find_map(|condition| {
        match condition.status {
            "True" => Some(StatusResult::current("Resource is Ready")),
            "False" | "Unknown" => Some(StatusResult::progress(condition.reason, condition.message)),
            _ => None,
        }
    })
}
