//! Where the demo's chart comes from.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use pintle_testkit::ChartServer;

use super::story;
use crate::Fault;

/// The guide's chart.
const NAME: &str = "cert-manager";
/// The guide's version.
const VERSION: &str = "v1.10.1";
/// The chart's own repository.
const REPOSITORY: &str = "https://charts.jetstack.io";

/// A repository with a chart in it.
pub(super) struct ChartSource {
    pub(super) url: String,
    pub(super) name: String,
    pub(super) version: String,
    /// The value that makes the chart install its CRDs.
    pub(super) crds_value: &'static str,
    server: Option<ChartServer>,
}

impl ChartSource {
    /// The chart's own repository where that answers, else the corpus, else the chart of the same shape that belongs to
    /// the project.
    pub(super) fn find() -> Result<Self, Fault> {
        story::title("where the chart comes from");
        if answers(REPOSITORY) {
            story::say(&format!("its own repository, {REPOSITORY}"));
            return Ok(Self::new(REPOSITORY.to_owned(), NAME, VERSION, None));
        }
        let server = ChartServer::start()?;
        let archive = corpus().join("charts").join(format!("{NAME}-{VERSION}.tgz"));
        if archive.is_file() {
            server.add_archive(std::fs::read(&archive)?)?;
            story::say(&format!(
                "{REPOSITORY} does not answer; the archive in the chart corpus, served on loopback"
            ));
            return Ok(Self::new(server.url(), NAME, VERSION, Some(server)));
        }
        let folder = pintle_testkit::fixtures::root().join("charts/cert-manager-shaped");
        let entry = server.add_folder(&folder)?;
        story::say(&format!(
            "{REPOSITORY} does not answer and there is no corpus; the project's own chart of the same shape, served on \
             loopback"
        ));
        Ok(Self::new(server.url(), &entry.name, &entry.version, Some(server)))
    }

    fn new(url: String, name: &str, version: &str, server: Option<ChartServer>) -> Self {
        Self { url, name: name.to_owned(), version: version.to_owned(), crds_value: "installCRDs", server }
    }

    /// Says what a repository on loopback means for a demo that is left running.
    pub(super) fn leave_running(&self) {
        if self.server.is_some() {
            story::say(
                "the repository on loopback ends with this program: charts that are installed stay, new ones cannot be had",
            );
        }
    }
}

fn corpus() -> PathBuf {
    match std::env::var_os("PINTLE_CORPUS") {
        Some(folder) => folder.into(),
        None => pintle_testkit::fixtures::root().join("../../shared/corpus"),
    }
}

/// Whether the repository's index can be fetched within a few seconds.
fn answers(url: &str) -> bool {
    Command::new("curl")
        .args(["--silent", "--fail", "--head", "--location", "--max-time", "5", "--output", "-"])
        .arg(format!("{url}/index.yaml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
