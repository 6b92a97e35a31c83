//! The charts that are measured.

use std::path::{Path, PathBuf};

use pintle_value::DataMap;

use super::heaviest::Heaviest;
use crate::Fault;
use crate::corpus::{self, Case};

/// The version of the cluster that templates see.
pub(super) const KUBE_VERSION: &str = "v1.34.0";

/// A chart, and how it is rendered.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// What the tables call it.
    pub(super) name: String,
    /// The folder that the command runs in.
    pub(super) folder: PathBuf,
    /// What stands behind `template`.
    pub(super) argv: Vec<String>,
    /// The lines of the output that differ from run to run, from 1.
    pub(super) volatile_lines: Vec<usize>,
}

impl Subject {
    /// The trivial chart, then the heaviest of the corpus; where there is no corpus, the largest of the fixtures.
    pub(super) fn all() -> Result<Vec<Self>, Fault> {
        let mut subjects = vec![Self::fixture("minimal")];
        let Some(corpus) = corpus::folder() else {
            crate::bench::say(
                "there is no corpus (set PINTLE_CORPUS to its folder): only fixtures are measured",
            );
            subjects.push(Self::fixture("cert-manager-shaped"));
            return Ok(subjects);
        };
        let cases = corpus::cases(&corpus)?;
        for id in Heaviest::read()?.ids() {
            let case = cases.iter().find(|case| case.id == id && case.values == "default");
            let case = case.ok_or_else(|| format!("the corpus has no case {id}/default"))?;
            subjects.push(Self::of(case, &corpus));
        }
        Ok(subjects)
    }

    /// A case of the corpus.
    pub(super) fn of(case: &Case, corpus: &Path) -> Self {
        Self {
            name: case.id.clone(),
            folder: corpus.to_owned(),
            argv: case.argv.clone(),
            volatile_lines: case.volatile_lines().to_vec(),
        }
    }

    fn fixture(name: &str) -> Self {
        let argv = ["rel", name, "-n", "ns", "--include-crds", "--kube-version", KUBE_VERSION];
        Self {
            name: format!("{name} (fixture)"),
            folder: corpus::workspace().join("fixtures").join("charts"),
            argv: argv.map(str::to_owned).to_vec(),
            volatile_lines: Vec::new(),
        }
    }

    /// Where the chart lies.
    pub(super) fn chart(&self) -> Result<PathBuf, Fault> {
        let chart = self.argv.get(1).ok_or("a command line without a chart")?;
        Ok(self.folder.join(chart))
    }

    /// The values of the file behind `-f`.
    pub(super) fn values(&self) -> Result<DataMap, Fault> {
        let mut builder = pintle_chart::Values::builder();
        for pair in self.argv.windows(2) {
            if let [flag, name] = pair
                && flag == "-f"
            {
                builder = builder.file(name.as_str(), std::fs::read(self.folder.join(name))?);
            }
        }
        Ok(builder.build()?.data().clone())
    }
}
