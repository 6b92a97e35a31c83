//! From chart and input to documents (Helm: `pkg/action/action.go`, renderResources; `pkg/engine/engine.go`, render).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pintle_chart::{Chart, Warning, coalesce_values, is_compatible};
use pintle_functions::{
    HelmHost, LintFault, LintNote, Lookup, LookupRequest, OsRandom, Resolver, SeededRandom, Strictness,
    SystemClock,
};
use pintle_template::{Error, ErrorKind, Execution, MissingKey, Output};
use pintle_value::{Data, Map, Origin, Value};

use crate::capabilities::CapabilitiesObject;
use crate::compiled::{Prepared, Run, Variant};
use crate::document::Written;
use crate::input::{LiveLookup, NameResolver};
use crate::manifest::{RenderedFile, RenderedFiles};
use crate::scope::Scope;
use crate::values_methods::VALUES;
use crate::{
    CompiledChart, Mode, Notes, Operation, RenderError, RenderInput, Rendered, SchemaCheck, manifest,
    post_renderer, trace,
};

/// The file whose text is shown to the user and not applied.
const NOTES: &str = "NOTES.txt";

/// The most memory that is set aside for files' texts before they are written.
const MOST_RESERVED: usize = 4 << 20;

impl CompiledChart {
    /// Renders the chart. Blocks the thread until it is done; the chart itself is never changed.
    pub fn render(&self, input: &RenderInput) -> Result<Rendered, RenderError> {
        let mut warnings: Vec<Warning> = self.chart().warnings().to_vec();
        self.render_with(input, &mut warnings).map(|mut rendered| {
            rendered.warnings = warnings;
            rendered
        })
    }

    /// Renders the chart as [`render`](Self::render) does, and keeps what Helm warns of also where it fails.
    pub fn render_with(
        &self,
        input: &RenderInput,
        warnings: &mut Vec<Warning>,
    ) -> Result<Rendered, RenderError> {
        let (chart, mut files) = self.files(input, warnings)?;
        let notes = take_notes(&mut files, chart.name(), input.notes);
        if let Some((post_renderer, strategy)) = &input.post_renderer {
            files = post_renderer::apply(&files, &**post_renderer, *strategy, warnings)?;
        }
        let (hooks, documents) = manifest::sort(&files, input.objects, warnings)?;
        Ok(Rendered { documents, hooks, crds: chart.crds(), notes, chart, warnings: Vec::new() })
    }

    /// The text of each template that is run, by its path, as the template wrote it: nothing is split, read as YAML,
    /// sorted or handed to a post-renderer, and notes are among them (Helm: `pkg/engine/engine.go`, Render). For those
    /// who look at texts, such as a linter or an editor.
    pub fn render_texts(&self, input: &RenderInput) -> Result<BTreeMap<String, Arc<str>>, RenderError> {
        let (_, files) = self.files(input, &mut Vec::new())?;
        Ok(files.into_iter().map(|(path, file)| (path, file.text)).collect())
    }

    /// The chart as its dependencies were processed, and what its templates wrote.
    fn files(
        &self,
        input: &RenderInput,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Chart, RenderedFiles), RenderError> {
        let Stage { variant, values } = self.stage(input, warnings)?;
        let chart = variant.chart.clone();
        let files = execute(variant.prepared()?, &scope(input, &chart, &values), input, warnings)?;
        Ok((chart, files))
    }

    /// Runs the templates of this chart, whose dependencies were processed before, on values that were merged already;
    /// what they wrote is not read.
    pub(crate) fn files_of(
        &self,
        values: &Map,
        input: &RenderInput,
        warnings: &mut Vec<Warning>,
    ) -> Result<RenderedFiles, RenderError> {
        execute(&self.prepare()?, &scope(input, self.chart(), values), input, warnings)
    }

    /// What stands before the templates run: the chart with its dependencies processed, and checked values.
    pub(crate) fn stage(
        &self,
        input: &RenderInput,
        warnings: &mut Vec<Warning>,
    ) -> Result<Stage, RenderError> {
        let variant = self.variant(input.values.data(), warnings).map_err(RenderError::Dependencies)?;
        let chart = &variant.chart;
        let values = variant.while_preparing(|| checked_values(chart, input, warnings))?;
        let constraint = &chart.metadata().kube_version;
        let version = &input.capabilities.kube_version;
        if !constraint.is_empty() && !is_compatible(constraint, version.comparable()) {
            return Err(RenderError::KubeVersion {
                constraint: constraint.clone(),
                version: version.version.clone(),
            });
        }
        Ok(Stage { variant, values })
    }
}

/// A chart and its values, ready to be rendered.
pub(crate) struct Stage {
    /// The chart and its templates.
    pub(crate) variant: Arc<Variant>,
    /// The values that its templates see.
    pub(crate) values: Map,
}

/// The chart's values under those of the user, which fit the schemas of the chart and of those inside it.
fn checked_values(
    chart: &Chart,
    input: &RenderInput,
    warnings: &mut Vec<Warning>,
) -> Result<Map, RenderError> {
    let values = coalesce_values(chart, input.values.data(), warnings).map_err(RenderError::Values)?;
    if input.schema == SchemaCheck::Check && pintle_chart::has_schema(chart) {
        let data =
            Value::Map(values.clone()).to_data().map_err(|error| RenderError::Limit(error.to_string()))?;
        if let Data::Map(data) = data {
            pintle_chart::validate_schema(chart, &data).map_err(RenderError::Values)?;
        }
    }
    Ok(values)
}

/// What the chart's templates see.
pub(crate) fn scope(input: &RenderInput, chart: &Chart, values: &Map) -> Scope {
    let release = Value::Map(release_map(input));
    let capabilities = Value::object(CapabilitiesObject(input.capabilities.clone()));
    Scope::root(chart, &release, &capabilities, values)
}

/// `.Release`.
fn release_map(input: &RenderInput) -> Map {
    [
        ("IsInstall", Value::Bool(input.operation == Operation::Install)),
        ("IsUpgrade", Value::Bool(input.operation == Operation::Upgrade)),
        ("Name", Value::from(input.name.as_str())),
        ("Namespace", Value::from(input.namespace.as_str())),
        ("Revision", Value::Int(input.revision)),
        ("Service", Value::from("Helm")),
    ]
    .into_iter()
    .collect()
}

/// Runs all templates in Helm's order on one set of values, which they may change under one another's eyes.
fn execute(
    prepared: &Prepared,
    scope: &Scope,
    input: &RenderInput,
    warnings: &mut Vec<Warning>,
) -> Result<RenderedFiles, RenderError> {
    let mut dots: HashMap<&str, &Map> = HashMap::new();
    scopes(scope, &mut dots);
    let mut host = host(input).regexes(prepared.regexes.clone());
    let mut files = RenderedFiles::new();
    let mut failure = None;
    let mut output = Output::new();
    output.reserve(prepared.longest.load(Ordering::Relaxed).min(MOST_RESERVED));
    {
        let mut run = Execution::new(&mut host).limits(input.limits.clone()).missing_key(missing_key(input));
        if let Some(cancel) = &input.cancel {
            run = run.cancel(Arc::clone(cancel));
        }
        for template in &prepared.runs {
            let Some(dot) = dots.get(&*template.chart) else { continue };
            about_template(dot, template);
            let dot = Value::Map((*dot).clone());
            if let Err(error) = prepared.program.execute(&*template.name, &dot, &mut output, &mut run) {
                failure = Some(template_error(&template.name, &error));
                break;
            }
            prepared.longest.fetch_max(output.as_bytes().len(), Ordering::Relaxed);
            let (text, written) = Written::new(&mut output);
            let file = RenderedFile { text, written: Some(Arc::new(written)) };
            files.insert(template.name.to_string(), file);
        }
    }
    for LintNote { fault, message, .. } in host.take_notes() {
        // Helm: pkg/engine/engine.go, initFunMap
        let warning = match fault {
            LintFault::Missing => Warning::warn("missing required value"),
            LintFault::Empty => Warning::warn("missing required values"),
            _ => Warning::info("funcMap fail"),
        };
        warnings.push(warning.with("message", message));
    }
    match failure {
        None => Ok(files),
        Some(error) => Err(error),
    }
}

/// `.Template` of the template that runs next.
pub(crate) fn about_template(dot: &Map, template: &Run) {
    let about = Map::typed(&VALUES);
    about.insert("Name", Value::from(&*template.name));
    about.insert("BasePath", Value::from(format!("{}/templates", template.chart)));
    dot.insert("Template", Value::Map(about));
}

pub(crate) fn missing_key(input: &RenderInput) -> MissingKey {
    if input.mode == Mode::Strict { MissingKey::Error } else { MissingKey::Zero }
}

pub(crate) fn scopes<'a>(scope: &'a Scope, dots: &mut HashMap<&'a str, &'a Map>) {
    dots.insert(&scope.path, &scope.dot);
    for child in &scope.children {
        scopes(child, dots);
    }
}

pub(crate) fn host(input: &RenderInput) -> HelmHost {
    let mut host = HelmHost::new();
    host = match (input.time, &input.witness) {
        (Some(time), Some(witness)) => host.clock(witness.beside(time)),
        (Some(time), None) => host.clock(time),
        (None, Some(witness)) => host.clock(witness.beside(SystemClock)),
        (None, None) => host,
    };
    host = match (input.seed.map(SeededRandom::new), &input.witness) {
        (Some(random), Some(witness)) => host.random(witness.beside(random)),
        (Some(random), None) => host.random(random),
        (None, Some(witness)) => host.random(witness.beside(OsRandom)),
        (None, None) => host,
    };
    if input.mode == Mode::Lint {
        return host.strictness(Strictness::Lint); // Helm asks no cluster while it lints
    }
    if let Some(lookup) = &input.lookup {
        host = host.lookup(Shared(Arc::clone(lookup)));
    }
    if let Some(resolver) = &input.resolver {
        host = host.resolver(SharedResolver(Arc::clone(resolver)));
    }
    host
}

struct Shared(Arc<dyn LiveLookup>);

impl Lookup for Shared {
    fn lookup(&mut self, request: LookupRequest<'_>) -> Result<Data, String> {
        self.0.lookup(request)
    }
}

struct SharedResolver(Arc<dyn NameResolver>);

impl Resolver for SharedResolver {
    fn resolve(&mut self, name: &str) -> String {
        self.0.resolve(name)
    }
}

fn template_error(file: &str, error: &Error) -> RenderError {
    let message = match error.kind() {
        ErrorKind::Execute => trace::execution_error(file, &error.chain()),
        _ => error.to_string(),
    };
    RenderError::Template { message, file: file.to_owned(), places: places(error), kind: error.kind() }
}

/// The places of a template's error.
pub(crate) fn places(error: &Error) -> Vec<Origin> {
    error
        .places()
        .map(|place| {
            Origin::file(&*place.file.to_str_lossy())
                .at(place.line, place.column + 1)
                .value(place.node.clone())
        })
        .collect()
}

/// Takes the notes out of the rendered files; the text is that of the chart's own, or of all.
fn take_notes(files: &mut RenderedFiles, chart: &str, notes: Notes) -> String {
    let own = format!("{chart}/templates/{NOTES}");
    let paths: Vec<String> = files.keys().filter(|path| path.ends_with(NOTES)).cloned().collect();
    let mut text = String::new();
    for path in paths {
        let Some(file) = files.remove(&path) else { continue };
        if notes == Notes::All || path == own {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&file.text);
        }
    }
    text
}
