//! What `helm template` prints (Helm: `pkg/cmd/template.go`, `pkg/cmd/install.go`, runInstall).

use std::fmt::Write as _;
use std::io;

use pintle_chart::{Chart, PathPattern, Values, Warning};

use crate::input::Objects;
use crate::{
    Capabilities, CompiledChart, Crds, Explanation, Hidden, Hook, KubeVersion, Operation, OutputFolder,
    RenderError, RenderInput, Rendered, SchemaCheck, split_manifests,
};

/// The flags of `helm template`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TemplateOptions {
    /// The release's name; empty stands for Helm's `release-name`.
    pub name: String,
    /// The namespace (`-n`); empty stands for `default`.
    pub namespace: String,
    /// The user's values.
    pub values: Values,
    /// `--kube-version`.
    pub kube_version: Option<String>,
    /// `--api-versions`.
    pub api_versions: Vec<String>,
    /// `--include-crds`.
    pub crds: Crds,
    /// `--no-hooks` and `--skip-tests`.
    pub hooks: HookOutput,
    /// `--show-only`.
    pub show_only: Vec<String>,
    /// `--is-upgrade`.
    pub operation: Operation,
    /// `--skip-schema-validation`.
    pub schema: SchemaCheck,
    /// Whether an error is explained.
    pub explanations: Explanations,
    /// `--output-dir`: documents are written there, and what is printed says so.
    pub output: Option<OutputFolder>,
}

/// Whether an error of a render is explained, for which the chart is rendered once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is or it is not")]
pub enum Explanations {
    /// It is not.
    #[default]
    Skip,
    /// It is.
    Make,
}

/// Which hooks `helm template` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HookOutput {
    /// All.
    #[default]
    All,
    /// All but tests (`--skip-tests`).
    WithoutTests,
    /// None (`--no-hooks`).
    None,
}

impl HookOutput {
    /// Whether this hook is among them.
    pub(crate) fn shows(self, hook: &Hook) -> bool {
        match self {
            Self::All => true,
            Self::WithoutTests => !hook.is_test(),
            Self::None => false,
        }
    }
}

/// What `helm template` prints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TemplateOutput {
    content: Content,
    /// Lines of the log, for standard error.
    pub warnings: Vec<Warning>,
}

/// Standard output: put together while it is written, so that all of it need not be in memory at once.
#[derive(Clone, Debug)]
enum Content {
    All { rendered: Box<Rendered>, crds: Crds, hooks: HookOutput },
    Chosen(String),
}

impl TemplateOutput {
    /// Standard output as one text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into memory does not fail.
        let _ = self.write_parts(&mut |part| {
            text.push_str(part);
            Ok(())
        });
        text
    }

    /// Writes standard output, in small parts: a writer without a buffer wants one around it.
    pub fn write_to(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.write_parts(&mut |part| out.write_all(part.as_bytes()))
    }

    fn write_parts(&self, write: Write<'_>) -> io::Result<()> {
        match &self.content {
            Content::Chosen(text) => write(text),
            Content::All { rendered, crds, hooks } => {
                let mut manifest = Trimmed { write, blanks: String::new(), begun: false };
                for (source, text) in rendered.pieces(*crds) {
                    for part in ["---\n# Source: ", source, "\n", &text, "\n"] {
                        manifest.push(part)?;
                    }
                }
                write("\n")?;
                for hook in rendered.hooks.iter().filter(|hook| hooks.shows(hook)) {
                    let document = &hook.document;
                    for part in ["---\n# Source: ", &*document.source, "\n", &*document.text, "\n"] {
                        write(part)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// What takes the parts of an output.
type Write<'a> = &'a mut dyn FnMut(&str) -> io::Result<()>;

/// Hands on what is written, without the blanks before it and behind it (Go: `strings.TrimSpace`).
struct Trimmed<'a> {
    write: Write<'a>,
    /// The blanks that end what came so far: they count only when something follows.
    blanks: String,
    begun: bool,
}

impl Trimmed<'_> {
    fn push(&mut self, part: &str) -> io::Result<()> {
        let part = if self.begun { part } else { part.trim_start() };
        let solid = part.trim_end();
        if !solid.is_empty() {
            self.begun = true;
            if !self.blanks.is_empty() {
                (self.write)(&self.blanks)?;
                self.blanks.clear();
            }
            (self.write)(solid)?;
        }
        self.blanks.push_str(part.get(solid.len()..).unwrap_or_default());
        Ok(())
    }
}

/// Why `helm template` fails. Displayed it is what Helm prints behind `Error: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub struct TemplateError {
    /// What went wrong; all that Helm prints under `--debug`.
    pub message: String,
    /// Lines of the log before it.
    pub warnings: Vec<Warning>,
    /// What Helm prints to standard output under `--debug`, in spite of the error; `None` where it prints nothing,
    /// because it had not begun to render.
    pub rendered: Option<Hidden>,
    /// What Helm prints to standard output before it: that files were written.
    pub printed: String,
    /// What lies behind it; `None` where it was not asked for, or nothing can be said.
    pub explanation: Option<Box<Explanation>>,
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if self.rendered.is_some() {
            f.write_str("\n\nUse --debug flag to render out invalid YAML")?;
        }
        Ok(())
    }
}

/// Renders a chart and gives what `helm template` prints.
///
/// ```
/// use pintle_chart::{Chart, File, Limits};
/// use pintle_render::{CompiledChart, TemplateOptions, template};
///
/// let chart = Chart::from_files(vec![
///     File::new("Chart.yaml", "{apiVersion: v2, name: web, version: 1.0.0}"),
///     File::new("templates/config.yaml", "kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"),
/// ], &Limits::default())?;
/// let output = template(&CompiledChart::new(chart), &TemplateOptions::default())?;
/// assert_eq!(
///     output.text(),
///     "---\n# Source: web/templates/config.yaml\nkind: ConfigMap\nmetadata: {name: release-name}\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn template(chart: &CompiledChart, options: &TemplateOptions) -> Result<TemplateOutput, TemplateError> {
    let mut warnings = chart.chart().warnings().to_vec();
    match run(chart, options, &mut warnings) {
        Ok(content) => Ok(TemplateOutput { content, warnings }),
        Err(Failed { message, rendered, printed, explanation }) => {
            Err(TemplateError { message, warnings, rendered, printed, explanation })
        }
    }
}

/// A failure, and what was rendered before it.
struct Failed {
    message: String,
    rendered: Option<Hidden>,
    printed: String,
    explanation: Option<Box<Explanation>>,
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self { message, rendered: None, printed: String::new(), explanation: None }
    }
}

impl From<RenderError> for Failed {
    fn from(error: RenderError) -> Self {
        let message = error.to_string();
        let rendered = error.while_rendering().then(|| match error {
            RenderError::Manifest { rendered, .. } => Hidden::new(format!("{}\n", rendered.reveal().trim())),
            _ => Hidden::new("\n".to_owned()),
        });
        Self { message, rendered, printed: String::new(), explanation: None }
    }
}

fn run(
    chart: &CompiledChart,
    options: &TemplateOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Content, Failed> {
    let mut capabilities =
        Capabilities::offline().with_more_api_versions(options.api_versions.iter().cloned());
    if let Some(text) = &options.kube_version {
        let version =
            KubeVersion::parse(text).map_err(|error| format!("invalid kube version '{text}': {error}"))?;
        capabilities = capabilities.with_kube_version(version);
    }
    check_installable(chart.chart(), warnings)?;
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let name = or(&options.name, "release-name");
    if let Err(error) = pintle_chart::validate_release_name(&name) {
        let error = format!("release name {}: {error}", pintle_value::quoted(&name));
        warnings.push(Warning::error("release name check failed").with("error", error.as_str()));
        return Err(format!("release name check failed: {error}").into());
    }
    let input = RenderInput::new(name, or(&options.namespace, "default"))
        .values(options.values.clone())
        .capabilities(capabilities)
        .operation(options.operation)
        .schema(options.schema)
        .objects(Objects::Drop);
    let rendered = match chart.render_with(&input, warnings) {
        Ok(rendered) => rendered,
        Err(error) => {
            if let RenderError::Dependencies(reason) = &error {
                let line = Warning::error("chart dependencies processing failed");
                warnings.push(line.with("error", reason.to_string()));
            }
            let explanation = (options.explanations == Explanations::Make)
                .then(|| Box::new(chart.explain(&input, &error)))
                .filter(|explanation| !explanation.is_empty());
            return Err(Failed { explanation, ..error.into() });
        }
    };
    if let Some(folder) = &options.output {
        let mut printed = String::new();
        if let Err(message) = folder.write(&rendered, options.crds, options.hooks, &mut printed) {
            let rendered = Some(Hidden::new("\n".to_owned()));
            return Err(Failed { message, rendered, printed, explanation: None });
        }
        if let Some(pattern) = options.show_only.first() {
            // Nothing is left to be shown.
            let message = format!("could not find template {pattern} in chart");
            return Err(Failed { printed, ..message.into() });
        }
        printed.push('\n');
        return Ok(Content::Chosen(printed));
    }
    let all = Content::All { rendered: Box::new(rendered), crds: options.crds, hooks: options.hooks };
    if options.show_only.is_empty() {
        return Ok(all);
    }
    let all = TemplateOutput { content: all, warnings: Vec::new() };
    Ok(Content::Chosen(show_only(&all.text(), &options.show_only)?))
}

/// Refuses charts that cannot be installed, and warns of deprecated ones (Helm: `pkg/cmd/install.go`).
pub fn check_installable(chart: &Chart, warnings: &mut Vec<Warning>) -> Result<(), String> {
    match chart.metadata().chart_type.as_str() {
        "" | "application" => {}
        other => return Err(format!("{other} charts are not installable")),
    }
    if chart.metadata().deprecated {
        warnings.push(Warning::warn("this chart is deprecated"));
    }
    let missing = chart.missing_dependencies();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to \
         fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    ))
}

/// The documents of a text that `helm template` prints whose files match one of the patterns, in the order of the patterns
/// (`--show-only`). The error is Helm's text about a pattern that no file matches.
pub fn show_only(text: &str, patterns: &[String]) -> Result<String, String> {
    let documents = split_manifests(text);
    let mut out = String::new();
    for pattern in patterns {
        let parsed = PathPattern::new(pattern).ok();
        let mut missing = true;
        for (_, document) in &documents {
            let matches = parsed
                .as_ref()
                .zip(template_path(document))
                .is_some_and(|(pattern, path)| pattern.matches(path));
            if matches {
                missing = false;
                let _ = write!(out, "---\n{document}\n");
            }
        }
        if missing {
            return Err(format!("could not find template {pattern} in chart"));
        }
    }
    Ok(out)
}

/// The path in a document's header, without the chart's name (Helm: `# Source: [^/]+/(.+)`).
fn template_path(document: &str) -> Option<&str> {
    let mut rest = document;
    loop {
        let (_, behind) = rest.split_once("# Source: ")?;
        // The name before the slash may not be empty, and by the pattern it may run over line ends.
        if let Some((name, _)) = behind.split_once('/')
            && !name.is_empty()
        {
            let path = behind.get(name.len() + 1..).unwrap_or_default();
            let path = path.split('\n').next().unwrap_or(path);
            if !path.is_empty() {
                return Some(path);
            }
        }
        rest = behind;
    }
}
