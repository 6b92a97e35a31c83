//! Rules for `templates/` and what they render to (Helm: `pkg/chart/v2/lint/rules/template.go`).

use pintle_chart::{Chart, coalesce_values};
use pintle_value::{Data, DataMap, Value, quoted};

use super::folder::{Entry, Folder};
use super::object::{Head, Objects, annotations_of_items};
use super::{Lint, LintOptions, Severity, deprecated, object_name};
use crate::manifest::RenderedFiles;
use crate::{Capabilities, CompiledChart, Mode, Operation, RenderInput, SchemaCheck};

const FOLDER: &str = "templates/";

pub(super) fn check(folder: &Folder, options: &LintOptions, lint: &mut Lint) {
    match folder.entry("templates") {
        None => return lint.say(Severity::Warning, FOLDER, "directory does not exist"),
        Some(Entry::File) => return lint.say(Severity::Error, FOLDER, "not a directory"),
        Some(Entry::Folder) => {}
    }
    let Some(chart) = lint.rule(Severity::Error, FOLDER, folder.load()) else { return };
    lint.warnings.extend(chart.warnings().iter().cloned());
    let Some((chart, files)) = render(&chart, options, lint) else { return };
    for template in chart.templates() {
        let name = &*template.name;
        let extension = extension(name);
        if ![".yaml", ".yml", ".tpl", ".txt"].contains(&extension) {
            let text = format!(
                "file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
            );
            lint.say(Severity::Error, name, text);
        }
        if !matches!(extension.to_lowercase().as_str(), ".yaml" | ".yml") {
            continue;
        }
        let path = format!("{}/{name}", chart.name());
        let Some(text) = files.get(&path).map(|file| &*file.text) else { continue };
        if text.trim().is_empty() {
            continue;
        }
        lint.rule(Severity::Warning, name, top_indent(text));
        for object in Objects::of(text) {
            let object = object.map_err(|error| format!("unable to parse YAML: {error}"));
            let Some(object) = lint.rule(Severity::Error, name, object) else { return };
            if let Some(object) = object {
                check_object(&object, name, text, options, lint);
            }
        }
    }
}

/// Go: `filepath.Ext`.
fn extension(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rfind('.').and_then(|dot| base.get(dot..)).unwrap_or_default()
}

/// Renders as Helm's linter does: values are merged with the chart's defaults twice, so that a default comes back that
/// the user removed; nothing is known of the release but its name. `None` where the render fails, or where Helm leaves
/// without a word.
fn render(chart: &Chart, options: &LintOptions, lint: &mut Lint) -> Option<(Chart, RenderedFiles)> {
    let processed = chart.process_dependencies(options.values.data()).ok()?;
    lint.warnings.extend(processed.warnings);
    let chart = processed.chart;
    let once = to_data(&coalesce_values(&chart, options.values.data(), &mut lint.warnings).ok()?)?;
    let merged = coalesce_values(&chart, &once, &mut lint.warnings).map_err(|error| error.to_string());
    let merged = lint.rule(Severity::Error, FOLDER, merged)?;
    if options.schema == SchemaCheck::Check && pintle_chart::has_schema(&chart) {
        let fits = pintle_chart::validate_schema(&chart, &to_data(&merged)?);
        lint.rule(Severity::Error, FOLDER, fits.map_err(|error| error.to_string()))?;
    }
    let namespace = if options.namespace.is_empty() { "default" } else { &options.namespace };
    let mut capabilities = Capabilities::offline();
    if let Some(version) = &options.kube_version {
        capabilities = capabilities.with_kube_version(version.clone());
    }
    let input = RenderInput::new("test-release", namespace)
        .operation(Operation::Neither)
        .revision(0)
        .capabilities(capabilities)
        .mode(Mode::Lint);
    let files = CompiledChart::new(chart.clone()).files_of(&merged, &input, &mut lint.warnings);
    let files = lint.rule(Severity::Error, FOLDER, files.map_err(|error| error.to_string()))?;
    Some((chart, files))
}

fn to_data(values: &pintle_value::Map) -> Option<DataMap> {
    match Value::Map(values.clone()).to_data() {
        Ok(Data::Map(map)) => Some(map),
        _ => None,
    }
}

/// The first line with anything on it may not be indented.
fn top_indent(text: &str) -> Result<(), String> {
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if line.starts_with([' ', '\t']) => Err(format!(
            "document starts with an illegal indent: {}, which may cause parsing problems",
            quoted(line)
        )),
        _ => Ok(()),
    }
}

fn check_object(object: &Head, file: &str, text: &str, options: &LintOptions, lint: &mut Lint) {
    lint.rule(Severity::Warning, file, object_name::check(object));
    let offline;
    let version = if let Some(version) = &options.kube_version {
        version
    } else {
        offline = Capabilities::offline().kube_version;
        &offline
    };
    lint.rule(Severity::Warning, file, deprecated::check(object, version));
    lint.rule(Severity::Error, file, selector(object, text));
    lint.rule(Severity::Error, file, list_annotations(object, text));
}

/// Workloads say which pods are theirs; the whole file is searched for it.
fn selector(object: &Head, text: &str) -> Result<(), String> {
    let kind = object.kind.as_str();
    if !matches!(kind, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
        || text.contains("matchLabels")
        || text.contains("matchExpressions")
    {
        return Ok(());
    }
    let name = quoted(&object.name);
    Err(format!("a {kind} must contain matchLabels or matchExpressions, and {name} does not"))
}

fn list_annotations(object: &Head, text: &str) -> Result<(), String> {
    if object.kind != "List" {
        return Ok(());
    }
    let items = annotations_of_items(text).map_err(|error| format!("unable to parse YAML: {error}"))?;
    if items.iter().any(|keys| keys.contains("helm.sh/resource-policy")) {
        return Err("annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned());
    }
    Ok(())
}
