//! TOML both ways, as `BurntSushi/toml` 1.6 writes and reads it.

mod lex;
mod read;
mod write;

use pintle_template::{Call, CallError};
use pintle_value::{Map, Str, Value};

use crate::host::host;
use crate::table::functions;
use read::ReadError;

functions! {
    TABLE;
    pure {}
    hosted {
        "toToml" (any) => |call: &mut dyn Call, value: &Value| match write::write(value, call.longest()) {
            Err(CallError::Message(text)) => Ok(Value::String(text)),
            other => other.map(Value::from),
        };
        "mustToToml" (any) => |call: &mut dyn Call, value: &Value| match write::write(value, call.longest()) {
            Err(CallError::Message(text)) => Err(CallError::Panic(text)),
            other => other,
        };
        "fromToml" (string) => from_toml;
    }
}

/// Helm: `pkg/engine/funcs.go`, `fromTOML`: an error's text becomes the member `Error`.
fn from_toml(call: &mut dyn Call, text: &Str) -> Result<Map, CallError> {
    // The time to read grows faster than the text, by the depth of its keys.
    call.spend(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    crate::yaml::spend_reading(call, text)?;
    let local = host(call)?.zone.clone();
    match read::read(text, &local) {
        Ok(map) => Ok(map),
        Err(ReadError::Parse(error)) => Ok(std::iter::once(("Error", Value::from(error))).collect()),
        Err(bug @ ReadError::Panic(_)) => Err(bug.into_panic()),
    }
}
