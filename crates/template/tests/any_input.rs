//! No input makes parser, compiler or executor panic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod stand_ins;

use pintle_template::{Execution, Limits, Output, Templates, sprintf};
use pintle_value::{Data, Value};
use proptest::prelude::*;

fn run(text: &[u8]) {
    let mut templates = Templates::new("set", stand_ins::functions());
    if templates.parse("t", text).is_err() {
        return;
    }
    let data: Data =
        serde_json::from_str(r#"{"a":{"b":"x","n":3},"l":["p",{"q":"r"},null],"s":"str"}"#).unwrap();
    let mut out = Output::new();
    let mut host = ();
    let mut run =
        Execution::new(&mut host).limits(Limits::new().steps(20_000).output(1 << 16).memory(1 << 20));
    let done = templates.finish().execute("t", &Value::from(&data), &mut out, &mut run);
    for offset in 0..out.as_bytes().len() {
        assert!(out.position(offset).is_some());
    }
    if let Err(error) = done {
        assert!(!error.to_string().is_empty());
    }
}

/// Pieces of which many lines are templates, and many nearly are.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "{{",
        "}}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "if ",
        "else ",
        "else if ",
        "end ",
        "range ",
        "with ",
        "define ",
        "block ",
        "template ",
        "break ",
        "continue ",
        "{{end}}",
        "{{else}}",
        "{{if ",
        "{{range ",
        "{{with ",
        "{{define \"d\"}}",
        "{{template \"d\" ",
        "{{include \"d\" . | ",
        "$",
        "$x",
        "$x := ",
        "$x = ",
        "$i, $x := ",
        ".",
        ".a",
        ".a.b",
        ".l",
        ".nope",
        "(",
        ")",
        "|",
        " | ",
        ",",
        "\"s\"",
        "`r`",
        "'c'",
        "1",
        "1.5",
        "0x1f",
        "1+2i",
        "true",
        "nil",
        "print ",
        "printf ",
        "\"%5.2v|%-8q\" ",
        "index ",
        "len ",
        "slice ",
        "and ",
        "or ",
        "not ",
        "eq ",
        "lt ",
        "html ",
        "upper ",
        "list ",
        "dict ",
        "set .a \"k\" ",
        "thing",
        "thing.Join \"-\" ",
        "thing.Add 1 ",
        "tpl \"{{.}}\" . ",
        "seq 3",
        "int ",
        "/* c */",
        "é",
        "\u{FFFD}",
        "text",
        "fail \"x\" ",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..40)
        .prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn bytes(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        run(&[b"{{".as_slice(), &text].concat());
    }

    #[test]
    fn nearly_templates(text in pieces()) {
        run(text.as_bytes());
    }

    #[test]
    fn actions(text in pieces()) {
        run(format!("{{{{range .l}}}}{{{{$x := .}}}}{{{{{text}}}}}{{{{end}}}}{{{{define \"d\"}}}}[{{{{.}}}}]{{{{end}}}}").as_bytes());
    }

    #[test]
    fn formats(format in "[%a-z0-9.*#+ \\[\\]-]{0,30}", int in any::<i64>(), float in any::<f64>(), text in ".{0,10}") {
        let args = [Value::Int(int), Value::Float(float), Value::from(text)];
        let _ = sprintf(format.as_bytes(), &args, 1 << 16);
    }
}
