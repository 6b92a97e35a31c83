//! A cluster, the real Helm and the program, run the same way.

use std::process::Command;

use pintle_testkit::{Bed, Helm, Namespace, Output, Tenant, fixtures};

/// A tenant with namespaces of the test's own.
pub(crate) struct Stage {
    pub(crate) tenant: Tenant,
    helm: Helm,
    home: tempfile::TempDir,
}

/// What a program did: exit code, standard output, and the last paragraph of standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Did {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    /// From `Error: ` on; progress and warnings stand before it.
    pub(crate) error: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let tenant = Bed::shared().expect("boots").tenant("tenant1").expect("boots");
        let helm = Helm::v4().expect("is there").on(&tenant).within(&fixtures::root());
        Self { tenant, helm, home: tempfile::tempdir().expect("is made") }
    }

    pub(crate) fn namespace(&self, prefix: &str) -> Namespace {
        self.tenant.namespace(prefix).expect("is made")
    }

    /// Runs the real Helm on a line of words between blanks.
    pub(crate) fn helm(&self, line: &str) -> Did {
        Did::of(&self.helm.run(line.split(' ')).expect("runs"))
    }

    /// Runs the program on the same.
    pub(crate) fn pintle(&self, line: &str) -> Did {
        let output = self.run(line);
        Did {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            error: last_error(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// What the program logs when it runs on a line.
    pub(crate) fn log(&self, line: &str) -> String {
        String::from_utf8_lossy(&self.run(&format!("{line} --debug")).stderr).into_owned()
    }

    fn run(&self, line: &str) -> std::process::Output {
        Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(line.split(' '))
            .current_dir(fixtures::root())
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.tenant.kubeconfig_path())
            .env("TZ", "UTC")
            .output()
            .expect("runs")
    }
}

impl Did {
    fn of(output: &Output) -> Self {
        Self { exit: output.code, stdout: output.stdout.clone(), error: last_error(&output.stderr) }
    }

    /// The same with what differs from run to run covered: times, and the namespace's name.
    pub(crate) fn masked(&self, namespace: &str) -> Self {
        let cover = |text: &str| {
            let text = text.replace(namespace, "NAMESPACE");
            let lines: Vec<String> = text.lines().map(cover_times).collect();
            lines.join("\n")
        };
        Self { exit: self.exit, stdout: cover(&self.stdout), error: cover(&self.error) }
    }
}

impl Did {
    /// The same with its lines sorted, blanks collapsed and ages covered: Helm prints live objects in any order.
    pub(crate) fn in_any_order(&self) -> Self {
        let age = |word: &str| word.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok());
        let line = |line: &str| {
            let words = line.split_whitespace().map(|word| if age(word) { "AGE" } else { word });
            words.collect::<Vec<_>>().join(" ")
        };
        let mut lines: Vec<String> = self.stdout.lines().map(line).collect();
        lines.sort();
        Self { exit: self.exit, stdout: lines.join("\n"), error: self.error.clone() }
    }
}

/// What Helm did with many lines, beside what the program did.
#[derive(Default)]
pub(crate) struct Comparison {
    lines: usize,
    different: Vec<String>,
}

impl Comparison {
    pub(crate) fn add(&mut self, line: &str, expected: &Did, found: &Did) {
        self.lines += 1;
        if expected != found {
            self.different.push(format!("{line}\nexpected {expected:#?}\nfound {found:#?}"));
        }
    }

    /// Fails with all differences at once.
    pub(crate) fn assert_equal(&self) {
        let Self { lines, different } = self;
        assert!(different.is_empty(), "{} of {lines} differ:\n{}", different.len(), different.join("\n\n"));
    }
}

fn last_error(stderr: &str) -> String {
    match stderr.rfind("Error: ") {
        Some(at) => stderr.get(at..).unwrap_or_default().trim_end().to_owned(),
        None => String::new(),
    }
}

/// Covers `Mon Nov 23 13:27:46 2026` and everything that looks like `2026-11-23T13:27:46.123Z`.
fn cover_times(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let time = digits >= 6 && word.contains(':');
        let date = digits >= 8 && word.starts_with("20") && word.contains('-');
        if word.is_empty() {
            continue; // a column is as wide as its widest time
        }
        words.push(if time || date { "TIME".to_owned() } else { word.to_owned() });
    }
    words.join(" ").replace(" \t", "\t")
}
