//! Every Rust file belongs to a target: one that no target names is never compiled and never run.

use std::path::{Path, PathBuf};

use super::metadata::Workspace;
use super::step::Fault;

/// Fails on a file directly in `tests/` or `benches/`, or in a crate's `tests`, `benches` or `examples` folder, that no
/// target is made of.
pub(super) fn check(workspace: &Workspace) -> Result<(), Fault> {
    let targets: Vec<&Path> = workspace
        .members()
        .flat_map(|package| &package.targets)
        .map(|target| target.src_path.as_path())
        .collect();
    let mut folders: Vec<PathBuf> =
        ["tests", "benches"].iter().map(|folder| workspace.root.join(folder)).collect();
    for package in workspace.members() {
        let Some(home) = package.manifest_path.parent() else { continue };
        folders.extend(["tests", "benches", "examples"].iter().map(|folder| home.join(folder)));
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let is_rust = path.extension().is_some_and(|extension| extension == "rs");
            if is_rust && !targets.contains(&path.as_path()) {
                return Err(format!("{} belongs to no target and would never run", path.display()).into());
            }
        }
    }
    Ok(())
}
