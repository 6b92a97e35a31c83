//! Pintle's benches that cross crates: the programs that `cargo xtask bench` runs, and what they are told.
//!
//! Each program reads one job from standard input and writes one answer to standard output, both JSON.

mod programs;
mod renders;

pub use programs::{ProgramRuns, ProgramsJob, Run};
pub use renders::{RenderAnswer, RenderJob, Stage};

use std::io::{self, Write as _};
use std::process::ExitCode;

/// The whole of a program: reads its job, does it, and writes the answer; says what failed on standard error.
#[expect(clippy::print_stderr, reason = "a program tells its user what failed")]
pub fn answer<J, A>(work: impl FnOnce(&J) -> Result<A, Fault>) -> ExitCode
where
    J: serde::de::DeserializeOwned,
    A: serde::Serialize,
{
    match try_answer(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Why a program could not do its job, for the person at the terminal.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

fn try_answer<J, A>(work: impl FnOnce(&J) -> Result<A, Fault>) -> Result<(), Fault>
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
