//! Rendered files in a folder (Helm: `pkg/action/install.go`, writeToFile; `pkg/cmd/template.go`).

use std::collections::HashSet;
use std::fmt;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::{Crds, Document, HookOutput, Rendered};

/// Where `helm template` writes files to instead of printing documents (`--output-dir`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputFolder {
    /// The folder; it is made where it is missing.
    pub path: PathBuf,
    /// The folder in it for all but CRDs: with `--release-name` one of the release's name.
    pub release: Option<String>,
}

impl OutputFolder {
    /// This folder itself.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), release: None }
    }

    /// Puts all but CRDs into a folder of the release's name (`--release-name`).
    #[must_use]
    pub fn within_release(mut self, name: impl Into<String>) -> Self {
        self.release = Some(name.into());
        self
    }

    /// Writes a chart's files, and prints what Helm prints of it.
    pub(crate) fn write(
        &self,
        rendered: &Rendered,
        crds: Crds,
        hooks: HookOutput,
        printed: &mut String,
    ) -> Result<(), String> {
        let crds = if crds == Crds::Include { rendered.crds.as_slice() } else { &[] };
        let crds: Vec<_> =
            crds.iter().map(|crd| (&*crd.path, String::from_utf8_lossy(&crd.file.data))).collect();
        let crds = crds.iter().map(|(source, text)| Piece { source, text });
        let hooks = rendered.hooks.iter().filter(|hook| hooks.shows(hook)).map(|hook| &hook.document);
        self.write_pieces(crds, rendered.documents.iter().map(Piece::of), hooks.map(Piece::of), printed)
    }

    /// Writes CRDs, documents and hooks, and adds to `printed` what Helm prints of it: a line for each. A file that is
    /// there is written anew; a hook goes behind what is there.
    ///
    /// The error is Go's text about the file that could not be written; a source that leads out of the folder is refused.
    pub fn write_pieces<'a>(
        &self,
        crds: impl IntoIterator<Item = Piece<'a>>,
        documents: impl IntoIterator<Item = Piece<'a>>,
        hooks: impl IntoIterator<Item = Piece<'a>>,
        printed: &mut String,
    ) -> Result<(), String> {
        let mut run = Run { printed, written: HashSet::new() };
        let own = self.release.as_ref().map_or_else(|| self.path.clone(), |name| self.path.join(name));
        for crd in crds {
            run.write(&self.path, crd)?;
        }
        for document in documents {
            run.write(&own, document)?;
        }
        for hook in hooks {
            if checked(&own, hook.source)?.exists() {
                run.written.insert(hook.source.to_owned());
            }
            run.write(&own, hook)?;
        }
        Ok(())
    }
}

/// A text of one of a chart's files.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a text and where it is from")]
pub struct Piece<'a> {
    /// The path of the file, such as `web/templates/service.yaml`.
    pub source: &'a str,
    /// The text.
    pub text: &'a str,
}

impl<'a> Piece<'a> {
    fn of(document: &'a Document) -> Self {
        Self { source: &document.source, text: &document.text }
    }
}

/// As Helm prints it: behind the path.
impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "---\n# Source: {}\n{}\n", self.source, self.text)
    }
}

struct Run<'p> {
    printed: &'p mut String,
    /// The files that are gone on with.
    written: HashSet<String>,
}

impl Run<'_> {
    fn write(&mut self, folder: &Path, piece: Piece<'_>) -> Result<(), String> {
        let path = checked(folder, piece.source)?;
        let failed = |verb: &str, path: &Path, error: &io::Error| {
            let reason = error.to_string();
            let reason = reason.split(" (os error").next().unwrap_or(&reason).to_lowercase();
            format!("{verb} {}: {reason}", path.display())
        };
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(|error| failed("mkdir", above, &error))?;
        }
        let goes_on = !self.written.insert(piece.source.to_owned());
        let mut options = OpenOptions::new();
        let options =
            if goes_on { options.append(true) } else { options.write(true).create(true).truncate(true) };
        let file = options.open(&path).map_err(|error| failed("open", &path, &error));
        file?.write_all(piece.to_string().as_bytes()).map_err(|error| failed("write", &path, &error))?;
        let _ = writeln!(self.printed, "wrote {}", path.display());
        Ok(())
    }
}

/// The file in the folder; a chart's own name for it must not lead out.
fn checked(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let stays = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if stays { Ok(folder.join(name)) } else { Err(format!("{name} leads out of {}", folder.display())) }
}
