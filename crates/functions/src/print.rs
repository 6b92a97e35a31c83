//! Values as text, by Go's package `fmt`.

use pintle_value::{Str, Value, print, types};

/// The longest text that one value prints as. Go has no such limit and runs out of memory.
const MAX_TEXT: usize = 1 << 28;

/// `fmt.Sprintf("%v", value)`. A text over the limit ends there.
pub(crate) fn sprint(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = print(&mut out, value, MAX_TEXT);
    out
}

/// Sprig: `strings.go`, `strval`: a string or a `[]byte` as it is, anything else as `%v` prints it.
pub(crate) fn to_string(value: &Value) -> Str {
    match value {
        Value::String(text) => text.clone(),
        Value::List(list) if *list.go_type() == types::BYTES => Str::from(list.to_bytes()),
        _ => Str::from(sprint(value)),
    }
}

/// `strconv.Quote(text)`.
pub(crate) fn quote(text: &[u8]) -> Vec<u8> {
    pintle_value::quoted(text).into_bytes()
}
