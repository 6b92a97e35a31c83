//! A chart whose templates are parsed once and run any number of times.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pintle_chart::Chart;
use pintle_functions::Helm;
use pintle_template::{Functions, Program, Templates};
use pintle_value::{Origin, Str};

use crate::{RenderError, trace};

/// How many sets of templates a compiled chart keeps: values can switch the charts inside it on and off, and each
/// choice is a set of its own.
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
    variants: Mutex<HashMap<String, Variant>>,
}

/// The templates of a chart and of those charts inside it that are switched on, or what is wrong with them.
pub(crate) type Variant = Arc<Result<Prepared, ParseFailure>>;

/// Parsed templates.
pub(crate) struct Prepared {
    pub(crate) program: Program,
    /// The templates that are run, in Helm's order.
    pub(crate) runs: Vec<Run>,
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

    /// The templates of this chart as its dependencies were processed.
    pub(crate) fn variant(&self, processed: &Chart) -> Variant {
        let mut key = String::new();
        describe(processed, &mut key);
        let variants = || self.0.variants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(variant) = variants().get(&key) {
            return Arc::clone(variant);
        }
        let variant = Arc::new(prepare(processed, &self.0.functions));
        let mut variants = variants();
        if variants.len() >= VARIANTS {
            variants.clear();
        }
        Arc::clone(variants.entry(key).or_insert(variant))
    }
}

impl fmt::Debug for CompiledChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompiledChart({:?})", self.0.chart)
    }
}

/// Names the charts that take part: within one chart that says which templates there are.
fn describe(chart: &Chart, key: &mut String) {
    key.push_str(chart.name());
    // Two versions of one chart can lie side by side, and a condition can choose between them.
    key.push('@');
    key.push_str(&chart.metadata().version);
    key.push('(');
    for child in chart.dependencies() {
        describe(child, key);
        key.push(',');
    }
    key.push(')');
}

struct Text<'a> {
    chart: Arc<str>,
    data: &'a [u8],
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
    let mut templates = Templates::new("gotpl", functions.clone());
    let mut runs = Vec::new();
    for name in names {
        let Some(text) = texts.get(name) else { continue };
        templates.parse(name.as_str(), Str::from_bytes(text.data)).map_err(|error| ParseFailure {
            file: name.clone(),
            message: trace::parse_error(name, &error.to_string()),
            places: crate::render::places(&error),
            kind: error.kind(),
        })?;
        let base = name.rsplit('/').next().unwrap_or(name);
        if !base.starts_with('_') {
            runs.push(Run { name: name.as_str().into(), chart: Arc::clone(&text.chart) });
        }
    }
    Ok(Prepared { program: templates.finish(), runs })
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
