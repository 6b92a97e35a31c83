//! YAML both ways: Helm's `toYaml` and its like.

use pintle_template::CallError;
use pintle_value::{List, Map, Str, Value};
use pintle_yaml::{Emitter, Flavour, Limits, parse_list, parse_map};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "toYaml" (any) => |value: &Value| written(value, Flavour::V2).unwrap_or_default();
        "mustToYaml" (any) => |value: &Value| {
            written(value, Flavour::V2).map_err(|error| CallError::panic(error.to_string()))
        };
        "toYamlPretty" (any) => |value: &Value| written(value, Flavour::V3).unwrap_or_default();
        "fromYaml" (string) => map;
        "fromYamlArray" (string) => list;
    }
    hosted {}
}

fn written(value: &Value, flavour: Flavour) -> Result<Vec<u8>, pintle_yaml::Error> {
    let mut out = Vec::new();
    Emitter::new(flavour).emit(value, &mut out)?;
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    Ok(out)
}

/// Helm: `pkg/engine/funcs.go`, `fromYAML`: an error's text becomes the member `Error`.
fn map(text: &Str) -> Map {
    match parse_map(text, &Limits::default()) {
        Ok(map) => Map::view(map),
        Err(error) => std::iter::once(("Error", Value::from(error.to_string()))).collect(),
    }
}

/// Helm: `pkg/engine/funcs.go`, `fromYAMLArray`: an error's text becomes the only item.
fn list(text: &Str) -> List {
    match parse_list(text, &Limits::default()) {
        Ok(list) => List::from(&list),
        Err(error) => List::new(vec![Value::from(error.to_string())]),
    }
}
