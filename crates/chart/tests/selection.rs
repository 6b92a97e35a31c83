//! Which charts inside a chart are switched on, apart from what follows from it.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use pintle_chart::{Chart, File, Limits, Values};

fn chart() -> Chart {
    let dependency = "{name: db, version: 1.0.0, condition: db.enabled, import-values: [shown]}";
    let metadata = format!("{{apiVersion: v2, name: web, version: 1.0.0, dependencies: [{dependency}]}}");
    Chart::from_files(
        vec![
            File::new("Chart.yaml", metadata),
            File::new("values.yaml", "db: {enabled: true}\nsize: 1\n"),
            File::new("charts/db/Chart.yaml", "{apiVersion: v2, name: db, version: 1.0.0}"),
            File::new("charts/db/values.yaml", "exports: {shown: {port: 5432}}\n"),
        ],
        &Limits::default(),
    )
    .unwrap()
}

fn values(text: &str) -> Values {
    Values::builder().file("values.yaml", text).build().unwrap()
}

fn in_halves(chart: &Chart, values: &Values) -> Chart {
    let mut warnings = Vec::new();
    chart.select_dependencies(values.data(), &mut warnings).unwrap().process(&mut warnings).unwrap()
}

#[test]
fn a_key_tells_choices_apart_and_nothing_else() {
    let chart = chart();
    let key = |text: &str| chart.select_dependencies(values(text).data(), &mut Vec::new()).unwrap().key();
    assert_eq!(key("size: 2"), key("size: 3"));
    assert_eq!(key("size: 2"), key("db: {enabled: true, more: 1}"));
    assert_ne!(key("size: 2"), key("db: {enabled: false}"));
}

#[test]
fn both_halves_make_the_whole() {
    let chart = chart();
    for text in ["size: 2", "db: {enabled: false}"] {
        let values = values(text);
        let whole = chart.process_dependencies(values.data()).unwrap().chart;
        let halves = in_halves(&chart, &values);
        assert_eq!(whole.metadata(), halves.metadata());
        assert_eq!(whole.values(), halves.values());
        assert_eq!(whole.dependencies().len(), halves.dependencies().len());
    }
    let on = in_halves(&chart, &values("size: 2"));
    assert!(on.values().get("port").is_some(), "what the chart inside exports is imported");
}
