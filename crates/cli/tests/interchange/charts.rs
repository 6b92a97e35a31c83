//! Which charts are tried.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pintle::chart::{Limits, Links};
use pintle::render::{Capabilities, CompiledChart, Crds, Document, HookEvent, RenderInput};
use pintle::value::Data;
use pintle_testkit::fixtures;

/// The charts of each run of the tests: hooks of all policies, several kinds of workloads, cluster roles, kept objects.
const SAMPLE: [&str; 4] = ["hook-policies", "kept-line-breaks", "resource-policy", "web-app"];

/// What the upgrade of a chart of the corpus sets: what most charts have.
const CHANGES: &str =
    "replicaCount=3,podAnnotations.changed=yes,podLabels.changed=yes,service.annotations.changed=yes";

/// How many charts of the corpus are tried.
const OF_THE_CORPUS: usize = 40;

/// A chart and what its upgrade changes.
pub(crate) struct Chart {
    /// `fixtures/` or `corpus/`, and the name of its folder or archive.
    pub(crate) name: String,
    /// The name of its release: charts that are tried at the same time must not meet in objects of the whole cluster.
    pub(crate) release: String,
    pub(crate) path: PathBuf,
    pub(crate) upgrade: Vec<String>,
    pub(crate) needs: Needs,
}

/// What must be in a cluster for a chart to be installed as its author meant it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// An API server: its objects are written, and that is all.
    Server,
    /// Something that runs Pods: a hook is a Job or a Pod, and bare Pods want the account that a controller makes.
    Pods,
}

/// The charts of this run: all where `PINTLE_INTERCHANGE` is `all`, those whose name contains it where it is anything
/// else, and the sample without it.
pub(crate) fn chosen() -> Vec<Chart> {
    let wanted = std::env::var("PINTLE_INTERCHANGE").unwrap_or_default();
    let mut charts = of_fixtures();
    match wanted.as_str() {
        "" => charts.retain(|chart| SAMPLE.iter().any(|name| chart.path.ends_with(name))),
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
        .filter_map(|path| {
            Some(Chart {
                name: format!("fixtures/{}", name_of(&path)),
                release: String::new(),
                upgrade: changed_texts(&path),
                needs: needs(&path)?,
                path,
            })
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

/// Charts of the corpus that render the same each time, of kinds that every cluster has, and leave nothing in the
/// cluster; none where the corpus is not there.
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
    let mut seen = BTreeSet::new();
    let mut charts: Vec<Chart> = index
        .iter()
        .filter(fits)
        // Two versions of one chart would meet in objects of the whole cluster that have fixed names.
        .filter(|case| seen.insert(case["chart"].as_str().unwrap()))
        .filter_map(|case| {
            let path = folder.join(case["tgz"].as_str().unwrap());
            let needs = needs(&path)?;
            let upgrade = vec!["--set".to_owned(), CHANGES.to_owned()];
            Some(Chart {
                name: format!("corpus/{}", name_of(&path)),
                release: String::new(),
                upgrade,
                needs,
                path,
            })
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

/// What a chart cannot do without, by what it renders with its own values; `None` where it wants kinds that no cluster has
/// of itself, or draws random values: then there is nothing to compare.
fn needs(path: &Path) -> Option<Needs> {
    let chart = pintle::Chart::from_path(path, &Limits::default().with_links(Links::All)).ok()?;
    let chart = CompiledChart::new(chart);
    let input = |seed| RenderInput::new("ix", "ix").capabilities(Capabilities::offline()).seed([seed; 32]);
    let Ok(rendered) = chart.render(&input(1)) else { return Some(Needs::Server) };
    if rendered.manifest(Crds::Leave) != chart.render(&input(2)).ok()?.manifest(Crds::Leave) {
        return None;
    }
    let hooks = rendered.hooks.iter().map(|hook| &hook.document);
    let mut documents = rendered.documents.iter().chain(hooks);
    let is_common = |document: &Document| {
        let (group, version) = document.api_version().split_once('/').unwrap_or(("", document.api_version()));
        let is_stable = !version.contains("alpha") && !version.contains("beta");
        is_stable && (!group.contains('.') || group.ends_with(".k8s.io"))
    };
    if !documents.all(is_common) {
        return None;
    }
    // The hooks of tests do not run here. Namespaces go away only where a controller empties them.
    let runs = rendered.hooks.iter().any(|hook| hook.events.iter().any(|event| *event != HookEvent::Test))
        || rendered.documents.iter().any(|document| matches!(document.kind(), "Pod" | "Namespace"));
    Some(if runs { Needs::Pods } else { Needs::Server })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().trim_end_matches(".tgz").to_owned()
}
