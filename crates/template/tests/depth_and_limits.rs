//! Depth, endless templates and cancellation end in errors, on a thread with 2 MiB of stack.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod stand_ins;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pintle_template::{Error, ErrorKind, Execution, Limit, Limits, Output, Templates};
use pintle_value::Value;

fn run_with(text: &str, prepare: impl FnOnce(Execution<'_>) -> Execution<'_>) -> Result<String, Error> {
    let mut templates = Templates::new("set", stand_ins::functions());
    templates.parse("t", text)?;
    let program = templates.finish();
    let mut out = Output::new();
    let mut host = ();
    let mut run = prepare(Execution::new(&mut host));
    program.execute("t", &Value::Nil, &mut out, &mut run)?;
    Ok(String::from_utf8_lossy(out.as_bytes()).into_owned())
}

/// Runs the template on a thread with a small stack.
fn run(text: impl Into<String>) -> Result<String, Error> {
    let text = text.into();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(move || run_with(&text, |run| run)).unwrap().join().expect("no panic, no overflow")
}

#[test]
fn include_ends_with_helms_error() {
    let error = run(r#"{{define "a"}}{{include "a" .}}{{end}}{{include "a" .}}"#).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(r#"template: t:1:40: executing "t" at <include "a" .>: error calling include: template: t:1:16: executing "a" at <include "a" .>: error calling include: template: t:1:16"#), "{}", &text[..300]);
    assert!(text.ends_with(
        "error calling include: rendering template has a nested reference name: a: unable to execute template"
    ));
    assert_eq!(error.places().count(), 1002);
    assert_eq!(error.kind(), ErrorKind::Execute);
}

#[test]
fn include_as_an_argument_ends_as_well() {
    let error =
        run(r#"{{define "a"}}{{upper (include "a" . | upper)}}{{end}}{{$x := include "a" .}}"#).unwrap_err();
    assert!(error.to_string().ends_with("nested reference name: a: unable to execute template"));
}

#[test]
fn template_ends_with_gos_error() {
    let error = run(r#"{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"template: t:1:25: executing "a" at <{{template "a" .}}>: exceeded maximum template depth (100000)"#
    );
}

#[test]
fn tpl_ends_at_the_limit_of_depth() {
    let error = run(r#"{{define "a"}}{{tpl `{{template "a" .}}` .}}{{end}}{{template "a" .}}"#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit(Limit::Depth), "{error}");
}

#[test]
fn parentheses_nest_as_deep_as_in_go() {
    let nested = |depth: usize| format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(run(nested(10_000)).unwrap(), "1");
    assert_eq!(run(nested(10_001)).unwrap_err().to_string(), "template: t:1: max expression depth exceeded");
    let calls = format!("{{{{{}print 1{}}}}}", "print (".repeat(9_000), ")".repeat(9_000));
    assert_eq!(run(calls).unwrap(), "1");
    let error = run(format!("{{{{{}.x.y 1{}}}}}", "print (".repeat(9_000), ")".repeat(9_000)));
    assert_eq!(error.unwrap(), "<nil>");
}

#[test]
fn blocks_nest_without_limit() {
    let depth = 50_000;
    for open in ["{{if 1}}", "{{with 1}}", "{{range 1}}"] {
        assert_eq!(run(format!("{}x{}", open.repeat(depth), "{{end}}".repeat(depth))).unwrap(), "x");
    }
    let chain = format!("{{{{if 0}}}}a{}{{{{else}}}}x{{{{end}}}}", "{{else if 0}}b".repeat(depth));
    assert_eq!(run(chain).unwrap(), "x");
}

#[test]
fn values_that_hold_themselves_cannot_be_printed() {
    for print in ["{{$d}}", "{{print $d}}", "{{printf `%5v` $d}}", "{{html $d}}", "{{eq $d $d}}"] {
        let error = run(format!("{{{{$d := dict}}}}{{{{$_ := set $d `d` $d}}}}{print}")).unwrap_err();
        assert!(
            error.to_string().contains("error calling") || error.to_string().contains("holds itself"),
            "{error}"
        );
    }
}

#[test]
fn lists_nested_deeper_than_the_stack_are_dropped() {
    assert_eq!(run("{{$l := list}}{{range 300000}}{{$l = list $l}}{{end}}{{len $l}}").unwrap(), "1");
    let maps = "{{$m := dict}}{{range 300000}}{{$m = dict `m` $m}}{{end}}{{len $m}}";
    assert_eq!(run(maps).unwrap(), "1");
}

#[test]
fn endless_templates_end() {
    let steps =
        run_with("{{range 9223372036854775807}}{{end}}", |run| run.limits(Limits::new().steps(100_000)));
    assert_eq!(steps.unwrap_err().kind(), ErrorKind::Limit(Limit::Steps));
    let output = run_with("{{range 9223372036854775807}}xxxxxxxxxxxxxxxx{{end}}", |run| {
        run.limits(Limits::new().output(1 << 20))
    });
    assert_eq!(output.unwrap_err().kind(), ErrorKind::Limit(Limit::Output));
    let doubled = "{{$x := `x`}}{{range 100}}{{$x = printf `%s%s` $x $x}}{{end}}";
    let memory = run_with(doubled, |run| run.limits(Limits::new().memory(1 << 20)));
    assert_eq!(memory.unwrap_err().kind(), ErrorKind::Limit(Limit::Memory));
    let time = run_with("{{range 9223372036854775807}}{{end}}", |run| {
        run.limits(Limits::new().deadline(Instant::now()))
    });
    assert_eq!(time.unwrap_err().kind(), ErrorKind::Limit(Limit::Time));
    let cancelled =
        run_with("{{range 9223372036854775807}}{{end}}", |run| run.cancel(Arc::new(AtomicBool::new(true))));
    assert_eq!(cancelled.unwrap_err().kind(), ErrorKind::Cancelled);
    let nested = r#"{{define "a"}}{{range 9223372036854775807}}{{end}}{{end}}{{upper (include "a" .)}}"#;
    let within = run_with(nested, |run| run.limits(Limits::new().steps(1000))).unwrap_err();
    assert_eq!(within.to_string(), "limit reached: templates took more than 1000 steps");
}

#[test]
fn wide_verbs_end() {
    let wide = "{{printf `%9999999d` 1 | len}}";
    assert_eq!(run(wide).unwrap(), "9999999");
    let error = run_with(wide, |run| run.limits(Limits::new().output(1 << 20))).unwrap_err();
    assert!(error.to_string().contains("longer than allowed"), "{error}");
}

#[test]
fn output_knows_its_templates() {
    let text = "a\n{{ 1 }}b\n{{ define \"d\" }}\n  x: {{ . }}\n{{ end }}{{ include \"d\" 5 }}\n{{ upper (include \"d\" 6) }}";
    let mut templates = Templates::new("set", stand_ins::functions());
    templates.parse("t", text).unwrap();
    let mut out = Output::new();
    templates.finish().execute("t", &Value::Nil, &mut out, &mut Execution::new(&mut ())).unwrap();
    let written = String::from_utf8_lossy(out.as_bytes()).into_owned();
    assert_eq!(written, "a\n1b\n\n  x: 5\n\n\n  X: 6\n");
    let line = |what: &str| out.position(written.find(what).unwrap()).unwrap().line;
    assert_eq!((line("a"), line("1"), line("b"), line("x:"), line("5"), line("X:")), (1, 2, 2, 4, 4, 6));
}
