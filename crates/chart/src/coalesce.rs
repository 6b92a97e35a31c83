//! Values of a user over those of a chart and of the charts inside it
//! (Helm: `pkg/chart/common/util/coalesce.go`).
//!
//! The merged maps alias as Helm's do: a table of globals that a subchart got from its parent is the parent's own
//! table from the second level down, so that what one adds there the other sees. Only [`Value`] can say that.

use pintle_value::{Data, DataMap, List, Map, Str, Value};

use crate::print::{print, print_bool};
use crate::{Chart, ChartError, Warning};

/// The name of the table that every chart gets.
const GLOBAL: &str = "global";

/// The values that templates see: those of the user over those of the chart and of the charts inside it. A `null` of
/// the user removes what the chart set (Helm: `CoalesceValues`). Adds what Helm warns of to `warnings`.
pub fn coalesce_values(
    chart: &Chart,
    values: &DataMap,
    warnings: &mut Vec<Warning>,
) -> Result<Map, ChartError> {
    let dest = Map::view(values.clone());
    let mut coalescer = Coalescer { mode: Mode::Coalesce, warnings };
    coalescer.chart(&Tree::of(chart), &dest, "")?;
    Ok(dest)
}

/// Lays values over others, table by table, without regard to any chart (Helm: `CoalesceTables`). A `null` removes what
/// stands below it, and stays where nothing does; what is a table on one side only stays what `values` has.
pub fn coalesce_tables(values: &DataMap, below: &DataMap, warnings: &mut Vec<Warning>) -> DataMap {
    let dest = Map::view(values.clone());
    Coalescer { mode: Mode::Coalesce, warnings }.tables(&dest, &Map::view(below.clone()), "");
    to_data(&dest)
}

/// What coalescing needs to know of a chart; dependencies in the middle of being processed have it too.
pub(crate) struct Tree<'a> {
    pub(crate) name: &'a str,
    pub(crate) values: &'a Data,
    /// What [`clean`] makes of the values, which [`Mode::Coalesce`] needs and [`Mode::Merge`] does not look at.
    pub(crate) clean: Option<&'a DataMap>,
    pub(crate) dependencies: Vec<Tree<'a>>,
}

impl<'a> Tree<'a> {
    fn of(chart: &'a Chart) -> Self {
        Self {
            name: chart.name(),
            values: chart.values(),
            clean: Some(chart.clean_values()),
            dependencies: chart.dependencies().iter().map(Self::of).collect(),
        }
    }
}

/// Whether `null` removes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A `null` removes the key (`CoalesceValues`).
    Coalesce,
    /// A `null` is kept (`MergeValues`).
    Merge,
}

pub(crate) struct Coalescer<'w> {
    pub(crate) mode: Mode,
    pub(crate) warnings: &'w mut Vec<Warning>,
}

impl Coalescer<'_> {
    pub(crate) fn chart(&mut self, chart: &Tree<'_>, dest: &Map, prefix: &str) -> Result<(), ChartError> {
        self.own_values(chart, dest, prefix);
        self.dependencies(chart, dest, prefix)
    }

    fn warn(&mut self, message: String) {
        self.warnings.push(Warning::info(message));
    }

    /// Helm: `coalesceDeps`.
    fn dependencies(&mut self, chart: &Tree<'_>, dest: &Map, prefix: &str) -> Result<(), ChartError> {
        for subchart in &chart.dependencies {
            let table = match dest.get(subchart.name) {
                None => {
                    let table = Map::new();
                    dest.insert(subchart.name, Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => {
                    return Err(ChartError::Values(format!(
                        "type mismatch on {}: {}",
                        subchart.name,
                        print_bool(&other)
                    )));
                }
            };
            let prefix = join(prefix, chart.name);
            self.globals(&table, dest, &prefix);
            self.chart(subchart, &table, &prefix)?;
        }
        Ok(())
    }

    /// Helm: `coalesceGlobals`.
    fn globals(&mut self, dest: &Map, source: &Map, prefix: &str) {
        let into = match dest.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                return self
                    .warn("warning: skipping globals because destination global is not a table.".to_owned());
            }
        };
        let from = match source.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                return self
                    .warn("warning: skipping globals because source global is not a table.".to_owned());
            }
        };
        for (key, value) in from.entries() {
            match (value, into.get(&key)) {
                (Value::Map(table), None) => {
                    into.insert(key, Value::Map(shallow_copy(&table)));
                }
                (Value::Map(table), Some(Value::Map(own))) => {
                    // Turned round, so that the parent's values win.
                    let copy = shallow_copy(&table);
                    let mode = std::mem::replace(&mut self.mode, Mode::Merge);
                    self.tables(&copy, &own, &join(prefix, &key.to_str_lossy()));
                    self.mode = mode;
                    into.insert(key, Value::Map(copy));
                }
                (Value::Map(_), Some(_)) => {
                    self.warn(format!(
                        "Conflict: cannot merge map onto non-map for {}. Skipping.",
                        pintle_value::quoted(&key)
                    ));
                }
                (_, Some(Value::Map(_))) => self.warn(format!("key {key} is table. Skipping")),
                (value, _) => {
                    into.insert(key, value);
                }
            }
        }
        dest.insert(GLOBAL, Value::Map(into));
    }

    /// Helm: `coalesceValues`.
    fn own_values(&mut self, chart: &Tree<'_>, dest: &Map, prefix: &str) {
        let Data::Map(values) = chart.values else { return };
        let prefix = join(prefix, chart.name);
        // The same keys in the same order.
        let mut clean = chart.clean.unwrap_or(values).iter();
        for (key, data) in values {
            let clean = clean.next().map_or(data, |(_, clean)| clean);
            match dest.get_str(key) {
                Some(Value::Nil) if self.mode == Mode::Coalesce => {
                    dest.remove(key);
                }
                Some(Value::Map(table)) => {
                    let Data::Map(source) = data else {
                        if !data.is_null() {
                            self.warn(format!("warning: skipped value for {prefix}.{key}: Not a table."));
                        }
                        continue;
                    };
                    let is_child = chart.dependencies.iter().any(|child| *key == child.name);
                    let mode = if is_child { Mode::Merge } else { self.mode };
                    let source = match (mode, clean) {
                        (Mode::Coalesce, Data::Map(clean)) => clean.clone(),
                        _ => source.clone(),
                    };
                    let mode = std::mem::replace(&mut self.mode, mode);
                    self.tables(&table, &Map::view(source), &join(&prefix, &key.to_str_lossy()));
                    self.mode = mode;
                }
                Some(_) => {}
                None => {
                    let value = match (self.mode, data) {
                        (Mode::Coalesce, Data::Null) => continue,
                        (Mode::Coalesce, _) => Value::from(clean),
                        (Mode::Merge, _) => Value::from(data),
                    };
                    dest.insert(key.clone(), value);
                }
            }
        }
    }

    /// Merges a table into another, whose values win (Helm: `coalesceTablesFullKey`).
    pub(crate) fn tables(&mut self, dest: &Map, source: &Map, prefix: &str) {
        let entries = source.entries();
        for (key, value) in dest.entries() {
            if value.is_nil() {
                source.insert(key, Value::Nil);
            }
        }
        for (key, value) in source.entries() {
            let present = dest.get(&key);
            if present.as_ref().is_some_and(Value::is_nil)
                && self.mode == Mode::Coalesce
                && entries
                    .binary_search_by(|(name, _)| name.cmp(&key))
                    .ok()
                    .and_then(|index| entries.get(index))
                    .is_some_and(|(_, value)| !value.is_nil())
            {
                dest.remove(&key);
                continue;
            }
            match (present, value) {
                (None, value) => {
                    dest.insert(key, value);
                }
                (Some(Value::Map(inner)), Value::Map(table)) => {
                    self.tables(&inner, &table, &join(prefix, &key.to_str_lossy()));
                }
                (Some(_), Value::Map(table)) => {
                    self.warn(format!(
                        "warning: cannot overwrite table with non table for {} ({})",
                        join(prefix, &key.to_str_lossy()),
                        print(&Value::Map(table))
                    ));
                }
                (Some(Value::Map(_)), value) if !value.is_nil() => {
                    self.warn(format!(
                        "warning: destination for {} is a table. Ignoring non-table value ({})",
                        join(prefix, &key.to_str_lossy()),
                        print(&value)
                    ));
                }
                _ => {}
            }
        }
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// A new map with the same members: tables inside stay the same tables (Helm: `copyMap`).
fn shallow_copy(map: &Map) -> Map {
    match map.untouched() {
        // A view's tables become tables only when they are asked for, so both views must ask the same map.
        Some(data) if !data.iter().any(|(_, value)| matches!(value, Data::Map(_) | Data::List(_))) => {
            Map::view(data.clone())
        }
        _ => map.entries().into_iter().collect(),
    }
}

/// The values with the same keys, their tables without members that are `null`: what [`Mode::Coalesce`] takes.
pub(crate) fn clean(values: &Data) -> DataMap {
    let Data::Map(values) = values else { return DataMap::default() };
    values
        .iter()
        .map(|(key, value)| match value {
            Data::Map(table) => (key.clone(), Data::Map(without_nulls(table))),
            other => (key.clone(), other.clone()),
        })
        .collect()
}

/// The map without members that are `null`, at any depth of maps (Helm: `cleanNilValues`).
fn without_nulls(map: &DataMap) -> DataMap {
    if !has_nulls(map) {
        return map.clone();
    }
    map.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| match value {
            Data::Map(inner) => (key.clone(), Data::Map(without_nulls(inner))),
            other => (key.clone(), other.clone()),
        })
        .collect()
}

fn has_nulls(map: &DataMap) -> bool {
    map.iter().any(|(_, value)| match value {
        Data::Null => true,
        Data::Map(inner) => has_nulls(inner),
        _ => false,
    })
}

/// The map as data; what nothing has touched is shared.
pub(crate) fn to_data(map: &Map) -> DataMap {
    match map.untouched() {
        Some(data) => data.clone(),
        None => map
            .entries()
            .into_iter()
            .map(|(key, value)| (key, value_to_data(&value)))
            .collect::<Vec<(Str, Data)>>()
            .into_iter()
            .collect(),
    }
}

fn value_to_data(value: &Value) -> Data {
    match value {
        Value::Bool(value) => Data::Bool(*value),
        Value::Int(value) => Data::Int(*value),
        Value::Float(value) => Data::Float(*value),
        Value::Number(number) => number.as_int().map_or(Data::Null, Data::Int),
        Value::String(text) => Data::String(text.clone()),
        Value::List(list) => list_to_data(list),
        Value::Map(map) => Data::Map(to_data(map)),
        Value::Nil | Value::Complex(_) | Value::Object(_) => Data::Null,
    }
}

fn list_to_data(list: &List) -> Data {
    if let Some(data) = list.untouched() {
        return Data::List(data.clone());
    }
    list.items().iter().map(value_to_data).collect()
}
