//! Statuses as the real kstatus computes them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

use pintle_cluster::{Jobs, Status, hook_status_of, status_of};
use pintle_value::Data;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    object: Data,
    status: Status,
    reason: String,
    message: String,
}

fn object(json: &str) -> Data {
    serde_json::from_str(json).unwrap()
}

#[test]
fn statuses_are_those_of_kstatus() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/cluster/status/kstatus.json");
    let table: Table = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(table.cases.len() > 70);
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    for case in table.cases {
        let ours = status_of(&case.object, Jobs::Started, now);
        let (reason, message) = (ours.reason.as_str(), ours.message.as_str());
        assert_eq!(
            (ours.status, reason, message),
            (case.status, case.reason.as_str(), case.message.as_str()),
            "{}",
            case.name
        );
    }
}

/// Helm: `internal/statusreaders/job_status_reader.go` and `pod_status_reader.go`.
#[test]
fn hooks_are_waited_for_until_they_end() {
    let cases = [
        (
            r#"{"apiVersion":"batch/v1","kind":"Job","status":{"startTime":"2026-01-01T00:00:00Z","active":1}}"#,
            Status::InProgress,
            "Job in progress",
        ),
        (
            r#"{"apiVersion":"batch/v1","kind":"Job","spec":{"completions":2},"status":{"succeeded":2,"conditions":[{"type":"Complete","status":"True"}]}}"#,
            Status::Current,
            "Job Completed. succeeded: 2/2",
        ),
        (
            r#"{"apiVersion":"batch/v1","kind":"Job","status":{"failed":1,"conditions":[{"type":"Failed","status":"True"}]}}"#,
            Status::Failed,
            "Job Failed. failed: 1/1",
        ),
        (
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Running"}}"#,
            Status::InProgress,
            "Pod in progress",
        ),
        (
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Succeeded"}}"#,
            Status::Current,
            "pod a succeeded",
        ),
        (
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"status":{"phase":"Failed"}}"#,
            Status::Failed,
            "pod a failed",
        ),
        (
            r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":2}}"#,
            Status::Current,
            "Resource is current",
        ),
    ];
    for (json, status, message) in cases {
        let ours = hook_status_of(&object(json));
        assert_eq!((ours.status, ours.message.as_str()), (status, message), "{json}");
    }
    let running = object(cases[0].0);
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(status_of(&running, Jobs::Started, now).status, Status::Current);
    assert_eq!(status_of(&running, Jobs::Completed, now).status, Status::InProgress);
}
