//! `cargo xtask bench render`: rendering beside the real Helm, in time and memory.

use std::process::ExitCode;

use super::programs::{Programs, Stopwatch};

mod growth;
mod heaviest;
mod in_process;
mod subject;
mod whole_process;

use crate::bench::goals::Goals;
use subject::Subject;

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only charts whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Only one of the three measurements.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// For how many seconds each chart is rendered by each program.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Ends with 1 where a goal is missed.
    #[arg(long)]
    check_goals: bool,
    /// Measures Helm on the default case of every chart of the corpus, writes down the ten heaviest charts, and ends.
    #[arg(long)]
    choose: bool,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// `pintle template` and `helm template` as programs.
    Process,
    /// A chart that is loaded already, rendered again.
    InProcess,
    /// Output that grows.
    Growth,
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let helm = crate::oracle::Helm::find()?;
    if arguments.choose {
        heaviest::choose(&Stopwatch::build()?, &helm)?;
        return Ok(ExitCode::SUCCESS);
    }
    let programs = Programs::build()?;
    let mut subjects = Subject::all()?;
    subjects.retain(|subject| subject.name.contains(&arguments.filter));
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let mut goals = Goals::default();
    if wanted(Part::Process) {
        whole_process::measure(&subjects, &programs, &helm, arguments.seconds, &mut goals)?;
    }
    if wanted(Part::InProcess) {
        in_process::measure(&subjects, &programs, arguments.seconds, &mut goals)?;
    }
    if wanted(Part::Growth) {
        growth::measure(&programs, arguments.seconds, &mut goals)?;
    }
    let met = goals.print();
    Ok(if met || !arguments.check_goals { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
