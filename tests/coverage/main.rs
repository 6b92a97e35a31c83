//! The fixture charts together use every feature of charts; this test names those that none uses.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails the test")]

mod features;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pintle_testkit::fixtures;

/// Everything below a folder, as paths relative to it and bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                files.push((format!("/{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    files
}

fn charts() -> Vec<(String, Vec<u8>)> {
    files(&fixtures::root().join("charts"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The words of the actions of a template, without those in strings: `upper`, `.Values.x`, `$y`.
fn words(template: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for action in template.split("{{").skip(1) {
        let action = action.split("}}").next().unwrap_or_default();
        let mut word = String::new();
        let mut quote = None;
        let mut before = ' ';
        for letter in action.chars().chain([' ']) {
            match quote {
                Some(mark) => {
                    if letter == mark && before != '\\' {
                        quote = None;
                    }
                }
                None if matches!(letter, '"' | '`') => quote = Some(letter),
                None if letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$') => word.push(letter),
                None => {
                    words.insert(std::mem::take(&mut word));
                }
            }
            before = letter;
        }
    }
    words
}

/// The functions that have recorded cases, which are all that Helm registers and text/template has.
fn functions() -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(fixtures::root().join("expressions/functions")).unwrap() {
        let file = entry.unwrap().file_name().to_string_lossy().into_owned();
        let mut name = String::new();
        let mut capital = false;
        for letter in file.trim_end_matches(".jsonl").chars() {
            match letter {
                '-' => capital = true,
                letter if std::mem::take(&mut capital) => name.push(letter.to_ascii_uppercase()),
                letter => name.push(letter),
            }
        }
        names.push(name);
    }
    names.sort();
    names
}

fn assert_none(what: &str, unused: &[&str]) {
    assert!(unused.is_empty(), "no chart in fixtures/charts uses {what}: {}", unused.join(", "));
}

#[test]
fn every_function_and_action_is_used() {
    let mut used = BTreeSet::new();
    for (name, bytes) in charts() {
        if name.contains("/templates/") {
            used.extend(words(&text(&bytes)));
        }
    }
    let functions = functions();
    assert!(functions.len() > 230, "{} functions have recorded cases", functions.len());
    // `print` and its kin are also called in pipelines, where they stand as words just the same.
    let unused: Vec<&str> = functions
        .iter()
        .map(String::as_str)
        .filter(|name| !used.contains(*name) && *name != "call")
        .collect();
    assert_none("the functions", &unused);
    let unused: Vec<&str> = features::ACTIONS.into_iter().filter(|word| !used.contains(*word)).collect();
    assert_none("the words", &unused);
    let unused: Vec<&str> = features::OBJECTS
        .into_iter()
        .filter(|object| !used.iter().any(|word| word.contains(object.trim_end_matches('*'))))
        .collect();
    assert_none("the objects", &unused);
}

#[test]
fn every_field_of_chart_yaml_is_used() {
    let metadata: String = charts()
        .iter()
        .filter(|(name, _)| name.ends_with("/Chart.yaml") || name.ends_with("/requirements.yaml"))
        .map(|(_, bytes)| text(bytes))
        .collect();
    let unused: Vec<&str> = features::CHART_KEYS.into_iter().filter(|key| !metadata.contains(key)).collect();
    assert_none("the fields of Chart.yaml", &unused);
}

#[test]
fn every_file_of_a_chart_is_there() {
    let charts = charts();
    let unused: Vec<&str> = features::FILES
        .into_iter()
        .filter(|file| !charts.iter().any(|(name, _)| name.contains(file)))
        .collect();
    assert_none("the files", &unused);
    assert!(
        charts.iter().any(|(name, bytes)| !name.contains(".tgz") && std::str::from_utf8(bytes).is_err()),
        "no chart in fixtures/charts has a binary file"
    );
}

#[test]
fn every_hook_policy_kind_and_schema_is_used() {
    let charts: Vec<String> = charts().iter().map(|(_, bytes)| text(bytes)).collect();
    let unused: Vec<&str> = features::TEXTS
        .into_iter()
        .filter(|feature| !charts.iter().any(|text| text.contains(feature)))
        .collect();
    assert_none("the texts", &unused);
    let unused: Vec<&str> = pintle_render::INSTALL_ORDER
        .iter()
        .copied()
        .filter(|kind| {
            !charts.iter().any(|text| {
                text.lines().any(|line| {
                    line == format!("kind: {kind}") || line.trim_start().starts_with(&format!("{kind}: "))
                })
            })
        })
        .collect();
    assert_none("the kinds", &unused);
}

#[test]
fn every_flag_is_used() {
    let cases = fixtures::cases().unwrap();
    let unused: Vec<&str> = features::FLAGS
        .into_iter()
        .filter(|flag| !cases.iter().any(|case| case.args.iter().any(|argument| argument == flag)))
        .collect();
    assert!(unused.is_empty(), "no case in fixtures/cases uses the flags: {}", unused.join(", "));
}

#[test]
fn every_chart_has_cases_and_every_case_is_recorded() {
    let cases = fixtures::cases().unwrap();
    let unrecorded: Vec<String> =
        cases.iter().filter(|case| case.expected.is_none()).map(fixtures::Case::id).collect();
    assert!(unrecorded.is_empty(), "not recorded (cargo xtask record fixtures): {}", unrecorded.join(", "));

    for (folder, least) in [("charts", 44), ("charts-bad", 20)] {
        let mut charts: Vec<String> = std::fs::read_dir(fixtures::root().join(folder))
            .unwrap()
            .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        assert!(charts.len() >= least, "{folder} holds {} charts", charts.len());
        charts.retain(|chart| !cases.iter().any(|case| case.chart == *chart));
        assert!(charts.is_empty(), "charts without a case: {}", charts.join(", "));
    }
    assert!(cases.len() >= 150, "{} cases", cases.len());
}
