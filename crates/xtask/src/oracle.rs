//! The real Helm as this program runs it: always the same version, environment and time zone.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The release that "compatible" means.
pub(crate) const HELM_VERSION: &str = "4.3.1";
/// The Go that built it; messages of Go's libraries differ between releases.
const GO_VERSION: &str = "go1.27.3";

/// Why the real Helm could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Build(#[from] Box<pintle_testkit::Error>),
    #[error("cannot run {helm}: {source}", helm = helm.display())]
    Run { helm: PathBuf, source: std::io::Error },
    #[error("{helm} is {found}, not helm {HELM_VERSION} built with {GO_VERSION}", helm = helm.display())]
    Version { helm: PathBuf, found: String },
    #[error("cannot make an empty home: {0}")]
    Home(std::io::Error),
}

/// A checked Helm binary with a home of its own.
#[derive(Debug)]
pub(crate) struct Helm {
    binary: PathBuf,
    home: tempfile::TempDir,
}

impl Helm {
    /// The binary in `PINTLE_HELM`, if it is the right version, else the one that the tests use.
    pub(crate) fn find() -> Result<Self, Error> {
        let binary = match std::env::var_os("PINTLE_HELM") {
            Some(binary) => PathBuf::from(binary),
            None => pintle_testkit::Helm::v4().map_err(Box::new)?.program().to_owned(),
        };
        let helm = Self { binary, home: tempfile::tempdir().map_err(Error::Home)? };
        let output = helm.run(Path::new("."), ["version", "--template", "{{.Version}} {{.GoVersion}}"])?;
        let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // A Helm of `go install` without the linker's flags says `v4.3`, and so do charts that print it.
        if found == format!("v{HELM_VERSION} {GO_VERSION}") {
            Ok(helm)
        } else {
            Err(Error::Version { helm: helm.binary, found })
        }
    }

    /// The program.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// The home that it runs with, which is empty.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command line that renders with these arguments.
    pub(crate) fn command_line(&self, argv: &[String]) -> Vec<String> {
        let head = [self.binary.display().to_string(), "template".to_owned()];
        head.into_iter().chain(argv.iter().cloned()).collect()
    }

    /// Runs it in a folder, without anything of the caller's environment.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Output, Error> {
        run(&self.binary, self.home.path(), folder, arguments)
            .map_err(|source| Error::Run { helm: self.binary.clone(), source })
    }
}

/// Runs a Helm-like program with an empty home in UTC.
pub(crate) fn run<A: AsRef<OsStr>>(
    binary: &Path,
    home: &Path,
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> std::io::Result<Output> {
    Command::new(binary)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC")
        .output()
}
