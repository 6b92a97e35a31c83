//! YAML as `toYaml` writes it.

use pintle_value::{Str, Value};
use pintle_yaml::{Flavour, emit_value};

/// The YAML of a value without the line end behind it; empty where it has none
/// (Helm: `pkg/engine/funcs.go`, toYAML).
pub(crate) fn to_yaml(value: &Value) -> Value {
    let text = emit_value(value, Flavour::V2).unwrap_or_default();
    Value::String(Str::from(text.strip_suffix('\n').unwrap_or(&text)))
}
