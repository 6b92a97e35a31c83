//! Go's ways of writing a float (`strconv.FormatFloat`).

use std::io::Write as _;

/// The form of a float's text, by the letter of Go's `strconv.FormatFloat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FloatFormat {
    /// `e`: `-d.dddde±dd`.
    Exponent,
    /// `f`: `-ddd.dddd`.
    Fixed,
    /// `g`: [`Exponent`](Self::Exponent) for large exponents, [`Fixed`](Self::Fixed) otherwise; `%v`.
    General,
    /// `b`: `-ddddp±ddd`, a binary exponent.
    Binary,
    /// `x`: `-0x1.yyyyyyyyp±ddd`.
    Hex,
}

/// The width of the float that the number was of; the shortest text that reads back as the same number depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FloatBits {
    /// `float32`.
    Single,
    /// `float64`.
    Double,
}

/// Digits of a decimal number `0.d1d2d3… * 10^point`, without zeros at the end.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

/// More digits than any float64 has behind its point; what is asked for beyond them are zeros.
const EXACT: usize = 1_100;

/// Appends `value` to `out`; with no `precision`, the fewest digits that read back as the same number.
///
/// ```
/// use pintle_value::{FloatBits, FloatFormat, append_float};
/// let mut out = Vec::new();
/// append_float(&mut out, 1e6, FloatFormat::General, None, FloatBits::Double);
/// assert_eq!(out, b"1e+06");
/// ```
pub fn append_float(
    out: &mut Vec<u8>,
    value: f64,
    format: FloatFormat,
    precision: Option<usize>,
    bits: FloatBits,
) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    match format {
        FloatFormat::Binary => return binary(out, magnitude, bits),
        FloatFormat::Hex => return hex(out, magnitude, precision, bits),
        _ => {}
    }
    let Some(precision) = precision else {
        let digits = shortest(magnitude, bits);
        let count = digits.digits.len();
        return match format {
            FloatFormat::Exponent => exponent(out, &digits, count.saturating_sub(1)),
            FloatFormat::Fixed => fixed(out, &digits, behind(&digits)),
            _ => general(out, &digits, count, 6, true),
        };
    };
    match format {
        FloatFormat::Exponent => exponent(out, &rounded(magnitude, precision + 1), precision),
        FloatFormat::Fixed => {
            _ = write!(out, "{magnitude:.*}", precision.min(EXACT));
            zeros(out, precision.saturating_sub(EXACT));
        }
        _ => {
            let precision = precision.max(1);
            general(out, &rounded(magnitude, precision), precision, precision, false);
        }
    }
}

fn behind(digits: &Digits) -> usize {
    usize::try_from(i64::try_from(digits.digits.len()).unwrap_or(i64::MAX) - i64::from(digits.point))
        .unwrap_or(0)
}

/// Go: `strconv/ftoa.go`, `formatDigits`, case `g`. `limit` is the exponent from which the text has one.
fn general(out: &mut Vec<u8>, digits: &Digits, precision: usize, limit: usize, shortest: bool) {
    let count = digits.digits.len();
    let power = i64::from(digits.point) - 1;
    let mut limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let whole = i64::try_from(count).unwrap_or(i64::MAX);
    if !shortest && limit > whole && whole >= i64::from(digits.point) {
        limit = whole;
    }
    if power < -4 || power >= limit {
        exponent(out, digits, precision.min(count).saturating_sub(1));
    } else {
        fixed(out, digits, behind(digits));
    }
}

fn exponent(out: &mut Vec<u8>, digits: &Digits, precision: usize) {
    out.push(digits.digits.first().copied().unwrap_or(b'0'));
    if precision > 0 {
        out.push(b'.');
        let tail = digits.digits.get(1..).unwrap_or_default();
        out.extend_from_slice(tail.get(..precision).unwrap_or(tail));
        zeros(out, precision.saturating_sub(tail.len()));
    }
    let power = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
    _ = write!(out, "e{}{:02}", if power < 0 { '-' } else { '+' }, power.unsigned_abs());
}

fn fixed(out: &mut Vec<u8>, digits: &Digits, precision: usize) {
    let whole = usize::try_from(digits.point).unwrap_or(0);
    if whole == 0 {
        out.push(b'0');
    } else {
        let head = digits.digits.get(..whole).unwrap_or(&digits.digits);
        out.extend_from_slice(head);
        zeros(out, whole - head.len());
    }
    if precision > 0 {
        out.push(b'.');
        let lead = usize::try_from(-i64::from(digits.point)).unwrap_or(0).min(precision);
        zeros(out, lead);
        let tail = digits.digits.get(whole..).unwrap_or_default();
        let tail = tail.get(..precision - lead).unwrap_or(tail);
        out.extend_from_slice(tail);
        zeros(out, precision - lead - tail.len());
    }
}

fn zeros(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len() + count, b'0');
}

fn shortest(magnitude: f64, bits: FloatBits) -> Digits {
    let mut buffer = zmij::Buffer::new();
    #[expect(clippy::cast_possible_truncation, reason = "the number was a float32")]
    let text = match bits {
        FloatBits::Single => buffer.format_finite(magnitude as f32),
        FloatBits::Double => buffer.format_finite(magnitude),
    };
    parse(text.as_bytes())
}

fn rounded(magnitude: f64, count: usize) -> Digits {
    parse(format!("{magnitude:.*e}", count.saturating_sub(1).min(EXACT)).as_bytes())
}

fn parse(text: &[u8]) -> Digits {
    let (mut digits, mut point, mut seen_point) = (Vec::with_capacity(24), 0_i32, false);
    let mut bytes = text.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'0' if digits.is_empty() => point -= i32::from(seen_point),
            b'0'..=b'9' => {
                digits.push(*byte);
                point += i32::from(!seen_point);
            }
            b'.' => seen_point = true,
            _ => break, // the exponent
        }
    }
    let power =
        std::str::from_utf8(bytes.as_slice()).ok().and_then(|text| text.parse::<i32>().ok()).unwrap_or(0);
    let used = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    digits.truncate(used);
    Digits { point: if digits.is_empty() { 0 } else { point + power }, digits }
}

/// The mantissa as an integer and the exponent of its last bit.
fn parts(magnitude: f64, bits: FloatBits) -> (u64, i32) {
    match bits {
        FloatBits::Double => {
            let raw = magnitude.to_bits();
            let exponent = i32::try_from((raw >> 52) & 0x7ff).unwrap_or(0);
            let mantissa = raw & ((1 << 52) - 1);
            if exponent == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exponent - 1075) }
        }
        FloatBits::Single => {
            #[expect(clippy::cast_possible_truncation, reason = "the number was a float32")]
            let raw = (magnitude as f32).to_bits();
            let exponent = i32::try_from((raw >> 23) & 0xff).unwrap_or(0);
            let mantissa = u64::from(raw & ((1 << 23) - 1));
            if exponent == 0 { (mantissa, -149) } else { (mantissa | 1 << 23, exponent - 150) }
        }
    }
}

fn binary(out: &mut Vec<u8>, magnitude: f64, bits: FloatBits) {
    let (mantissa, exponent) = parts(magnitude, bits);
    _ = write!(out, "{mantissa}p{exponent:+}");
}

/// Go: `strconv/ftoa.go`, `fmtX`.
fn hex(out: &mut Vec<u8>, magnitude: f64, precision: Option<usize>, bits: FloatBits) {
    let (mut mantissa, mut exponent) = parts(magnitude, bits);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // Bring the first bit to position 60, where the one digit before the point ends.
        let shift = mantissa.leading_zeros().saturating_sub(3);
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).unwrap_or(0);
    }
    if let Some(precision) = precision
        && precision < 15
    {
        let shift = u32::try_from(precision * 4).unwrap_or(0);
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    _ = write!(out, "0x{}", (mantissa >> 60) & 1);
    mantissa <<= 4;
    match precision {
        None if mantissa != 0 => {
            out.push(b'.');
            while mantissa != 0 {
                _ = write!(out, "{:x}", mantissa >> 60);
                mantissa <<= 4;
            }
        }
        Some(precision) if precision > 0 => {
            out.push(b'.');
            for _ in 0..precision {
                _ = write!(out, "{:x}", mantissa >> 60);
                mantissa <<= 4;
            }
        }
        _ => {}
    }
    _ = write!(out, "p{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs());
}
