//! What the program `stopwatch` is told and answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Programs to run by turns, so that whatever else the machine does falls on all of them alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "only the benches of this repository use it")]
pub struct ProgramsJob {
    /// The command lines: program and arguments.
    pub commands: Vec<Vec<String>>,
    /// The folder they run in.
    pub folder: PathBuf,
    /// All of their environment.
    pub environment: BTreeMap<String, String>,
    /// How often each one runs before it is measured, so that its files are in memory.
    pub warmup: usize,
    /// How often each one is measured.
    pub runs: usize,
}

/// One run of a program.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "only the benches of this repository use it")]
pub struct Run {
    /// From before the start to behind the end, in seconds.
    pub wall: f64,
    /// Processor time in user and system mode, in seconds.
    pub cpu: f64,
    /// The most memory that was resident at once, in bytes.
    pub memory: u64,
}

/// The runs of one command line, in the order in which they were made.
pub type ProgramRuns = Vec<Run>;
