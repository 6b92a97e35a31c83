//! YAML both ways: Helm's `toYaml` and its like.

use pintle_template::{Call, CallError};
use pintle_value::{List, Map, Str, Value};
use pintle_yaml::{Emitter, ErrorKind, Flavour, Limits, parse_list, parse_map};

use crate::print;
use crate::table::functions;

functions! {
    TABLE;
    pure {}
    hosted {
        "toYaml" (any) => |call: &mut dyn Call, value: &Value| {
            Ok::<_, CallError>(written(call, value, Flavour::V2)?.unwrap_or_default())
        };
        "mustToYaml" (any) => |call: &mut dyn Call, value: &Value| {
            written(call, value, Flavour::V2)?.map_err(|error| CallError::panic(error.to_string()))
        };
        "toYamlPretty" (any) => |call: &mut dyn Call, value: &Value| {
            Ok::<_, CallError>(written(call, value, Flavour::V3)?.unwrap_or_default())
        };
        "fromYaml" (string) => map;
        "fromYamlArray" (string) => list;
    }
}

/// Pays for reading a text: what it becomes is larger than the text.
pub(crate) fn spend_reading(call: &mut dyn Call, text: &Str) -> Result<(), CallError> {
    let len = text.len() as u64;
    call.spend(len / 4)?;
    call.make(len.saturating_mul(8))
}

/// The YAML, or go-yaml's error, which Helm swallows in places. A limit ends the run.
fn written(
    call: &mut dyn Call,
    value: &Value,
    flavour: Flavour,
) -> Result<Result<Vec<u8>, pintle_yaml::Error>, CallError> {
    let mut out = Vec::new();
    match Emitter::new(flavour).max_bytes(call.longest()).emit(value, &mut out) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::Limit && is_too_long(&error) => {
            return Err(print::too_long(call));
        }
        Err(error) => return Ok(Err(error)),
    }
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    Ok(Ok(out))
}

/// Whether the limit was that of bytes; that of depth is go-yaml's too.
fn is_too_long(error: &pintle_yaml::Error) -> bool {
    error.message().contains("longer than")
}

/// Helm: `pkg/engine/funcs.go`, `fromYAML`: an error's text becomes the member `Error`.
fn map(call: &mut dyn Call, text: &Str) -> Result<Map, CallError> {
    spend_reading(call, text)?;
    Ok(match parse_map(text, &Limits::default()) {
        Ok(map) => Map::view(map),
        Err(error) => std::iter::once(("Error", Value::from(error.to_string()))).collect(),
    })
}

/// Helm: `pkg/engine/funcs.go`, `fromYAMLArray`: an error's text becomes the only item.
fn list(call: &mut dyn Call, text: &Str) -> Result<List, CallError> {
    spend_reading(call, text)?;
    Ok(match parse_list(text, &Limits::default()) {
        Ok(list) => List::from(&list),
        Err(error) => List::new(vec![Value::from(error.to_string())]),
    })
}
