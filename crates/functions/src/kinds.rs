//! Tests of values and of their types: Sprig's `defaults.go` and `reflect.go`.

use pintle_value::{Str, Value};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "default" (any .. any) => |default: &Value, given: &[Value]| match given.first() {
            Some(given) if given.is_true() => given.clone(),
            _ => default.clone(),
        };
        "empty" (any) => |value: &Value| !value.is_true();
        "coalesce" (.. any) => |values: &[Value]| values.iter().find(|value| value.is_true()).cloned().unwrap_or_default();
        "all" (.. any) => |values: &[Value]| values.iter().all(Value::is_true);
        "any" (.. any) => |values: &[Value]| values.iter().any(Value::is_true);
        "ternary" (any any bool) => |yes: &Value, no: &Value, test: bool| {
            if test { yes.clone() } else { no.clone() }
        };
        "typeOf" (any) => |value: &Value| type_name(value);
        "typeIs" (string any) => |target: &Str, value: &Value| *target == type_name(value);
        "typeIsLike" (string any) => |target: &Str, value: &Value| {
            let name = type_name(value);
            *target == name || name.strip_prefix('*').is_some_and(|pointed| *target == pointed)
        };
        "kindOf" (any) => |value: &Value| value.kind().name();
        "kindIs" (string any) => |target: &Str, value: &Value| *target == value.kind().name();
    }
    hosted {
        "deepEqual" (any any) => crate::lists::equal;
    }
}

/// `fmt.Sprintf("%T", value)`.
pub(crate) fn type_name(value: &Value) -> &'static str {
    value.go_type().map_or("<nil>", |go_type| go_type.name)
}
