//! Pintle's benches that cross crates: the programs that `cargo xtask bench` runs, and what they are told.
//!
//! Each program reads one job from standard input and writes one answer to standard output, both JSON.

mod programs;
mod renders;

pub use programs::{ProgramRuns, ProgramsJob, Run};
pub use renders::{RenderAnswer, RenderJob, Stage};

use std::io::{self, Write as _};

/// Reads a program's job, does it, and writes the answer.
pub fn answer<J, A>(work: impl FnOnce(&J) -> Result<A, Fault>) -> Result<(), Fault>
where
    J: serde::de::DeserializeOwned,
    A: serde::Serialize,
{
    let job: J = serde_json::from_reader(io::stdin().lock())?;
    let answer = work(&job)?;
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &answer)?;
    Ok(out.flush()?)
}

/// Why a program could not do its job, for the person at the terminal.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
