//! Inputs to begin with, out of `fixtures/`.

use std::path::{Path, PathBuf};

/// How many seeds of one source are enough.
const MOST: usize = 400;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The field `field` of each line of a file of JSON lines; evenly chosen where there are many.
pub(crate) fn lines(file: &str, field: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(fixtures().join(file)).expect(file);
    let all: Vec<&str> = text.lines().collect();
    let step = all.len().div_ceil(MOST).max(1);
    all.iter()
        .step_by(step)
        .filter_map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).expect(file);
            Some(case.get(field)?.as_str()?.as_bytes().to_vec())
        })
        .collect()
}

/// The same of the file that holds a function's recorded calls.
pub(crate) fn calls(function: &str) -> Vec<Vec<u8>> {
    lines(&format!("expressions/functions/{function}.jsonl"), "in")
}

/// The calls of all functions, some of each.
pub(crate) fn all_calls() -> Vec<Vec<u8>> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(fixtures().join("expressions/functions"))
        .expect("the recorded functions")
        .map(|entry| entry.expect("a file").path())
        .collect();
    names.sort();
    let names = names.iter().filter_map(|path| path.file_stem()?.to_str());
    names.flat_map(|name| calls(name).into_iter().step_by(8).take(4)).collect()
}

/// The files below a folder whose name ends in one of `ends`, no longer than `most` bytes each.
pub(crate) fn files(folder: &str, ends: &[&str], most: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut open = vec![fixtures().join(folder)];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).expect("a folder of fixtures");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                open.push(path);
            } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
                let mut bytes = std::fs::read(&path).expect("a fixture");
                bytes.truncate(most);
                found.push(bytes);
            }
        }
    }
    let step = found.len().div_ceil(MOST).max(1);
    found.into_iter().step_by(step).collect()
}

/// Texts as seeds.
pub(crate) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
