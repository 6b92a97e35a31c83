//! The chart that is checked, as files.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use pintle_chart::{Chart, ChartError, Limits};

/// The chart that is checked: a folder, or what an archive holds.
pub(super) enum Folder {
    Disk { path: PathBuf, absolute: String },
    Archive { path: PathBuf, chart: Result<Chart, String>, files: Vec<(String, Vec<u8>)> },
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    File,
    Folder,
}

impl Folder {
    /// Helm: `pkg/action/lint.go`, lintChart.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let name = path.to_string_lossy();
        let is_archive = name.ends_with(".tgz") || name.ends_with(".tar.gz");
        let folder = if is_archive {
            let bytes = std::fs::read(path)
                .map_err(|error| format!("unable to open tarball: open {name}: {}", reason(&error)))?;
            let chart = Chart::from_archive(&bytes, &Limits::default());
            let files = chart.as_ref().map(|chart| {
                chart.raw().iter().map(|file| (file.name.to_string(), file.data.to_vec())).collect()
            });
            let files = match files {
                Ok(files) => files,
                Err(
                    error @ (ChartError::Archive(_)
                    | ChartError::IllegalPath { .. }
                    | ChartError::TooLarge(_)),
                ) => {
                    return Err(format!("unable to extract tarball: {error}"));
                }
                Err(_) => Vec::new(),
            };
            Self::Archive { path: path.to_owned(), chart: chart.map_err(|error| error.to_string()), files }
        } else {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            // Go cleans the path.
            let absolute: PathBuf = absolute.components().collect();
            Self::Disk { path: path.to_owned(), absolute: absolute.to_string_lossy().into_owned() }
        };
        match folder.entry("Chart.yaml") {
            Some(_) => Ok(folder),
            None => Err(format!(
                "unable to check Chart.yaml file in chart: stat {}: no such file or directory",
                path.join("Chart.yaml").display()
            )),
        }
    }

    /// The folder's name for messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Disk { absolute, .. } => absolute,
            Self::Archive { path, .. } => path.to_str().unwrap_or_default(),
        }
    }

    /// What lies at a path inside; `None` for nothing.
    pub(super) fn entry(&self, name: &str) -> Option<Entry> {
        match self {
            Self::Disk { path, .. } => {
                let meta = std::fs::metadata(path.join(name)).ok()?;
                Some(if meta.is_dir() { Entry::Folder } else { Entry::File })
            }
            Self::Archive { files, .. } => {
                let below = format!("{}/", name.trim_end_matches('/'));
                if files.iter().any(|(file, _)| file == name) {
                    Some(Entry::File)
                } else {
                    files.iter().any(|(file, _)| file.starts_with(&below)).then_some(Entry::Folder)
                }
            }
        }
    }

    /// The bytes of a file; the error is Go's text.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Disk { path, absolute } => std::fs::read(path.join(name)).map_err(|error| {
                let verb = if self.entry(name) == Some(Entry::Folder) { "read" } else { "open" };
                format!("{verb} {absolute}/{name}: {}", reason(&error))
            }),
            Self::Archive { files, .. } => {
                let found = files.iter().find(|(file, _)| file == name).map(|(_, bytes)| bytes.clone());
                found.ok_or_else(|| format!("open {}/{name}: no such file or directory", self.name()))
            }
        }
    }

    /// The chart; the error is Helm's text.
    pub(super) fn load(&self) -> Result<Chart, String> {
        match self {
            Self::Disk { path, .. } => {
                Chart::from_path(path, &Limits::default()).map_err(|error| error.to_string())
            }
            Self::Archive { chart, .. } => chart.clone(),
        }
    }
}

/// The charts below `charts/` of a folder, for `--with-subcharts`: folders with a Chart.yaml and archives, each before
/// what lies in it (Helm: `pkg/cmd/lint.go`).
pub fn charts_below(path: &Path) -> Vec<PathBuf> {
    const DEEPEST: usize = 64;
    let mut found = Vec::new();
    let mut todo = vec![(path.join("charts"), 0)];
    while let Some((folder, depth)) = todo.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let names: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        let mut below = Vec::new();
        for path in names {
            let text = path.to_string_lossy();
            // A link is not followed.
            let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
            if path.file_name().is_some_and(|name| name == "Chart.yaml") {
                found.push(folder.clone());
            } else if text.ends_with(".tgz") || text.ends_with(".tar.gz") {
                found.push(path.clone());
            }
            if is_folder && depth < DEEPEST {
                below.push((path.clone(), depth + 1));
            }
        }
        below.reverse();
        todo.extend(below);
    }
    found
}

/// What the system said, as Go prints it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
