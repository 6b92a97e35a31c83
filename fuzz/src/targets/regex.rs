//! Go's regular expressions: expression, text and replacement, with a zero byte between them.

use std::sync::LazyLock;

use pintle_functions::Helm;
use pintle_template::{Program, Templates};
use pintle_value::{Map, Str, Value};

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "regex", run, seeds, words: WORDS, max_len: 64 };

const WORDS: &[&str] = &[
    "[[:alpha:]]",
    "[^a-z]",
    "\\pL",
    "\\p{Greek}",
    "\\P{^Lu}",
    "\\d",
    "\\b",
    "\\Qa.b\\E",
    "(?i)",
    "(?s:.)",
    "(?P<n>a)",
    "(?<n>a)",
    "{2,3}",
    "{1000}",
    "*?",
    "+?",
    "??",
    "|",
    "^",
    "$",
    "\\A",
    "\\z",
    "\\x{10FFFF}",
    "\\123",
    "\\C",
    "(",
    ")",
    "(?:",
    "[",
    "]",
    "-",
    "$1",
    "${n}",
    "$$",
    "\u{e9}",
    "(?U)",
    "(?m)",
];

const CALLS: &str = "{{ $ok := regexMatch .a .b }}{{ mustRegexFind .a .b }}{{ mustRegexFindAll .a .b -1 }}\
    {{ mustRegexReplaceAll .a .b .c }}{{ mustRegexReplaceAllLiteral .a .b .c }}{{ mustRegexSplit .a .b 3 }}\
    {{ regexQuoteMeta .b }}{{ if not $ok }}{{ fail \"compiled\" }}{{ end }}";

fn seeds() -> Vec<Vec<u8>> {
    let expressions = [
        "a+b",
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "(a|b)*c",
        "\\d+\\.\\d+",
        "(?i)hello",
        "[[:space:]]+",
        "x{2,5}?",
        "a.c",
        "(?P<year>\\d{4})-(?P<m>\\d\\d)",
        "\\bfoo\\B",
        "[^\\W\\d_]",
        "\\p{Greek}+",
        "(?s).*",
        "^$",
        "",
    ];
    expressions
        .map(|expression| [expression.as_bytes(), b"\0aab hello 2023-11-14 x.y\0<$1${year}>"].concat())
        .to_vec()
}

/// Compiles and uses an expression in all ways.
pub fn run(bytes: &[u8]) {
    static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
        let mut templates = Templates::new("gotpl", Helm::functions());
        templates.parse("t", CALLS).expect("it is a template");
        templates.finish()
    });
    let mut input = Input::new(bytes);
    let dot: Map = [("a", input.text()), ("b", input.text()), ("c", input.rest())]
        .map(|(name, text)| (name, Value::String(Str::from(text))))
        .into_iter()
        .collect();
    super::run::run(&PROGRAM, "t", &Value::Map(dot));
}
