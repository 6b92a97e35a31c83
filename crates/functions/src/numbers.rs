//! Arithmetic: Sprig's `numeric.go`.

use pintle_template::{Call, CallError};
use pintle_value::{Str, Value};

use crate::cast::{to_float64, to_int64};
use crate::decimal::Decimal;
use crate::host;
use crate::print;
use crate::strconv::parse_int;
use crate::table::{Int64, functions};

functions! {
    TABLE;
    pure {
        "add1" (any) => |number: &Value| Int64(to_int64(number).wrapping_add(1));
        "add" (.. any) => |numbers: &[Value]| {
            Int64(numbers.iter().map(to_int64).fold(0, i64::wrapping_add))
        };
        "sub" (any any) => |a: &Value, b: &Value| Int64(to_int64(a).wrapping_sub(to_int64(b)));
        "div" (any any) => |a: &Value, b: &Value| divided(a, b, i64::wrapping_div);
        "mod" (any any) => |a: &Value, b: &Value| divided(a, b, i64::wrapping_rem);
        "mul" (any .. any) => |number: &Value, numbers: &[Value]| {
            Int64(numbers.iter().map(to_int64).fold(to_int64(number), i64::wrapping_mul))
        };
        "max" | "biggest" (any .. any) => |number: &Value, numbers: &[Value]| {
            Int64(numbers.iter().map(to_int64).fold(to_int64(number), i64::max))
        };
        "min" (any .. any) => |number: &Value, numbers: &[Value]| {
            Int64(numbers.iter().map(to_int64).fold(to_int64(number), i64::min))
        };
        "add1f" (any) => |number: &Value| decimals(to_float64(number), &[Value::Int(1)], Decimal::add);
        "addf" (.. any) => |numbers: &[Value]| decimals(0.0, numbers, Decimal::add);
        "subf" (any .. any) => |number: &Value, numbers: &[Value]| {
            decimals(to_float64(number), numbers, Decimal::sub)
        };
        "mulf" (any .. any) => |number: &Value, numbers: &[Value]| {
            decimals(to_float64(number), numbers, Decimal::mul)
        };
        "divf" (any .. any) => |number: &Value, numbers: &[Value]| {
            decimals(to_float64(number), numbers, Decimal::div)
        };
        "maxf" (any .. any) => |number: &Value, numbers: &[Value]| {
            numbers.iter().map(to_float64).fold(to_float64(number), larger)
        };
        "minf" (any .. any) => |number: &Value, numbers: &[Value]| {
            numbers.iter().map(to_float64).fold(to_float64(number), |a, b| -larger(-a, -b))
        };
        "ceil" (any) => |number: &Value| to_float64(number).ceil();
        "floor" (any) => |number: &Value| to_float64(number).floor();
        "round" (any int .. float) => round;
        "int" (any) => |value: &Value| to_int64(value);
        "int64" (any) => |value: &Value| Int64(to_int64(value));
        "float64" (any) => |value: &Value| to_float64(value);
        "toDecimal" (any) => |value: &Value| Int64(parse_int(&to_text(value), 8).unwrap_or_default());
    }
    hosted {
        "randInt" (int int) => random_int;
    }
}

fn to_text(value: &Value) -> Str {
    Str::from(print::sprint(value))
}

fn divided(a: &Value, b: &Value, operation: fn(i64, i64) -> i64) -> Result<Int64, CallError> {
    match to_int64(b) {
        0 => Err(CallError::panic("runtime error: integer divide by zero")),
        divisor => Ok(Int64(operation(to_int64(a), divisor))),
    }
}

/// Sprig: `numeric.go`, `execDecimalOp`.
fn decimals(
    first: f64,
    rest: &[Value],
    operation: fn(Decimal, Decimal) -> Result<Decimal, CallError>,
) -> Result<f64, CallError> {
    let mut result = Decimal::from_float(first)?;
    for number in rest {
        result = operation(result, Decimal::from_float(to_float64(number))?)?;
    }
    Ok(result.to_float())
}

/// Go: `math.Max`: infinity before NaN, NaN before anything else, `+0` before `-0`. Negated it is `math.Min`.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// Sprig: `numeric.go`, `round`.
fn round(number: &Value, places: i64, threshold: &[Value]) -> f64 {
    let threshold = match threshold.first() {
        Some(Value::Float(threshold)) => *threshold,
        _ => 0.5,
    };
    let power = power_of_ten(places);
    let scaled = power * to_float64(number);
    let fraction = if scaled.is_infinite() { f64::NAN } else { scaled.fract() };
    let rounded = if fraction >= threshold { scaled.ceil() } else { scaled.floor() };
    rounded / power
}

/// Go: `math.Pow(10, places)`.
fn power_of_ten(places: i64) -> f64 {
    // Go multiplies repeated squares and keeps the exponent apart; both give the nearest value for the powers that
    // matter here, and 0 or infinity past the range.
    format!("1e{}", places.clamp(-400, 400)).parse().unwrap_or(f64::NAN)
}

/// Sprig: `functions.go`, `randInt`: `rand.Intn(max-min) + min`.
fn random_int(call: &mut dyn Call, min: i64, max: i64) -> Result<i64, CallError> {
    match u64::try_from(max.wrapping_sub(min)) {
        Ok(bound) if bound > 0 => Ok(host::below(call, bound)?.cast_signed().wrapping_add(min)),
        _ => Err(CallError::panic("invalid argument to Intn")),
    }
}
