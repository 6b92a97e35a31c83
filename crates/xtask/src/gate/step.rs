//! One check of the gate, and how cargo is called for it.

use std::ffi::OsStr;
use std::process::Command;

use super::metadata::Workspace;

/// Why a check failed, for the person at the terminal.
pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;

type Run = dyn Fn(&Workspace) -> Result<(), Fault>;

/// One check.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) run: Box<Run>,
}

impl Step {
    pub(super) fn new(
        name: impl Into<String>,
        run: impl Fn(&Workspace) -> Result<(), Fault> + 'static,
    ) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Runs cargo and fails when it does.
pub(super) fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<(), Fault> {
    cargo_with(arguments, [] as [(&'static str, &str); 0])
}

/// Runs cargo with additional environment variables.
pub(super) fn cargo_with<A: AsRef<OsStr>, V: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    environment: impl IntoIterator<Item = (&'static str, V)>,
) -> Result<(), Fault> {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).envs(environment);
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo ended with {status}").into()) }
}
