//! Documents and errors know the template line that made them.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

use pintle_chart::{Chart, File, Limits};
use pintle_render::{Class, CompiledChart, RenderError, RenderInput, Rendered};

fn render(template: &str) -> Result<Rendered, RenderError> {
    let files = vec![
        File::new("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        File::new("values.yaml", "port: 80\nbad: \"a: b\"\n"),
        File::new("templates/_lib.tpl", "{{ define \"labels\" }}\nteam: core\n{{- end }}"),
        File::new("templates/a.yaml", template),
    ];
    let chart = Chart::from_files(files, &Limits::default()).expect("the chart is right");
    CompiledChart::new(chart).render(&RenderInput::new("rel", "ns"))
}

#[test]
fn each_line_has_its_template_line() {
    let template = "{{- if true }}\nkind: A\n---\nkind: B\nnone: \"{{ .Values.nothing }}\"\nmetadata:\n  \
                    labels: {{- include \"labels\" . | nindent 4 }}\n{{ template \"labels\" . }}\nport: {{ \
                    .Values.port }}\n{{- end }}\n";
    let rendered = render(template).expect("it renders");
    let document = rendered.documents.iter().find(|document| document.kind() == "B").expect("B is there");
    let line_of = |text: &str| {
        let line = document.text.lines().position(|line| line.trim_start().starts_with(text)).expect(text);
        let origin = document.origin_of_line(u32::try_from(line).expect("few lines") + 1).expect(text);
        (origin.file.to_string(), origin.line)
    };
    let own = "web/templates/a.yaml".to_owned();
    assert_eq!(line_of("kind: B"), (own.clone(), 4));
    assert_eq!(line_of("none"), (own.clone(), 5));
    assert_eq!(line_of("metadata"), (own.clone(), 6));
    assert_eq!(line_of("port"), (own, 9));
    assert_eq!(document.origin_of_line(100), None);
}

#[test]
fn an_error_of_yaml_names_the_template_line() {
    let error = render("kind: A\nmetadata:\n  name: {{ .Values.bad }}\n").expect_err("two colons");
    assert_eq!(
        error.to_string(),
        "YAML parse error on web/templates/a.yaml: error converting YAML to JSON: yaml: line 3: mapping values are \
         not allowed in this context"
    );
    assert_eq!(error.class(), Class::Chart);
    let place = error.places().first().expect("it has a place");
    assert_eq!((&*place.file, place.line), ("web/templates/a.yaml", 3));
}

#[test]
fn an_error_of_a_template_names_file_and_line() {
    let error = render("kind: A\nname: {{ required \"give a name\" .Values.name }}\n").expect_err("no name");
    assert_eq!(error.to_string(), "execution error at (web/templates/a.yaml:2:9): give a name");
    let place = error.places().first().expect("it has a place");
    assert_eq!((&*place.file, place.line, place.column), ("web/templates/a.yaml", 2, 10));
    let error = render("{{ if }}").expect_err("no condition");
    assert_eq!(error.to_string(), "parse error at (web/templates/a.yaml:1): missing value for if");
}

#[test]
fn what_is_shared_crosses_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<CompiledChart>();
    shared::<Rendered>();
    shared::<RenderInput>();
    shared::<RenderError>();
}
