//! Which of the charts inside a chart are used, under which names, and what is imported of their values
//! (Helm: `pkg/chart/v2/util/dependencies.go`).

use std::fmt::Write as _;
use std::sync::Arc;

use pintle_functions::{Constraint, Version};
use pintle_value::{Data, DataMap, List, Map, Str, Value};

use crate::coalesce::{Coalescer, Mode, Tree, to_data};
use crate::{Chart, ChartError, Dependency, Metadata, Warning};

/// A chart whose dependencies were processed: what Helm renders and keeps in the release record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Processed {
    /// The chart: without the charts that are switched off, aliases as names, imported values among its own.
    pub chart: Chart,
    /// What Helm warns of on the way.
    pub warnings: Vec<Warning>,
}

impl Chart {
    /// The chart as it is with these values of the user: conditions and tags switch the charts inside it on and off,
    /// aliases rename them, `import-values` copies from them (Helm: `ProcessDependencies`). This chart stays as it is;
    /// all that does not change is shared.
    pub fn process_dependencies(&self, values: &DataMap) -> Result<Processed, ChartError> {
        let mut warnings = Vec::new();
        let chart = self.select_dependencies(values, &mut warnings)?.process(&mut warnings)?;
        Ok(Processed { chart, warnings })
    }

    /// The first half of [`process_dependencies`](Self::process_dependencies): which of the charts inside this one are
    /// switched on. Of the user's values the second half depends on nothing else, so that its result can be kept.
    /// Adds what Helm warns of to `warnings`, before an error too.
    pub fn select_dependencies(
        &self,
        values: &DataMap,
        warnings: &mut Vec<Warning>,
    ) -> Result<Selection, ChartError> {
        let mut work = Work::of(self);
        work.enable(values, "", warnings)?;
        Ok(Selection { work })
    }
}

/// A chart of whose dependencies it is known which are switched on.
#[derive(Debug)]
pub struct Selection {
    work: Work,
}

impl Selection {
    /// Names what is switched on: of one chart equal for equal selections, and for no others.
    pub fn key(&self) -> String {
        let mut key = String::new();
        self.work.describe(&mut key);
        key
    }

    /// The chart with these dependencies, what they export imported. Adds what Helm warns of to `warnings`, before an
    /// error too.
    pub fn process(mut self, warnings: &mut Vec<Warning>) -> Result<Chart, ChartError> {
        self.work.import(warnings)?;
        Ok(self.work.build())
    }
}

/// Whether the version fits the constraint; `false` too where one of both cannot be read
/// (Helm: `pkg/chart/v2/util/compatible.go`, `IsCompatibleRange`).
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.allows(&version),
        _ => false,
    }
}

/// A chart while it is changed.
#[derive(Clone, Debug)]
struct Work {
    base: Chart,
    metadata: Arc<Metadata>,
    /// The values with what was imported, where that has been done.
    imported: Option<Data>,
    dependencies: Vec<Work>,
    changed: bool,
}

impl Work {
    fn of(chart: &Chart) -> Self {
        Self {
            base: chart.clone(),
            metadata: Arc::clone(chart.shared_metadata()),
            imported: None,
            dependencies: chart.dependencies().iter().map(Self::of).collect(),
            changed: false,
        }
    }

    fn build(self) -> Chart {
        let dependencies: Vec<Chart> = self.dependencies.into_iter().map(Self::build).collect();
        let same = dependencies.len() == self.base.dependencies().len()
            && dependencies.iter().zip(self.base.dependencies()).all(|(new, old)| new.is_same(old));
        if same && !self.changed {
            return self.base;
        }
        let values = self.imported.unwrap_or_else(|| self.base.values().clone());
        self.base
            .to_builder()
            .empty_list_of_dependencies(false)
            .shared_metadata(self.metadata)
            .values(values)
            .dependencies(dependencies)
            .build()
    }

    /// Two versions of one chart can lie side by side, and a dependency can be listed for which there is no chart.
    fn describe(&self, key: &mut String) {
        let _ = write!(key, "{}@{}[", self.metadata.name, self.metadata.version);
        for dependency in &self.metadata.dependencies {
            let _ = write!(key, "{},", dependency.name);
        }
        key.push_str("](");
        for chart in &self.dependencies {
            chart.describe(key);
        }
        key.push(')');
    }

    fn tree(&self) -> Tree<'_> {
        Tree {
            name: &self.metadata.name,
            values: self.imported.as_ref().unwrap_or_else(|| self.base.values()),
            // What imports, merges.
            clean: self.imported.is_none().then(|| self.base.clean_values()),
            dependencies: self.dependencies.iter().map(Self::tree).collect(),
        }
    }

    /// Helm: `processDependencyEnabled`.
    fn enable(
        &mut self,
        values: &DataMap,
        path: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ChartError> {
        if !self.base.lists_dependencies() {
            return Ok(());
        }
        self.changed = true;
        let all = std::mem::take(&mut self.dependencies);
        let metadata = Arc::make_mut(&mut self.metadata);
        let listed = |chart: &Self| {
            metadata.dependencies.iter().any(|wanted| {
                chart.metadata.name == wanted.name && is_compatible(&wanted.version, &chart.metadata.version)
            })
        };
        let mut charts: Vec<Self> = all.iter().filter(|chart| !listed(chart)).cloned().collect();
        for wanted in &mut metadata.dependencies {
            let found = all.iter().find(|chart| {
                chart.metadata.name == wanted.name && is_compatible(&wanted.version, &chart.metadata.version)
            });
            if let Some(found) = found {
                let mut chart = found.clone();
                if !wanted.alias.is_empty() {
                    Arc::make_mut(&mut chart.metadata).name.clone_from(&wanted.alias);
                    chart.changed = true;
                }
                charts.push(chart);
            }
            if !wanted.alias.is_empty() {
                wanted.name.clone_from(&wanted.alias);
            }
            wanted.enabled = true;
        }
        self.dependencies = charts;

        let merged = Map::view(values.clone());
        Coalescer { mode: Mode::Coalesce, warnings }.chart(&self.tree(), &merged, "")?;
        let metadata = Arc::make_mut(&mut self.metadata);
        by_tags(&mut metadata.dependencies, &merged, warnings);
        by_conditions(&mut metadata.dependencies, &merged, path, warnings);

        let off: Vec<String> = metadata
            .dependencies
            .iter()
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        self.dependencies.retain(|chart| !off.contains(&chart.metadata.name));
        metadata.dependencies.retain(|dependency| !off.contains(&dependency.name));
        if self.dependencies.iter().any(|chart| chart.base.lists_dependencies()) {
            let merged = to_data(&merged); // each chart below has a copy of its own, as a view of these data
            for chart in &mut self.dependencies {
                let below = format!("{path}{}.", chart.metadata.name);
                chart.enable(&merged, &below, warnings)?;
            }
        }
        Ok(())
    }

    /// Helm: `processDependencyImportValues`, `processImportValues`.
    fn import(&mut self, warnings: &mut Vec<Warning>) -> Result<(), ChartError> {
        for chart in &mut self.dependencies {
            chart.import(warnings)?;
        }
        if self.metadata.dependencies.is_empty() {
            return Ok(());
        }
        self.changed = true;
        let merged = Map::new();
        let mut coalescer = Coalescer { mode: Mode::Merge, warnings };
        coalescer.chart(&self.tree(), &merged, "")?;
        let imported = Map::new();
        for dependency in &mut Arc::make_mut(&mut self.metadata).dependencies {
            let mut pairs = Vec::new();
            for import in &dependency.import_values {
                let (child, parent, missing) = match import {
                    Data::Map(map) => {
                        let text = |key| {
                            map.get(key).map_or_else(
                                || "<nil>".to_owned(),
                                |value| crate::print::print(&Value::from(value)),
                            )
                        };
                        (text("child"), text("parent"), "ImportValues missing table from chart")
                    }
                    Data::String(name) => {
                        (format!("exports.{name}"), ".".to_owned(), "ImportValues missing table")
                    }
                    _ => continue,
                };
                pairs.push(
                    [("child", Data::from(&child)), ("parent", Data::from(&parent))].into_iter().collect(),
                );
                let path = format!("{}.{child}", dependency.name);
                match table(&merged, &path) {
                    Ok(found) => coalescer.tables(&imported, &nest(&parent, found), ""),
                    Err(key) => {
                        let mut warning = Warning::warn(missing);
                        if matches!(import, Data::Map(_)) {
                            warning = warning.with("chart", &dependency.name);
                        }
                        coalescer.warnings.push(
                            warning.with("error", format!("{} is not a table", pintle_value::quoted(&key))),
                        );
                    }
                }
            }
            dependency.import_values = pairs;
        }
        let merged = copy(&merged);
        coalescer.tables(&merged, &imported, "");
        self.imported = Some(Data::Map(to_data(&merged)));
        Ok(())
    }
}

/// Helm: `processDependencyTags`.
fn by_tags(dependencies: &mut [Dependency], values: &Map, warnings: &mut Vec<Warning>) {
    let Some(Value::Map(tags)) = values.get("tags") else { return };
    for dependency in dependencies {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                None => {}
                Some(Value::Bool(true)) => on = true,
                Some(Value::Bool(false)) => off = true,
                Some(_) => warnings.push(
                    Warning::warn("returned non-bool value").with("tag", tag).with("chart", &dependency.name),
                ),
            }
        }
        dependency.enabled = on || !off;
    }
}

/// Helm: `processDependencyConditions`.
fn by_conditions(dependencies: &mut [Dependency], values: &Map, path: &str, warnings: &mut Vec<Warning>) {
    for dependency in dependencies {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match path_value(values, &format!("{path}{condition}")) {
                Some(Value::Bool(value)) => {
                    dependency.enabled = value;
                    break;
                }
                Some(_) => warnings.push(
                    Warning::warn("returned non-bool value")
                        .with("path", condition)
                        .with("chart", &dependency.name),
                ),
                None => {}
            }
        }
    }
}

/// The value at a path with dots, unless it is a map (Helm: `pkg/chart/common/values.go`, `PathValue`).
fn path_value(values: &Map, path: &str) -> Option<Value> {
    let found = match path.rsplit_once('.') {
        None => values.get(path),
        Some((parent, key)) => table(values, parent).ok()?.get(key),
    };
    found.filter(|value| !matches!(value, Value::Map(_)))
}

/// The map at a path with dots; the error is the key at which there is none
/// (Helm: `pkg/chart/common/values.go`, Table).
fn table(values: &Map, path: &str) -> Result<Map, String> {
    let mut map = values.clone();
    for key in path.split('.') {
        map = match map.get(key) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(key.to_owned()),
        };
    }
    Ok(map)
}

/// Puts a map below a path with dots (Helm: `pathToMap`).
fn nest(path: &str, map: Map) -> Map {
    if path == "." {
        return map;
    }
    path.split('.').rev().fold(map, |inner, key| [(Str::from(key), Value::Map(inner))].into_iter().collect())
}

/// A deep copy; what nothing has touched stays shared (Helm: `internal/copystructure`).
fn copy(map: &Map) -> Map {
    match map.untouched() {
        Some(data) => Map::view(data.clone()),
        None => map.entries().into_iter().map(|(key, value)| (key, copy_value(value))).collect(),
    }
}

fn copy_value(value: Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy(&map)),
        Value::List(list) => Value::List(match list.untouched() {
            Some(data) => List::from(data),
            None => list.to_vec().into_iter().map(copy_value).collect(),
        }),
        other => other,
    }
}
