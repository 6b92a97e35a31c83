//! Files out of a directory.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::archive::Budget;
use crate::{ChartError, File, IgnoreRules, PathKind, Timestamp};

/// How deep folders may lie in a chart's folder.
const DEPTH: usize = 64;

/// The files of a chart's directory but for those that `.helmignore` leaves out, in the order of their names
/// (Helm: `pkg/chart/v2/loader/directory.go`, `internal/sympath/walk.go`).
///
/// Helm follows every symbolic link; here one that leads out of the folder is an error, because a chart from a
/// stranger could otherwise read any file of the machine.
pub(crate) fn files(folder: &Path, budget: &mut Budget<'_>) -> Result<Vec<File>, ChartError> {
    let top = folder.canonicalize().map_err(|source| ChartError::Io { path: folder.to_owned(), source })?;
    let rules = match fs::read(top.join(".helmignore")) {
        Ok(bytes) => IgnoreRules::parse(&bytes)?,
        Err(_) => IgnoreRules::defaults(),
    };
    let mut walk = Walk { top: &top, rules, budget, files: Vec::new() };
    walk.folder(&top, "", 0)?;
    Ok(walk.files)
}

struct Walk<'a, 'b> {
    top: &'a Path,
    rules: IgnoreRules,
    budget: &'a mut Budget<'b>,
    files: Vec<File>,
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
        let (meta, real): (fs::Metadata, PathBuf) = if meta.is_symlink() {
            let target = path.canonicalize().map_err(io)?;
            let kind = if target.is_dir() { PathKind::Directory } else { PathKind::File };
            if self.rules.ignores(name, kind) {
                return Ok(());
            }
            if !target.starts_with(self.top) {
                return Err(ChartError::SymlinkOutside { path: path.to_owned(), target });
            }
            (fs::metadata(&target).map_err(io)?, target)
        } else {
            (meta, path.to_owned())
        };
        if meta.is_dir() {
            if self.rules.ignores(name, PathKind::Directory) {
                return Ok(());
            }
            return self.folder(&real, &format!("{name}/"), depth + 1);
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
        fs::File::open(&real).map_err(io)?.take(ceiling).read_to_end(&mut data).map_err(io)?;
        if data.len() as u64 >= ceiling {
            return Err(exceeded());
        }
        self.budget.take(name, data.len() as u64)?;
        let bytes = data.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(&data);
        let mut file = File::new(name, bytes);
        if let Ok(time) = meta.modified() {
            file = file.modified_at(Timestamp::from(time));
        }
        self.files.push(file);
        Ok(())
    }
}
