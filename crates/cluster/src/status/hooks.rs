//! Jobs and Pods that are waited for until they end (Helm: `internal/statusreaders`).

use pintle_value::Data;

use super::StatusResult;
use super::conditions::{conditions, integer, text};

pub(super) fn job(object: &Data) -> StatusResult {
    let count = |path: &[&str], default| integer(object, path).unwrap_or(default);
    let completions = count(&["spec", "completions"], count(&["spec", "parallelism"], 1));
    for condition in conditions(object).filter(super::Condition::is_true) {
        match condition.kind {
            "Complete" => {
                let succeeded = count(&["status", "succeeded"], 0);
                return StatusResult::current(format!("Job Completed. succeeded: {succeeded}/{completions}"));
            }
            "Failed" => {
                let failed = count(&["status", "failed"], 0);
                return StatusResult::failed(
                    "JobFailed",
                    format!("Job Failed. failed: {failed}/{completions}"),
                );
            }
            _ => {}
        }
    }
    StatusResult::progress("JobInProgress", "Job in progress")
}

pub(super) fn pod(object: &Data) -> StatusResult {
    let name = text(object, &["metadata", "name"]);
    match text(object, &["status", "phase"]) {
        "Succeeded" => StatusResult::current(format!("pod {name} succeeded")),
        "Failed" => StatusResult::failed("PodFailed", format!("pod {name} failed")),
        _ => StatusResult::progress("PodInProgress", "Pod in progress"),
    }
}
