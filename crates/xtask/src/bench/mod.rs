//! `cargo xtask bench`: how fast things are, beside the real Helm in the same run.

mod engine;
mod figures;
mod goals;
mod programs;
mod render;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Renders charts: as a process and within one, beside Helm's command and Helm's library.
    Render(render::Arguments),
    /// Installs, upgrades, uninstalls and lists releases on an API server, beside Helm's command.
    Engine(engine::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    match &arguments.subject {
        Subject::Render(arguments) => render::run(arguments),
        Subject::Engine(arguments) => engine::run(arguments),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn say(line: &str) {
    println!("{line}");
}
