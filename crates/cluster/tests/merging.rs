//! The patches of a merge in the client, against what Kubernetes' Go libraries made of the same objects.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

use pintle_cluster::Gvk;
use pintle_cluster::merge::{CustomMerge, merge_patch};
use pintle_value::{Data, DataMap};
use serde::Deserialize;

/// A line of `fixtures/cluster/merge/patches.jsonl`, which `cargo xtask record merge` writes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    api_version: String,
    kind: String,
    original: Data,
    wanted: Data,
    live: Data,
    three_way: bool,
    patch: Option<DataMap>,
    #[serde(default)]
    error: String,
}

#[test]
fn patches_are_those_of_kubernetes_libraries() {
    let path = pintle_testkit::fixtures::root().join("cluster/merge/patches.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (line, text) in text.lines().enumerate() {
        let case: Case = serde_json::from_str(text).unwrap();
        let gvk = Gvk::from_api_version(&case.api_version, &case.kind);
        let custom = if case.three_way { CustomMerge::ThreeWay } else { CustomMerge::TwoWay };
        let ours = merge_patch(&gvk, &case.original, &case.wanted, &case.live, custom);
        tried += 1;
        match (&ours, &case.patch) {
            (Ok(ours), Some(theirs)) if ours.body == *theirs => {}
            (Err(_), None) if !case.error.is_empty() => {}
            _ => {
                let show = |map: &DataMap| serde_json::to_string(map).unwrap();
                wrong.push(format!(
                    "line {}: {}\n  ours   {}\n  theirs {}{}",
                    line + 1,
                    case.kind,
                    ours.map_or_else(|error| error.to_string(), |patch| show(&patch.body)),
                    case.patch.as_ref().map(show).unwrap_or_default(),
                    case.error
                ));
            }
        }
    }
    assert!(tried >= 400, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
}
