//! `cargo xtask interchange`: every action of the program against the same action of Helm 4.3.1 and of Helm 3.

use std::process::{Command, ExitCode};

/// Which charts to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only charts whose name contains this. Default: all charts of `fixtures/charts/` and 40 of the corpus.
    #[arg(long, default_value = "all")]
    only: String,
    /// How many charts are tried at the same time.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
}

/// Runs the test of the program that compares them, with more charts than the gate does.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--package", "pintle-cli", "--test", "interchange", "--", "--nocapture"])
        .env("PINTLE_INTERCHANGE", &arguments.only)
        .env("PINTLE_INTERCHANGE_JOBS", arguments.jobs.to_string())
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
