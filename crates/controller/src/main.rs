//! The program `pintle-controller`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use pintle_controller::api;
use pintle_controller::flags::{Command, Flags};

fn main() -> ExitCode {
    let done = match Flags::parse().command {
        Command::Crds => crds(),
        _ => Err(io::Error::other("`run` waits for the engine")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "pintle-controller: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Each definition as a document; JSON is YAML too.
fn crds() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for definition in api::definitions() {
        writeln!(out, "---")?;
        serde_json::to_writer_pretty(&mut out, &definition)?;
        writeln!(out)?;
    }
    Ok(())
}
