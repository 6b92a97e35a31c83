//! `cargo xtask differ expressions`: the questions of `record expressions` with another seed, answered by Helm's engine
//! and by the library.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use pintle_chart::{Chart, Limits};

use crate::expression::{depends_on_the_name, from_here, render};
use crate::groups::{Failure, group, report, summary};
use crate::random::Seed;
use crate::record::expressions::{Oracle, Request, stable, suites};

/// Which expressions to make.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only the files of `fixtures/expressions` whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Another seed makes other expressions; 0 makes those that are recorded.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many differing cases to show of each group.
    #[arg(long, default_value_t = 3)]
    show: usize,
}

#[expect(clippy::print_stdout, reason = "a command line prints its result")]
pub(super) fn run(arguments: &Arguments) -> crate::Outcome {
    let folder = pintle_testkit::fixtures::root().join("expressions/chart");
    let chart = Chart::from_path(&folder, &Limits::default())?;
    let oracle = Oracle::build(&folder)?;
    let mut suites = suites(&oracle.functions()?, Seed(arguments.seed))?;
    suites.retain(|name, _| name.contains(&arguments.filter));
    let cases: Vec<(&String, &Request)> = suites
        .iter()
        .flat_map(|(name, requests)| requests.iter().map(move |request| (name, request)))
        .filter(|(_, request)| matches!(request, Request::Render(text) if !depends_on_the_name(text) && !measures_everything(text)))
        .collect();
    let requests: Vec<&Request> = cases.iter().map(|(_, request)| *request).collect();
    let answers = stable(&oracle, &requests)?;
    let (mut count, mut failures) = (0, Vec::new());
    for ((name, request), answer) in cases.iter().zip(answers) {
        let Some(expected) = answer.and_then(|answer| answer.rendered()) else { continue };
        count += 1;
        let expected = expected.map(|text| from_here(&text)).map_err(|text| from_here(&text));
        let found = std::panic::catch_unwind(AssertUnwindSafe(|| render(&chart, &from_here(request.text()))))
            .unwrap_or_else(|_| Err("the renderer panicked".to_owned()));
        if found != expected {
            failures.push(Failure {
                name: (*name).clone(),
                command: serde_json::to_string(request.text())?,
                difference: format!("{}\nhelm {expected:?}\npintle {found:?}", request.text()),
            });
        }
    }
    let groups = group(&failures);
    print!("{}", summary(&groups, arguments.show));
    println!("{count} expressions, {} of them different", failures.len());
    let details = crate::corpus::workspace().join("target").join("differ-expressions.txt");
    std::fs::write(&details, report(&groups))?;
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("details: {}", details.display());
    Ok(ExitCode::FAILURE)
}

/// Whether a template says how long everything is that it sees: its own name is in it, which is another one here.
fn measures_everything(template: &str) -> bool {
    template.contains(". | toJson | len")
}
