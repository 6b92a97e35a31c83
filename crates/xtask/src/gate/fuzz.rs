//! The fuzz targets, which are a workspace of their own.

use std::ffi::OsStr;

use super::metadata::Workspace;
use super::step::{self, Step};

/// Their format.
pub(super) fn format() -> Step {
    Step::new("format of fuzz targets", |workspace| run(workspace, "fmt", &["--check"]))
}

/// A short run of each.
pub(super) fn short_run() -> Step {
    Step::new("fuzz targets, a short run", |workspace| run(workspace, "test", &["--locked"]))
}

/// Runs cargo on them. They are built into the same folder, where much of what they need is already.
fn run(workspace: &Workspace, command: &str, arguments: &[&str]) -> Result<(), step::Fault> {
    let manifest = workspace.root.join("fuzz/Cargo.toml");
    let head = [command, "--manifest-path"].map(OsStr::new);
    let all = head.into_iter().chain([manifest.as_os_str()]).chain(arguments.iter().map(OsStr::new));
    step::cargo_with(all, [("CARGO_TARGET_DIR", workspace.target.as_os_str())])
}
