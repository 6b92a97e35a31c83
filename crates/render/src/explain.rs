//! Finds out what lies behind an error, by rendering once more and watching which values go where.

use std::collections::HashMap;
use std::sync::Arc;

use pintle_chart::{Chart, ChartError, Origins, SchemaFault};
use pintle_template::{Execution, Output, Reads, Watch};
use pintle_value::{Data, Map, Origin, Step, Value, ValuePath};
use pintle_yaml::Position;

use crate::compiled::Prepared;
use crate::document::Written;
use crate::explanation::{Explanation, NamedValue, Role};
use crate::field_place::{Piece, field_position, member, path_of_line, wrong_field};
use crate::head::Head;
use crate::render::{Stage, about_template, host, missing_key, scopes};
use crate::{CompiledChart, RenderError, RenderInput, SchemaCheck, split_manifests};

/// A document of a rendered chart, by what it says of itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DocumentRef<'d> {
    /// The template that made it, such as `web/templates/service.yaml`.
    pub source: &'d str,
    /// `apiVersion`.
    pub api_version: &'d str,
    /// `kind`.
    pub kind: &'d str,
    /// `metadata.name`.
    pub name: &'d str,
}

impl<'d> DocumentRef<'d> {
    /// The document that the template `source` makes of this kind and name.
    pub fn new(source: &'d str, api_version: &'d str, kind: &'d str, name: &'d str) -> Self {
        Self { source, api_version, kind, name }
    }
}

/// A file that was rendered under watch.
struct Watched {
    chart: Chart,
    values: Data,
    text: Arc<str>,
    written: Written,
    watch: Watch,
}

impl CompiledChart {
    /// What lies behind an error that [`render`](Self::render) gave for the same input: the template's line and the
    /// values in it. Empty where nothing can be said.
    ///
    /// Renders the chart once more, within the input's limits and several times slower, so that a render without an
    /// error need not pay for it. What the chart draws at random or asks the cluster may differ from the first time.
    pub fn explain(&self, input: &RenderInput, error: &RenderError) -> Explanation {
        match error {
            RenderError::Dependencies(error) | RenderError::Values(error) => {
                self.explain_values(input, error)
            }
            RenderError::Template { file, places, .. } => {
                let mut explanation = Explanation { places: places.clone(), ..Explanation::default() };
                if let Some(watched) = self.watch(input, file) {
                    watched.show(&mut explanation);
                    if let Some(reads) = watched.watch.failure() {
                        explanation.values = watched.named(input, reads);
                    }
                }
                explanation
            }
            RenderError::Manifest { file, .. } => {
                self.watch(input, file).map(|watched| watched.explain_manifest(input)).unwrap_or_default()
            }
            _ => Explanation::default(),
        }
    }

    /// What lies behind a field of a document, such as one that a cluster refuses: `spec.ports[0].port`, with or
    /// without a dot before it. A field that the document has not is explained by what is around it. `None` where the
    /// chart does not make the document.
    pub fn explain_field(
        &self,
        input: &RenderInput,
        document: DocumentRef<'_>,
        field: &str,
    ) -> Option<Explanation> {
        let watched = self.watch(input, document.source)?;
        let (start, text) = split_manifests(&watched.text).into_iter().find(|(_, text)| {
            let object = pintle_yaml::parse(text.as_bytes(), &pintle_yaml::Limits::default());
            let head = object.ok().and_then(|object| Head::of(&object).ok()).unwrap_or_default();
            head.kind == document.kind
                && head.name == document.name
                && head.api_version == document.api_version
        })?;
        let (position, piece, last) = field_position(text, field)?;
        let mut explanation = watched.explain_line(input, start, text, position, piece);
        if !explanation.values.iter().any(|value| value.role == Role::Source) {
            watched.explain_inside(input, start, text, position.line + 1..=last, &mut explanation);
        }
        Some(explanation)
    }

    /// Values that do not fit the chart, by their faults.
    fn explain_values(&self, input: &RenderInput, error: &ChartError) -> Explanation {
        let mut explanation = Explanation::default();
        match error {
            ChartError::Schema { faults, .. } => {
                let processed = self.chart().process_dependencies(input.values.data());
                let chart = processed.map_or_else(|_| self.chart().clone(), |processed| processed.chart);
                let origins = Origins::new(&chart, &input.values);
                for fault in faults {
                    let place = schema_place(&chart, fault);
                    if let Some(place) = place.filter(|place| !explanation.places.contains(place)) {
                        explanation.places.push(place);
                    }
                    let origin = origins.of(&fault.path);
                    let value = NamedValue { path: fault.path.clone(), role: Role::Source, origin };
                    if !explanation.values.contains(&value) {
                        explanation.values.push(value);
                    }
                }
                if let [place] = explanation.places.clone().as_slice()
                    && let Some(schema) = chart_at(&chart, &place.file).and_then(Chart::schema)
                {
                    explanation.show(place, schema);
                }
            }
            ChartError::Yaml { file, line, .. } if *line > 0 => {
                explanation.places.push(Origin::file(file.as_str()).at(*line, 0));
            }
            _ => {}
        }
        explanation
    }

    /// Renders up to this file and watches it. `None` where the render does not come so far.
    fn watch(&self, input: &RenderInput, file: &str) -> Option<Watched> {
        let mut warnings = Vec::new();
        let input = input.clone().schema(SchemaCheck::Skip);
        let Stage { variant, values } = self.stage(&input, &mut warnings).ok()?;
        let chart = variant.chart.clone();
        let data = Value::Map(values.clone()).to_data().ok()?;
        let Ok(prepared) = variant.prepared() else {
            // Nothing runs, but the file's text can be shown.
            let (text, written) = Written::watched(Output::new());
            return Some(Watched { chart, values: data, text, written, watch: Watch::default() });
        };
        let (output, watch) = run(prepared, &input, &chart, &values, file)?;
        let (text, written) = Written::watched(output);
        Some(Watched { chart, values: data, text, written, watch })
    }
}

/// Runs the templates before `file`, then that one under watch.
fn run(
    prepared: &Prepared,
    input: &RenderInput,
    chart: &Chart,
    values: &Map,
    file: &str,
) -> Option<(Output, Watch)> {
    let scope = crate::render::scope(input, chart, values);
    let mut dots: HashMap<&str, &Map> = HashMap::new();
    scopes(&scope, &mut dots);
    let mut host = host(input);
    let mut run = Execution::new(&mut host).limits(input.limits.clone()).missing_key(missing_key(input));
    if let Some(cancel) = &input.cancel {
        run = run.cancel(Arc::clone(cancel));
    }
    for template in &prepared.runs {
        let Some(dot) = dots.get(&*template.chart) else { continue };
        about_template(dot, template);
        let dot = Value::Map((*dot).clone());
        let mut output = Output::new();
        if *template.name != *file {
            prepared.program.execute(&*template.name, &dot, &mut output, &mut run).ok()?;
            continue;
        }
        let mut watch = Watch::new(&Value::Map(values.clone()));
        let program = &prepared.program;
        // That it fails is what may be asked about.
        let _ = program.execute_watched(&*template.name, &dot, &mut output, &mut run, &mut watch);
        return Some((output, watch));
    }
    None
}

impl Watched {
    /// What is wrong with the first document that is.
    fn explain_manifest(&self, input: &RenderInput) -> Explanation {
        for (start, text) in split_manifests(&self.text) {
            let error = match pintle_yaml::parse(text.as_bytes(), &pintle_yaml::Limits::default()) {
                Err(error) => error,
                Ok(object) => match Head::of(&object) {
                    Ok(_) => continue,
                    Err(message) => {
                        let field = wrong_field(&message).and_then(|field| field_position(text, &field));
                        let whole = (Position { line: 1, column: 1 }, Piece::Whole, 1);
                        let (position, piece, _) = field.unwrap_or(whole);
                        return self.explain_line(input, start, text, position, piece);
                    }
                },
            };
            let position = error.position().unwrap_or(Position { line: 1, column: 1 });
            let found = self.explain_line(input, start, text, position, Piece::Line);
            let is_source = |value: &NamedValue| value.role == Role::Source;
            if found.values.iter().any(is_source) {
                return found;
            }
            return self.culprit(input, start, text, position).unwrap_or(found);
        }
        Explanation::default()
    }

    /// The action whose text makes the document faulty: the last one before the fault without whose text the fault is
    /// gone or comes later. A text that opens a quote or a bracket is noticed only where the document ends.
    fn culprit(
        &self,
        input: &RenderInput,
        start: usize,
        text: &str,
        position: Position,
    ) -> Option<Explanation> {
        const MOST_TRIES: usize = 200;
        let index = usize::try_from(position.line).ok()?;
        let before: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
        let actions = self.written.actions(&self.watch);
        let inside = actions.into_iter().rev().filter_map(|piece| {
            // A line of dashes in a value can begin a document, too.
            let from = piece.start.saturating_sub(start);
            let to = piece.end.checked_sub(start)?.min(text.len());
            (from < before && from < to).then_some((from, to, piece))
        });
        inside.take(MOST_TRIES).find_map(|(from, to, piece)| {
            let (head, tail) = (text.get(..from)?, text.get(to..)?);
            let lines = text.get(from..to)?.matches('\n').count();
            let better = ["", "x"].iter().any(|neutral| {
                let changed = format!("{head}{neutral}{tail}");
                let parsed = pintle_yaml::parse(changed.as_bytes(), &pintle_yaml::Limits::default());
                match parsed.err().and_then(|error| error.position()) {
                    None => true,
                    Some(later) => later.line as usize + lines > position.line as usize,
                }
            });
            let written = better.then(|| self.written.written(&self.watch, piece.start, piece.end))??;
            Some(self.explanation(input, &written, &written.reads))
        })
    }

    /// What wrote a line of the document that begins at `start`.
    fn explain_line(
        &self,
        input: &RenderInput,
        start: usize,
        text: &str,
        position: Position,
        piece: Piece,
    ) -> Explanation {
        let Some(written) = self.written_line(start, text, position.line) else {
            return Explanation::default();
        };
        let reads = match piece {
            Piece::Whole => written.reads.clone(),
            Piece::Line => self.narrowed(&written),
            Piece::Item => {
                let mut reads = self.narrowed(&written);
                if reads.values != written.reads.values {
                    reads.values = reads.values.iter().map(item_of).collect();
                }
                reads
            }
        };
        self.explanation(input, &written, &reads)
    }

    /// Adds the values in these lines, which are those of a map or list; the places become those of the first value.
    fn explain_inside(
        &self,
        input: &RenderInput,
        start: usize,
        text: &str,
        lines: std::ops::RangeInclusive<u32>,
        explanation: &mut Explanation,
    ) {
        const MOST_LINES: usize = 200;
        const MOST_VALUES: usize = 32;
        let mut found: Option<Explanation> = None;
        for line in lines.take(MOST_LINES) {
            let here = self.explain_line(input, start, text, Position { line, column: 1 }, Piece::Line);
            if !here.values.iter().any(|value| value.role == Role::Source) {
                continue;
            }
            match &mut found {
                None => found = Some(here),
                Some(found) => {
                    let more = here.values.into_iter().filter(|value| !found.values.contains(value));
                    let more: Vec<NamedValue> =
                        more.take(MOST_VALUES.saturating_sub(found.values.len())).collect();
                    found.values.extend(more);
                }
            }
        }
        if let Some(mut found) = found {
            found.values.sort_by_key(|value| value.role == Role::Condition);
            *explanation = found;
        }
    }

    fn explanation(
        &self,
        input: &RenderInput,
        written: &pintle_template::Written,
        reads: &Reads,
    ) -> Explanation {
        let places = written.positions.iter().map(|position| {
            Origin::file(&*position.template.to_str_lossy()).at(position.line, position.column)
        });
        let mut explanation = Explanation { places: places.collect(), ..Explanation::default() };
        self.show(&mut explanation);
        explanation.values = self.named(input, reads);
        explanation
    }

    fn written_line(&self, start: usize, text: &str, line: u32) -> Option<pintle_template::Written> {
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        let before: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
        let line = text.split_inclusive('\n').nth(index).unwrap_or_default();
        let blanks = line.len() - line.trim_start().len();
        let from = start + before + blanks.min(line.len().saturating_sub(1));
        let to = start + before + line.trim_end().len();
        self.written.written(&self.watch, from, to.max(from + 1))
    }

    /// The values of a piece; where it is a line of a map or list printed as YAML, the one in that line.
    fn narrowed(&self, written: &pintle_template::Written) -> Reads {
        let mut reads = written.reads.clone();
        let text = written.text.to_str_lossy();
        let Some(inside) = path_of_line(&text, written.offset) else { return reads };
        let below = |path: &ValuePath| {
            let narrow = path.join(&inside);
            narrow.find(&self.values).map(|_| narrow)
        };
        let narrow: Vec<ValuePath> = reads.values.iter().filter_map(below).collect();
        if !narrow.is_empty() {
            reads.values = narrow;
        }
        reads
    }

    fn named(&self, input: &RenderInput, reads: &Reads) -> Vec<NamedValue> {
        let origins = Origins::new(&self.chart, &input.values);
        let sources = reads.values.iter().map(|path| (path, Role::Source));
        let conditions = reads.conditions.iter().map(|path| (path, Role::Condition));
        sources
            .chain(conditions)
            .map(|(path, role)| {
                // A global is called what the charts around it call it.
                let origin = origins.of(path);
                let path = match &origin {
                    Some(origin) if is_global(&origin.path) => origin.path.clone(),
                    _ => path.clone(),
                };
                NamedValue { path, role, origin }
            })
            .collect()
    }

    /// Shows the line at the last place that stands in a file: texts that `tpl` runs stand in none.
    fn show(&self, explanation: &mut Explanation) {
        let shown = explanation.places.iter().rev().find_map(|place| {
            let chart = chart_at(&self.chart, &place.file)?;
            let inside = |name: &str| place.file.strip_suffix(name).is_some_and(|path| path.ends_with('/'));
            let file = chart.templates().iter().find(|file| inside(&file.name))?;
            Some((place.clone(), Arc::clone(&file.data)))
        });
        if let Some((place, text)) = shown {
            explanation.show(&place, &text);
        }
    }
}

/// The list item that a value lies in.
fn item_of(path: &ValuePath) -> ValuePath {
    let last = path.steps().iter().rposition(|step| matches!(step, Step::Item(_)));
    match last {
        Some(at) => path.steps().iter().take(at + 1).cloned().collect(),
        None => path.clone(),
    }
}

fn is_global(path: &ValuePath) -> bool {
    matches!(path.steps().first(), Some(Step::Key(key)) if *key == "global")
}

/// The chart that a file such as `web/charts/db/templates/a.yaml` belongs to.
fn chart_at<'c>(chart: &'c Chart, file: &str) -> Option<&'c Chart> {
    let inside = file.strip_prefix(chart.name())?.strip_prefix('/')?;
    let Some(below) = inside.strip_prefix("charts/") else { return Some(chart) };
    chart.dependencies().iter().find_map(|child| chart_at(child, below))
}

/// Where a schema speaks of a value: at the deepest of its `properties` on the way.
fn schema_place(chart: &Chart, fault: &SchemaFault) -> Option<Origin> {
    let file = format!("{}/values.schema.json", fault.chart);
    let chart = chart_at(chart, &file)?;
    let document = pintle_yaml::parse_spanned(chart.schema()?, &pintle_yaml::Limits::default()).ok()??;
    let depth = fault.chart.matches("/charts/").count();
    let mut node = document.root();
    let mut position = node.position();
    for step in fault.path.steps().iter().skip(depth) {
        let found = match step {
            Step::Key(key) => node
                .get("properties")
                .and_then(|properties| member(properties, &key.to_str_lossy()))
                .or_else(|| member(node, "additionalProperties")),
            Step::Item(_) => member(node, "items"),
        };
        let Some((place, below)) = found else { break };
        (position, node) = (place, below);
    }
    Some(Origin::file(file).at(position.line, position.column))
}
