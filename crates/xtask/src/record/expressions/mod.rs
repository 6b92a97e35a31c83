//! `cargo xtask record expressions`: what Helm's engine makes of thousands of small templates and YAML texts.
//!
//! The cases are made from what lies beside this file: `signatures.txt` says how each function is called,
//! `pools.txt` with what, `written.txt` holds cases written by hand, `yaml.txt` YAML texts. A fixed seed per file of
//! results makes every run produce the same cases, and a new function changes no other's.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

mod format;
pub(super) mod go;
mod mutants;
mod nested;
mod signatures;
mod texts;
mod yaml;

pub(crate) use go::{Answer, Oracle, Request};

use crate::random::Seed;

/// A function has at least so many cases.
const LEAST_CASES: usize = 20;
/// So many of them are errors.
const LEAST_ERRORS: usize = 5;
/// How often each case runs; what differs between the runs is left out.
const RUNS: usize = 3;

/// Which files to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the files whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
}

/// One line of a file of results.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(rename = "in")]
    input: &'a str,
    #[serde(flatten)]
    answer: &'a Answer,
}

#[expect(clippy::print_stdout, reason = "a command line shows its progress")]
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let folder = pintle_testkit::fixtures::root().join("expressions");
    let oracle = Oracle::build(&folder.join("chart"))?;
    let registered = oracle.functions()?;

    let mut suites = suites(&registered, Seed::default())?;
    suites.retain(|name, _| name.contains(&arguments.filter));
    let requests: Vec<&Request> = suites.values().flatten().collect();
    println!("asking for {} cases, {RUNS} times", requests.len());
    let answers = stable(&oracle, &requests)?;

    let mut answers = answers.into_iter();
    let (mut kept, mut errors, mut poor) = (0, 0, Vec::new());
    for (name, requests) in &suites {
        let mut lines: Vec<(&str, Answer)> = Vec::new();
        for request in requests {
            if let Some(Some(answer)) = answers.next() {
                lines.push((request.text(), answer));
            }
        }
        let faulty = lines.iter().filter(|(_, answer)| answer.is_error()).count();
        kept += lines.len();
        errors += faulty;
        if name.starts_with("functions/") && (lines.len() < LEAST_CASES || faulty < LEAST_ERRORS) {
            poor.push(format!("{name}: {} cases, {faulty} of them errors", lines.len()));
        }
        write(&folder.join(format!("{name}.jsonl")), &lines)?;
    }
    println!("recorded {kept} cases in {} files, {errors} of them errors", suites.len());
    if poor.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(format!(
        "fewer than {LEAST_CASES} cases or {LEAST_ERRORS} errors (add some to written.txt):\n{}",
        poor.join("\n")
    )
    .into())
}

/// All questions, by the name of the file that gets the answers.
pub(crate) fn suites(
    registered: &[String],
    seed: Seed,
) -> Result<BTreeMap<String, Vec<Request>>, crate::Fault> {
    let mut suites: BTreeMap<String, Vec<Request>> = BTreeMap::new();
    let called = signatures::Signatures::read()?;
    let mut written = texts::written()?;
    for function in registered.iter().map(String::as_str).chain(signatures::BUILT_IN.iter().copied()) {
        let mut cases = called.cases(function, seed)?;
        cases.extend(written.remove(function).unwrap_or_default());
        suites.insert(format!("functions/{}", file_name(function)), render(cases));
    }
    suites.insert("mutants".to_owned(), render(mutants::of(&written, seed)));
    for (group, cases) in written {
        suites.insert(group, render(cases));
    }
    suites.insert("printf".to_owned(), render(format::printf(seed)));
    suites.insert("nested".to_owned(), render(nested::of(&called, &mut seed.random("nested"))));
    suites.insert("floats".to_owned(), render(format::floats()));
    suites.insert("yaml".to_owned(), yaml::texts(seed).into_iter().map(Request::Yaml).collect());
    Ok(suites)
}

/// A template, and what the real engine made of it: its output, or its error.
pub(crate) type Answered = (String, Result<String, String>);

/// Recorded templates with other small damages than the recorded ones, and what the real engine makes of them. Those
/// that give something else each time are left out, and outputs that are no UTF-8.
pub(crate) fn damaged(seed: u32, count: usize) -> Result<Vec<Answered>, crate::Fault> {
    let folder = pintle_testkit::fixtures::root().join("expressions");
    let oracle = Oracle::build(&folder.join("chart"))?;
    let templates = mutants::anew(&recorded(&folder)?, Seed(u64::from(seed) + 1), count);
    let requests = render(templates);
    let answers = stable(&oracle, &requests.iter().collect::<Vec<_>>())?;
    let answered = requests
        .iter()
        .zip(answers)
        .filter_map(|(request, answer)| Some((request.text().to_owned(), answer?.into_result()?)));
    Ok(answered.collect())
}

/// The templates that are recorded, in an order that is always the same.
fn recorded(folder: &Path) -> Result<Vec<String>, crate::Fault> {
    let mut files = Vec::new();
    for folder in [folder.to_owned(), folder.join("functions")] {
        for entry in std::fs::read_dir(folder)? {
            files.push(entry?.path());
        }
    }
    files.sort();
    let mut templates = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        for line in std::fs::read_to_string(file)?.lines() {
            let line: serde_json::Value = serde_json::from_str(line)?;
            let text = line.get("in").and_then(serde_json::Value::as_str);
            // A YAML text has its answer in other fields.
            templates.extend(text.filter(|_| line.get("v2").is_none()).map(str::to_owned));
        }
    }
    Ok(templates)
}

/// The templates as requests, without those that are asked for twice.
fn render(templates: Vec<String>) -> Vec<Request> {
    let mut seen = std::collections::BTreeSet::new();
    templates.into_iter().filter(|text| seen.insert(text.clone())).map(Request::Render).collect()
}

/// The answers that were the same each time; where Helm dies, there is none.
pub(crate) fn stable(oracle: &Oracle, requests: &[&Request]) -> Result<Vec<Option<Answer>>, go::Error> {
    let mut answers = oracle.ask_any(requests)?;
    for _ in 1..RUNS {
        for (before, after) in answers.iter_mut().zip(oracle.ask_any(requests)?) {
            if *before != after {
                *before = None;
            }
        }
    }
    Ok(answers)
}

/// A function's file: `trimAll` is `trim-all`, so that it does not meet `trimall` where case does not count.
fn file_name(function: &str) -> String {
    let mut name = String::new();
    for letter in function.chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn write(path: &Path, lines: &[(&str, Answer)]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut text = Vec::new();
    for (input, answer) in lines {
        serde_json::to_writer(&mut text, &Line { input, answer })?;
        text.push(b'\n');
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)?;
    Ok(())
}
