//! TOML both ways, as `BurntSushi/toml` 1.6 writes and reads it.

mod read;
mod write;

use pintle_template::CallError;
use pintle_value::{Map, Str, Value};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "toToml" (any) => |value: &Value| match write::write(value) {
            Err(CallError::Message(text)) => Ok(Value::String(text)),
            other => other.map(Value::from),
        };
        "mustToToml" (any) => |value: &Value| match write::write(value) {
            Err(CallError::Message(text)) => Err(CallError::Panic(text)),
            other => other,
        };
        "fromToml" (string) => from_toml;
    }
    hosted {}
}

/// Helm: `pkg/engine/funcs.go`, `fromTOML`: an error's text becomes the member `Error`.
fn from_toml(text: &Str) -> Map {
    match read::read(text) {
        Ok(map) => map,
        Err(error) => std::iter::once(("Error", Value::from(error))).collect(),
    }
}
