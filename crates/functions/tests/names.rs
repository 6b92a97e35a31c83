//! Every function that Helm registers is here, and no other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they share")]

use std::collections::BTreeSet;
use std::path::Path;

use pintle_functions::Helm;

#[test]
fn the_names_are_helms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/functions/names.txt");
    let recorded = std::fs::read_to_string(path).unwrap();
    let recorded: BTreeSet<String> = recorded.lines().map(str::to_owned).collect();
    let ours: BTreeSet<String> =
        Helm::functions().names().map(|name| name.to_str_lossy().into_owned()).collect();
    let missing: Vec<_> = recorded.difference(&ours).collect();
    let extra: Vec<_> = ours.difference(&recorded).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:?}; not Helm's: {extra:?}");
}

/// A function has at least so many recorded cases, so many of them errors.
const LEAST: (usize, usize) = (20, 5);

/// `trimAll` is recorded in `trim-all.jsonl`, so that it does not meet `trimall` where case does not count.
fn file_name(function: &str) -> String {
    let mut name = String::new();
    for letter in function.chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    format!("{name}.jsonl")
}

#[test]
fn every_function_is_recorded_well() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let names = std::fs::read_to_string(fixtures.join("functions/names.txt")).unwrap();
    let poor: Vec<String> = names
        .lines()
        .filter_map(|function| {
            let path = fixtures.join("expressions/functions").join(file_name(function));
            let recorded = std::fs::read_to_string(path).unwrap_or_default();
            let cases: Vec<serde_json::Value> =
                recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let errors = cases.iter().filter(|case| case.get("err").is_some()).count();
            (cases.len() < LEAST.0 || errors < LEAST.1)
                .then(|| format!("{function}: {} cases, {errors} of them errors", cases.len()))
        })
        .collect();
    assert!(poor.is_empty(), "`cargo xtask record expressions` has too few cases of: {poor:?}");
}
