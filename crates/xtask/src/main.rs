//! The project's own chores: demo, test, corpus, differ, record, bench, faults, fuzz, interchange.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod corpus;
mod demo;
mod differ;
#[path = "../../render/tests/expression/mod.rs"]
mod expression;
mod faults;
mod fuzz;
mod gate;
mod groups;
#[path = "../../render/tests/command_line/mod.rs"]
mod in_process;
mod interchange;
mod oracle;
mod random;
mod record;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Runs the real Helm and Go again and stores what they print, in `fixtures/`.
    Record(record::Arguments),
    /// Checks everything: format, lints, documentation, layers, licences, tests, corpus, packages.
    Test(gate::Arguments),
    /// Plays the scenario of the README on real control planes.
    Demo(demo::Arguments),
    /// Renders every case of the chart corpus and compares with what Helm 4.3.1 printed.
    Corpus(corpus::Arguments),
    /// Renders charts with changed values and flags, and compares with the real Helm.
    Differ(differ::Arguments),
    /// Measures beside the real Helm, and says which goals are met.
    Bench(bench::Arguments),
    /// Kills and hinders the engine at every single API request, and looks what the next run makes of it.
    Faults(faults::Arguments),
    /// The process that `faults` kills.
    #[command(hide = true)]
    FaultsEngine(faults::engine::Arguments),
    /// Looks for inputs that make a reader of foreign bytes panic or hang.
    Fuzz(fuzz::Arguments),
    /// Installs, upgrades, rolls back and uninstalls charts by the program and by the real Helm, and compares.
    Interchange(interchange::Arguments),
}

/// What every chore returns; the message is for the person at the terminal.
type Outcome = Result<ExitCode, Fault>;

/// Why a chore failed, for the person at the terminal.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[expect(clippy::print_stderr, reason = "a command line tells its user what failed")]
fn main() -> ExitCode {
    if let Some(compiled) = fuzz::compile() {
        return compiled;
    }
    let outcome = match Arguments::parse().chore {
        Chore::Record(arguments) => record::run(&arguments),
        Chore::Test(arguments) => gate::run(&arguments),
        Chore::Demo(arguments) => demo::run(&arguments),
        Chore::Corpus(arguments) => corpus::run(&arguments),
        Chore::Differ(arguments) => differ::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Faults(arguments) => faults::run(&arguments),
        Chore::FaultsEngine(arguments) => faults::engine::run(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Interchange(arguments) => interchange::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
