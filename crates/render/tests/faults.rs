//! Charts with one fault each: the error names the template's line, the value's key and who set it.
//!
//! The charts lie in `fixtures/faults`, their command lines and what Helm says to them in `fixtures/cases/faults`, and
//! what is to be found behind the error in `fixtures/faults/expected.toml`.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

mod command_line;

use std::collections::BTreeMap;

use pintle_render::{Class, Explanation};
use pintle_testkit::fixtures;
use serde::Deserialize;

/// What is to be found behind an error.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The class of the error.
    class: String,
    /// The places, the outermost first, as `file:line:column`.
    places: Vec<String>,
    /// What stands in the line at the last place.
    line: String,
    /// The values, as they are printed.
    values: Vec<String>,
}

impl Expected {
    fn of(class: Class, explanation: &Explanation) -> Self {
        Self {
            class: format!("{class:?}").to_lowercase(),
            places: explanation.places.iter().map(|place| place.clone().value("").to_string()).collect(),
            line: explanation.excerpt.as_ref().map(|line| line.text.trim().to_owned()).unwrap_or_default(),
            values: explanation.values.iter().map(ToString::to_string).collect(),
        }
    }
}

#[test]
fn each_fault_is_explained() {
    let root = fixtures::root();
    let text = std::fs::read_to_string(root.join("faults/expected.toml")).expect("is read");
    let expected: BTreeMap<String, Expected> = toml::from_str(&text).expect("is read");
    let cases = fixtures::suite_cases("faults").expect("is read");
    let mut wrong = Vec::new();
    for case in &cases {
        let (error, explanation) = command_line::failure(&root, &case.argv[1..]);
        let found = Expected::of(error.class(), &explanation);
        let helm = case.expected.as_ref().expect("is recorded");
        let said = format!("Error: {error}");
        let printed = String::from_utf8_lossy(&helm.stderr).into_owned();
        if !printed.contains(said.trim_end()) {
            wrong.push(format!("{}: says {said:?}, Helm says {printed:?}", case.name));
        }
        if expected.get(&case.name) != Some(&found) {
            wrong.push(format!("{}: {said}\n{explanation}\n[{}]\n{}", case.name, case.name, toml(&found)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(cases.len(), expected.len(), "each case is expected, and each expected one is a case");
}

#[test]
fn an_explanation_shows_no_value() {
    let root = fixtures::root();
    for case in fixtures::suite_cases("faults").expect("is read") {
        let (_, explanation) = command_line::failure(&root, &case.argv[1..]);
        for secret in ["open end", "AAAA", "web:v1", "jobs.example", "B2"] {
            assert!(!explanation.to_string().contains(secret), "{}: {explanation}", case.name);
        }
    }
}

fn toml(expected: &Expected) -> String {
    let list = |texts: &[String]| {
        let lines: Vec<String> = texts.iter().map(|text| format!("    {text:?},\n")).collect();
        lines.concat()
    };
    format!(
        "class = {:?}\nplaces = [\n{}]\nline = {:?}\nvalues = [\n{}]\n",
        expected.class,
        list(&expected.places),
        expected.line,
        list(&expected.values)
    )
}
