//! Go's readings and writings of numbers (`strconv`).

use pintle_value::{FloatBits, FloatFormat, append_float};

/// Go: `strconv.ParseInt(text, 0, 64)`, of a text without `_`.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits)?;
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// Go: `strconv.ParseUint(text, 0, 64)`, of a text without `_`.
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'b' | b'B', _, ..] => (2, text.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, text.get(2..)?),
        [b'0', b'x' | b'X', _, ..] => (16, text.get(2..)?),
        [b'0'] => return Some(0),
        [b'0', ..] => (8, text.get(1..)?),
        _ => (10, text),
    };
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// Go: `strconv.ParseInt(digits, radix, 64)`, where a sign is allowed.
pub(crate) fn parse_radix(digits: &str, radix: u32) -> Option<i64> {
    i64::from_str_radix(digits, radix).ok()
}

/// A decimal number (Go: `resolve.go`, `yamlStyleFloat`), as long as it is in the range of a float.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let first = unsigned.as_bytes().first()?;
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_digits(whole)
        || !is_digits(fraction)
        || (whole.is_empty() && (fraction.is_empty() || *first != b'.'))
    {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !is_digits(digits) {
            return None;
        }
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Go: `strconv.ParseFloat(text, 64)` of a text that starts with a point; `_` may stand between digits.
pub(crate) fn parse_fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return parse_decimal(text);
    }
    let mut previous = b'.';
    for byte in text.bytes().chain([b'.']) {
        let separates = |other: u8| other == b'_' && !byte.is_ascii_digit();
        if separates(previous) || (byte == b'_' && !previous.is_ascii_digit()) {
            return None;
        }
        previous = byte;
    }
    parse_decimal(&text.replace('_', ""))
}

/// Go: `strconv.FormatFloat(value, 'g', -1, 64)`, with YAML's words for what is no number.
pub(crate) fn format_float(value: f64) -> String {
    format(value, FloatBits::Double)
}

/// Go: `strconv.FormatFloat(value, 'g', -1, 32)`, as `sigs.k8s.io/yaml` writes keys.
pub(crate) fn format_single_float(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the loss of digits is Helm's, and wanted")]
    format(f64::from(value as f32), FloatBits::Single)
}

/// Go: `strconv.FormatFloat(value, 'g', -1, 64)`, which `%#v` writes.
pub(crate) fn format_go_float(value: f64) -> String {
    let mut text = Vec::with_capacity(24);
    append_float(&mut text, value, FloatFormat::General, None, FloatBits::Double);
    String::from_utf8(text).unwrap_or_default() // ASCII always
}

/// Go: `strconv.FormatFloat(value, 'g', -1, 32)`, which `sigs.k8s.io/yaml` makes of a number where a text is wanted.
pub(crate) fn format_go_single_float(value: f64) -> String {
    let mut text = Vec::with_capacity(16);
    #[expect(clippy::cast_possible_truncation, reason = "the loss of digits is Helm's, and wanted")]
    append_float(&mut text, f64::from(value as f32), FloatFormat::General, None, FloatBits::Single);
    String::from_utf8(text).unwrap_or_default() // ASCII always
}

fn format(value: f64, bits: FloatBits) -> String {
    let mut text = Vec::with_capacity(24);
    append_float(&mut text, value, FloatFormat::General, None, bits);
    match text.as_slice() {
        b"NaN" => ".nan".to_owned(),
        b"+Inf" => ".inf".to_owned(),
        b"-Inf" => "-.inf".to_owned(),
        _ => String::from_utf8(text).unwrap_or_default(), // ASCII always
    }
}
