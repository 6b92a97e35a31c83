//! Any value to a number, as `github.com/spf13/cast` does it for Sprig.

use pintle_value::{Number, Value};

use crate::dates::NamedInt;
use crate::strconv::{parse_float, parse_int};

/// Go's `int64(float)` on amd64: what does not fit becomes the smallest number.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(crate) fn truncate(float: f64) -> i64 {
    if float > -9_223_372_036_854_775_809.0 && float < 9_223_372_036_854_775_808.0 {
        float as i64
    } else {
        i64::MIN
    }
}

/// cast: `ToInt64`, and `ToInt`, which is the same on 64 bits. What is no number is 0.
pub(crate) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Float(number) => truncate(*number),
        Value::Number(Number::Float32(number)) => truncate(f64::from(*number)),
        Value::Number(number) => match (number.as_int(), number.as_uint()) {
            (Some(number), _) => number,
            (None, Some(number)) => number.cast_signed(),
            (None, None) => 0,
        },
        Value::String(text) => parse_int(trim_zero_decimal(text), 0).unwrap_or_default(),
        Value::Bool(true) => 1,
        Value::Object(_) => value.downcast::<NamedInt>().map_or(0, NamedInt::number),
        _ => 0,
    }
}

/// cast: `ToFloat64`. What is no number is 0.
#[expect(clippy::cast_precision_loss, reason = "as Go's conversion does")]
pub(crate) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Number(Number::Float32(number)) => f64::from(*number),
        Value::Number(number) => match (number.as_int(), number.as_uint()) {
            (Some(number), _) => number as f64,
            (None, Some(number)) => number as f64,
            (None, None) => 0.0,
        },
        Value::String(text) => parse_float(text).unwrap_or_default(),
        Value::Bool(true) => 1.0,
        Value::Object(_) => value.downcast::<NamedInt>().map_or(0.0, |number| number.number() as f64),
        _ => 0.0,
    }
}

/// cast: `trimZeroDecimal`. `"12.00"` is the whole number 12, `"12.5"` is none.
fn trim_zero_decimal(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
    let rest = text.get(..text.len() - zeros).unwrap_or_default();
    match rest.strip_suffix(b".") {
        Some(whole) if zeros > 0 => whole,
        _ => text,
    }
}
