//! A chart whose templates are parsed once and run any number of times.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pintle_chart::{Chart, ChartError, Warning};
use pintle_functions::{Helm, Regexes};
use pintle_template::{Functions, Program, Templates, helper};
use pintle_value::{DataMap, Origin, Str};

use crate::{RenderError, trace};

/// How many variants a compiled chart keeps: values can switch the charts inside it on and off, and each choice has
/// a chart and a set of templates of its own.
const VARIANTS: usize = 16;

/// A chart whose templates are parsed once and run any number of times, also at once on several threads.
///
/// Templates are parsed when the first render needs them; what is wrong with them is that render's error, and every
/// later one's.
#[derive(Clone)]
pub struct CompiledChart(Arc<Parts>);

struct Parts {
    chart: Chart,
    functions: Functions,
    variants: Mutex<HashMap<String, Arc<Variant>>>,
}

/// A chart with those charts inside it that are switched on.
pub(crate) struct Variant {
    /// The chart, its dependencies processed.
    pub(crate) chart: Chart,
    /// What Helm warns of where it imports their values.
    pub(crate) warnings: Vec<Warning>,
    prepared: OnceLock<Result<Prepared, ParseFailure>>,
    functions: Functions,
}

impl Variant {
    /// The parsed templates, or what is wrong with them.
    pub(crate) fn prepared(&self) -> Result<&Prepared, RenderError> {
        let prepared = self.prepared.get_or_init(|| prepare(&self.chart, &self.functions));
        prepared.as_ref().map_err(ParseFailure::to_error)
    }

    /// Does something else while the templates are parsed, where they are so long that it is worth a thread.
    pub(crate) fn while_preparing<R>(&self, work: impl FnOnce() -> R) -> R {
        const WORTH_A_THREAD: usize = 256 << 10;
        if self.prepared.get().is_some() || length(&self.chart) < WORTH_A_THREAD {
            return work();
        }
        std::thread::scope(|scope| {
            // Where the system gives no thread, they are parsed when they are asked for.
            let _ = helper(scope, || self.prepared().is_ok());
            work()
        })
    }
}

/// Parsed templates.
pub(crate) struct Prepared {
    pub(crate) program: Program,
    /// The templates that are run, in Helm's order.
    pub(crate) runs: Vec<Run>,
    /// How many bytes the longest file has had, for which the next run makes room at once.
    pub(crate) longest: AtomicUsize,
    /// The regular expressions that its runs have met.
    pub(crate) regexes: Regexes,
}

/// A template that is run.
pub(crate) struct Run {
    /// Its name, such as `web/charts/db/templates/service.yaml`.
    pub(crate) name: Arc<str>,
    /// The path of its chart, such as `web/charts/db`.
    pub(crate) chart: Arc<str>,
}

/// What is wrong with a template's text.
pub(crate) struct ParseFailure {
    file: String,
    message: String,
    places: Vec<Origin>,
    kind: pintle_template::ErrorKind,
}

impl ParseFailure {
    pub(crate) fn to_error(&self) -> RenderError {
        RenderError::Template {
            message: self.message.clone(),
            file: self.file.clone(),
            places: self.places.clone(),
            kind: self.kind,
        }
    }
}

impl CompiledChart {
    /// Prepares a chart with Helm's functions.
    pub fn new(chart: Chart) -> Self {
        Self::with_functions(chart, Helm::functions())
    }

    /// Prepares a chart with other functions; start from [`pintle_functions::Helm::functions`].
    pub fn with_functions(chart: Chart, functions: Functions) -> Self {
        Self(Arc::new(Parts { chart, functions, variants: Mutex::default() }))
    }

    /// The chart.
    pub fn chart(&self) -> &Chart {
        &self.0.chart
    }

    /// The parsed templates of this chart as it is, all charts inside it included.
    pub(crate) fn prepare(&self) -> Result<Prepared, RenderError> {
        prepare(self.chart(), &self.0.functions).map_err(|failure| failure.to_error())
    }

    /// The chart as the values switch the charts inside it on and off. Adds what Helm warns of to `warnings`.
    pub(crate) fn variant(
        &self,
        values: &DataMap,
        warnings: &mut Vec<Warning>,
    ) -> Result<Arc<Variant>, ChartError> {
        let selection = self.chart().select_dependencies(values, warnings)?;
        let key = selection.key();
        let variants = || self.0.variants.lock().unwrap_or_else(PoisonError::into_inner);
        let known = variants().get(&key).map(Arc::clone);
        if let Some(variant) = known {
            warnings.extend_from_slice(&variant.warnings);
            return Ok(variant);
        }
        let before = warnings.len();
        let chart = selection.process(warnings)?;
        let own = warnings.get(before..).unwrap_or_default().to_vec();
        let functions = self.0.functions.clone();
        let variant = Arc::new(Variant { chart, warnings: own, prepared: OnceLock::new(), functions });
        let mut variants = variants();
        if variants.len() >= VARIANTS {
            variants.clear();
        }
        Ok(Arc::clone(variants.entry(key).or_insert(variant)))
    }
}

impl fmt::Debug for CompiledChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompiledChart({:?})", self.0.chart)
    }
}

struct Text<'a> {
    chart: Arc<str>,
    data: &'a Arc<[u8]>,
}

/// How many bytes all templates of a chart have.
fn length(chart: &Chart) -> usize {
    let own: usize = chart.templates().iter().map(|file| file.data.len()).sum();
    own + chart.dependencies().iter().map(length).sum::<usize>()
}

/// Helm: `pkg/engine/engine.go`, render, `recAllTpls`.
fn prepare(chart: &Chart, functions: &Functions) -> Result<Prepared, ParseFailure> {
    let mut texts: BTreeMap<String, Text<'_>> = BTreeMap::new();
    collect(chart, chart.name(), &mut texts);
    let mut names: Vec<&String> = texts.keys().collect();
    // The deepest path first, and of equally deep ones the last of the alphabet.
    names.sort_by(|a, b| {
        let depth = |name: &str| name.bytes().filter(|byte| *byte == b'/').count();
        depth(b).cmp(&depth(a)).then_with(|| b.cmp(a))
    });
    let ordered: Vec<(&String, &Text<'_>)> =
        names.into_iter().filter_map(|name| Some((name, texts.get(name)?))).collect();
    let to_parse: Vec<(Str, Str)> = ordered
        .iter()
        .map(|(name, text)| (Str::from(name.as_str()), Str::from(Arc::clone(text.data))))
        .collect();
    let mut templates = Templates::new("gotpl", functions.clone());
    templates.parse_all(&to_parse).map_err(|(index, error)| {
        let name = ordered.get(index).map(|(name, _)| (*name).clone()).unwrap_or_default();
        ParseFailure {
            message: trace::parse_error(&name, &error.to_string()),
            file: name,
            places: crate::render::places(&error),
            kind: error.kind(),
        }
    })?;
    let is_run = |name: &str| !name.rsplit('/').next().unwrap_or(name).starts_with('_');
    let runs = ordered
        .into_iter()
        .filter(|(name, _)| is_run(name))
        .map(|(name, text)| Run { name: name.as_str().into(), chart: Arc::clone(&text.chart) });
    let runs = runs.collect();
    Ok(Prepared {
        program: templates.finish(),
        runs,
        longest: AtomicUsize::new(0),
        regexes: Regexes::default(),
    })
}

fn collect<'a>(chart: &'a Chart, path: &str, texts: &mut BTreeMap<String, Text<'a>>) {
    for child in chart.dependencies() {
        collect(child, &format!("{path}/charts/{}", child.name()), texts);
    }
    let shared: Arc<str> = path.into();
    for file in chart.templates() {
        let base = file.name.rsplit('/').next().unwrap_or(&file.name);
        // A library lends its partials and has no other templates.
        if chart.metadata().is_library() && !base.starts_with('_') {
            continue;
        }
        texts.insert(format!("{path}/{}", file.name), Text { chart: Arc::clone(&shared), data: &file.data });
    }
}
