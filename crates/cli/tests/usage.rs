//! Command lines that are wrong, compared with what the real Helm says to them.

#![allow(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// A command line, its exit code and what it writes to standard error.
struct Case {
    line: String,
    exit: i32,
    stderr: String,
}

fn recorded() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cli/usage.txt");
    let text = fs::read_to_string(path).expect("is read");
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            cases.push(Case { line: line.to_owned(), exit: -1, stderr: String::new() });
        } else if let Some(case) = cases.last_mut() {
            match line.strip_prefix("> ").or_else(|| line.strip_prefix('>')) {
                Some(text) => case.stderr = case.stderr.clone() + text + "\n",
                None => case.exit = line.parse().unwrap_or(case.exit),
            }
        }
    }
    cases
}

#[test]
fn wrong_command_lines_are_refused_in_helms_words() {
    let cases = recorded();
    assert!(cases.len() > 40, "{} cases", cases.len());
    let mut failed = Vec::new();
    for case in &cases {
        let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(case.line.split(' '))
            .env_clear()
            .env("HOME", "/no/such/home")
            .output()
            .expect("runs");
        // The program has another name, and so have its texts.
        let expected =
            case.stderr.replace("\"helm", "\"pintle").replace("helm ", "pintle ").replace("'helm", "'pintle");
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(case.exit)
            || stderr.trim_end() != expected.trim_end()
            || !output.stdout.is_empty()
        {
            failed.push(format!(
                "$ {}\nexpected {expected}found {:?} {stderr}",
                case.line,
                output.status.code()
            ));
        }
    }
    assert!(failed.is_empty(), "{} of {} differ:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
