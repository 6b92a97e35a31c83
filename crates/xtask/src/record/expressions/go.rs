//! The program under `tests/oracle`, built and asked.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// The Go that built Helm 4.3.1.
const TOOLCHAIN: &str = "go1.27.3";

/// One question, in the form that the program reads.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Request {
    /// A template to render as a file of the chart.
    Render(String),
    /// A text to read and to write again.
    Yaml(String),
    /// Three states of an object to make a patch of.
    Merge(Box<crate::record::merge::Case>),
    /// An object that may be ready.
    Ready(Box<crate::record::readiness::Question>),
}

impl Request {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Render(text) | Self::Yaml(text) => text,
            Self::Merge(_) | Self::Ready(_) => "",
        }
    }
}

/// One answer, in the form that the program writes and that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out64: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    err: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    raw: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v3: Option<String>,
}

impl Answer {
    /// What a template gave; `None` for an output that is no UTF-8.
    pub(crate) fn into_result(self) -> Option<Result<String, String>> {
        if self.is_error() { Some(Err(self.err)) } else { self.out.map(Ok) }
    }

    /// What a template printed, bytes that are no UTF-8 as U+FFFD, or Helm's error; `None` for a YAML text.
    pub(crate) fn rendered(&self) -> Option<Result<String, String>> {
        if self.is_error() {
            return Some(Err(self.err.clone()));
        }
        if let Some(text) = &self.out {
            return Some(Ok(text.clone()));
        }
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, self.out64.as_ref()?).ok()?;
        Some(Ok(String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(crate) fn is_error(&self) -> bool {
        !self.err.is_empty()
    }

    /// The error; empty where there is none.
    pub(crate) fn error(&self) -> &str {
        &self.err
    }

    /// The JSON that was answered.
    pub(crate) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }
}

/// Why the program could not be built or asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot run go to build tests/oracle: {0} (install Go 1.21 or newer)")]
    Go(std::io::Error),
    #[error("go build of tests/oracle failed")]
    Build,
    #[error("cannot talk to the oracle: {0}")]
    Talk(std::io::Error),
    #[error("the oracle stopped after {answers} of {requests} answers, at {next:?}")]
    Stopped { answers: usize, requests: usize, next: String },
    #[error("the oracle's answer is not understood: {0}")]
    Answer(serde_json::Error),
}

/// The built program.
#[derive(Debug)]
pub(crate) struct Oracle {
    binary: PathBuf,
    chart: PathBuf,
}

impl Oracle {
    /// Builds it into `target/`; Go's cache makes this quick when nothing changed.
    pub(crate) fn build(chart: &Path) -> Result<Self, Error> {
        let workspace = crate::corpus::workspace();
        let binary = workspace.join("target").join("oracle");
        let status = Command::new("go")
            .args(["build", "-buildvcs=false", "-ldflags", pintle_testkit::HELM_LDFLAGS, "-o"])
            .arg(&binary)
            .arg(".")
            .current_dir(workspace.join("tests").join("oracle"))
            .env("GOTOOLCHAIN", TOOLCHAIN)
            .status()
            .map_err(Error::Go)?;
        if status.success() { Ok(Self { binary, chart: chart.to_owned() }) } else { Err(Error::Build) }
    }

    /// The names of all functions that Helm registers.
    pub(crate) fn functions(&self) -> Result<Vec<String>, Error> {
        self.names(r#"{"functions":true}"#)
    }

    /// The lines of the table of kinds that are merged by their Go types.
    pub(crate) fn merge_keys(&self) -> Result<Vec<String>, Error> {
        self.names(r#"{"mergeKeys":true}"#)
    }

    fn names(&self, request: &str) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Names {
            names: Vec<String>,
        }
        let lines = self.exchange(&[request.to_owned()], Stdio::inherit())?;
        let line = lines.first().map_or("", String::as_str);
        Ok(serde_json::from_str::<Names>(line).map_err(Error::Answer)?.names)
    }

    /// One answer for each request, in their order.
    pub(crate) fn ask(&self, requests: &[&Request]) -> Result<Vec<Answer>, Error> {
        let requests = lines(requests)?;
        let answers = self.exchange(&requests, Stdio::inherit())?;
        match requests.get(answers.len()) {
            None => answers.iter().map(|line| serde_json::from_str(line).map_err(Error::Answer)).collect(),
            Some(next) => {
                Err(Error::Stopped { answers: answers.len(), requests: requests.len(), next: next.clone() })
            }
        }
    }

    /// One answer for each request, in their order: none where the program dies of it, as Go does when a map that holds
    /// itself is printed.
    pub(crate) fn ask_any(&self, requests: &[&Request]) -> Result<Vec<Option<Answer>>, Error> {
        let requests = lines(requests)?;
        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(requests.len());
        while let Some(rest) = requests.get(answers.len()..).filter(|rest| !rest.is_empty()) {
            let found = self.exchange(rest, Stdio::null())?;
            for line in &found {
                answers.push(Some(serde_json::from_str(line).map_err(Error::Answer)?));
            }
            if found.len() < rest.len() {
                answers.push(None);
            }
        }
        Ok(answers)
    }

    /// The lines that the program answers before it ends.
    fn exchange(&self, requests: &[String], errors: Stdio) -> Result<Vec<String>, Error> {
        let mut child = Command::new(&self.binary)
            .arg(&self.chart)
            .env_clear()
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(Error::Talk)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Talk(std::io::Error::other("no pipes")));
        };
        // Both directions at once: neither pipe may fill up while the other is waited for.
        let lines = std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut input = BufWriter::new(input);
                for request in requests {
                    // A program that has stopped shows in the count of its answers.
                    if writeln!(input, "{request}").is_err() {
                        break;
                    }
                }
            });
            BufReader::new(output).lines().collect::<std::io::Result<Vec<String>>>()
        });
        let lines = lines.map_err(Error::Talk)?;
        child.wait().map_err(Error::Talk)?;
        Ok(lines)
    }
}

/// The requests as the program reads them.
fn lines(requests: &[&Request]) -> Result<Vec<String>, Error> {
    requests.iter().map(|request| serde_json::to_string(request).map_err(Error::Answer)).collect()
}
