//! `cargo xtask test`: the project's only gate.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

mod fuzz;
mod layers;
mod licences;
mod loose;
mod metadata;
mod room;
mod step;
mod tests;

use metadata::Workspace;
use step::{Step, cargo};

/// What to check. Without arguments: everything, in an order in which cheap faults are found first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Runs only the steps whose name holds this text.
    #[arg(long)]
    only: Option<String>,
    /// Lists the steps and runs none.
    #[arg(long)]
    list: bool,
}

/// Runs the steps one after the other and stops at the first that fails.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let workspace = Workspace::read()?;
    let steps = steps(&workspace);
    let wanted = |step: &&Step| arguments.only.as_ref().is_none_or(|text| step.name.contains(text.as_str()));
    let chosen: Vec<&Step> = steps.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err("no step has that in its name; --list shows them".into());
    }
    if arguments.list {
        for step in chosen {
            say(&step.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let begin = Instant::now();
    for step in &chosen {
        say(&format!("== {}", step.name));
        let started = Instant::now();
        (step.run)(&workspace).map_err(|error| format!("{}: {error}", step.name))?;
        say(&format!("== {}: ok, {:.0} s", step.name, started.elapsed().as_secs_f64()));
    }
    say(&format!("all {} steps passed in {:.0} s", chosen.len(), begin.elapsed().as_secs_f64()));
    // The closing line in a form that any tool can read.
    say(&format!("{} passed, 0 failed", chosen.len()));
    Ok(ExitCode::SUCCESS)
}

fn steps(workspace: &Workspace) -> Vec<Step> {
    let mut steps = vec![
        Step::new("room on disk", room::check),
        Step::new("format", |_| cargo(["fmt", "--all", "--check"])),
        fuzz::format(),
        Step::new("layers", layers::check),
        Step::new("loose files", loose::check),
        Step::new("licences", licences::check),
        Step::new("clippy", |_| {
            cargo(["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
        }),
        Step::new("documentation", |_| {
            step::cargo_with(["doc", "--workspace", "--no-deps"], [("RUSTDOCFLAGS", "-D warnings")])
        }),
    ];
    for feature in workspace.features("pintle") {
        let name = format!("feature {feature} alone");
        steps.push(Step::new(name, move |_| {
            cargo(["check", "--package", "pintle", "--no-default-features", "--features", &feature])
        }));
    }
    steps.push(Step::new("tests", tests::run));
    steps.push(fuzz::short_run());
    steps.push(Step::new("faults, a sample", |_| {
        cargo(["run", "--quiet", "--package", "pintle-xtask", "--", "faults", "--seconds", "40"])
    }));
    steps.push(Step::new("corpus", |_| {
        cargo(["run", "--profile", "corpus", "--quiet", "--package", "pintle-xtask", "--", "corpus"])
    }));
    steps.push(Step::new("packages", packages));
    steps
}

/// Packs what is published.
fn packages(workspace: &Workspace) -> Result<(), step::Fault> {
    let head = ["package", "--allow-dirty", "--no-verify", "--quiet"];
    let published = workspace.members().filter(|package| package.is_published());
    cargo(head.into_iter().chain(published.flat_map(|package| ["--package", &package.name])))
}

#[expect(clippy::print_stdout, reason = "a gate says what it does")]
fn say(line: &str) {
    println!("{line}");
}
