//! Types of the caller, read and written by serde.

use std::collections::{BTreeMap, HashMap};

use pintle_yaml::{ErrorKind, Limits, Position, from_slice, from_str, from_str_strict, to_string};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chart {
    name: String,
    #[serde(default)]
    app_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    deprecated: bool,
}

#[test]
fn helms_leniency_is_kept() {
    let chart: Chart =
        from_str("name: 7\nappVersion: 1.10\ncondition: ~\nkeywords: [a, 1, yes]\nannotations: {a: 2, 3: b}\ndeprecated:\n")
            .expect("a chart");
    assert_eq!(chart.name, "7");
    assert_eq!(chart.app_version, "1.1");
    assert_eq!(chart.condition, None);
    assert_eq!(chart.keywords, ["a", "1", "true"]);
    assert_eq!(chart.annotations, BTreeMap::from([("a".into(), "2".into()), ("3".into(), "b".into())]));
    assert!(!chart.deprecated);
    let chart: Chart = from_str("name: a\nkeywords:\nannotations:\n").expect("nulls");
    assert!(chart.keywords.is_empty() && chart.annotations.is_empty());
}

#[test]
fn errors_say_where() {
    let error = from_str::<Chart>("name: a\nkeywords:\n- b\n- {c: d}\n").expect_err("a map is no string");
    assert_eq!(error.position(), Some(Position { line: 4, column: 3 }));
    assert_eq!(error.kind(), ErrorKind::Type);
    assert_eq!(error.to_string(), "invalid type: map, expected a string at line 4 column 3");
    let error = from_str::<Chart>("a: b: c").expect_err("no YAML");
    assert_eq!(
        error.to_string(),
        "error converting YAML to JSON: yaml: mapping values are not allowed in this context"
    );
    assert_eq!(error.position(), Some(Position { line: 1, column: 5 }));
    let error = from_str::<Chart>("# nothing\nkeywords: []\n").expect_err("no name");
    assert_eq!(error.to_string(), "missing field `name` at line 2 column 1");
}

#[test]
fn strict_refuses_keys_that_stand_twice() {
    let text = "name: a\nname: b\n";
    assert_eq!(from_str::<Chart>(text).expect("the last one counts").name, "b");
    assert_eq!(
        from_str_strict::<Chart>(text).expect_err("twice").to_string(),
        "error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key \"name\" already set in map"
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Round(f64),
    Flat(u8, u8),
    Box { w: u8, h: u8 },
}

#[test]
fn enums_and_numbers_come_back() {
    let shapes = vec![Shape::Empty, Shape::Round(1.5), Shape::Flat(1, 2), Shape::Box { w: 3, h: 4 }];
    let text = to_string(&shapes).expect("it is written");
    assert_eq!(text, "- Empty\n- Round: 1.5\n- Flat:\n  - 1\n  - 2\n- Box:\n    h: 4\n    w: 3\n");
    assert_eq!(from_str::<Vec<Shape>>(&text).expect("it is read"), shapes);

    let numbers = (i64::MIN, u64::MAX, -1_i8, 0.5_f32, 'x', (), Some(true));
    let text = to_string(&numbers).expect("it is written");
    assert_eq!(text, "- -9223372036854775808\n- 18446744073709551615\n- -1\n- 0.5\n- x\n- null\n- true\n");
    assert_eq!(from_str::<(i64, u64, i8, f32, char, (), Option<bool>)>(&text).expect("it is read"), numbers);
    assert_eq!(from_str::<u32>("1e3").expect("a whole number"), 1000);
    assert!(from_str::<u32>("1.5").is_err());
    assert!(from_str::<u8>("256").is_err());
}

#[test]
fn keys_are_strings_of_any_sort() {
    let map: HashMap<u16, bool> = from_str("80: yes\n443: no\n").expect("numbers");
    assert_eq!(map, HashMap::from([(80, true), (443, false)]));
    assert_eq!(to_string(&BTreeMap::from([(10, "a"), (9, "b")])).expect("numbers"), "\"9\": b\n\"10\": a\n");
}

#[test]
fn anchors_and_merges_are_followed() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Job {
        image: String,
        tries: u8,
    }
    let jobs: BTreeMap<String, Job> =
        from_str("a: &a {image: x, tries: 1}\nb: *a\nc:\n  <<: *a\n  tries: 2\n").expect("jobs");
    let job = |tries| Job { image: "x".into(), tries };
    assert_eq!(jobs, BTreeMap::from([("a".into(), job(1)), ("b".into(), job(1)), ("c".into(), job(2))]));
}

#[test]
fn depth_ends_in_an_error() {
    let text = "[".repeat(5_000) + &"]".repeat(5_000);
    let error = from_str::<serde_json::Value>(&text).expect_err("too deep for serde");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(from_slice::<Option<u8>>(b"", &Limits::default()).expect("nothing"), None);
    assert!(from_slice::<Vec<u8>>(b"# c", &Limits::default()).expect("nothing").is_empty());
}
