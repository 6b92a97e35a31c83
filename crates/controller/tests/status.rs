//! Conditions and the patch that brings a status up to date.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use k8s_openapi::jiff::Timestamp;
use pintle_controller::api::ConditionStatus::{False, True};
use pintle_controller::conditions::{ConditionType, Conditions, Reason};
use pintle_controller::status::difference;
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_transition_is_when_the_status_changed() {
    let mut conditions = Conditions::new(Vec::new(), Some(1));
    conditions.set_at(ConditionType::Released, True, Reason::InstallSucceeded, "", at(10));
    conditions.set_at(ConditionType::Ready, False, Reason::Progressing, "installing", at(10));
    conditions.set_at(ConditionType::Ready, False, Reason::InstallFailed, "no such image", at(20));
    let ready = conditions.get(ConditionType::Ready).unwrap();
    assert_eq!((ready.last_transition_time.0, ready.reason.as_str()), (at(10), "InstallFailed"));
    conditions.set_at(ConditionType::Ready, True, Reason::InstallSucceeded, "", at(30));
    assert_eq!(conditions.get(ConditionType::Ready).unwrap().last_transition_time.0, at(30));
    let names: Vec<_> = conditions.list().iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(names, ["Ready", "Released"]);
    conditions.remove(ConditionType::Released);
    assert!(conditions.get(ConditionType::Released).is_none());
}

#[test]
fn a_message_fits_the_schema() {
    let mut conditions = Conditions::new(Vec::new(), None);
    conditions.set(ConditionType::Ready, False, Reason::InstallFailed, "ä".repeat(40_000));
    assert_eq!(conditions.list()[0].message.chars().count(), 32_768);
}

#[test]
fn the_patch_holds_what_changed() {
    assert_eq!(
        difference(&json!({"a": 1, "b": {"c": 1, "d": 1}}), &json!({"a": 1, "b": {"c": 2, "d": 1}})),
        Some(json!({"b": {"c": 2}}))
    );
    assert_eq!(
        difference(&json!({"a": 1, "b": [1]}), &json!({"b": [1, 2]})),
        Some(json!({"a": null, "b": [1, 2]}))
    );
    assert_eq!(difference(&json!({"a": 1}), &json!({"a": 1})), None);
    assert_eq!(difference(&Value::Null, &json!({"a": 1})), Some(json!({"a": 1})));
}

/// RFC 7386 §2, `MergePatch`.
fn apply(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = match target {
        Value::Object(target) => target,
        _ => serde_json::Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            let old = target.remove(key).unwrap_or(Value::Null);
            target.insert(key.clone(), apply(old, value));
        }
    }
    Value::Object(target)
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![any::<bool>().prop_map(Value::from), (0..3i64).prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn the_patch_leads_from_old_to_new(old in tree(), new in tree()) {
        if let Some(patch) = difference(&old, &new) {
            prop_assert_eq!(apply(old, &patch), new);
        } else {
            prop_assert_eq!(old, new);
        }
    }
}
