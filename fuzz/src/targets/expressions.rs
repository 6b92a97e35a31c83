//! Expressions at the leaves of values.

use std::sync::LazyLock;

use pintle_expressions::Expressions;
use pintle_value::Data;

use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "expressions", run, seeds, words: WORDS, max_len: 96 };

const WORDS: &[&str] = &[
    "${{ ",
    " }}",
    "tenant",
    ".name",
    ".nodes",
    " ~ ",
    " * ",
    " ** ",
    " // ",
    " if ",
    " else ",
    "[0]",
    "[::-1]",
    "|length",
    "|upper",
    "|replace('a','b')",
    "range(10)",
    "'x'",
    "{'a': 1}",
    "(1, 2)",
    " is defined",
    " in ",
    "not ",
    "|join(',')",
    "|default(1)",
    "|sort",
    "|tojson",
    "|map('upper')",
    "namespace()",
    "dict(a=1)",
    "'a' * 9",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "${{ tenant.nodes * 2 }}",
        "${{ 'app.' ~ tenant.name }}",
        "${{ tenant.labels['a'] | default('b') }}",
        "${{ range(3) | list }}",
        "plain",
        "${{ 1 if tenant.nodes > 2 else [] }}",
    ])
}

/// Fills in a value that is the bytes.
pub fn run(bytes: &[u8]) {
    static CONTEXT: LazyLock<Data> = LazyLock::new(|| {
        serde_json::from_str(
            r#"{"tenant": {"name": "acme", "nodes": 3, "labels": {"a": "b"}, "zones": ["x", "y"]}}"#,
        )
        .expect("it is JSON")
    });
    static EXPRESSIONS: LazyLock<Expressions> = LazyLock::new(Expressions::new);
    let text = String::from_utf8_lossy(bytes).into_owned();
    let values = [("a", Data::from(text))].into_iter().collect();
    if let Err(error) = EXPRESSIONS.fill_in(&values, &CONTEXT) {
        assert!(!error.to_string().is_empty(), "an error has words");
    }
}
