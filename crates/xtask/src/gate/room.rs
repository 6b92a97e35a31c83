//! Room on the disk: a full one ends etcd in the middle, and every test behind it fails for a reason of its own.

use std::path::Path;

use super::metadata::Workspace;
use super::step::Fault;

const GIB: u64 = 1 << 30;
/// What a run from a clean clone leaves in the folders of targets.
const COMPILED: u64 = 10 * GIB;
/// What the compiler keeps there besides, for the next time.
const INCREMENTAL: u64 = 5 * GIB;
/// What the control planes and the tests write besides, for a while.
const WRITTEN: u64 = 2 * GIB;

/// Fails where a run would fill the disk.
pub(super) fn check(workspace: &Workspace) -> Result<(), Fault> {
    let is_clean = !workspace.target.join("debug/deps").is_dir();
    let is_incremental = std::env::var_os("CARGO_INCREMENTAL").is_none_or(|value| value != "0");
    let needed = match (is_clean, is_incremental) {
        (true, true) => COMPILED + INCREMENTAL,
        (true, false) => COMPILED,
        (false, _) => WRITTEN,
    };
    ask_for(&workspace.root, needed)?;
    ask_for(&std::env::temp_dir(), WRITTEN)
}

fn ask_for(folder: &Path, needed: u64) -> Result<(), Fault> {
    let system = rustix::fs::statvfs(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    if free >= needed {
        return Ok(());
    }
    let (free, needed) = (free / GIB, needed / GIB);
    Err(format!("{} has {free} GiB free, and a run needs {needed} GiB there", folder.display()).into())
}
