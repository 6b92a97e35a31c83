//! Which charts of the corpus are the heaviest: those that Helm's command takes most processor time for, one version of each.
//!
//! The list is kept in `benches/heaviest.json`, so that two runs measure the same charts.

use std::path::PathBuf;

use pintle_benches::ProgramsJob;
use serde::{Deserialize, Serialize};

use super::subject::Subject;
use super::whole_process::environment;
use crate::Fault;
use crate::bench::figures::median;
use crate::bench::programs::Stopwatch;
use crate::corpus;
use crate::oracle::Helm;

/// How many charts are kept.
const KEPT: usize = 10;

/// The heaviest charts, the first one most.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Heaviest {
    /// How they were chosen, for whoever reads the file.
    chosen: String,
    charts: Vec<Heavy>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Heavy {
    id: String,
    /// The processor time of Helm's command when the chart was chosen, the median of three runs, in milliseconds.
    helm_milliseconds: f64,
}

impl Heaviest {
    /// The list that was written down.
    pub(super) fn read() -> Result<Self, Fault> {
        let path = path();
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.charts.iter().map(|heavy| heavy.id.as_str())
    }
}

/// Measures Helm's command on the default case of every chart and writes down the heaviest.
pub(super) fn choose(stopwatch: &Stopwatch, helm: &Helm) -> Result<(), Fault> {
    let corpus = corpus::folder().ok_or("there is no corpus (set PINTLE_CORPUS to its folder)")?;
    let cases = corpus::cases(&corpus)?;
    let cases: Vec<_> = cases.iter().filter(|case| case.ok && case.values == "default").collect();
    let mut measured: Vec<(&str, Heavy)> = Vec::new();
    for case in &cases {
        let subject = Subject::of(case, &corpus);
        let job = ProgramsJob {
            commands: vec![helm.command_line(&subject.argv)],
            folder: subject.folder.clone(),
            environment: environment(helm),
            warmup: 0,
            runs: 3,
        };
        let runs = stopwatch.time(&job)?;
        let seconds = median(runs.iter().flatten().map(|run| run.cpu));
        let heavy = Heavy { id: case.id.clone(), helm_milliseconds: (seconds * 1e3).round() };
        measured.push((&case.chart, heavy));
    }
    measured.sort_by(|a, b| b.1.helm_milliseconds.total_cmp(&a.1.helm_milliseconds));
    let mut charts: Vec<(&str, Heavy)> = Vec::new();
    for (chart, heavy) in measured {
        if charts.len() < KEPT && charts.iter().all(|(known, _)| *known != chart) {
            charts.push((chart, heavy));
        }
    }
    let heaviest = Heaviest {
        chosen: format!(
            "by `cargo xtask bench render --choose`: of the {} default cases that render, those that helm template \
             takes most processor time for, one version of each chart",
            cases.len()
        ),
        charts: charts.into_iter().map(|(_, heavy)| heavy).collect(),
    };
    for heavy in &heaviest.charts {
        crate::bench::say(&format!("{:8.0} ms {}", heavy.helm_milliseconds, heavy.id));
    }
    let mut text = serde_json::to_string_pretty(&heaviest)?;
    text.push('\n');
    Ok(std::fs::write(path(), text)?)
}

fn path() -> PathBuf {
    corpus::workspace().join("benches").join("heaviest.json")
}
