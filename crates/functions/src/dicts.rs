//! Maps: Sprig's `dict.go`.

use pintle_template::{Call, CallError};
use pintle_value::{List, Map, Str, Value, types};

use crate::depth::{MAX_DEPTH, too_deep};
use crate::merge::{self, Existing};
use crate::print;
use crate::semver::VersionObject;
use crate::table::functions;

functions! {
    TABLE;
    pure {
        "get" (map string) => |map: &Map, key: &Str| map.get(key).unwrap_or(Value::EMPTY);
        "unset" (map string) => |map: &Map, key: &Str| {
            map.remove(key);
            map.clone()
        };
        "hasKey" (map string) => |map: &Map, key: &Str| map.contains_key(key);
        "pluck" (string .. map) => pluck;
        "keys" (.. map) => keys;
        "values" (map) => |map: &Map| map.entries().into_iter().map(|(_, value)| value).collect::<List>();
        "dig" (.. any) => dig;
    }
    hosted {
        "dict" (.. any) => dict;
        "set" (map string any) => set;
        "pick" (map .. string) => pick;
        "omit" (map .. string) => omit;
        "merge" (map .. map) => |call: &mut dyn Call, map: &Map, sources: &[Value]| {
            merged(call, map, sources, Existing::Keep)
        };
        "mustMerge" (map .. map) => |call: &mut dyn Call, map: &Map, sources: &[Value]| {
            merge_all(call, map, sources, Existing::Keep)
        };
        "mergeOverwrite" (map .. map) => |call: &mut dyn Call, map: &Map, sources: &[Value]| {
            merged(call, map, sources, Existing::Overwrite)
        };
        "mustMergeOverwrite" (map .. map) => |call: &mut dyn Call, map: &Map, sources: &[Value]| {
            merge_all(call, map, sources, Existing::Overwrite)
        };
        "deepCopy" | "mustDeepCopy" (any) => deep_copy;
    }
}

/// About what a member of a map takes, beside a long key.
pub(crate) const MEMBER: u64 = 48;

/// Pays for a member of a map before it is made.
pub(crate) fn make_member(call: &mut dyn Call, key: &[u8]) -> Result<(), CallError> {
    call.make(MEMBER.saturating_add(key.len() as u64))
}

/// Sprig: `dict.go`, `dict`: a key without a value gets the empty string.
fn dict(call: &mut dyn Call, values: &[Value]) -> Result<Map, CallError> {
    let map = Map::new();
    for pair in values.chunks(2) {
        if let Some(key) = pair.first() {
            let key = print::to_string(call, key)?;
            make_member(call, &key)?;
            map.insert(key, pair.get(1).cloned().unwrap_or(Value::EMPTY));
        }
    }
    Ok(map)
}

fn set(call: &mut dyn Call, map: &Map, key: &Str, value: &Value) -> Result<Map, CallError> {
    if map.is_nil() {
        return Err(CallError::panic("assignment to entry in nil map"));
    }
    make_member(call, key)?;
    map.insert(key.clone(), value.clone());
    Ok(map.clone())
}

fn pluck(key: &Str, maps: &[Value]) -> List {
    maps.iter().filter_map(|map| map.as_map()?.get(key)).collect()
}

fn keys(maps: &[Value]) -> List {
    List::strings(maps.iter().filter_map(Value::as_map).flat_map(|map| map.keys()))
}

fn pick(call: &mut dyn Call, map: &Map, keys: &[Value]) -> Result<Map, CallError> {
    let picked = Map::new();
    for key in keys.iter().filter_map(Value::as_str) {
        if let Some(value) = map.get(key) {
            make_member(call, key)?;
            picked.insert(key.clone(), value);
        }
    }
    Ok(picked)
}

fn omit(call: &mut dyn Call, map: &Map, keys: &[Value]) -> Result<Map, CallError> {
    call.spend((map.len() as u64).saturating_mul(keys.len() as u64))?;
    let kept = Map::new();
    for (key, value) in map.entries() {
        if !keys.iter().any(|omitted| omitted.as_str() == Some(&key)) {
            make_member(call, &key)?;
            kept.insert(key, value);
        }
    }
    Ok(kept)
}

/// Sprig: `dict.go`, `merge`, which swallows errors.
fn merged(call: &mut dyn Call, map: &Map, sources: &[Value], existing: Existing) -> Result<Value, CallError> {
    match merge_all(call, map, sources, existing) {
        Err(CallError::Message(_)) => Ok(Value::EMPTY),
        other => other,
    }
}

fn merge_all(
    call: &mut dyn Call,
    map: &Map,
    sources: &[Value],
    existing: Existing,
) -> Result<Value, CallError> {
    let mut target = map.clone();
    for source in sources {
        if let Some(source) = source.as_map() {
            if target.is_nil() && !source.is_nil() {
                target = Map::new();
            }
            merge::merge(call, &target, &source, existing)?;
        }
    }
    Ok(Value::Map(target))
}

/// Sprig: `dict.go`, `deepCopy`, by way of `mitchellh/copystructure`.
fn deep_copy(call: &mut dyn Call, value: &Value) -> Result<Value, CallError> {
    if value.is_nil() {
        return Err(CallError::panic("reflect: call of reflect.Value.Type on zero Value"));
    }
    copy(call, value, MAX_DEPTH)
}

fn copy(call: &mut dyn Call, value: &Value, depth: usize) -> Result<Value, CallError> {
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    Ok(match value {
        Value::Map(map) => Value::Map(copy_map(call, map, map.go_type(), depth)?),
        Value::List(list) => Value::List(copy_list(call, list, list.go_type(), depth)?),
        Value::Object(_) if value.downcast::<VersionObject>().is_some() => {
            VersionObject::zero() // its fields are private, so the copy stays without them
        }
        // Objects cannot be written to, so a copy of one, `.Files` for example, is the same one with its methods.
        _ => value.clone(),
    })
}

fn copy_map(
    call: &mut dyn Call,
    map: &Map,
    go_type: &'static pintle_value::Type,
    depth: usize,
) -> Result<Map, CallError> {
    if map.is_nil() {
        return Ok(Map::nil(go_type));
    }
    if let Some(data) = map.untouched() {
        return Ok(Map::view_as(go_type, data.clone()));
    }
    call.spend(map.len() as u64)?;
    call.make((map.len() as u64 + 2).saturating_mul(MEMBER))?;
    // No closure calls itself here: the stack of a deep value is counted in frames.
    let mut copied = Vec::with_capacity(map.len());
    for (key, value) in map.entries() {
        copied.push((key, copy(call, &value, depth)?));
    }
    Ok(copied.into_iter().collect::<Map>().converted(go_type))
}

fn copy_list(
    call: &mut dyn Call,
    list: &List,
    go_type: &'static pintle_value::Type,
    depth: usize,
) -> Result<List, CallError> {
    if list.is_nil() {
        return Ok(List::nil(go_type));
    }
    if let Some(data) = list.untouched() {
        return Ok(List::from(data));
    }
    call.spend(list.len() as u64)?;
    call.make((list.len() as u64 + 6).saturating_mul(size_of::<Value>() as u64))?;
    let mut items = Vec::with_capacity(list.len());
    for item in list.items().iter() {
        items.push(copy(call, item, depth)?);
    }
    Ok(List::typed(go_type, items))
}

/// Sprig: `dict.go`, `dig`. Its type assertions take `map[string]interface {}` itself and no named map type.
fn dig(params: &[Value]) -> Result<Value, CallError> {
    let [keys @ .., default, map] = params else { return Err(dig_needs_three()) };
    if keys.is_empty() {
        return Err(dig_needs_three());
    }
    let mut current = plain_map(map)?;
    let mut names = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::String(name) => names.push(name),
            other => return Err(conversion(other, "string")),
        }
    }
    let mut names = names.into_iter().peekable();
    while let Some(name) = names.next() {
        let Some(step) = current.get(name) else { return Ok(default.clone()) };
        if names.peek().is_none() {
            return Ok(step);
        }
        current = plain_map(&step)?;
    }
    Ok(default.clone())
}

fn dig_needs_three() -> CallError {
    CallError::panic("dig needs at least three arguments")
}

fn plain_map(value: &Value) -> Result<Map, CallError> {
    match value {
        Value::Map(map) if *map.go_type() == types::ANY_MAP => Ok(map.clone()),
        other => Err(conversion(other, types::ANY_MAP.name)),
    }
}

/// Go's panic where a value is not of the asserted type.
fn conversion(value: &Value, wanted: &str) -> CallError {
    let found = value.go_type().map_or("nil", |go_type| go_type.name);
    CallError::panic(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}
