//! What templates see: `.Values`, `.Chart`, `.Release` and the rest, one scope for each chart
//! (Helm: `pkg/engine/engine.go`, recAllTpls; `pkg/chart/common.go`, structToMap).

use pintle_chart::{Chart, Dependency, Metadata};
use pintle_value::{Data, List, Map, Value, types};

use crate::files::Files;
use crate::values_methods::VALUES;

/// A chart's scope, and those of the charts inside it.
pub(crate) struct Scope {
    /// The path of the chart, such as `parent/charts/child`.
    pub(crate) path: String,
    /// The dot of the chart's templates, without `.Template`.
    pub(crate) dot: Map,
    /// The scopes of the charts inside it, in their order.
    pub(crate) children: Vec<Scope>,
}

impl Scope {
    /// The scope of a chart, given the parent's dot; for the root its `Release`, `Capabilities` and `Values`.
    pub(crate) fn root(chart: &Chart, release: &Value, capabilities: &Value, values: &Map) -> Self {
        let values = Value::Map(values.converted(&VALUES));
        Self::build(chart, chart.name().to_owned(), true, release, capabilities, &values)
    }

    fn build(
        chart: &Chart,
        path: String,
        is_root: bool,
        release: &Value,
        capabilities: &Value,
        values: &Value,
    ) -> Self {
        let metadata = metadata_map(chart.metadata());
        metadata.insert("IsRoot", Value::Bool(is_root));
        let subcharts = Map::new();
        let dot: Map = [
            ("Chart", Value::Map(metadata)),
            ("Files", Value::object(Files::new(chart.files()))),
            ("Release", release.clone()),
            ("Capabilities", capabilities.clone()),
            ("Values", values.clone()),
            ("Subcharts", Value::Map(subcharts.clone())),
        ]
        .into_iter()
        .collect();
        let mut children = Vec::new();
        for child in chart.dependencies() {
            let below = table(values, child.name());
            let child_path = format!("{path}/charts/{}", child.name());
            let scope = Self::build(child, child_path, false, release, capabilities, &below);
            subcharts.insert(child.name(), Value::Map(scope.dot.clone()));
            children.push(scope);
        }
        Self { path, dot: dot.converted(&VALUES), children }
    }
}

/// The table of this name in the parent's values: the parent's own table, so that both see what is written to it.
fn table(values: &Value, name: &str) -> Value {
    let mut found = values.clone();
    for key in name.split('.') {
        match found.as_map().and_then(|map| map.get(key)) {
            Some(Value::Map(map)) => found = Value::Map(map),
            _ => return Value::Map(Map::typed(&VALUES)),
        }
    }
    match found {
        Value::Map(map) => Value::Map(map.converted(&VALUES)),
        _ => Value::Map(Map::typed(&VALUES)),
    }
}

/// The metadata as a map of Go's field names.
fn metadata_map(metadata: &Metadata) -> Map {
    let text = |text: &String| Value::from(text.as_str());
    let annotations = if metadata.annotations.is_empty() {
        Map::nil(&types::STRING_MAP)
    } else {
        let map = Map::typed(&types::STRING_MAP);
        for (key, value) in &metadata.annotations {
            map.insert(key.as_str(), text(value));
        }
        map
    };
    let maintainers: List = metadata
        .maintainers
        .iter()
        .map(|maintainer| {
            map([
                ("Email", text(&maintainer.email)),
                ("Name", text(&maintainer.name)),
                ("URL", text(&maintainer.url)),
            ])
        })
        .collect();
    let dependencies: List = metadata.dependencies.iter().map(dependency_map).collect();
    [
        ("APIVersion", text(&metadata.api_version)),
        ("Annotations", Value::Map(annotations)),
        ("AppVersion", text(&metadata.app_version)),
        ("Condition", text(&metadata.condition)),
        ("Dependencies", Value::List(dependencies)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Description", text(&metadata.description)),
        ("Home", text(&metadata.home)),
        ("Icon", text(&metadata.icon)),
        ("Keywords", texts(&metadata.keywords)),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Maintainers", Value::List(maintainers)),
        ("Name", text(&metadata.name)),
        ("Sources", texts(&metadata.sources)),
        ("Tags", text(&metadata.tags)),
        ("Type", text(&metadata.chart_type)),
        ("Version", text(&metadata.version)),
    ]
    .into_iter()
    .collect()
}

fn dependency_map(dependency: &Dependency) -> Value {
    let imports: List = dependency
        .import_values
        .iter()
        .map(|import| match import {
            Data::Map(pair) => {
                let map = Map::typed(&types::STRING_MAP);
                for (key, value) in pair {
                    map.insert(key.clone(), Value::from(value));
                }
                Value::Map(map)
            }
            other => Value::from(other),
        })
        .collect();
    let text = |text: &String| Value::from(text.as_str());
    map([
        ("Alias", text(&dependency.alias)),
        ("Condition", text(&dependency.condition)),
        ("Enabled", Value::Bool(dependency.enabled)),
        ("ImportValues", Value::List(imports)),
        ("Name", text(&dependency.name)),
        ("Repository", text(&dependency.repository)),
        ("Tags", texts(&dependency.tags)),
        ("Version", text(&dependency.version)),
    ])
}

fn map<const N: usize>(members: [(&'static str, Value); N]) -> Value {
    Value::Map(members.into_iter().collect())
}

fn texts(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(text.as_str())).collect())
}
