//! `cargo xtask bench engine`: releases on an API server beside the real Helm, in time and requests.

use std::process::ExitCode;

use super::goals::Goals;
use super::programs::Programs;

mod actions;
mod contenders;
mod listing;
mod side;

use contenders::Contenders;

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only one of the two measurements.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// How many objects the chart has.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 50, 200])]
    objects: Vec<u32>,
    /// How often each action is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many releases are listed.
    #[arg(long, default_value_t = 1_000)]
    releases: usize,
    /// Ends with 1 where a goal is missed.
    #[arg(long)]
    check_goals: bool,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Install, upgrade, an upgrade that changes nothing, uninstall.
    Actions,
    /// A list of many releases.
    Listing,
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let programs = Programs::build()?;
    let contenders = Contenders::new(&programs)?;
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let mut goals = Goals::default();
    if wanted(Part::Actions) {
        actions::measure(&contenders, &arguments.objects, arguments.rounds, &mut goals)?;
    }
    if wanted(Part::Listing) {
        listing::measure(&contenders, arguments.releases, arguments.rounds, &mut goals)?;
    }
    let met = goals.print();
    Ok(if met || !arguments.check_goals { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
