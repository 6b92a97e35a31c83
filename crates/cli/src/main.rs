//! The pintle program: Helm's commands and flags over the pintle library.
//!
//! It holds no logic: every command reads its arguments, calls the library, and prints what came back.

use std::io::{self, Write as _};
use std::process::ExitCode;

mod arguments;
mod cancel;
mod client;
mod commands;
mod connection;
mod failure;
mod live;
mod print;
mod progress;
mod repositories;
mod source;
mod user_values;

use arguments::Refusal;
use failure::Failure;
use print::Palette;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let mut explain = false;
    let ended = match arguments::parse(std::env::args_os()) {
        Ok(arguments) => {
            explain = arguments.global.explain.is_on();
            run(&arguments, &mut out)
        }
        Err(Refusal::Help(help)) => write!(out, "{}", help.render()).map_err(Failure::from),
        Err(Refusal::Usage(message)) => Err(Failure::new(message)),
        Err(Refusal::NotYet(flag)) => Err(Failure::new(format!("the flag --{flag} is not supported yet"))),
    };
    match ended.and_then(|()| out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                // Where even standard error is closed, nobody is there to be told.
                let _ = writeln!(io::stderr(), "Error: {message}");
            }
            // Helm prints nothing more; nor does this program, where another one reads it.
            if let Some(explanation) = failure.explanation().filter(|_| explain) {
                let _ = write!(io::stderr(), "\n{explanation}");
            }
            ExitCode::from(failure.code())
        }
    }
}

fn run(arguments: &arguments::Arguments, out: &mut dyn io::Write) -> Result<(), Failure> {
    if arguments::Switch::is_on(arguments.global.debug) {
        log(arguments.global.color);
    }
    // One thread: commands wait for servers, and what computes has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(commands::run(arguments, out));
    // A render that is still under way on a thread of its own must not keep the program from ending.
    runtime.shutdown_background();
    ended
}

/// Logs what this project's crates do, and what the others warn of: the frames of a connection help nobody.
fn log(color: arguments::Color) {
    let palette = Palette::of(color, &io::stderr());
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(palette == Palette::Colours);
    let seen = Targets::new().with_default(LevelFilter::WARN).with_target("pintle", LevelFilter::DEBUG);
    tracing_subscriber::registry().with(lines).with(seen).init();
}
