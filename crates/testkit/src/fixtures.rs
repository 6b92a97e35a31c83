//! The charts and recorded outputs of `fixtures/`, as test cases.
//!
//! `fixtures/cases/SUITE/cases.toml` lists what to run over a chart; beside it lie the values files it names and
//! what the real Helm printed: `CASE.stdout`, `CASE.stderr` (only when not empty) and `recorded.toml` (the
//! version of Helm, exit codes, lines that differ from run to run). `cargo xtask record fixtures` writes those.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The folder `fixtures/` of the checkout that this crate was built in.
///
/// ```
/// assert!(pintle_testkit::fixtures::root().join("cases").is_dir());
/// ```
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("fixtures")
}

/// One command line over one chart, and what the real Helm printed for it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder below `fixtures/cases/`, most often the name of the chart.
    pub suite: String,
    /// The name of the case, unique in its suite.
    pub name: String,
    /// The whole command line after `helm`, to be run in [`root`].
    pub argv: Vec<String>,
    /// The chart, relative to [`root`].
    pub chart: String,
    /// The arguments after the chart: values files and flags, with paths relative to [`root`].
    pub args: Vec<String>,
    /// The recorded result; `None` for a case that was written and not recorded yet.
    pub expected: Option<Expected>,
}

/// What the real Helm did with a [`Case`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// The exit code.
    pub exit: i32,
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error, byte for byte.
    pub stderr: Vec<u8>,
    /// Lines of standard output, counted from 1, that differ from run to run (random passwords, certificates, dates).
    pub volatile: Vec<usize>,
}

impl Case {
    /// `SUITE/NAME`, for messages and filters.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.suite, self.name)
    }

    /// Whether this is a `helm template` (else it is a `helm show`).
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.argv.first().is_some_and(|word| word == "template")
    }
}

impl Expected {
    /// What differs between this and another result, in words; `None` when nothing does.
    ///
    /// Standard output is compared byte for byte, or line by line without the volatile ones where there are any.
    /// A failure's standard error is compared as trimmed lines in any order, because Helm writes some from maps.
    #[must_use]
    pub fn difference(&self, exit: i32, stdout: &[u8], stderr: &[u8]) -> Option<String> {
        if exit != self.exit {
            let text = String::from_utf8_lossy(stderr);
            return Some(format!("exit code {exit} instead of {}: {}", self.exit, text.trim()));
        }
        if let Some(difference) = output_difference(&self.stdout, stdout, &self.volatile) {
            return Some(difference);
        }
        if self.exit == 0 { None } else { error_difference(&self.stderr, stderr) }
    }
}

/// The first line that differs between a recorded output and another, without the lines in `volatile` (from 1).
///
/// With no volatile lines the outputs must be equal byte for byte.
#[must_use]
pub fn output_difference(expected: &[u8], actual: &[u8], volatile: &[usize]) -> Option<String> {
    if expected == actual {
        return None;
    }
    let wanted: Vec<&[u8]> = expected.split(|byte| *byte == b'\n').collect();
    let found: Vec<&[u8]> = actual.split(|byte| *byte == b'\n').collect();
    for (index, (want, got)) in wanted.iter().zip(&found).enumerate() {
        if want != got && !volatile.contains(&(index + 1)) {
            return Some(format!(
                "stdout line {}: expected {:?}, found {:?}",
                index + 1,
                String::from_utf8_lossy(want),
                String::from_utf8_lossy(got)
            ));
        }
    }
    (wanted.len() != found.len())
        .then(|| format!("stdout has {} lines instead of {}", found.len(), wanted.len()))
}

/// The first line of standard error that only one of two has, lines trimmed and in any order.
#[must_use]
pub fn error_difference(expected: &[u8], actual: &[u8]) -> Option<String> {
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines: Vec<String> = text.trim().lines().map(|line| in_order(line.trim())).collect();
        lines.sort();
        lines
    };
    let (wanted, found) = (lines(expected), lines(actual));
    if wanted == found {
        return None;
    }
    let only = |these: &[String], others: &[String]| {
        these.iter().find(|line| !others.contains(line)).cloned().unwrap_or_default()
    };
    Some(format!("stderr: expected {:?}, found {:?}", only(&wanted, &found), only(&found, &wanted)))
}

/// A line with the properties in order that Helm's schema library names in the random order of Go's maps.
fn in_order(line: &str) -> String {
    let named = |line: &str| {
        let (before, rest) = line.split_once("additional properties ")?;
        let (names, after) = rest.split_once(" not allowed")?;
        let mut names: Vec<&str> = names.split(", ").collect();
        names.sort_unstable();
        Some(format!("{before}additional properties {} not allowed{after}", names.join(", ")))
    };
    named(line).unwrap_or_else(|| line.to_owned())
}

/// Why the cases could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder below `fixtures/` cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A case list or a record is not the TOML that it should be.
    #[error("{path}: {source}", path = path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

/// The form of `recorded.toml`: which Helm made the outputs, and what the output files cannot hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The release of Helm that printed the outputs.
    pub helm: String,
    /// By name of the case.
    #[serde(default)]
    pub case: BTreeMap<String, RecordedCase>,
}

/// One case's part of [`Recorded`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCase {
    /// The exit code.
    pub exit: i32,
    /// Lines of standard output, counted from 1, that differ from run to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volatile: Vec<usize>,
}

/// The form of `cases.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    /// The chart of all cases that name none; default `charts/SUITE`.
    chart: Option<String>,
    #[serde(default)]
    case: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    chart: Option<String>,
    /// `template` (default), `lint` or `show values|chart|readme|crds|all`.
    command: Option<String>,
    /// The release's name, default `rel`; empty for a case that passes none.
    release: Option<String>,
    #[serde(default)]
    args: Vec<String>,
}

/// All cases of `fixtures/cases/`, sorted by suite, in the order in which each suite lists them.
///
/// # Errors
/// A file that cannot be read or is no valid list of cases.
pub fn cases() -> Result<Vec<Case>, Error> {
    let mut cases = Vec::new();
    for suite in suites()? {
        cases.extend(suite_cases(&suite)?);
    }
    Ok(cases)
}

/// The folders below `fixtures/cases/`, sorted.
///
/// # Errors
/// The folder cannot be read.
pub fn suites() -> Result<Vec<String>, Error> {
    let path = root().join("cases");
    let io = |source| Error::Io { path: path.clone(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.path().join("cases.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The cases of one suite, in the order of its list.
///
/// # Errors
/// The list cannot be read or is not valid.
pub fn suite_cases(suite: &str) -> Result<Vec<Case>, Error> {
    let folder = root().join("cases").join(suite);
    let written: Suite = read_toml(&folder.join("cases.toml"))?;
    let record = folder.join("recorded.toml");
    let recorded: Recorded = if record.is_file() { read_toml(&record)? } else { Recorded::default() };
    let default_chart = written.chart.unwrap_or_else(|| format!("charts/{suite}"));

    let mut cases = Vec::new();
    for case in written.case {
        let chart = case.chart.unwrap_or_else(|| default_chart.clone());
        let command = case.command.as_deref().unwrap_or("template");
        let mut argv: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if command == "template" {
            let release = case.release.as_deref().unwrap_or("rel");
            argv.extend((!release.is_empty()).then(|| release.to_owned()));
        }
        argv.push(chart.clone());
        argv.extend(case.args.iter().cloned());
        let expected = match recorded.case.get(&case.name) {
            None => None,
            Some(of_case) => Some(Expected {
                exit: of_case.exit,
                stdout: with_root(&read(&folder.join(format!("{}.stdout", case.name)))?),
                stderr: with_root(&read(&folder.join(format!("{}.stderr", case.name)))?),
                volatile: of_case.volatile.clone(),
            }),
        };
        cases.push(Case { suite: suite.to_owned(), name: case.name, argv, chart, args: case.args, expected });
    }
    Ok(cases)
}

/// How recorded files write the folder [`root`], which lies elsewhere on each machine.
const ROOT: &str = "{fixtures}";

/// An output in which the folder [`root`] is written as `{fixtures}`, as recorded files have it.
#[must_use]
pub fn without_root(output: &[u8]) -> Vec<u8> {
    replace(output, root().as_os_str().as_encoded_bytes(), ROOT.as_bytes())
}

/// The inverse of [`without_root`].
fn with_root(output: &[u8]) -> Vec<u8> {
    replace(output, ROOT.as_bytes(), root().as_os_str().as_encoded_bytes())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.windows(from.len()).position(|window| window == from) {
        let (before, found) = rest.split_at(start);
        result.extend_from_slice(before);
        result.extend_from_slice(to);
        rest = found.get(from.len()..).unwrap_or_default();
    }
    result.extend_from_slice(rest);
    result
}

/// The bytes of an output file; a file that does not exist was an empty output.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })
}
