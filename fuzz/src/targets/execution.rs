//! The executor: a template is parsed and run within small limits, with Helm's functions.

use std::sync::LazyLock;

use pintle_functions::Helm;
use pintle_template::Templates;
use pintle_value::{Data, Value};

use super::template::WORDS;
use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "execution", run, seeds, words: WORDS, max_len: 200 };

const DATA: &str = r#"{
    "Values": {"name": "web", "list": ["a", 2, {"b": null}], "map": {"b": true, "c": 1.5, "d": {"e": "f"}}, "n": 3},
    "a": {"b": "x", "n": 3}, "l": ["p", {"q": "r"}, null, 2], "s": "str", "e": "", "z": 0, "t": true
}"#;

fn seeds() -> Vec<Vec<u8>> {
    let mut all = seeds::lines("template/execution.jsonl", "t");
    all.extend(seeds::lines("expressions/control.jsonl", "in"));
    all.extend(seeds::lines("expressions/fields.jsonl", "in"));
    all.extend(seeds::lines("expressions/methods.jsonl", "in"));
    all.extend(seeds::all_calls());
    all
}

/// Runs the bytes as a template.
pub fn run(bytes: &[u8]) {
    static EMPTY: LazyLock<Templates> = LazyLock::new(|| {
        let mut templates = Templates::new("gotpl", Helm::functions());
        templates.parse("library", "{{ define \"d\" }}[{{ . }}]{{ end }}").expect("it is a template");
        templates
    });
    static DOT: LazyLock<Data> = LazyLock::new(|| serde_json::from_str(DATA).expect("it is JSON"));
    let mut templates = EMPTY.clone();
    if templates.parse("t", bytes).is_err() {
        return;
    }
    let done = super::run::run(&templates.finish(), "t", &Value::from(&*DOT));
    for offset in 0..done.out.as_bytes().len() {
        assert!(done.out.position(offset).is_some(), "each byte is from somewhere");
    }
}
