//! The files of a chart: Chart.yaml, values, ignore rules, a chart inside of it, and the user's values, with a zero byte
//! between them.

use pintle_chart::{Chart, File, Limits, Values, coalesce_values};

use crate::input::Input;
use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "chart", run, seeds, words: WORDS, max_len: 320 };

const WORDS: &[&str] = &[
    "apiVersion: v2\n",
    "apiVersion: v1\n",
    "name: a\n",
    "version: 1.0.0\n",
    "type: library\n",
    "kubeVersion: '>=1'\n",
    "dependencies:\n- name: sub\n",
    "  version: '*'\n",
    "  repository: file://x\n",
    "  alias: b\n",
    "  condition: sub.on,b.on\n",
    "  tags: [t]\n",
    "  import-values: [data]\n",
    "  import-values:\n  - child: x\n    parent: y\n",
    "tags: {t: false}\n",
    "global: {a: 1}\n",
    "sub: {on: false}\n",
    "exports: {data: {z: 1}}\n",
    ": null\n",
    "maintainers: [{name: x}]\n",
    "keywords: [x]\n",
    "annotations: {a: b}\n",
    "icon: x\n",
    "*",
    "!",
    "**",
    "\0",
    "\n",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = seeds::files("charts", &["Chart.yaml"], 256)
        .into_iter()
        .map(|chart| {
            [&chart[..], b"\0a: {b: 1}\nglobal: {g: 2}\n\0*.bak\n\0\0x: 1\n\0a: {b: null}\n"].concat()
        })
        .collect();
    all.extend(seeds::texts(&[
        "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- name: sub\n  version: '*'\n  condition: sub.on\n  import-values: [data]\n\0sub: {on: true}\ntags: {t: true}\n\0\0\0exports: {data: {z: 1}}\n\0sub: {on: true, x: null}\n",
    ]));
    all
}

/// Loads a chart and makes its values.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (metadata, values, ignore, requirements) = (input.text(), input.text(), input.text(), input.text());
    let (inner, user) = (input.text(), input.rest());
    let mut files = vec![
        File::new("Chart.yaml", metadata),
        File::new("values.yaml", values),
        File::new(".helmignore", ignore),
        File::new("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
        File::new("charts/sub/values.yaml", inner),
        File::new("templates/t.yaml", "x"),
    ];
    if !requirements.is_empty() {
        files.push(File::new("requirements.yaml", requirements));
    }
    let chart = match Chart::from_files(files, &Limits::default()) {
        Ok(chart) => chart,
        Err(error) => return assert!(!error.to_string().is_empty(), "an error has words"),
    };
    let Ok(values) = Values::builder().file("user.yaml", user).build() else { return };
    let Ok(processed) = chart.process_dependencies(values.data()) else { return };
    if let Ok(map) = coalesce_values(&processed.chart, values.data(), &mut Vec::new()) {
        let _ = pintle_value::Value::Map(map).to_data();
    }
    let record = serde_json::to_vec(&chart).expect("a chart can be recorded");
    serde_json::from_slice::<Chart>(&record).expect("what was recorded is read");
}
