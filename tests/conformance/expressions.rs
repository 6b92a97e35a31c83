//! The templates of `fixtures/expressions`, each as the notes of the chart beside them: notes are printed as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pintle_chart::{Chart, Limits};
use pintle_functions::Moment;
use pintle_testkit::fixtures;

use crate::expression::{depends_on_the_name, from_here, render, render_with};

/// How many wrong cases of a file are shown.
const SHOWN: usize = 5;

struct Case {
    template: String,
    /// The output, or Helm's error. Notes are text, so bytes that are no UTF-8 stand as U+FFFD; the tests of
    /// `pintle-functions` compare those.
    expected: Result<String, String>,
}

impl Case {
    /// Reads a line; `None` for a YAML text.
    fn read(line: &str) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| Some(from_here(json.get(name)?.as_str()?));
        let expected = match (text("err"), text("out"), text("out64")) {
            (Some(error), ..) => Err(error),
            (_, Some(out), _) => Ok(out),
            (.., Some(out)) => {
                let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, out).unwrap();
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => return None,
        };
        Some(Self { template: text("in")?, expected })
    }
}

fn files() -> Vec<PathBuf> {
    let folder = fixtures::root().join("expressions");
    let mut files: Vec<PathBuf> = [folder.clone(), folder.join("functions")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    files
}

/// The templates whose result is known to differ, with the reason as a comment above them; one JSON string a line.
const DIFFERENT: &str = include_str!("different.txt");

/// When expressions were recorded: on 23 and 27 November 2026, in UTC.
const RECORDED_ON: [i64; 2] = [1_795_435_200, 1_795_743_000];

#[test]
fn every_recorded_expression() {
    let chart = Chart::from_path(fixtures::root().join("expressions/chart"), &Limits::default()).unwrap();
    let only = std::env::var("PINTLE_EXPRESSIONS").unwrap_or_default();
    let known: BTreeSet<String> = DIFFERENT
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (mut count, mut excused) = (0, 0);
    let mut equal_after_all = Vec::new();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        // YAML texts are replayed by `pintle-yaml`.
        if name == "yaml" || !name.contains(&only) {
            continue;
        }
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let Some(case) = Case::read(line) else { continue };
            if depends_on_the_name(&case.template) {
                continue;
            }
            count += 1;
            // Functions of dates take today's where they are given none, and today is the day of the recording.
            let on = |day: &i64| {
                let now = Moment { seconds: *day, nanos: 0 };
                render_with(&chart, &case.template, |input| input.time(now))
            };
            let found = RECORDED_ON.iter().map(on).find(|found| *found == case.expected);
            let found = found.unwrap_or_else(|| render(&chart, &case.template));
            match (found == case.expected, known.contains(&case.template)) {
                (true, false) => {}
                (false, true) => excused += 1,
                (true, true) => equal_after_all.push(case.template),
                (false, false) => wrong.entry(name.clone()).or_default().push(format!(
                    "{}\n    expected {:?}\n    found    {found:?}",
                    serde_json::to_string(&case.template).unwrap(),
                    case.expected
                )),
            }
        }
    }
    println!("{count} expressions replayed, {excused} of them known to differ");
    let sum: usize = wrong.values().map(Vec::len).sum();
    let report: Vec<String> = wrong
        .iter()
        .map(|(name, cases)| {
            let shown: Vec<&str> = cases.iter().take(SHOWN).map(String::as_str).collect();
            format!("{name}: {} wrong\n  {}", cases.len(), shown.join("\n  "))
        })
        .collect();
    assert!(wrong.is_empty(), "{sum} of {count} expressions differ:\n{}", report.join("\n"));
    assert!(
        equal_after_all.is_empty(),
        "these are equal now; take them out of different.txt:\n{}",
        equal_after_all.join("\n")
    );
}
