//! `cargo xtask record readiness`: which objects Helm's `--wait=legacy` takes for ready.
//!
//! The objects stand in `fixtures/cluster/status/legacy.json`; the answers are written beside them.

use std::path::Path;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expressions::go::{Oracle, Request};

/// The recorded file.
#[derive(Debug, Serialize, Deserialize)]
struct Table {
    cases: Vec<Case>,
}

/// An object, what is in the cluster beside it, and whether it is ready.
#[derive(Debug, Serialize, Deserialize)]
struct Case {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    error: String,
    /// Whether Jobs have to be complete.
    jobs: bool,
    name: String,
    object: Value,
    others: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ready: Option<bool>,
}

/// What is asked about an object.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Question {
    object: Value,
    others: Vec<Value>,
    jobs: bool,
}

#[expect(clippy::print_stdout, reason = "a command line shows its progress")]
pub(super) fn run() -> crate::Outcome {
    let path = pintle_testkit::fixtures::root().join("cluster/status/legacy.json");
    let mut table: Table = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
    let question = |case: &Case| {
        let (object, others) = (case.object.clone(), case.others.clone());
        Request::Ready(Box::new(Question { object, others, jobs: case.jobs }))
    };
    let requests: Vec<Request> = table.cases.iter().map(question).collect();
    let answers = Oracle::build(Path::new("."))?.ask(&requests.iter().collect::<Vec<_>>())?;
    for (case, answer) in table.cases.iter_mut().zip(answers) {
        answer.error().clone_into(&mut case.error);
        case.ready = answer.rendered().and_then(Result::ok).map(|text| text == "true");
    }
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    table.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
    text.push(b'\n');
    std::fs::write(path, text)?;
    println!("{} objects recorded", table.cases.len());
    Ok(ExitCode::SUCCESS)
}
