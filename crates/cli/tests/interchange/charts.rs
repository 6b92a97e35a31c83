//! Which charts are tried.

use std::path::{Path, PathBuf};

use pintle::value::Data;
use pintle_testkit::fixtures;

/// The charts of each run of the tests: every kind of object, hooks, policies, subcharts.
const SAMPLE: [&str; 10] = [
    "cert-manager-shaped",
    "hook-policies",
    "hooks",
    "minimal",
    "rbac",
    "resource-policy",
    "storage",
    "upgradable",
    "web-app",
    "workloads",
];

/// What the upgrade of a chart of the corpus sets: what most charts have.
const CHANGES: &str =
    "replicaCount=3,podAnnotations.changed=yes,podLabels.changed=yes,service.annotations.changed=yes";

/// How many charts of the corpus are tried.
const OF_THE_CORPUS: usize = 40;

/// A chart and what its upgrade changes.
pub(crate) struct Chart {
    pub(crate) name: String,
    /// The name of its release: charts that are tried at the same time must not meet in objects of the whole cluster.
    pub(crate) release: String,
    pub(crate) path: PathBuf,
    pub(crate) upgrade: Vec<String>,
}

/// The charts of this run: all where `PINTLE_INTERCHANGE` is `all`, those whose name contains it where it is anything
/// else, and the sample without it.
pub(crate) fn chosen() -> Vec<Chart> {
    let wanted = std::env::var("PINTLE_INTERCHANGE").unwrap_or_default();
    let mut charts = of_fixtures();
    match wanted.as_str() {
        "" => charts.retain(|chart| SAMPLE.contains(&chart.name.as_str())),
        "all" => charts.extend(of_corpus()),
        part => {
            charts.extend(of_corpus());
            charts.retain(|chart| chart.name.contains(part));
        }
    }
    for (number, chart) in charts.iter_mut().enumerate() {
        chart.release = format!("ix{number}");
    }
    charts
}

/// How many charts are tried at the same time.
pub(crate) fn at_once() -> usize {
    std::env::var("PINTLE_INTERCHANGE_JOBS").ok().and_then(|count| count.parse().ok()).unwrap_or(4)
}

fn of_fixtures() -> Vec<Chart> {
    let folder = fixtures::root().join("charts");
    let mut charts: Vec<Chart> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| Chart {
            name: name_of(&path),
            release: String::new(),
            upgrade: changed_texts(&path),
            path,
        })
        .collect();
    charts.sort_by(|a, b| a.name.cmp(&b.name));
    charts
}

/// Another text for every text among a chart's own values.
fn changed_texts(chart: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(chart.join("values.yaml")).unwrap_or_default();
    let values = pintle::yaml::parse(text.as_bytes(), &pintle::yaml::Limits::default()).unwrap_or_default();
    let plain =
        |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let mut arguments = vec!["--set".to_owned(), "replicas=3,replicaCount=3".to_owned()];
    for (key, value) in values.as_map().into_iter().flatten() {
        if let (Some(key), Data::String(text)) = (key.as_str(), value)
            && plain(key)
            && text.as_str().is_some_and(plain)
        {
            arguments.extend(["--set-string".to_owned(), format!("{key}={}changed", text.to_str_lossy())]);
        }
    }
    arguments
}

/// Charts of the corpus that render the same each time and leave nothing in the cluster; none where it is not there.
fn of_corpus() -> Vec<Chart> {
    let folder = std::env::var_os("PINTLE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    let Ok(index) = std::fs::read(folder.join("index.json")) else {
        eprintln!("interchange: charts of the corpus skipped: it is not in {}", folder.display());
        return Vec::new();
    };
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
    let fits = |case: &&serde_json::Value| {
        case["case"] == "default"
            && case["ok"] == true
            && case["deterministic"] == true
            && case["features"]["crds"] == 0
            && case["features"]["lookup"] == 0
            && case["features"]["random_functions"].as_array().is_some_and(Vec::is_empty)
            && case["docs"].as_u64().is_some_and(|count| (3..=25).contains(&count))
    };
    let mut charts: Vec<Chart> = index
        .iter()
        .filter(fits)
        .map(|case| {
            let path = folder.join(case["tgz"].as_str().unwrap());
            let upgrade = vec!["--set".to_owned(), CHANGES.to_owned()];
            Chart { name: name_of(&path), release: String::new(), upgrade, path }
        })
        .collect();
    // Spread over the alphabet, since charts of one author look alike.
    let step = (charts.len() / OF_THE_CORPUS).max(1);
    let mut place = 0;
    charts.retain(|_| {
        place += 1;
        place % step == 0
    });
    charts.truncate(OF_THE_CORPUS);
    charts
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().trim_end_matches(".tgz").to_owned()
}
