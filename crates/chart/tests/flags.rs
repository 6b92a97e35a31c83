//! The `--set` family against what Helm 4.3.1 made of the same flags (`fixtures/flags/recorded.json`).

#![expect(clippy::panic, reason = "a test ends where something is not as it should be")]

use std::collections::BTreeMap;

use pintle_chart::Values;
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    files: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    args: Vec<String>,
    values: Option<serde_json::Value>,
    error: Option<String>,
}

fn build(args: &[String], files: &BTreeMap<String, String>) -> Result<Values, String> {
    let mut values = Values::builder();
    for pair in args.chunks(2) {
        let [flag, text] = pair else { panic!("a flag without its value") };
        values = match flag.as_str() {
            "-f" => values.file(text.as_str(), files[text].as_bytes()),
            "--set" => values.set(text),
            "--set-string" => values.set_string(text),
            "--set-json" => values.set_json(text),
            "--set-literal" => values.set_literal(text),
            "--set-file" => values.set_file(text),
            other => panic!("unknown flag {other}"),
        };
    }
    let files = files.clone();
    values
        .reader(move |name| {
            let missing = || format!("open {name}: no such file or directory");
            files.get(name).map(|text| text.clone().into_bytes()).ok_or_else(missing)
        })
        .build()
        .map_err(|error| error.to_string())
}

/// Without members that are null at the top and in maps: Helm drops most of them before a template sees them.
fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        other => other,
    }
}

fn numbers_as_floats(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => serde_json::json!(number.as_f64()),
        serde_json::Value::Array(list) => list.into_iter().map(numbers_as_floats).collect(),
        serde_json::Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key, numbers_as_floats(value))).collect()
        }
        other => other,
    }
}

#[test]
fn flags_do_what_they_do_in_helm() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/flags/recorded.json");
    let recorded: Recorded = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in &recorded.cases {
        match (build(&case.args, &recorded.files), &case.values, &case.error) {
            (Ok(values), Some(expected), _) => {
                let actual = serde_json::to_value(values.data()).unwrap();
                let actual = numbers_as_floats(without_nulls(actual));
                let expected = numbers_as_floats(without_nulls(expected.clone()));
                if actual != expected {
                    wrong.push(format!("{:?}: expected {expected}, found {actual}", case.args));
                }
            }
            (Err(actual), _, Some(expected)) if actual == *expected => {}
            (result, ..) => wrong.push(format!(
                "{:?}: expected {:?}{:?}, found {:?}",
                case.args,
                case.values,
                case.error,
                result.map(|values| serde_json::to_string(values.data()).unwrap())
            )),
        }
    }
    assert!(recorded.cases.len() > 150);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn says_who_set_a_value() {
    let values = Values::builder()
        .file("a.yaml", "image:\n  # the tag\n  tag: v1\n  name: web\nlist: [1]\n")
        .file("b.yaml", "image:\n  name: null\n")
        .set("image.tag=v2,list[0]=7")
        .build()
        .unwrap();
    let origin = |path: &[&str]| values.origin(path).map(|origin| origin.to_string());
    assert_eq!(origin(&["image", "tag"]).as_deref(), Some("--set (image.tag)"));
    assert_eq!(origin(&["image", "name"]).as_deref(), Some("b.yaml:2:3 (image.name)"));
    assert_eq!(origin(&["image"]).as_deref(), Some("--set (image)"));
    assert_eq!(origin(&["list"]).as_deref(), Some("--set (list)"));
    assert_eq!(origin(&["other"]), None);
}

#[test]
fn endless_names_end() {
    let steps = format!("a{}=1", "[0]".repeat(100_000));
    assert!(Values::builder().set(steps).build().unwrap_err().to_string().contains("256 steps"));
    let mut places = Values::builder();
    for index in 0..100 {
        places = places.set(format!("l{index}[65536]=1"));
    }
    assert!(places.build().unwrap_err().to_string().contains("4194304 items"));
}
