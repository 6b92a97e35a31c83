//! Dropping values that are nested deeper than the stack.

use crate::Value;

/// Whether dropping this value could drop others.
pub(crate) fn is_nested(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

/// Drops these values and everything in them that nobody else has.
pub(crate) fn dismantle(values: impl Iterator<Item = Value>) {
    let mut todo: Vec<Value> = Vec::new(); // allocates only for nested values
    todo.extend(values.filter(is_nested));
    while let Some(value) = todo.pop() {
        match value {
            Value::List(list) => list.take_items(&mut todo),
            Value::Map(map) => map.take_members(&mut todo),
            _ => {}
        }
    }
}
