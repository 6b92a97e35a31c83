//! Rendered text: a chart whose template is the bytes is rendered, cut into documents, read and sorted.

use std::sync::LazyLock;

use pintle_chart::{Chart, File, Limits};
use pintle_functions::Moment;
use pintle_render::{CompiledChart, RenderInput, SchemaCheck, split_manifests};
use pintle_value::{Data, DataMap, Str};

use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "manifests", run, seeds, words: WORDS, max_len: 256 };

const WORDS: &[&str] = &[
    "---\n",
    "\n---\n",
    "--- # x\n",
    "# Source: a\n",
    "apiVersion: v1\n",
    "kind: ConfigMap\n",
    "kind: List\nitems:\n- ",
    "metadata:\n  name: a\n",
    "  annotations:\n",
    "    helm.sh/hook: pre-install,post-delete\n",
    "    helm.sh/hook-weight: \"-5\"\n",
    "    helm.sh/hook-delete-policy: hook-succeeded\n",
    "    helm.sh/resource-policy: keep\n",
    "\r\n",
    "\t",
    "{}",
    "null\n",
    "{\"kind\": \"A\"}",
    "\u{feff}",
    ": ",
];

fn seeds() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\nkind: Pod\nmetadata:\n  name: b\n  annotations:\n    helm.sh/hook: test\n    helm.sh/hook-weight: \"3\"\n",
        "# only a comment\n---\n\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
        "kind: List\nitems: []\n",
    ])
}

/// Renders the bytes.
pub fn run(bytes: &[u8]) {
    static CHART: LazyLock<CompiledChart> = LazyLock::new(|| {
        let files = vec![
            File::new("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
            File::new("templates/t.yaml", "{{ .Values.text }}"),
            File::new("templates/NOTES.txt", "{{ .Values.text }}"),
        ];
        CompiledChart::new(Chart::from_files(files, &Limits::default()).expect("it is a chart"))
    });
    let text = String::from_utf8_lossy(bytes);
    let mut end = 0;
    for (offset, document) in split_manifests(&text) {
        assert!(offset >= end && text[offset..].starts_with(document), "documents lie in the text in order");
        end = offset + document.len();
    }
    let values: DataMap = [(Str::from("text"), Data::from(&*text))].into_iter().collect();
    let input = RenderInput::new("a", "b")
        .values(values)
        .schema(SchemaCheck::Skip)
        .time(Moment { seconds: 1_700_000_000, nanos: 0 })
        .seed([1; 32]);
    match CHART.render(&input) {
        Ok(rendered) => assert!(rendered.documents.iter().all(|document| !document.source.is_empty())),
        Err(error) => assert!(!error.to_string().is_empty(), "an error has words"),
    }
}
