//! The command lines that one chart is rendered with.

use std::path::{Path, PathBuf};

use pintle_chart::{Chart, Limits, Links};
use serde_json::{Map, Value};

use super::oddities;
use crate::random::{Random, Seed};

/// At most so many values files of a chart's `ci/` folder.
const OF_THE_AUTHOR: usize = 12;

/// Kinds that people have in their clusters and charts ask for.
const API_VERSIONS: [&str; 12] = [
    "monitoring.coreos.com/v1",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "cert-manager.io/v1",
    "gateway.networking.k8s.io/v1",
    "gateway.networking.k8s.io/v1/HTTPRoute",
    "policy/v1beta1",
    "policy/v1/PodDisruptionBudget",
    "networking.k8s.io/v1beta1/Ingress",
    "autoscaling/v2beta2",
    "security.openshift.io/v1",
    "route.openshift.io/v1/Route",
    "traefik.io/v1alpha1",
];

const KUBE_VERSIONS: [&str; 12] = [
    "1.16",
    "v1.18.20",
    "1.19.0-0",
    "v1.21.14-gke.100",
    "1.22",
    "1.24.0",
    "v1.25.16+k3s4",
    "1.29.4-eks-036c24b",
    "1.34",
    "v1.99.0",
    "2.0.0",
    "one",
];

/// A chart and what is known of it.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    path: &'a Path,
    chart: Option<Chart>,
}

impl<'a> Subject<'a> {
    /// Reads a chart. One that cannot be read is rendered too: the error has to be the same.
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, chart: Chart::from_path(path, &Limits::default().with_links(Links::All)).ok() }
    }

    /// Where its command lines run, and the chart's path from there.
    fn place(&self) -> (PathBuf, String) {
        if self.path.is_dir() {
            return (self.path.to_owned(), ".".to_owned());
        }
        let folder = self.path.parent().unwrap_or(self.path).to_owned();
        (folder, self.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }

    /// The values files that the chart's author tests with, from the chart's folder.
    fn files_of_the_author(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path.join("ci")) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
            })
            .map(|name| format!("ci/{name}"))
            .collect();
        names.sort();
        names.truncate(OF_THE_AUTHOR);
        names
    }

    /// The default values as JSON, those of the charts inside it below their names.
    fn defaults(&self) -> Value {
        self.chart.as_ref().map_or(Value::Null, defaults)
    }
}

fn defaults(chart: &Chart) -> Value {
    let mut values = serde_json::to_value(chart.values()).unwrap_or_default();
    if let Some(map) = values.as_object_mut() {
        for dependency in chart.dependencies() {
            let below = defaults(dependency);
            let own = map.entry(dependency.name()).or_insert_with(|| Value::Object(Map::new()));
            merge(own, below);
        }
    }
    values
}

/// Adds what is missing.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            match into.get_mut(&key) {
                Some(own) => merge(own, value),
                None => drop(into.insert(key, value)),
            }
        }
    }
}

/// The command lines of one chart, and the files that they name.
#[derive(Debug)]
pub(super) struct Inputs {
    folder: PathBuf,
    lines: Vec<Vec<String>>,
}

impl Inputs {
    /// The chart's own values, its author's, and so many changes.
    pub(super) fn of(subject: &Subject<'_>, seed: Seed, changes: usize) -> Self {
        let (folder, chart) = subject.place();
        let base = |more: &[&str]| -> Vec<String> {
            ["rel", &chart, "-n", "ns"].iter().chain(more).map(|word| (*word).to_owned()).collect()
        };
        let usual = ["--include-crds", "--kube-version", "v1.34.0"];
        let mut lines = vec![base(&usual)];
        for file in subject.files_of_the_author() {
            lines.push(base(&[&usual[..], &["-f", &file]].concat()));
        }
        let defaults = subject.defaults();
        let mut leaves = Vec::new();
        collect(&defaults, &mut Vec::new(), &mut leaves);
        for number in 0..changes {
            let mut random = seed.random(&format!("{number} {}", subject.path.display()));
            let mut line = changed_line(&chart, &mut random, subject.chart.as_ref());
            line.extend(changed_values(&leaves, &mut random));
            lines.push(line);
        }
        Self { folder, lines }
    }

    /// The folder that the command lines run in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The words behind `template`, one list a case.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Vec<String>> {
        self.lines.iter()
    }
}

/// A place in the default values and what stands there.
type Leaf<'a> = (Vec<&'a str>, &'a Value);

fn collect<'a>(value: &'a Value, path: &mut Vec<&'a str>, leaves: &mut Vec<Leaf<'a>>) {
    if !path.is_empty() {
        leaves.push((path.clone(), value));
    }
    if let Value::Object(map) = value {
        for (key, value) in map {
            path.push(key);
            collect(value, path, leaves);
            path.pop();
        }
    }
}

/// A release name, flags, and the chart.
fn changed_line(chart: &str, random: &mut Random, loaded: Option<&Chart>) -> Vec<String> {
    let names = [
        "rel",
        "rel",
        "rel",
        "a",
        "my-release",
        "prometheus",
        "0",
        "x-123456789-123456789-123456789-123456789-12345",
    ];
    let mut line: Vec<String> =
        vec![random.pick(&names).copied().unwrap_or("rel").to_owned(), chart.to_owned()];
    let mut chance = |one_in: usize| random.below(one_in) == 0;
    let switches = [
        (3, "--is-upgrade"),
        (2, "--include-crds"),
        (5, "--no-hooks"),
        (5, "--skip-tests"),
        (6, "--skip-schema-validation"),
    ];
    for (one_in, flag) in switches {
        if chance(one_in) {
            line.push(flag.to_owned());
        }
    }
    if random.below(2) == 0 {
        let version = random.pick(&KUBE_VERSIONS).copied().unwrap_or_default();
        line.extend(["--kube-version".to_owned(), version.to_owned()]);
    }
    if random.below(3) == 0 {
        line.extend([
            "-n".to_owned(),
            random.pick(&["kube-system", "team-a", "x"]).copied().unwrap_or_default().to_owned(),
        ]);
    }
    for _ in 0..random.below(4) {
        let version = random.pick(&API_VERSIONS).copied().unwrap_or_default();
        line.extend(["--api-versions".to_owned(), version.to_owned()]);
    }
    if random.below(10) == 0
        && let Some(template) = loaded.and_then(|chart| random.pick(chart.templates()))
    {
        line.extend(["-s".to_owned(), template.name.to_string()]);
    }
    line
}

/// Flags that set some values to others.
fn changed_values(leaves: &[Leaf<'_>], random: &mut Random) -> Vec<String> {
    let mut flags = Vec::new();
    // A share of all switches at once opens the templates that nobody renders by default.
    if random.below(2) == 0 {
        for (path, value) in leaves {
            match value {
                Value::Bool(on) if random.below(3) == 0 => set(&mut flags, "--set", path, &(!on).to_string()),
                _ => {}
            }
        }
    }
    for _ in 0..random.below(5) {
        let empty: Vec<&Leaf<'_>> = leaves.iter().filter(|(_, value)| is_empty(value)).collect();
        if let Some((path, value)) = random.pick(&empty) {
            set(&mut flags, "--set-json", path, &oddities::filling(value, random).to_string());
        }
    }
    for _ in 0..random.below(4) {
        let Some((path, value)) = random.pick(leaves) else { break };
        match random.below(8) {
            0 => set(&mut flags, "--set", path, oddities::text(random)),
            1 => set(&mut flags, "--set-string", path, oddities::text(random)),
            2 => set(&mut flags, "--set-literal", path, oddities::text(random)),
            3 | 4 if value.is_boolean() || value.is_number() => {
                set(&mut flags, "--set-string", path, &value.to_string());
            }
            _ => set(&mut flags, "--set-json", path, &oddities::value(random).to_string()),
        }
    }
    flags
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn set(flags: &mut Vec<String>, flag: &str, path: &[&str], value: &str) {
    let steps: Vec<String> = path.iter().map(|step| escaped(step)).collect();
    flags.extend([flag.to_owned(), format!("{}={value}", steps.join("."))]);
}

/// A key as the grammar of `--set` takes it.
fn escaped(key: &str) -> String {
    key.chars()
        .flat_map(|letter| ",.[=\\".contains(letter).then_some('\\').into_iter().chain([letter]))
        .collect()
}
