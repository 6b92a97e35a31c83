//! Rules for the Chart.yaml (Helm: `pkg/chart/v2/lint/rules/chartfile.go`).

use pintle_chart::{ChartFile, Metadata};
use pintle_functions::{Constraint, Version};
use pintle_value::{Data, Value, quoted};

use super::address::{is_email, is_request_url, is_url};
use super::folder::{Entry, Folder};
use super::{Lint, Severity};

const FILE: &str = "Chart.yaml";

pub(super) fn check(folder: &Folder, lint: &mut Lint) {
    if folder.entry(FILE) == Some(Entry::Folder) {
        lint.say(Severity::Error, FILE, "should be a file, not a directory");
    }
    let read = folder.read(FILE).and_then(|bytes| ChartFile::read(&bytes).map(|file| (bytes, file)));
    let read = read.map_err(|error| format!("unable to parse YAML\n\t{error}"));
    let Some((bytes, file)) = lint.rule(Severity::Error, FILE, read) else { return };
    let strict = ChartFile::check_strictly(&bytes);
    let strict = strict.map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
    lint.rule(Severity::Warning, FILE, strict);
    let untyped = pintle_yaml::parse(&bytes, &pintle_yaml::Limits::default()).unwrap_or(Data::Null);
    let metadata = &file.metadata;
    for (severity, found) in [
        (Severity::Error, name(metadata)),
        (Severity::Error, api_version(metadata)),
        (Severity::Error, text(&untyped, "version")),
        (Severity::Error, version(metadata)),
        (Severity::Error, text(&untyped, "appVersion")),
        (Severity::Error, maintainers(&file)),
        (Severity::Error, sources(metadata)),
        (Severity::Info, if metadata.icon.is_empty() { wrong("icon is recommended") } else { Ok(()) }),
        (Severity::Error, icon(metadata)),
        (Severity::Error, chart_type(metadata)),
        (Severity::Error, dependencies(metadata)),
        (Severity::Warning, strict_version(metadata)),
    ] {
        lint.rule(severity, FILE, found);
    }
}

fn wrong(text: impl Into<String>) -> Result<(), String> {
    Err(text.into())
}

fn name(metadata: &Metadata) -> Result<(), String> {
    let name = &metadata.name;
    if name.is_empty() {
        return wrong("name is required");
    }
    if base(name) != *name {
        return wrong(format!("chart name {} is invalid", quoted(name)));
    }
    Ok(())
}

/// Go: `filepath.Base` of a text that is not empty.
fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

fn api_version(metadata: &Metadata) -> Result<(), String> {
    match metadata.api_version.as_str() {
        "v1" | "v2" => Ok(()),
        "" => wrong("apiVersion is required. The value must be either \"v1\" or \"v2\""),
        other => {
            wrong(format!("apiVersion '{other}' is not valid. The value must be either \"v1\" or \"v2\""))
        }
    }
}

/// Whether a field that has to be a text is written as one.
fn text(untyped: &Data, key: &str) -> Result<(), String> {
    match untyped.get(key) {
        None | Some(Data::String(_)) => Ok(()),
        Some(other) => {
            let go_type = Value::from(other).go_type().map_or("<nil>", |go_type| go_type.name);
            wrong(format!("{key} should be of type string but it's of type {go_type}"))
        }
    }
}

fn version(metadata: &Metadata) -> Result<(), String> {
    let text = &metadata.version;
    if text.is_empty() {
        return wrong("version is required");
    }
    let Ok(version) = Version::parse(text) else {
        return wrong(format!("version '{text}' is not a valid SemVer"));
    };
    match Constraint::parse(">0.0.0-0") {
        Ok(constraint) if !constraint.allows(&version) => {
            wrong(format!("version {} is less than or equal to \"0.0.0-0\"", quoted(text)))
        }
        _ => Ok(()),
    }
}

/// Masterminds: `StrictNewVersion`, which takes the full form alone.
fn strict_version(metadata: &Metadata) -> Result<(), String> {
    let text = &metadata.version;
    match Version::parse(text) {
        Ok(version) if version.to_string() == *text => Ok(()),
        _ => wrong(format!("version '{text}' is not a valid SemVerV2")),
    }
}

fn maintainers(file: &ChartFile) -> Result<(), String> {
    for maintainer in &file.metadata.maintainers {
        let (name, email, url) = (&maintainer.name, &maintainer.email, &maintainer.url);
        if name.is_empty() {
            let empty = file.empty_maintainer && email.is_empty() && url.is_empty();
            return wrong(if empty {
                "a maintainer entry is empty"
            } else {
                "each maintainer requires a name"
            });
        }
        if !email.is_empty() && !is_email(email) {
            return wrong(format!("invalid email '{email}' for maintainer '{name}'"));
        }
        if !url.is_empty() && !is_url(url) {
            return wrong(format!("invalid url '{url}' for maintainer '{name}'"));
        }
    }
    Ok(())
}

fn sources(metadata: &Metadata) -> Result<(), String> {
    match metadata.sources.iter().find(|source| !is_request_url(source)) {
        Some(source) => wrong(format!("invalid source URL '{source}'")),
        None => Ok(()),
    }
}

fn icon(metadata: &Metadata) -> Result<(), String> {
    let icon = &metadata.icon;
    if icon.is_empty() || is_request_url(icon) { Ok(()) } else { wrong(format!("invalid icon URL '{icon}'")) }
}

fn chart_type(metadata: &Metadata) -> Result<(), String> {
    if metadata.chart_type.is_empty() || metadata.api_version == "v2" {
        return Ok(());
    }
    let version = &metadata.api_version;
    wrong(format!("chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'"))
}

fn dependencies(metadata: &Metadata) -> Result<(), String> {
    if metadata.dependencies.is_empty() || metadata.api_version == "v2" {
        return Ok(());
    }
    wrong(format!(
        "dependencies are not valid in the Chart file with apiVersion '{}'. They are valid in apiVersion 'v2'",
        metadata.api_version
    ))
}
