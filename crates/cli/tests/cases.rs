//! `template` and `show` over the fixture charts, compared with what the real Helm printed.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::fs;
use std::process::Command;

use pintle_testkit::fixtures::{self, Case};

/// Runs the program as the recorder ran Helm, and says what differs.
fn difference(case: &Case) -> Option<String> {
    let expected = case.expected.as_ref()?;
    let home = std::env::temp_dir().join("pintle-cli-no-home");
    let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(&case.argv)
        .current_dir(fixtures::root())
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC")
        .output()
        .expect("runs");
    expected.difference(output.status.code().unwrap_or(-1), &output.stdout, &output.stderr)
}

#[test]
fn every_case_prints_what_helm_prints() {
    let cases = fixtures::cases().expect("are read");
    assert!(!cases.is_empty(), "no cases");
    let list = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/known-differences.txt"));
    let list = list.expect("is read");
    let known: Vec<&str> = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut failed = Vec::new();
    for case in &cases {
        let id = case.id();
        match (difference(case), known.contains(&id.as_str())) {
            (Some(difference), false) => failed.push(format!("{id}: {difference}")),
            (None, true) => {
                failed.push(format!("{id}: is equal now, take it off tests/known-differences.txt"));
            }
            _ => {}
        }
    }
    assert!(failed.is_empty(), "{} of {} cases differ:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
