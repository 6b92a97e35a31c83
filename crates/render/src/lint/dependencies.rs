//! Rules for the charts inside (Helm: `pkg/chart/v2/lint/rules/dependencies.go`).

use super::folder::Folder;
use super::{Lint, Severity};

pub(super) fn check(folder: &Folder, lint: &mut Lint) {
    let chart = folder.load();
    // Here Helm does not look at the version of the chart's format; that it is unknown has been said before.
    if chart.as_ref().is_err_and(|error| error == "unsupported chart version") {
        return;
    }
    let chart = chart.map_err(|error| format!("unable to load chart\n\t{error}"));
    let Some(chart) = lint.rule(Severity::Error, "", chart) else { return };
    let listed = &chart.metadata().dependencies;
    let path = folder.name();

    let unlisted: Vec<&str> = chart
        .dependencies()
        .iter()
        .map(pintle_chart::Chart::name)
        .filter(|name| !listed.iter().any(|dependency| dependency.name == *name))
        .collect();
    if !unlisted.is_empty() {
        let names = unlisted.join(",");
        lint.say(Severity::Error, path, format!("chart metadata is missing these dependencies: {names}"));
    }

    let mut seen: Vec<&str> = Vec::new();
    let mut doubles: Vec<&str> = Vec::new();
    for dependency in listed {
        let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if seen.contains(&name.as_str()) {
            doubles.push(name);
        }
        seen.push(name);
    }
    if !doubles.is_empty() {
        let names = doubles.join(",");
        lint.say(Severity::Error, path, format!("multiple dependencies with name or alias: {names}"));
    }

    let missing = chart.missing_dependencies();
    if !missing.is_empty() {
        let names = missing.join(",");
        lint.say(Severity::Warning, path, format!("chart directory is missing these dependencies: {names}"));
    }
}
