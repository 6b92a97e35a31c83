//! Merging of maps as `dario.cat/mergo` 1.0.1 does it.

use pintle_template::{Call, CallError};
use pintle_value::{Kind, Map, Number, Value, types};

use crate::depth::{MAX_DEPTH, too_deep};
use crate::dicts::make_member;

/// What becomes of members that the target has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// They stay, unless they are zero values (`mergo.Merge`).
    Keep,
    /// They are replaced, also by zero values (`mergo.MergeWithOverwrite`).
    Overwrite,
}

/// Merges `source` into `target`, nested maps member by member. What the target had not, it then shares with the
/// source.
pub(crate) fn merge(
    call: &mut dyn Call,
    target: &Map,
    source: &Map,
    existing: Existing,
) -> Result<(), CallError> {
    merge_maps(call, target, source, existing, MAX_DEPTH)
}

fn merge_maps(
    call: &mut dyn Call,
    target: &Map,
    source: &Map,
    existing: Existing,
    depth: usize,
) -> Result<(), CallError> {
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    if target.is_nil() || target.is_same(source) {
        return Ok(());
    }
    let overwrite = existing == Existing::Overwrite;
    call.spend(source.len() as u64)?; // maps that are in each other many times make this long
    for (key, from) in source.entries() {
        if from.is_nil() {
            if overwrite {
                put(call, target, key, Value::Nil)?;
            }
            continue;
        }
        let into = target.get(&key).unwrap_or_default();
        if let Some(from_map) = from.as_map() {
            match &into {
                // mergo can follow a pointer, but not to something of another type.
                Value::Object(object) if object.go_type().kind == Kind::Ptr && !overwrite => {
                    return Err(CallError::new("src and dst must be of same type"));
                }
                _ => {
                    if let Some(into_map) = into.as_map() {
                        merge_maps(call, &into_map, &from_map, existing, depth)?;
                        if !is_empty(&into) {
                            continue;
                        }
                    }
                }
            }
        } else if from.as_list().is_some() && !is_empty(&into) {
            if overwrite {
                put(call, target, key, from)?;
            }
            continue;
        }
        if overwrite || is_empty(&into) {
            put(call, target, key, from)?;
        }
    }
    Ok(())
}

/// Go: `reflect.Value.SetMapIndex`, which panics where the map's element type is another.
fn put(call: &mut dyn Call, map: &Map, key: pintle_value::Str, value: Value) -> Result<(), CallError> {
    let elem = map.go_type().elem.unwrap_or(&types::ANY);
    if elem.kind != Kind::Interface && value.go_type() != Some(elem) {
        return Err(CallError::panic(format!(
            "reflect.Value.SetMapIndex: value of type {} is not assignable to type {elem}",
            types::ANY
        )));
    }
    make_member(call, &key)?;
    map.insert(key, value);
    Ok(())
}

/// mergo: `isEmptyValue`; the missing member counts as nil.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Complex(_) => false,
        Value::Number(Number::Float32(number)) => *number == 0.0,
        Value::Object(object) => !object.is_true(),
        other => !other.is_true(),
    }
}
