//! `cargo xtask record merge`: how Helm merges objects in the client.
//!
//! Writes the table of the kinds that are merged by their Go types, and the patches that Kubernetes' Go libraries make
//! of randomly changed objects.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;

mod changes;

use super::expressions::go::{Oracle, Request};
use crate::random::Random;

/// How many cases each object gets.
const CASES: usize = 40;

const HEAD: &str = "\
# The kinds that Helm 4.3.1 merges by their Go types, and the fields of those types that are merged by key or otherwise
# than field by field. Written by `cargo xtask record merge` from the types' tags (k8s.io/client-go/kubernetes/scheme
# and k8s.io/apiextensions-apiserver, as Helm's go.mod has them).
#
# kind APIVERSION KIND TYPE
# type TYPE
#   FIELD map STRATEGY TYPE          `-` for none
#   FIELD list STRATEGY KEY TYPE     `-` for a list of scalars, which has no key
";

/// Three states of an object, and whether all three count where its kind has no Go type.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    api_version: Value,
    kind: Value,
    original: Value,
    wanted: Value,
    live: Value,
    three_way: bool,
}

/// One line of the recorded file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    case: &'a Case,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<Value>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
}

#[expect(clippy::print_stdout, reason = "a command line shows its progress")]
pub(super) fn run() -> crate::Outcome {
    let oracle = Oracle::build(Path::new("."))?;
    let mut table = HEAD.to_owned();
    for line in oracle.merge_keys()? {
        writeln!(table, "{line}")?;
    }
    let source = crate::corpus::workspace().join("crates/cluster/src/merge/kinds.txt");
    std::fs::write(source, table)?;

    let objects: Vec<Value> = serde_json::from_str(include_str!("objects.json"))?;
    let cases: Vec<Case> = objects.iter().flat_map(cases).collect();
    let requests: Vec<Request> = cases.iter().cloned().map(Box::new).map(Request::Merge).collect();
    let answers = oracle.ask(&requests.iter().collect::<Vec<_>>())?;
    let mut lines = String::new();
    for (case, answer) in cases.iter().zip(&answers) {
        let patch = answer.json().map(serde_json::from_str).transpose()?;
        writeln!(lines, "{}", serde_json::to_string(&Line { case, patch, error: answer.error() })?)?;
    }
    std::fs::write(pintle_testkit::fixtures::root().join("cluster/merge/patches.jsonl"), lines)?;
    println!("{} patches recorded", cases.len());
    Ok(ExitCode::SUCCESS)
}

fn cases(object: &Value) -> Vec<Case> {
    let text = |key: &str| object.get(key).cloned().unwrap_or_default();
    let mut random = Random::named(&format!("{} {}", text("apiVersion"), text("kind")));
    let case = |number: usize| {
        let original = changes::change(object, &mut random, number % 3);
        let wanted = changes::change(&original, &mut random, 1 + number % 4);
        let live = changes::change(&original, &mut random, number % 5);
        let three_way = number.is_multiple_of(2);
        Case { api_version: text("apiVersion"), kind: text("kind"), original, wanted, live, three_way }
    };
    (0..CASES).map(case).collect()
}
