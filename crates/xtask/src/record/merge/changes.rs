//! Random changes of objects.

use serde_json::{Map, Value};

use crate::random::Random;

/// Names that new members get.
const NAMES: &[&str] = &["added", "other", "name", "value", "image", "labels"];

/// Changes an object in a few places, and never what it is called.
pub(super) fn change(object: &Value, random: &mut Random, times: usize) -> Value {
    let mut changed = object.clone();
    for _ in 0..times {
        let Some(members) = changed.as_object_mut() else { continue };
        let names: Vec<String> =
            members.keys().filter(|name| !["apiVersion", "kind"].contains(&name.as_str())).cloned().collect();
        if let Some(below) = random.pick(&names).and_then(|name| members.get_mut(name)) {
            descend(below, random);
        }
    }
    changed
}

fn descend(value: &mut Value, random: &mut Random) {
    let deeper = random.below(4) > 0;
    match value {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let Some(name) = random.pick(&names) else {
                members.insert("added".to_owned(), Value::from("new"));
                return;
            };
            match members.get_mut(name) {
                Some(below @ (Value::Object(_) | Value::Array(_))) if deeper => descend(below, random),
                _ => member(members, name, random),
            }
        }
        Value::Array(items) => {
            let place = random.below(items.len());
            match items.get_mut(place) {
                Some(below @ Value::Object(_)) if deeper => descend(below, random),
                _ => item(items, place, random),
            }
        }
        other => *other = altered(other, random),
    }
}

fn member(members: &mut Map<String, Value>, name: &str, random: &mut Random) {
    match random.below(4) {
        0 => {
            members.remove(name);
        }
        1 => {
            if let Some(added) = random.pick(NAMES) {
                members.entry(*added).or_insert_with(|| Value::from("new"));
            }
        }
        2 => {
            members.insert(name.to_owned(), Value::Null);
        }
        _ => {
            if let Some(value) = members.get_mut(name) {
                *value = altered(value, random);
            }
        }
    }
}

fn item(items: &mut Vec<Value>, place: usize, random: &mut Random) {
    match random.below(4) {
        0 if place < items.len() => {
            items.remove(place);
        }
        1 => items.reverse(),
        2 => {
            let Some(mut copy) = items.get(place).cloned() else { return };
            match copy.as_object_mut() {
                // Every key by which anything is merged gets a value of its own.
                Some(members) => {
                    for key in ["name", "containerPort", "port", "mountPath", "uid", "ip", "topologyKey"] {
                        if let Some(value) = members.get_mut(key) {
                            *value = altered(value, random);
                        }
                    }
                }
                None => copy = altered(&copy, random),
            }
            items.insert(random.below(items.len() + 1), copy);
        }
        _ => {
            if let Some(Value::String(_) | Value::Number(_)) = items.get(place)
                && let Some(value) = items.get_mut(place)
            {
                *value = altered(value, random);
            }
        }
    }
}

fn altered(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::String(text) => Value::from(format!("{text}-{}", random.below(100))),
        Value::Number(_) => Value::from(random.below(9_000) + 1_000),
        Value::Bool(flag) => Value::from(!flag),
        Value::Object(_) => serde_json::json!({"added": "new"}),
        Value::Array(items) if items.iter().all(Value::is_object) => Value::Array(Vec::new()),
        Value::Array(_) => serde_json::json!(["new"]),
        Value::Null => Value::from("was null"),
    }
}
