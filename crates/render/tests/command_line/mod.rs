//! Runs a recorded command line `helm template NAME CHART FLAGS` with the library, for tests and for the corpus.

#![allow(
    dead_code,
    clippy::panic,
    reason = "each of the tests that share this file uses a part of it, and panics if it fails"
)]

use std::fmt::Write as _;
use std::path::Path;

use pintle_chart::{Chart, Limits, Links, Values};
use pintle_render::{
    CompiledChart, Crds, Explanation, HookOutput, KubeVersion, Operation, RenderError, RenderInput,
    SchemaCheck, TemplateOptions, name_from_template, template,
};

/// What the command printed.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit code.
    pub(crate) exit: i32,
}

/// Runs the words behind `helm template` in a folder. `Err` names a flag that this driver does not know.
pub(crate) fn run(folder: &Path, words: &[String]) -> Result<Printed, String> {
    let debug = words.iter().any(|word| word == "--debug");
    let (chart, options) = match parse(folder, words)? {
        Ok(parsed) => parsed,
        Err(message) => return Ok(failed("", &message)),
    };
    let mut log = String::new();
    let chart = match Chart::from_path(&chart, &Limits::default().with_links(Links::All)) {
        Ok(chart) => CompiledChart::new(chart),
        Err(error) => return Ok(failed("", &error.to_string())),
    };
    match template(&chart, &options) {
        Ok(output) => {
            let _ = write_all(&mut log, &output.warnings);
            Ok(Printed { stdout: output.text(), stderr: log, exit: 0 })
        }
        Err(error) => {
            let _ = write_all(&mut log, &error.warnings);
            match &error.rendered {
                Some(rendered) if debug => {
                    Ok(Printed { stdout: rendered.reveal().to_owned(), ..failed(&log, &error.message) })
                }
                _ => Ok(failed(&log, &error.to_string())),
            }
        }
    }
}

/// The error of a command line that fails while it renders, and what lies behind it.
pub(crate) fn failure(folder: &Path, words: &[String]) -> (RenderError, Explanation) {
    let parsed = parse(folder, words);
    let Ok(Ok((chart, options))) = parsed else { panic!("{words:?} cannot be read: {parsed:?}") };
    let chart = match Chart::from_path(&chart, &Limits::default()) {
        Ok(chart) => CompiledChart::new(chart),
        Err(error) => panic!("{words:?}: {error}"),
    };
    let input = RenderInput::new(options.name, "default").values(options.values);
    match chart.render(&input) {
        Ok(_) => panic!("{words:?} does not fail"),
        Err(error) => {
            let explanation = chart.explain(&input, &error);
            (error, explanation)
        }
    }
}

fn write_all(log: &mut String, warnings: &[pintle_chart::Warning]) -> std::fmt::Result {
    warnings.iter().try_for_each(|warning| writeln!(log, "{warning}"))
}

fn failed(log: &str, message: &str) -> Printed {
    Printed { stdout: String::new(), stderr: format!("{log}Error: {message}\n"), exit: 1 }
}

type Parsed = Result<(std::path::PathBuf, TemplateOptions), String>;

fn parse(folder: &Path, words: &[String]) -> Result<Parsed, String> {
    let mut options = TemplateOptions::default();
    let mut values = Values::builder();
    let mut places: Vec<&str> = Vec::new();
    let mut files: Vec<String> = Vec::new();
    let mut name_template = None;
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (word, None),
        };
        let mut value =
            || inline.or_else(|| words.next()).map(str::to_owned).ok_or("a flag without its value");
        match flag {
            "-n" | "--namespace" => options.namespace = value()?,
            "-f" | "--values" => files.extend(value()?.split(',').map(str::to_owned)),
            "--set" => values = values.set(value()?),
            "--set-string" => values = values.set_string(value()?),
            "--set-json" => values = values.set_json(value()?),
            "--set-literal" => values = values.set_literal(value()?),
            "--set-file" => values = values.set_file(value()?),
            "--kube-version" => options.kube_version = Some(value()?),
            "-a" | "--api-versions" => options.api_versions.extend(value()?.split(',').map(str::to_owned)),
            "-s" | "--show-only" => options.show_only.push(value()?),
            "--name-template" => name_template = Some(value()?),
            "--include-crds" => options.crds = Crds::Include,
            "--skip-crds" | "--create-namespace" | "--debug" => {}
            "--skip-tests" if options.hooks == HookOutput::None => {}
            "--skip-tests" => options.hooks = HookOutput::WithoutTests,
            "--no-hooks" => options.hooks = HookOutput::None,
            "--is-upgrade" => options.operation = Operation::Upgrade,
            "--skip-schema-validation" => options.schema = SchemaCheck::Skip,
            flag if flag.starts_with('-') => return Err(format!("the driver does not know {flag}")),
            place => places.push(place),
        }
    }
    // Helm looks at it before anything else.
    if let Some(text) = &options.kube_version
        && let Err(error) = KubeVersion::parse(text)
    {
        return Ok(Err(format!("invalid kube version '{text}': {error}")));
    }
    let chart = match places.as_slice() {
        [name, chart] => {
            (*name).clone_into(&mut options.name);
            folder.join(chart)
        }
        [chart] => {
            match name_template.take().map(|template| name_from_template(&template)) {
                None => {}
                Some(Ok(name)) => options.name = name,
                Some(Err(error)) => return Ok(Err(error)),
            }
            folder.join(chart)
        }
        _ => return Err("not NAME CHART".to_owned()),
    };
    if name_template.is_some() {
        return Ok(Err("cannot set --name-template and also specify a name".to_owned()));
    }
    if !chart.exists() {
        return Err("a chart that is not there is the registry's".to_owned());
    }
    for name in files {
        match std::fs::read(folder.join(&name)) {
            Ok(bytes) => values = values.file(name, bytes),
            Err(_) => return Ok(Err(format!("open {name}: no such file or directory"))),
        }
    }
    let base = folder.to_owned();
    let read = move |name: &str| {
        std::fs::read(base.join(name)).map_err(|_| format!("open {name}: no such file or directory"))
    };
    Ok(match values.reader(read).build() {
        Ok(values) => {
            options.values = values;
            Ok((chart, options))
        }
        Err(error) => Err(error.to_string()),
    })
}
