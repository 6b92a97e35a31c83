//! `pintle completion`.

use super::Context;
use crate::Failure;
use crate::arguments::{self, CompletionArguments, Shell};

pub(super) fn run(context: &mut Context<'_>, arguments: &CompletionArguments) -> Result<(), Failure> {
    let shell = match arguments.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(), "pintle", &mut script);
    Ok(context.out.write_all(&script)?)
}
