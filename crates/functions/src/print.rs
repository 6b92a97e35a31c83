//! Values as text, by Go's package `fmt`.

use pintle_template::{Call, CallError};
use pintle_value::{Str, Value, WalkError, print, types};

/// `fmt.Sprintf("%v", value)` of a number, or for an error's text, which ends after a mebibyte.
pub(crate) fn sprint(value: &Value) -> Vec<u8> {
    const LONGEST: usize = 1 << 20;
    let mut out = Vec::new();
    let _ = print(&mut out, value, LONGEST);
    out
}

/// `fmt.Sprintf("%v", value)`. Go has no limit and runs out of memory.
pub(crate) fn sprint_within(call: &mut dyn Call, value: &Value) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    match print(&mut out, value, call.longest()) {
        Ok(()) => Ok(out),
        Err(WalkError::TooLong) => Err(too_long(call)),
        Err(error) => Err(CallError::new(error.to_string())),
    }
}

/// Sprig: `strings.go`, `strval`: a string or a `[]byte` as it is, anything else as `%v` prints it.
pub(crate) fn to_string(call: &mut dyn Call, value: &Value) -> Result<Str, CallError> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::List(list) if *list.go_type() == types::BYTES => Str::from(list.to_bytes()),
        _ => Str::from(sprint_within(call, value)?),
    })
}

/// Ends the run: a function's text would be longer than [`Call::longest`].
pub(crate) fn too_long(call: &mut dyn Call) -> CallError {
    let unlimited = || CallError::new(WalkError::TooLong.to_string());
    call.make(u64::MAX).err().unwrap_or_else(unlimited)
}

/// `strconv.Quote(text)`.
pub(crate) fn quote(text: &[u8]) -> Vec<u8> {
    pintle_value::quoted(text).into_bytes()
}
