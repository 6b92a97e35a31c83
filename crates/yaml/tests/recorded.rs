//! Replays what Go's YAML libraries answered (`fixtures/yaml`, written by `examples/differential.rs record`).

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests, and what they share")]
#![allow(clippy::print_stderr, reason = "all answers that differ are shown, not only the first")]

use std::path::Path;

use pintle_value::{Data, Json};
use pintle_yaml::{Error, Flavour, Limits, emit_data, parse, parse_map, parse_strict};
use serde::Deserialize as _;
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/yaml").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a case is JSON")).collect()
}

/// Go's answer to `verb`, if it is recorded.
fn recorded<'c>(case: &'c Value, verb: &str) -> Option<Result<&'c str, &'c str>> {
    if let Some(text) = case.get(verb) {
        return text.as_str().map(Ok);
    }
    case.get(format!("{verb} fails"))?.as_str().map(Err)
}

fn check(case: &Value, verb: &str, expected: Result<&str, &str>, ours: Result<String, Error>) -> bool {
    let ours = ours.map_err(|error| error.to_string());
    let same = expected == ours.as_deref().map_err(String::as_str);
    if !same {
        let input = case.get("text").or_else(|| case.get("hex")).or_else(|| case.get("value"));
        eprintln!("{verb} of {input:?}\n  Go:   {expected:?}\n  ours: {ours:?}");
    }
    same
}

fn json(data: &Data) -> String {
    String::from_utf8(Json::new().data_text(data).expect("data is JSON")).expect("JSON is UTF-8")
}

fn input(case: &Value) -> Vec<u8> {
    if let Some(text) = case["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let hex = case["hex"].as_str().expect("a case has a text or bytes");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn texts_are_read_as_go_reads_them() {
    let limits = Limits::default();
    let mut different = 0;
    let cases = cases("texts.jsonl");
    for case in &cases {
        let bytes = input(case);
        let parsed = recorded(case, "parse").expect("each text was parsed");
        let strict = recorded(case, "strict").unwrap_or(parsed);
        let map = recorded(case, "map").unwrap_or(parsed);
        different +=
            usize::from(!check(case, "parse", parsed, parse(&bytes, &limits).map(|data| json(&data))));
        different += usize::from(!check(
            case,
            "strict",
            strict,
            parse_strict(&bytes, &limits).map(|data| json(&data)),
        ));
        let ours = parse_map(&bytes, &limits).map(|map| json(&Data::Map(map)));
        different += usize::from(!check(case, "map", map, ours));
    }
    assert!(cases.len() > 1500, "only {} cases", cases.len());
    assert_eq!(different, 0, "answers that differ");
}

#[test]
fn values_are_written_as_go_writes_them() {
    let mut different = 0;
    let cases = cases("values.jsonl");
    for case in &cases {
        let data = Data::deserialize(&case["value"]).expect("JSON is data");
        for (verb, flavour) in [("v2", Flavour::V2), ("v3", Flavour::V3)] {
            let expected = recorded(case, verb).expect("each value was written");
            different += usize::from(!check(case, verb, expected, emit_data(&data, flavour)));
        }
    }
    assert!(cases.len() > 500, "only {} cases", cases.len());
    assert_eq!(different, 0, "answers that differ");
}
