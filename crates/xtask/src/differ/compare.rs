//! One command line, run by Helm and by Pintle.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;

use pintle_testkit::fixtures::{error_difference, output_difference};

use crate::oracle::Helm;

/// How long either program may take, in seconds.
const SECONDS: &str = "60";
/// How much address space Helm may take, in KiB: a changed value makes some charts count to a thousand million.
const MEMORY: &str = "6000000";
/// How often Helm runs again where the outputs differ, to see what it prints at random.
const AGAIN: usize = 6;

/// What comparing one command line came to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The same output, the same errors, the same exit code.
    Equal,
    /// The same but for lines in which Helm differs from itself.
    EqualMasked,
    /// Helm differs from itself in more than single lines; nothing can be said.
    Unstable,
    /// Helm does not end within the limits.
    Endless,
    /// Something differs that is always the same in Helm.
    Different(String),
}

/// What a program printed.
#[derive(Debug, PartialEq)]
struct Printed {
    exit: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Printed {
    /// What another one has that this has not, without some lines of standard output; `None` when nothing.
    fn difference(&self, other: &Self, volatile: &[usize]) -> Option<String> {
        if self.exit != other.exit {
            let text = |printed: &Self| String::from_utf8_lossy(&printed.stderr).trim().to_owned();
            let (wanted, found) = (text(self), text(other));
            return Some(format!(
                "exit code {} instead of {}:\nhelm says {wanted}\npintle says {found}",
                other.exit, self.exit
            ));
        }
        output_difference(&self.stdout, &other.stdout, volatile)
            .or_else(|| error_difference(&without_network(&self.stderr), &without_network(&other.stderr)))
    }
}

/// The two programs.
#[derive(Debug)]
pub(super) struct Comparison {
    helm: Helm,
    binary: Option<PathBuf>,
}

impl Comparison {
    /// The real Helm against the library, or against another program.
    pub(super) fn new(binary: Option<PathBuf>) -> Result<Self, crate::oracle::Error> {
        Ok(Self { helm: Helm::find()?, binary })
    }

    /// Runs the words behind `template` in a folder with both programs.
    pub(super) fn judge(&self, folder: &Path, words: &[String]) -> Verdict {
        let Some(first) = self.run(self.helm.binary(), folder, words) else { return Verdict::Endless };
        let ours = match &self.binary {
            Some(binary) => match self.run(binary, folder, words) {
                Some(printed) => printed,
                None => return Verdict::Different("does not end".to_owned()),
            },
            None => match in_process(folder, words) {
                Ok(printed) => printed,
                Err(reason) => return Verdict::Different(reason),
            },
        };
        let Some(mut difference) = first.difference(&ours, &[]) else { return Verdict::Equal };
        let mut volatile = BTreeSet::new();
        let mut stable = true;
        for _ in 0..AGAIN {
            let Some(again) = self.run(self.helm.binary(), folder, words) else { return Verdict::Endless };
            stable &= first.difference(&again, &[]).is_none();
            // Errors and orders that come from Go's maps are one of several; ours has to be one of them.
            match again.difference(&ours, &[]) {
                None => return Verdict::Equal,
                Some(another) => difference = another,
            }
            volatile.extend(differing_lines(&first.stdout, &again.stdout));
            let mask: Vec<usize> = volatile.iter().copied().collect();
            if !stable
                && first.difference(&again, &mask).is_none()
                && again.difference(&ours, &mask).is_none()
            {
                return Verdict::EqualMasked;
            }
        }
        if stable { Verdict::Different(difference) } else { Verdict::Unstable }
    }

    /// Runs a program within limits; `None` when it does not keep them.
    fn run(&self, binary: &Path, folder: &Path, words: &[String]) -> Option<Printed> {
        let limited = r#"ulimit -v "$0" && exec timeout "$@""#;
        let output = Command::new("sh")
            .args(["-c", limited, MEMORY, SECONDS])
            .arg(binary)
            .arg("template")
            .args(words)
            .current_dir(folder)
            .env_clear()
            .env("HOME", self.helm.home())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .output()
            .ok()?;
        let exit = output.status.code()?;
        // 124 is a timeout's, 2 that of a Go program that died.
        let ended = !matches!(exit, 2 | 124..);
        ended.then_some(Printed { exit, stdout: output.stdout, stderr: output.stderr })
    }
}

/// Renders with the library.
fn in_process(folder: &Path, words: &[String]) -> Result<Printed, String> {
    std::panic::catch_unwind(AssertUnwindSafe(|| crate::in_process::run(folder, words)))
        .map_err(|_| "the renderer panicked".to_owned())?
        .map(|printed| Printed {
            exit: printed.exit,
            stdout: printed.stdout.into_bytes(),
            stderr: printed.stderr.into_bytes(),
        })
}

/// Errors without the reason why a schema could not be fetched: Pintle fetches none, Helm says what the network did.
fn without_network(errors: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(errors);
    let lines = text.lines().map(|line| match line.split_once("failing loading \"") {
        Some((_, behind)) => format!("failing loading {}", behind.split('"').next().unwrap_or_default()),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

/// The numbers, from 1, of lines that differ.
fn differing_lines(one: &[u8], other: &[u8]) -> Vec<usize> {
    let lines =
        |text: &[u8]| -> Vec<Vec<u8>> { text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect() };
    let (one, other) = (lines(one), lines(other));
    one.iter().zip(&other).enumerate().filter(|(_, (a, b))| a != b).map(|(index, _)| index + 1).collect()
}
