//! What is left of a run that failed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod stand_ins;

use pintle_template::{ErrorKind, Execution, Limit, Limits, Output, Templates, sprintf};
use pintle_value::Value;

/// The output holds what was written before the error, and not the text that a function was still collecting.
#[test]
fn what_was_being_collected_is_gone() {
    let define = r#"{{define "d"}}inner{{fail "x"}}{{end}}"#;
    for call in [
        r#"{{upper (include "d" .)}}"#,
        r#"{{tpl "inner{{fail `x`}}" .}}"#,
        r#"{{tpl "{{include `d` .}}" .}}"#,
        r#"{{upper (tpl "{{upper (include `d` .)}}" .)}}"#,
    ] {
        let mut templates = Templates::new("set", stand_ins::functions());
        templates.parse("t", format!("{define}outer{call}")).unwrap();
        let mut out = Output::new();
        let failed = templates.finish().execute("t", &Value::Nil, &mut out, &mut Execution::new(&mut ()));
        assert!(failed.is_err());
        assert_eq!(out.as_bytes(), b"outer", "{call}");
        assert!((0..5).all(|offset| out.position(offset).is_some()), "{call}");
    }
}

/// All templates of a run write into one limit.
#[test]
fn output_counts_over_all_templates() {
    let mut templates = Templates::new("set", stand_ins::functions());
    templates.parse("t", "x".repeat(600)).unwrap();
    let program = templates.finish();
    let mut host = ();
    let mut run = Execution::new(&mut host).limits(Limits::new().output(1_000));
    program.execute("t", &Value::Nil, &mut Output::new(), &mut run).unwrap();
    let error = program.execute("t", &Value::Nil, &mut Output::new(), &mut run).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit(Limit::Output));
}

/// Rust's own formatting has a limit of 65,535 and panics above it.
#[test]
fn characters_of_any_precision() {
    let text = sprintf(b"%.100000U", &[Value::Int(0xE9)], 1 << 20).unwrap();
    assert_eq!(text.len(), 100_002);
    assert!(text.starts_with(b"U+000") && text.ends_with(b"0E9"));
}
