//! What `status.history` says of a revision.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use pintle::release::{Record, Status};
use pintle::value::DataMap;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::api::Snapshot;

/// Most revisions that a status names while a release is not well (Flux: `Snapshots.Truncate`).
const MOST: usize = 5;

/// A revision, as its record has it.
pub(super) fn of(record: &Record) -> Snapshot {
    let time = |time: Option<jiff::Timestamp>| {
        let seconds = time.map_or(0, jiff::Timestamp::as_second);
        Time(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let app_version = record.app_version();
    Snapshot {
        api_version: Some("v2".to_owned()),
        digest: digest(record),
        name: record.name.clone(),
        namespace: record.namespace.clone(),
        version: i64::from(record.revision),
        status: record.info.status.to_string(),
        action: None,
        chart_name: record.chart_name().to_owned(),
        chart_version: record.chart_version().to_owned(),
        app_version: (!app_version.is_empty()).then(|| app_version.to_owned()),
        config_digest: of_values(&record.config),
        first_deployed: time(record.info.first_deployed),
        last_deployed: time(record.info.last_deployed),
        deleted: record.info.deleted.map(|deleted| time(Some(deleted))),
        test_hooks: None,
        oci_digest: None,
    }
}

/// Puts a revision at the front. Only one revision is deployed: the others are superseded by it.
pub(super) fn note(history: &mut Vec<Snapshot>, snapshot: Snapshot) {
    history.retain(|old| old.version != snapshot.version);
    if snapshot.status == Status::Deployed.to_string() {
        let superseded = Status::Superseded.to_string();
        for old in history.iter_mut().filter(|old| old.status == snapshot.status) {
            old.status.clone_from(&superseded);
        }
    }
    history.push(snapshot);
    history.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.version));
    history.truncate(MOST);
}

/// Keeps the newest revision and the last good one before it.
pub(super) fn settle(history: &mut Vec<Snapshot>) {
    let good = [Status::Deployed.to_string(), Status::Superseded.to_string()];
    let before = history.iter().skip(1).position(|old| good.contains(&old.status)).map(|at| at + 1);
    let mut at = 0;
    history.retain(|_| {
        at += 1;
        at == 1 || Some(at - 1) == before
    });
}

/// The digest of values, empty ones included (Flux: `pkg/chartutil/digest.go`, `DigestValues`: of their YAML with sorted
/// keys).
pub(super) fn of_values(values: &DataMap) -> String {
    let text = if values.is_empty() {
        String::new()
    } else {
        // Values come from JSON or YAML, and go back to it.
        pintle::yaml::to_string(values).unwrap_or_default()
    };
    sum(text.as_bytes())
}

/// A digest over what Flux looks at in a record, to notice that somebody else has made the release into another one.
fn digest(record: &Record) -> String {
    let observed = json!({
        "name": record.name,
        "namespace": record.namespace,
        "version": record.revision,
        "info": record.info,
        "chart": record.chart.get("metadata"),
        "config": record.config,
        "manifest": record.manifest,
        "hooks": record.hooks,
    });
    sum(observed.to_string().as_bytes())
}

fn sum(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
