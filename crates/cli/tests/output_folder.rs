//! `template --output-dir` writes the files that the real Helm writes, and says the same.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::Path;
use std::process::Command;

use pintle_testkit::{Helm, files_of, fixtures};

/// What a program printed and wrote, with its folder's name taken out.
#[derive(Debug, PartialEq)]
struct Written {
    code: i32,
    stdout: String,
    stderr: String,
    files: Vec<(String, Vec<u8>)>,
}

fn run(program: &Path, chart: &str, flags: &[&str], times: usize) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut last = None;
    for _ in 0..times {
        let mut command = Command::new(program);
        command.args(["template", "rel", chart, "--output-dir"]).arg(&path).args(flags);
        command.current_dir(fixtures::root()).env_clear().env("HOME", "/no/such/home");
        last = Some(command.output().unwrap());
    }
    let output = last.expect("ran at least once");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&path.display().to_string(), "OUT");
    // A program that fails may have made no folder.
    let files = if path.exists() { files_of(&path).unwrap() } else { Vec::new() };
    Written {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        files,
    }
}

#[test]
fn files_are_those_of_helm() {
    let helm = Helm::v4().expect("there is a helm");
    for (chart, flags, times) in [
        ("charts/hooks", &[][..], 1),
        ("charts/hooks", &[], 2),
        ("charts/hooks", &["--no-hooks"], 1),
        ("charts/test-hooks", &["--skip-tests", "--release-name"], 1),
        ("charts/crds", &["--include-crds", "--release-name"], 1),
        ("charts/crds", &["--include-crds"], 2),
        ("charts/multi-docs", &[], 1),
        ("charts/minimal", &["-s", "templates/none.yaml"], 1),
        ("faults/03-colon", &[], 1),
    ] {
        let theirs = run(helm.program(), chart, flags, times);
        let ours = run(Path::new(env!("CARGO_BIN_EXE_pintle")), chart, flags, times);
        assert_eq!(ours, theirs, "{chart} {flags:?}");
    }
}
