//! JSON as templates read and write it.

use pintle_value::{Data, Json, Map, Str, Value};

use super::template_of;
use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "json", run, seeds, words: WORDS, max_len: 96 };

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\":",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\n",
    "1",
    "-0",
    "1e400",
    "1.5",
    "0.1e-7",
    "true",
    "false",
    "null",
    "é",
    "<",
    "\u{2028}",
    "9223372036854775808",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "{\"a\": [1, 2.5, null, {\"b\": \"c\\u00e9\"}], \"d\": true}",
        "[1, \"x\", {}]",
        "\"text\"",
        "1e6",
        " null ",
    ])
}

template_of!(
    "{{ $a := fromJson .a }}{{ $b := fromJsonArray .a }}{{ $c := mustFromJson .a }}{{ toJson $c }}{{ toRawJson $c }}\
     {{ toPrettyJson $c }}{{ toYaml $c }}{{ if ne (toJson $c) (toJson (mustFromJson (toJson $c))) }}{{ fail \"other\" }}{{ end }}"
);

/// Reads JSON, writes what was read, and reads that.
pub fn run(bytes: &[u8]) {
    let dot: Map = [("a", Value::String(Str::from(bytes)))].into_iter().collect();
    let done = super::run::run(&PROGRAM, "t", &Value::Map(dot));
    if let Some(error) = done.error {
        assert!(!error.to_string().contains("calling fail"), "what was written is read as the same");
    }
    if let Ok(data) = serde_json::from_slice::<Data>(bytes) {
        let text = Json::new().data_text(&data).expect("data is JSON");
        // A float without a fraction is written as Go writes it, and read as a whole number.
        let again = serde_json::from_slice::<Data>(&text).expect("what was written is JSON");
        assert_eq!(Json::new().data_text(&again).expect("data is JSON"), text);
    }
}
