//! Values that people write and chart authors do not expect.

use serde_json::{Value, json};

use crate::random::Random;

/// Texts for `--set`: what Helm makes of them depends on how they look.
const TEXTS: [&str; 22] = [
    "",
    "0",
    "00",
    "-1",
    "007",
    "0x1f",
    "1e3",
    "1_000",
    "3000000000",
    "9223372036854775808",
    "1.50",
    "true",
    "True",
    "no",
    "null",
    "~",
    "1.19",
    "a: b",
    "é ☃ 🚀",
    "{a,b}",
    "{}",
    "with space",
];

/// A value for `--set`, `--set-string` or `--set-literal`.
pub(super) fn text(random: &mut Random) -> &'static str {
    random.pick(&TEXTS).copied().unwrap_or_default()
}

/// A value of any kind for `--set-json` and for files.
pub(super) fn value(random: &mut Random) -> Value {
    let odd = [
        json!(null),
        json!(""),
        json!(0),
        json!([]),
        json!({}),
        json!(true),
        json!(false),
        json!(1),
        json!(-1),
        json!(3),
        json!(1.5),
        json!(0.1),
        json!(1e21),
        json!(1e-7),
        json!(3_000_000_000_u64),
        json!(1_234_567),
        json!(9_007_199_254_740_993_u64),
        json!("text"),
        json!("123"),
        json!("0123"),
        json!("1e3"),
        json!("0x1F"),
        json!("true"),
        json!("no"),
        json!("null"),
        json!("~"),
        json!("1.2.3"),
        json!("2024-01-31"),
        json!("{{ .Release.Name }}-x"),
        json!("{{ .Values.nothing.below }}"),
        json!("{{ include \"nothing\" . }}"),
        json!("{{ broken"),
        json!("a: b # c"),
        json!("- a"),
        json!("two\nlines\n"),
        json!("\n  indented\n\n"),
        json!(" space around "),
        json!("tab\there"),
        json!("quote \" and ' and \\"),
        json!("é ☃ 🚀 <&>"),
        json!("*"),
        json!("@at"),
        json!("%p"),
        json!("x".repeat(90) + " " + &"y".repeat(30)),
        json!(["a", "b"]),
        json!([1, 2.5, null]),
        json!([{"name": "x", "value": "y"}]),
        json!([{"name": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
        json!([["a"], []]),
        json!({"a": "b"}),
        json!({"a": {"b": [1, {"c": null}]}}),
        json!({"example.com/key": "value", "10": "x", "z": true}),
        json!({"cpu": "100m", "memory": "1Gi"}),
    ];
    random.pick(&odd).cloned().unwrap_or_default()
}

/// A value that a chart's author may have meant for an empty default.
pub(super) fn filling(empty: &Value, random: &mut Random) -> Value {
    let lists = [
        json!(["a", "b"]),
        json!([{"name": "x", "value": "y"}]),
        json!([{"name": "x", "mountPath": "/x", "port": 80, "containerPort": 8080, "host": "x.example.com",
            "hosts": ["y.example.com"], "paths": ["/"], "secretName": "tls", "key": "k", "operator": "Exists"}]),
        json!([{"host": "x.example.com", "paths": [{"path": "/", "pathType": "Prefix"}]}]),
    ];
    let maps = [
        json!({"a": "b"}),
        json!({"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": 0.1}}),
        json!({"example.com/a": "true", "b": "1"}),
        json!({"runAsUser": 1000, "fsGroup": 65534, "runAsNonRoot": true}),
        json!({"file.yaml": "a: b\n", "script.sh": "#!/bin/sh\necho \"{{ x }}\"\n"}),
    ];
    let texts = [
        json!("text"),
        json!("10Gi"),
        json!("example.com"),
        json!("{{ .Release.Namespace }}.svc"),
        json!("-"),
    ];
    let choices: &[Value] = match empty {
        Value::Array(_) => &lists,
        Value::Object(_) => &maps,
        _ => &texts,
    };
    random.pick(choices).cloned().unwrap_or_default()
}
