//! A release, as `install`, `upgrade`, `status` and `get all` print it (Helm: `pkg/cmd/status.go`).

use std::io::Write;

use pintle::release::{Head, HookEvent, HookPhase, Record};
use pintle::render::Piece;
use pintle::value::{Data, DataMap};

use super::time::ansi_c;
use super::{Palette, formatted, yaml};
use crate::Failure;
use crate::arguments::OutputFormat;

/// How much of a release is printed.
pub(crate) struct Shown<'a> {
    /// How colourful it is.
    pub(crate) palette: Palette,
    /// The chart's name and versions.
    pub(crate) chart: bool,
    /// The notes.
    pub(crate) notes: bool,
    /// The live objects, as the server prints them; may be empty.
    pub(crate) resources: String,
    /// The values as templates saw them, with the user's, hooks and objects; `None` for none of these.
    pub(crate) computed: Option<&'a DataMap>,
}

impl Shown<'_> {
    /// What an install, an upgrade and `status` print.
    pub(crate) fn short(palette: Palette) -> Self {
        Self { palette, chart: false, notes: true, resources: String::new(), computed: None }
    }
}

/// Prints a release.
pub(crate) fn release(
    out: &mut dyn Write,
    record: &Record,
    format: OutputFormat,
    shown: &Shown<'_>,
) -> Result<(), Failure> {
    formatted(out, format, record, |out| table(out, record, shown))
}

fn table(out: &mut dyn Write, record: &Record, shown: &Shown<'_>) -> Result<(), Failure> {
    let info = &record.info;
    writeln!(out, "NAME: {}", record.name)?;
    if let Some(time) = info.last_deployed {
        writeln!(out, "LAST DEPLOYED: {}", ansi_c(time))?;
    }
    writeln!(out, "NAMESPACE: {}", shown.palette.namespace(&record.namespace))?;
    writeln!(out, "STATUS: {}", shown.palette.status(&info.status))?;
    writeln!(out, "REVISION: {}", record.revision)?;
    if shown.chart {
        writeln!(out, "CHART: {}", record.chart_name())?;
        writeln!(out, "VERSION: {}", record.chart_version())?;
        writeln!(out, "APP_VERSION: {}", record.app_version())?;
    }
    writeln!(out, "DESCRIPTION: {}", info.description)?;
    if !shown.resources.is_empty() {
        writeln!(out, "RESOURCES:\n{}", shown.resources)?;
    }
    tests(out, record)?;
    if let Some(computed) = shown.computed {
        writeln!(out, "USER-SUPPLIED VALUES:")?;
        yaml(out, &given(&record.config))?;
        writeln!(out, "\nCOMPUTED VALUES:")?;
        yaml(out, computed)?;
        writeln!(out)?;
    }
    if shown.computed.is_some() || info.description.eq_ignore_ascii_case("Dry run complete") {
        writeln!(out, "HOOKS:")?;
        hooks(out, record)?;
        writeln!(out, "MANIFEST:\n{}", record.manifest)?;
    }
    if shown.notes && !info.notes.is_empty() {
        writeln!(out, "NOTES:\n{}", info.notes.trim())?;
    }
    Ok(())
}

fn tests(out: &mut dyn Write, record: &Record) -> Result<(), Failure> {
    let mut tests = record.hooks.iter().filter(|hook| hook.runs_at(HookEvent::Test)).peekable();
    if tests.peek().is_none() {
        return Ok(writeln!(out, "TEST SUITE: None")?);
    }
    for test in tests {
        let Some(started) = test.last_run.started_at else { continue };
        let completed =
            test.last_run.completed_at.map_or_else(|| "Mon Jan  1 00:00:00 0001".to_owned(), ansi_c);
        writeln!(out, "TEST SUITE:     {}", test.name)?;
        writeln!(out, "Last Started:   {}", ansi_c(started))?;
        writeln!(out, "Last Completed: {completed}")?;
        writeln!(out, "Phase:          {}", phase(test.last_run.phase))?;
    }
    Ok(())
}

fn phase(phase: HookPhase) -> &'static str {
    match phase {
        HookPhase::None => "",
        HookPhase::Running => "Running",
        HookPhase::Succeeded => "Succeeded",
        HookPhase::Failed => "Failed",
        _ => "Unknown",
    }
}

/// Prints the hooks of a release, each behind the template that made it.
pub(crate) fn hooks(out: &mut dyn Write, record: &Record) -> Result<(), Failure> {
    for hook in &record.hooks {
        write!(out, "{}", Piece { source: &hook.path, text: &hook.manifest })?;
    }
    Ok(())
}

/// The user's values as a record of Helm holds them: a release without any has `null`.
pub(crate) fn given(values: &DataMap) -> Data {
    if values.is_empty() { Data::Null } else { Data::Map(values.clone()) }
}

/// The chart's name and version in one word (Helm: `formatChartName`).
pub(crate) fn chart(record: &Head) -> String {
    if record.chart_metadata.is_null() {
        return "MISSING".to_owned();
    }
    format!("{}-{}", record.chart_name(), record.chart_version())
}

/// The version of what the chart installs (Helm: `formatAppVersion`).
pub(crate) fn app_version(record: &Head) -> String {
    if record.chart_metadata.is_null() {
        return "MISSING".to_owned();
    }
    record.app_version().to_owned()
}

/// A manifest with each Secret replaced by a note (Helm: `pkg/action/action.go`, renderResources with `hideSecret`).
pub(crate) fn without_secrets(manifest: &str) -> String {
    let mut text = String::new();
    for document in manifest.split_inclusive('\n').fold(Vec::<String>::new(), |mut documents, line| {
        if line.starts_with("---\n") || documents.is_empty() {
            documents.push(String::new());
        }
        if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
        documents
    }) {
        let object = pintle::yaml::parse(document.as_bytes(), &pintle::yaml::Limits::default());
        let object = object.unwrap_or_default();
        let is = |key: &str, value: &str| object.get(key).and_then(Data::as_str) == Some(value);
        if is("kind", "Secret") && is("apiVersion", "v1") {
            let head = document.lines().take_while(|line| *line == "---" || line.starts_with("# Source: "));
            for line in head.chain(["# HIDDEN: The Secret output has been suppressed"]) {
                text.push_str(line);
                text.push('\n');
            }
        } else {
            text.push_str(&document);
        }
    }
    text
}
