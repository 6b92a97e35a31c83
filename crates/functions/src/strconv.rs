//! Go's reading of numbers (`strconv`).

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Not a number at all.
    Syntax,
    /// A number that does not fit.
    Range,
}

impl NumberError {
    /// The text of Go's `*strconv.NumError`.
    pub(crate) fn text(self, function: &str, input: &[u8]) -> Vec<u8> {
        let mut text = format!("strconv.{function}: parsing ").into_bytes();
        text.extend_from_slice(&crate::print::quote(input));
        text.extend_from_slice(match self {
            Self::Syntax => b": invalid syntax".as_slice(),
            Self::Range => b": value out of range".as_slice(),
        });
        text
    }
}

/// Go: `strconv.ParseInt(text, base, 64)`; base 0 takes it from the prefix.
pub(crate) fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    if negative {
        0_i64.checked_sub_unsigned(magnitude).ok_or(NumberError::Range)
    } else {
        i64::try_from(magnitude).map_err(|_| NumberError::Range)
    }
}

/// Go: `strconv.ParseUint(text, base, 64)`; base 0 takes it from the prefix.
pub(crate) fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
    let (digits, radix) = if base == 0 { prefix(text) } else { (text, base) };
    if digits.is_empty() || text.is_empty() {
        return Err(NumberError::Syntax);
    }
    let mut number = 0_u64;
    let mut underscores = false;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit =
            char::from(byte).to_digit(36).filter(|digit| *digit < radix).ok_or(NumberError::Syntax)?;
        // Go stops at the first digit that does not fit, before it has seen the rest.
        number = number
            .checked_mul(u64::from(radix))
            .and_then(|number| number.checked_add(u64::from(digit)))
            .ok_or(NumberError::Range)?;
    }
    if underscores && !underscores_ok(text) {
        return Err(NumberError::Syntax);
    }
    Ok(number)
}

fn prefix(text: &[u8]) -> (&[u8], u32) {
    match text {
        [b'0', b'b' | b'B', digits @ ..] if !digits.is_empty() => (digits, 2),
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (digits, 16),
        [b'0', b'o' | b'O', digits @ ..] | [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    }
}

/// Whether underscores stand only between digits, or between the base's prefix and a digit (Go:
/// `strconv.underscoreOK`).
fn underscores_ok(text: &[u8]) -> bool {
    let text = match text {
        [b'-' | b'+', rest @ ..] => rest,
        _ => text,
    };
    let (mut last, rest, hex) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (b'0', rest, true),
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (b'0', rest, false),
        _ => (b'^', text, false),
    };
    for &byte in rest {
        if byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() {
            last = b'0';
        } else if byte == b'_' {
            if last != b'0' {
                return false;
            }
            last = b'_';
        } else {
            if last == b'_' {
                return false;
            }
            last = b'!';
        }
    }
    last != b'_'
}

/// Go: `strconv.ParseFloat(text, 64)`.
pub(crate) fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let text = std::str::from_utf8(text).map_err(|_| NumberError::Syntax)?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Ok(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    if unsigned.len() > 2 && unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        return hex_float(text, unsigned);
    }
    // Every letter but the exponent's is an error, and Rust would take "infinity" and "nan" with signs.
    if !unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' | b'_')) {
        return Err(NumberError::Syntax);
    }
    let number: f64 = if text.contains('_') {
        if !underscores_ok(text.as_bytes()) {
            return Err(NumberError::Syntax);
        }
        text.replace('_', "").parse().map_err(|_| NumberError::Syntax)?
    } else {
        text.parse().map_err(|_| NumberError::Syntax)?
    };
    if number.is_infinite() { Err(NumberError::Range) } else { Ok(number) }
}

/// `0x1.8p3`: hexadecimal digits, a mandatory exponent of two, underscores between digits.
#[expect(clippy::cast_precision_loss, reason = "the mantissa is rounded to 53 bits before the cast")]
fn hex_float(text: &str, unsigned: &str) -> Result<f64, NumberError> {
    let negative = text.starts_with('-');
    let body = unsigned.get(2..).unwrap_or_default();
    let (mantissa_text, exponent_text) = body.split_once(['p', 'P']).ok_or(NumberError::Syntax)?;
    if body.contains('_') && !underscores_ok(text.as_bytes()) {
        return Err(NumberError::Syntax);
    }
    let mut mantissa = 0_u64;
    let mut exponent = 0_i64;
    let mut lost = false;
    let (mut digits, mut point) = (0, false);
    for byte in mantissa_text.bytes() {
        match byte {
            b'_' => {}
            b'.' if !point => point = true,
            _ => {
                let digit = char::from(byte).to_digit(16).ok_or(NumberError::Syntax)?;
                digits += 1;
                if point {
                    exponent -= 4;
                }
                if mantissa >> 58 == 0 {
                    mantissa = mantissa << 4 | u64::from(digit);
                } else {
                    lost |= digit != 0;
                    exponent += 4;
                }
            }
        }
    }
    let exponent_text: String = exponent_text.chars().filter(|c| *c != '_').collect();
    let power = exponent_text.strip_prefix(['+', '-']).unwrap_or(&exponent_text);
    if digits == 0 || power.is_empty() || !power.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    let power: i64 = power.parse().unwrap_or(100_000).min(100_000);
    exponent += if exponent_text.starts_with('-') { -power } else { power };
    if mantissa == 0 {
        return Ok(if negative { -0.0 } else { 0.0 });
    }
    // Round once, to the bits that the result can hold.
    let width = 64 - i64::from(mantissa.leading_zeros());
    let top = exponent + width - 1;
    let keep = if top < -1022 { (53 - (-1022 - top)).max(0) } else { 53 };
    let drop = width - keep;
    if drop > 0 {
        let drop = u32::try_from(drop).unwrap_or(u32::MAX);
        let (kept, rest, half) = match drop {
            0..=63 => (mantissa >> drop, mantissa & ((1 << drop) - 1), 1_u64 << (drop - 1)),
            64 => (0, mantissa, 1 << 63),
            _ => (0, 0, 1),
        };
        let up = rest > half || rest == half && (lost || kept & 1 == 1);
        mantissa = kept + u64::from(up);
        exponent += i64::from(drop);
    }
    let mut number = mantissa as f64;
    // Two steps, because 2^1074 itself is no f64.
    let mut left = exponent;
    while left != 0 && number != 0.0 && number.is_finite() {
        let step = left.clamp(-1000, 1000);
        number *= 2_f64.powi(i32::try_from(step).unwrap_or_default());
        left -= step;
    }
    if number.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::{NumberError, parse_float, parse_int};

    #[test]
    fn whole_numbers() {
        for (text, base, want) in [
            ("0x1F", 0, Ok(31)),
            ("-017", 0, Ok(-15)),
            ("0b101", 0, Ok(5)),
            ("1_000", 0, Ok(1000)),
            ("1__0", 0, Err(NumberError::Syntax)),
            ("08", 0, Err(NumberError::Syntax)),
            ("0x", 0, Err(NumberError::Syntax)),
            ("1_000", 10, Err(NumberError::Syntax)),
            ("-9223372036854775808", 10, Ok(i64::MIN)),
            ("9223372036854775808", 10, Err(NumberError::Range)),
            ("", 10, Err(NumberError::Syntax)),
            ("+", 10, Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), base), want, "{text}");
        }
    }

    #[test]
    fn floats() {
        for (text, want) in [
            ("1.5", Ok(1.5)),
            (".5", Ok(0.5)),
            ("1e400", Err(NumberError::Range)),
            ("0x1p-2", Ok(0.25)),
            ("0x_1.8p1", Ok(3.0)),
            ("0x1p-1074", Ok(5e-324)),
            ("0x1p-1075", Ok(0.0)),
            ("0x1p1024", Err(NumberError::Range)),
            ("-Infinity", Ok(f64::NEG_INFINITY)),
            ("1_0", Ok(10.0)),
            ("1__0", Err(NumberError::Syntax)),
            ("_10", Err(NumberError::Syntax)),
            ("-nan", Err(NumberError::Syntax)),
            ("0x1", Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_float(text.as_bytes()), want, "{text}");
        }
    }
}
