//! `cargo xtask record`: what the real Helm and Go print, stored anew.

use clap::Subcommand;

mod command_line;
pub(crate) mod expressions;
mod fixtures;
mod merge;
mod readiness;

/// What to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The outputs of `fixtures/cases/`, from a real Helm (the binary in `PINTLE_HELM`, else the tests' own).
    Fixtures(fixtures::Arguments),
    /// The files of `fixtures/expressions/`, from Helm's engine (the Go program under `tests/oracle`).
    Expressions(expressions::Arguments),
    /// The flags of Helm's commands and what it says to wrong ones, in `fixtures/cli/`.
    CommandLine(command_line::Arguments),
    /// How Helm merges objects in the client: the table of kinds of `pintle-cluster` and `fixtures/cluster/merge/`.
    Merge,
    /// Which objects the strategy `legacy` of `--wait` takes for ready, in `fixtures/cluster/status/`.
    Readiness,
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    match &arguments.what {
        What::Fixtures(arguments) => fixtures::run(arguments),
        What::CommandLine(_) => command_line::run(),
        What::Merge => merge::run(),
        What::Readiness => readiness::run(),
        What::Expressions(arguments) => expressions::run(arguments),
    }
}
