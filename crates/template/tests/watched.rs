//! A watched run says which values each piece of output, and a fault, came from.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails should panic"
)]

mod stand_ins;

use pintle_template::{Execution, MissingKey, Output, Reads, Templates, Watch, Written};
use pintle_value::{Data, Map, Value};

const VALUES: &str = r#"{
    "image": {"repo": "web", "tag": "v1"},
    "hosts": ["one", "two"],
    "ports": [{"name": "http", "number": 80}, {"name": "admin", "number": 90}],
    "labels": {"team": "core", "tier": "a"},
    "text": "{{ .Values.image.tag }}!",
    "replicas": 0,
    "on": true
}"#;

struct Run {
    output: String,
    failed: Option<String>,
    watch: Watch,
}

fn run(text: &str) -> Run {
    let mut templates = Templates::new("set", stand_ins::functions());
    templates.parse("t", text).unwrap();
    let values: Data = serde_json::from_str(VALUES).unwrap();
    let values = Value::from(&values);
    let dot: Map = [("Values", values.clone())].into_iter().collect();
    let mut watch = Watch::new(&values);
    let mut out = Output::new();
    let mut host = ();
    let program = templates.finish();
    let mut again = Output::new();
    let mut run = Execution::new(&mut host).missing_key(MissingKey::Zero);
    let plain = program.execute("t", &Value::Map(dot.clone()), &mut again, &mut run);
    let mut host = ();
    let mut run = Execution::new(&mut host).missing_key(MissingKey::Zero);
    let ended = program.execute_watched("t", &Value::Map(dot), &mut out, &mut run, &mut watch);
    assert_eq!(plain.err().map(|e| e.to_string()), ended.as_ref().err().map(ToString::to_string));
    assert_eq!(again.as_bytes(), out.as_bytes(), "a watch changes nothing");
    let output = String::from_utf8(out.into_bytes()).unwrap();
    Run { output, failed: ended.err().map(|error| error.to_string()), watch }
}

impl Run {
    fn written(&self, piece: &str) -> Written {
        let from = self.output.find(piece).unwrap_or_else(|| panic!("{piece:?} is in {:?}", self.output));
        self.watch.written(self.output.as_bytes(), from, from + piece.len()).expect("it was written")
    }
}

fn said(reads: &Reads) -> (Vec<String>, Vec<String>) {
    let texts = |paths: &[pintle_value::ValuePath]| paths.iter().map(ToString::to_string).collect();
    (texts(&reads.values), texts(&reads.conditions))
}

#[test]
fn output_names_its_values() {
    for (template, piece, values, conditions) in [
        ("{{ .Values.image.tag }}", "v1", &["image.tag"][..], &[][..]),
        ("{{ $.Values.image.tag | upper }}", "V1", &["image.tag"], &[]),
        ("{{ $t := .Values.image }}a {{ $t.tag }}", "v1", &["image.tag"], &[]),
        ("{{ $t := .Values.image.tag }}a {{ $t }} b", "v1", &["image.tag"], &[]),
        (
            "{{ printf \"%s:%s\" .Values.image.repo .Values.image.tag }}",
            "web",
            &["image.repo", "image.tag"],
            &[],
        ),
        ("{{ range .Values.hosts }}- {{ . }}\n{{ end }}", "two", &["hosts[1]"], &["hosts"]),
        (
            "{{ range $k, $v := .Values.labels }}{{ $k }}={{ $v }}\n{{ end }}",
            "tier",
            &["labels.tier"],
            &["labels"],
        ),
        (
            "{{ range .Values.ports }}- {{ .name }}: {{ .number }}\n{{ end }}",
            "90",
            &["ports[1].number"],
            &["ports"],
        ),
        ("{{ with .Values.image }}{{ .tag }}{{ end }}", "v1", &["image.tag"], &["image"]),
        ("{{ if .Values.on }}x{{ else }}y{{ end }}", "x", &[], &["on"]),
        ("{{ if .Values.replicas }}x{{ else }}yes{{ end }}no", "yes", &[], &["replicas"]),
        ("{{ if .Values.replicas }}x{{ else }}yes{{ end }}no", "no", &[], &[]),
        ("{{ index .Values.ports 1 \"name\" }}", "admin", &["ports[1].name"], &[]),
        ("{{ (index .Values.ports 0).name }}", "http", &["ports[0].name"], &[]),
        (
            "{{ define \"a\" }}<{{ .tag }}>{{ end }}{{ template \"a\" .Values.image }}",
            "v1",
            &["image.tag"],
            &[],
        ),
        (
            "{{ define \"a\" }}<{{ .tag }}>{{ end }}{{ include \"a\" .Values.image }}",
            "v1",
            &["image.tag"],
            &[],
        ),
        (
            "{{ define \"a\" }}{{ .repo }}\n{{ .t }}{{ end }}{{ include \"a\" (dict \"t\" .Values.image.tag \"repo\" \
             .Values.hosts) | printf \"\\n %s\" }}",
            "v1",
            &["image.tag"],
            &[],
        ),
        ("{{ $d := dict }}{{ $x := set $d \"x\" .Values.image.tag }}{{ $d.x }}", "v1", &["image.tag"], &[]),
        ("{{ tpl .Values.text . }}", "v1", &["image.tag"], &["text"]),
        (
            "{{ range $i, $h := .Values.hosts }}{{ if eq $h \"two\" }}here{{ end }}{{ end }}",
            "here",
            &[],
            &["hosts[1]", "hosts"],
        ),
        ("{{ or .Values.replicas .Values.image.tag }}", "v1", &["image.tag"], &["replicas"]),
        ("{{ .Values.image.tag }} and text", "and", &[], &[]),
    ] {
        let run = run(template);
        assert_eq!(run.failed, None, "{template}");
        let (found, decided) = said(&run.written(piece).reads);
        assert_eq!(
            (found.as_slice(), decided.as_slice()),
            (&to_owned(values)[..], &to_owned(conditions)[..]),
            "{template}"
        );
    }
}

fn to_owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_fault_names_its_values() {
    for (template, values, conditions) in [
        ("{{ .Values.image.tag.major }}", &["image.tag.major"][..], &[][..]),
        ("{{ .Values.none.tag }}", &["none.tag"], &[]),
        ("{{ range .Values.image.tag }}{{ end }}", &["image.tag"], &[]),
        ("{{ range .Values.hosts }}{{ .name }}{{ end }}", &["hosts[0].name"], &["hosts"]),
        ("{{ if .Values.on }}{{ fail \"no\" }}{{ end }}", &[], &["on"]),
        (
            "{{ if not .Values.replicas }}{{ fail (printf \"no %s\" .Values.image.tag) }}{{ end }}",
            &["image.tag"],
            &["replicas"],
        ),
        (
            "{{ define \"a\" }}{{ .t.x }}{{ end }}{{ include \"a\" (dict \"t\" .Values.image.tag) }}",
            &["image.tag.x"],
            &[],
        ),
        ("{{ upper .Values.replicas }}", &["replicas"], &[]),
        ("{{ .Values.hosts | upper }}", &["hosts"], &[]),
        ("{{ index .Values.hosts 7 }}", &["hosts[7]"], &[]),
        ("{{ tpl \"{{ .Values.image.tag.x }}\" . }}", &["image.tag.x"], &[]),
    ] {
        let run = run(template);
        assert!(run.failed.is_some(), "{template}: {}", run.output);
        let (found, decided) = said(run.watch.failure().expect("it failed"));
        assert_eq!(
            (found.as_slice(), decided.as_slice()),
            (&to_owned(values)[..], &to_owned(conditions)[..]),
            "{template}"
        );
    }
}

#[test]
fn places_go_into_what_was_included() {
    let text = "{{ define \"labels\" }}\nteam: {{ .Values.labels.team }}\ntier: {{ .Values.labels.tier }}\n{{ end }}meta:\n  \
                {{ include \"labels\" . | printf \"%s\" }}";
    let run = run(text);
    let written = run.written("tier: a");
    let lines: Vec<u32> = written.positions.iter().map(|position| position.line).collect();
    assert_eq!(lines, [5, 3]);
    assert_eq!(said(&written.reads).0, ["labels.tier"]);
}
