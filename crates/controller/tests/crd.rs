//! The CRDs say what Flux's say: every field, default and validation, and nothing besides.
//!
//! `fixtures/flux/fields.txt` is recorded from Flux's Go types by `tests/flux-fields`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

/// One line for each fact of a definition, as `tests/flux-fields` writes them.
fn facts(definition: &Value) -> BTreeSet<String> {
    let kind = definition["spec"]["names"]["kind"].as_str().unwrap();
    let spec = &definition["spec"];
    let mut facts = BTreeSet::from([
        format!("{kind} group={}", spec["group"]),
        format!("{kind} names={}", spec["names"]),
        format!("{kind} scope={}", spec["scope"]),
        format!("{kind} annotations={}", definition["metadata"]["annotations"]),
    ]);
    for version in spec["versions"].as_array().unwrap() {
        let about = json!({
            "name": version["name"], "served": version["served"], "storage": version["storage"],
            "subresources": version["subresources"],
        });
        facts.insert(format!("{kind} version={about}"));
        for column in version["additionalPrinterColumns"].as_array().unwrap() {
            facts.insert(format!("{kind} column={column}"));
        }
        walk(kind, "", &version["schema"]["openAPIV3Schema"], &mut facts);
    }
    facts
}

fn walk(kind: &str, path: &str, node: &Value, facts: &mut BTreeSet<String>) {
    let mut keywords = Map::new();
    for (key, value) in node.as_object().unwrap() {
        match key.as_str() {
            "properties" | "items" | "additionalProperties" | "description" => {}
            "x-kubernetes-validations" => {
                let rules: Vec<_> =
                    value.as_array().unwrap().iter().map(|rule| rule["rule"].clone()).collect();
                keywords.insert(key.clone(), rules.into());
            }
            // The order of these means nothing.
            "required" | "enum" => {
                let mut values: Vec<_> = value.as_array().unwrap().iter().map(Value::to_string).collect();
                values.sort();
                keywords.insert(key.clone(), values.into());
            }
            _ => {
                keywords.insert(key.clone(), number(value));
            }
        }
    }
    facts.insert(format!("{kind} .{path} {}", Value::Object(keywords)));
    for (name, child) in node["properties"].as_object().into_iter().flatten() {
        let child_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        walk(kind, &child_path, child, facts);
    }
    if node["items"].is_object() {
        walk(kind, &format!("{path}[]"), &node["items"], facts);
    }
    if node["additionalProperties"].is_object() {
        walk(kind, &format!("{path}{{}}"), &node["additionalProperties"], facts);
    }
}

/// `0.0` and `0` are one bound.
fn number(value: &Value) -> Value {
    match value.as_f64() {
        Some(float) if float.fract() == 0.0 => json!(format!("{float}").parse::<i64>().unwrap()),
        _ => value.clone(),
    }
}

/// The recorded facts, in the order of [`walk`]'s keywords.
fn recorded() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flux/fields.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut facts = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, rest) = line.split_once(' ').unwrap();
        match rest.strip_prefix('.').map(|field| field.split_once(' ').unwrap()) {
            Some((field, keywords)) => {
                let mut keywords: Value = serde_json::from_str(keywords).unwrap();
                for key in ["required", "enum"] {
                    if let Some(Value::Array(values)) = keywords.get_mut(key) {
                        let mut names: Vec<_> = values.iter().map(Value::to_string).collect();
                        names.sort();
                        *values = names.into_iter().map(Value::String).collect();
                    }
                }
                facts.insert(format!("{kind} .{field} {keywords}"));
            }
            None => {
                facts.insert(line.to_owned());
            }
        }
    }
    facts
}

#[test]
fn the_definitions_say_what_flux_says() {
    let ours: BTreeSet<_> = pintle_controller::api::definitions().iter().flat_map(facts).collect();
    let flux = recorded();
    assert!(flux.len() > 300, "the record is too short to be whole: {} lines", flux.len());
    let missing: Vec<_> = flux.difference(&ours).collect();
    let extra: Vec<_> = ours.difference(&flux).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "Flux says, and we do not:\n{missing:#?}\nwe say, and Flux does not:\n{extra:#?}"
    );
}

#[test]
fn every_field_is_described() {
    fn check(path: &str, node: &Value, bare: &mut Vec<String>) {
        for (name, child) in node["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if child["description"].as_str().is_none_or(str::is_empty) {
                bare.push(path.clone());
            }
            check(&path, child, bare);
        }
        if node["items"].is_object() {
            check(&format!("{path}[]"), &node["items"], bare);
        }
    }
    let mut bare = Vec::new();
    for definition in pintle_controller::api::definitions() {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        check(&format!("{kind}.spec"), &schema["spec"], &mut bare);
        check(&format!("{kind}.status"), &schema["status"], &mut bare);
    }
    assert!(bare.is_empty(), "fields without a description: {bare:#?}");
}
