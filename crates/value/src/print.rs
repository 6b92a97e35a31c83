//! Go's default printing of values: `%v`, `fmt.Print`.

use std::io::Write as _;

use crate::{Event, FloatBits, FloatFormat, Number, Str, Value, WalkError, append_float, walk};

/// Appends what Go's `%v` prints of `value`: `map[a:1 b:[x <nil>]]`, `1e+06`, `<nil>`.
///
/// `out` never grows by more than `limit` bytes; a text that would be longer, or of a value that holds itself, is an
/// error, and `out` then ends somewhere inside of it. (Go prints neither: it runs out of memory or stack.)
pub fn print(out: &mut Vec<u8>, value: &Value, limit: usize) -> Result<(), WalkError> {
    match value {
        Value::List(_) | Value::Map(_) => nested(out, value, limit),
        leaf => {
            let start = out.len();
            print_leaf(out, leaf);
            if out.len() - start > limit { Err(WalkError::TooLong) } else { Ok(()) }
        }
    }
}

/// What Go's `%v` prints of `value`; see [`print()`].
pub fn printed(value: &Value, limit: usize) -> Result<Str, WalkError> {
    if let Value::String(text) = value {
        return Ok(text.clone());
    }
    let mut out = Vec::new();
    print(&mut out, value, limit)?;
    Ok(Str::from(out))
}

fn nested(out: &mut Vec<u8>, value: &Value, limit: usize) -> Result<(), WalkError> {
    let start = out.len();
    walk(value, |event| {
        match event {
            Event::Leaf(leaf) => print_leaf(out, leaf),
            Event::List(_) => out.push(b'['),
            Event::Map(_) => out.extend_from_slice(b"map["),
            Event::EndList | Event::EndMap => out.push(b']'),
            Event::Item(index) => {
                if index > 0 {
                    out.push(b' ');
                }
            }
            Event::Key(key, index) => {
                if index > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(key);
                out.push(b':');
            }
        }
        if out.len() - start > limit { Err(WalkError::TooLong) } else { Ok(()) }
    })
}

fn print_leaf(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(value) => int(out, *value),
        Value::Float(value) => float(out, *value, FloatBits::Double),
        Value::Number(Number::Float32(value)) => float(out, f64::from(*value), FloatBits::Single),
        Value::Number(number) => match (number.as_int(), number.as_uint()) {
            (Some(value), _) => int(out, value),
            (_, Some(value)) => _ = write!(out, "{value}"),
            _ => {}
        },
        Value::Complex(parts) => {
            out.push(b'(');
            float(out, parts.0, FloatBits::Double);
            if !(parts.1.is_sign_negative() || parts.1.is_infinite()) || parts.1.is_nan() {
                out.push(b'+');
            }
            float(out, parts.1, FloatBits::Double);
            out.extend_from_slice(b"i)");
        }
        Value::String(text) => out.extend_from_slice(text),
        Value::Object(object) => out.extend_from_slice(&object.print()),
        Value::List(_) | Value::Map(_) => {} // never a leaf
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked: a whole number below a million")]
#[expect(clippy::float_cmp, reason = "whether the number is whole")]
fn float(out: &mut Vec<u8>, value: f64, bits: FloatBits) {
    if value.abs() < 1e6 && value.trunc() == value && value.to_bits() != (-0.0_f64).to_bits() {
        return int(out, value as i64);
    }
    append_float(out, value, FloatFormat::General, None, bits);
}

fn int(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value.unsigned_abs();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        start = index;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}
