//! `cargo xtask differ`: asks the real Helm about inputs that nobody thought of, and compares.

use clap::Subcommand;

mod charts;
mod compare;
mod damage;
mod expressions;
mod inputs;
mod oddities;

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Charts, rendered with changed values and flags.
    Charts(charts::Arguments),
    /// Expressions of templates, as many as `fixtures/expressions` holds, made with another seed.
    Expressions(expressions::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    match &arguments.what {
        What::Charts(arguments) => charts::run(arguments),
        What::Expressions(arguments) => expressions::run(arguments),
    }
}
