//! Lexer, parser and compiler of templates, with Helm's functions.

use std::sync::LazyLock;

use pintle_functions::Helm;
use pintle_template::Templates;

use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "template", run, seeds, words: WORDS, max_len: 256 };

pub(super) const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{- ",
    " -}}",
    "{{/*",
    "*/}}",
    "if ",
    "else ",
    "else if ",
    "else with ",
    "end",
    "range ",
    "with ",
    "define ",
    "block ",
    "template ",
    "break",
    "continue",
    "{{end}}",
    "{{else}}",
    "{{if ",
    "{{range ",
    "{{with ",
    "{{define \"d\"}}",
    "{{template \"d\" .}}",
    "include \"d\" . ",
    "$",
    "$x",
    "$x := ",
    "$x = ",
    "$i, $x := ",
    ".",
    ".Values",
    ".a.b",
    "(",
    ")",
    " | ",
    ", ",
    "\"s\"",
    "`r`",
    "'c'",
    "1",
    "1.5",
    "0x1f",
    "1e3",
    "1+2i",
    "true",
    "nil",
    "printf \"%v\" ",
    "index ",
    "len ",
    "slice ",
    "call ",
    "and ",
    "or ",
    "not ",
    "eq ",
    "lt ",
    "dict ",
    "list ",
    "set ",
    "tpl ",
    "fail ",
    "required ",
    "toYaml ",
    "nindent 4",
    "default ",
    "\\x",
    "\\u00e9",
    "_",
    "é",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut all = seeds::lines("template/syntax.jsonl", "t");
    all.extend(seeds::lines("expressions/mutants.jsonl", "in"));
    all.extend(seeds::lines("expressions/literals.jsonl", "in"));
    all
}

/// Parses and compiles the bytes.
pub fn run(bytes: &[u8]) {
    static EMPTY: LazyLock<Templates> = LazyLock::new(|| Templates::new("gotpl", Helm::functions()));
    let mut templates = EMPTY.clone();
    match templates.parse("c/templates/t.yaml", bytes) {
        Ok(()) => assert!(templates.finish().contains("c/templates/t.yaml"), "what was parsed is there"),
        Err(error) => {
            assert!(error.to_string().starts_with("template: "), "an error says where it is from: {error}");
            let lines = bytes.split(|byte| *byte == b'\n').count();
            for place in error.places() {
                assert!(
                    (1..=lines).contains(&(place.line as usize)),
                    "the line is one of the text's: {error}"
                );
            }
        }
    }
}
