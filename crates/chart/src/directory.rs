//! Files out of a directory.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::archive::Budget;
use crate::{ChartError, File, IgnoreRules, Links, PathKind, Timestamp, Warning};

/// How deep folders may lie in a chart's folder.
const DEPTH: usize = 64;

/// How many parts of paths are looked at behind a link that leads nowhere.
const MOST_STEPS: usize = 4096;

/// The files of a chart's directory but for those that `.helmignore` leaves out, in the order of their names, and what
/// Helm says of the links among them (Helm: `pkg/chart/v2/loader/directory.go`, `internal/sympath/walk.go`).
pub(crate) fn files(folder: &Path, budget: &mut Budget<'_>) -> Result<Found, ChartError> {
    let io = |source| ChartError::Io { path: folder.to_owned(), source };
    let folder = std::path::absolute(folder).map_err(io)?;
    let top = folder.canonicalize().map_err(io)?;
    let rules = match fs::read(folder.join(".helmignore")) {
        Ok(bytes) => IgnoreRules::parse(&bytes)?,
        Err(_) => IgnoreRules::defaults(),
    };
    let mut walk = Walk { top: &top, rules, budget, found: Found::default() };
    walk.folder(&folder, "", 0)?;
    Ok(walk.found)
}

/// What a directory has.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<File>,
    pub(crate) warnings: Vec<Warning>,
}

struct Walk<'a, 'b> {
    top: &'a Path,
    rules: IgnoreRules,
    budget: &'a mut Budget<'b>,
    found: Found,
}

impl Walk<'_, '_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), ChartError> {
        let io = |source| ChartError::Io { path: folder.to_owned(), source };
        if depth > DEPTH {
            return Err(ChartError::TooLarge(format!(
                "{}: folders lie deeper than the maximum of {DEPTH}",
                folder.display()
            )));
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(io)? {
            names.push(entry.map_err(io)?.file_name());
        }
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let inside = format!("{prefix}{}", name.to_string_lossy());
            self.entry(&path, &inside, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), ChartError> {
        let io = |source| ChartError::Io { path: path.to_owned(), source };
        let meta = fs::symlink_metadata(path).map_err(io)?;
        let meta = if meta.is_symlink() { self.follow(path, name)? } else { Some(meta) };
        let Some(meta) = meta else { return Ok(()) };
        if meta.is_dir() {
            if self.rules.ignores(name, PathKind::Directory) {
                return Ok(());
            }
            return self.folder(path, &format!("{name}/"), depth + 1);
        }
        if self.rules.ignores(name, PathKind::File) {
            return Ok(());
        }
        if !meta.is_file() {
            return Err(ChartError::Layout(format!(
                "cannot load irregular file {} as it has file mode type bits set",
                path.display()
            )));
        }
        let exceeded = || {
            ChartError::TooLarge(format!(
                "error reading {name}: chart exceeds maximum decompressed size of {} bytes",
                self.budget.limits.total_bytes
            ))
        };
        let ceiling = self.budget.limits.total_bytes.saturating_add(1);
        if meta.len() >= ceiling {
            return Err(exceeded());
        }
        let mut data = Vec::new();
        fs::File::open(path).map_err(io)?.take(ceiling).read_to_end(&mut data).map_err(io)?;
        if data.len() as u64 >= ceiling {
            return Err(exceeded());
        }
        self.budget.take(name, data.len() as u64)?;
        let bytes = data.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(&data);
        let mut file = File::new(name, bytes);
        if let Ok(time) = meta.modified() {
            file = file.modified_at(Timestamp::from(time));
        }
        self.found.files.push(file);
        Ok(())
    }

    /// What a link leads to; `None` where it is ignored.
    fn follow(&mut self, path: &Path, name: &str) -> Result<Option<fs::Metadata>, ChartError> {
        let io = |source| ChartError::Io { path: path.to_owned(), source };
        let target = match path.canonicalize() {
            Ok(target) => target,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ChartError::DanglingLink { path: path.to_owned(), missing: missing(path) });
            }
            Err(error) => return Err(io(error)),
        };
        let said = Warning::info("found symbolic link in path. Contents of linked file included and used");
        let said = said.with("path", path.to_string_lossy()).with("resolved", target.to_string_lossy());
        self.found.warnings.push(said);
        let kind = if target.is_dir() { PathKind::Directory } else { PathKind::File };
        if self.rules.ignores(name, kind) {
            return Ok(None);
        }
        if self.budget.limits.links == Links::Inside && !target.starts_with(self.top) {
            return Err(ChartError::SymlinkOutside { path: path.to_owned(), target });
        }
        fs::metadata(&target).map(Some).map_err(io)
    }
}

/// The first part of the way behind a link that is not there (Go: `path/filepath/symlink.go`, `walkSymlinks`).
fn missing(link: &Path) -> PathBuf {
    let mut place = PathBuf::new();
    let mut ahead: Vec<OsString> = link.components().rev().map(|part| part.as_os_str().to_owned()).collect();
    for _ in 0..MOST_STEPS {
        let Some(part) = ahead.pop() else { break };
        if part == ".." {
            place.pop();
            continue;
        }
        place.push(&part);
        match fs::symlink_metadata(&place) {
            Err(_) => return place,
            Ok(meta) if meta.is_symlink() => {
                let target = fs::read_link(&place).unwrap_or_default();
                place.pop();
                ahead.extend(target.components().rev().map(|part| part.as_os_str().to_owned()));
            }
            Ok(_) => {}
        }
    }
    place
}
