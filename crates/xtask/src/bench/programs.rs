//! The optimised programs that a benchmark measures and measures with.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pintle_benches::{ProgramRuns, ProgramsJob, RenderAnswer, RenderJob};
use serde::Deserialize;

use crate::Fault;

/// The programs of this workspace, built as they are released.
#[derive(Debug)]
pub(super) struct Programs {
    /// The command line.
    pub(super) pintle: PathBuf,
    /// What measures programs.
    pub(super) stopwatch: Stopwatch,
    rerender: PathBuf,
}

impl Programs {
    /// Builds them.
    pub(super) fn build() -> Result<Self, Fault> {
        let built = Built::of(&["pintle-cli", "pintle-benches"])?;
        Ok(Self {
            pintle: built.program("pintle")?,
            stopwatch: Stopwatch(built.program("stopwatch")?),
            rerender: built.program("rerender")?,
        })
    }

    /// Renders a chart over and over with this library.
    pub(super) fn rerender(&self, job: &RenderJob) -> Result<RenderAnswer, Fault> {
        ask(&self.rerender, job)
    }
}

/// The program that runs programs and measures each run.
#[derive(Debug)]
pub(super) struct Stopwatch(PathBuf);

impl Stopwatch {
    /// Builds it.
    pub(super) fn build() -> Result<Self, Fault> {
        Ok(Self(Built::of(&["pintle-benches"])?.program("stopwatch")?))
    }

    /// Runs programs by turns and measures each run.
    pub(super) fn time(&self, job: &ProgramsJob) -> Result<Vec<ProgramRuns>, Fault> {
        ask(&self.0, job)
    }
}

/// Where cargo put the programs that it built, by their names.
struct Built(BTreeMap<String, PathBuf>);

impl Built {
    /// Builds all programs of these packages.
    fn of(packages: &[&str]) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Message {
            executable: Option<PathBuf>,
        }
        let output = Command::new(env!("CARGO"))
            .args(["build", "--release", "--bins", "--message-format=json-render-diagnostics"])
            .args(packages.iter().flat_map(|package| ["--package", package]))
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("cargo build ended with {}", output.status).into());
        }
        let lines = output.stdout.split(|byte| *byte == b'\n');
        Ok(Self(
            lines
                .filter_map(|line| serde_json::from_slice::<Message>(line).ok()?.executable)
                .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
                .collect(),
        ))
    }

    fn program(&self, name: &str) -> Result<PathBuf, Fault> {
        self.0.get(name).cloned().ok_or_else(|| format!("cargo build made no program {name}").into())
    }
}

/// Renders a chart over and over with Helm's library.
pub(super) fn rerender_with_helm(job: &RenderJob) -> Result<RenderAnswer, Fault> {
    ask(&pintle_testkit::helm_render()?, job)
}

/// Gives a program its job and reads its answer.
fn ask<A: serde::de::DeserializeOwned>(program: &Path, job: &impl serde::Serialize) -> Result<A, Fault> {
    let mut child = Command::new(program)
        .env_clear()
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not listen says why when it ends.
        let _ = input.write_all(&serde_json::to_vec(job)?);
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", program.display(), error.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
