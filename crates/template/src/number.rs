//! Number constants, and the quoted strings and characters of Go's syntax.

use pintle_value::{Str, decode_rune, quoted};

use crate::lex::Kind;

/// A number constant: which of Go's types can hold it, and what it is in each.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberNode {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    pub(crate) text: Str,
}

impl NumberNode {
    /// Go: `text/template/parse/node.go`, `newNumber`.
    #[expect(clippy::cast_precision_loss, reason = "Go's conversions")]
    pub(crate) fn parse(text: &[u8], kind: Kind) -> Result<Self, String> {
        let mut node = Self { text: Str::from(text), ..Self::default() };
        match kind {
            Kind::CharConstant => {
                let (rune, rest) =
                    unquote_char(text.get(1..).unwrap_or_default(), b'\'').ok_or("invalid syntax")?;
                if rest != b"'" {
                    return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
                }
                let rune = rune.code();
                node.int = Some(i64::from(rune));
                node.uint = Some(u64::from(rune));
                node.float = Some(f64::from(rune));
                return Ok(node);
            }
            Kind::Complex => {
                node.complex = Some(scan_complex(text)?);
                node.simplify();
                return Ok(node);
            }
            _ => {}
        }
        if let Some(imaginary) = text.strip_suffix(b"i").and_then(parse_float) {
            node.complex = Some((0.0, imaginary));
            node.simplify();
            return Ok(node);
        }
        node.uint = parse_uint(text);
        node.int = parse_int(text);
        if node.int == Some(0) {
            node.uint = Some(0); // in case of -0
        }
        if let Some(int) = node.int {
            node.float = Some(int as f64);
        } else if let Some(uint) = node.uint {
            node.float = Some(uint as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.iter().any(|byte| b".eEpP".contains(byte)) {
                return Err(format!("integer overflow: {}", quoted(text)));
            }
            node.float = Some(float);
            node.int = as_int(float);
            node.uint = as_uint(float);
        }
        if node.int.is_none() && node.uint.is_none() && node.float.is_none() {
            return Err(format!("illegal number syntax: {}", quoted(text)));
        }
        Ok(node)
    }

    fn simplify(&mut self) {
        if let Some((real, imaginary)) = self.complex
            && imaginary == 0.0
        {
            self.float = Some(real);
            self.int = as_int(real);
            self.uint = as_uint(real);
        }
    }
}

/// `float64(int64(f)) == f` on amd64, where a conversion out of range gives the least int64.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked by casting back")]
#[expect(clippy::float_cmp, reason = "Go compares exactly")]
fn as_int(float: f64) -> Option<i64> {
    let in_range = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float);
    let int = if in_range { float as i64 } else { i64::MIN };
    (int as f64 == float).then_some(int)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "checked"
)]
#[expect(clippy::float_cmp, reason = "Go compares exactly")]
fn as_uint(float: f64) -> Option<u64> {
    let in_range = (0.0..18_446_744_073_709_551_616.0).contains(&float);
    (in_range && (float as u64) as f64 == float).then_some(float as u64)
}

/// Go: `strconv.ParseUint(text, 0, 64)`.
fn parse_uint(text: &[u8]) -> Option<u64> {
    if !underscores_ok(text) {
        return None;
    }
    let (base, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (16, digits),
        [b'0', b'b' | b'B', digits @ ..] if !digits.is_empty() => (2, digits),
        [b'0', b'o' | b'O', digits @ ..] | [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        digits => (10, digits),
    };
    let mut value = None;
    for byte in digits.iter().filter(|byte| **byte != b'_') {
        let digit = char::from(*byte).to_digit(base)?;
        value = Some(value.unwrap_or(0_u64).checked_mul(u64::from(base))?.checked_add(u64::from(digit))?);
    }
    value.or_else(|| (text == b"0").then_some(0))
}

/// Go: `strconv.ParseInt(text, 0, 64)`.
fn parse_int(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', rest @ ..] => 0_i64.checked_sub_unsigned(parse_uint(rest)?),
        _ => i64::try_from(parse_uint(text.strip_prefix(b"+").unwrap_or(text))?).ok(),
    }
}

/// Go: `strconv`, `underscoreOK`: underscores separate digits, and one may follow a base's prefix.
fn underscores_ok(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let (mut last, digits, hex) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (b'0', rest, true),
        [b'0', b'o' | b'O' | b'b' | b'B', rest @ ..] => (b'0', rest, false),
        rest => (b'^', rest, false),
    };
    for byte in digits {
        if byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() {
            last = b'0';
        } else if *byte == b'_' {
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

/// Go: `strconv.ParseFloat(text, 64)` for what the lexer takes for a number.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    if text.contains(&b'_') && !underscores_ok(text) {
        return None;
    }
    let clean: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'_').collect();
    let (negative, rest) = match clean.as_slice() {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest.strip_prefix(b"+").unwrap_or(rest)),
    };
    let magnitude = match rest {
        [b'0', b'x' | b'X', rest @ ..] => parse_hex_float(rest)?,
        rest => {
            if !rest.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
                return None;
            }
            std::str::from_utf8(rest).ok()?.parse::<f64>().ok().filter(|float| float.is_finite())?
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Mantissa and binary exponent behind `0x`.
#[expect(clippy::cast_precision_loss, reason = "53 bits are left after rounding")]
fn parse_hex_float(text: &[u8]) -> Option<f64> {
    let split = text.iter().position(|byte| matches!(byte, b'p' | b'P'))?;
    let (digits, exponent) = text.split_at_checked(split)?;
    let mut exponent: i64 =
        std::str::from_utf8(exponent.get(1..)?).ok()?.parse::<i64>().ok()?.clamp(-10_000, 10_000);
    let (mut mantissa, mut sticky, mut point, mut any) = (0_u64, false, false, false);
    for byte in digits {
        if *byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = u64::from(char::from(*byte).to_digit(16)?);
        any = true;
        if mantissa >> 59 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent -= if point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if point { 0 } else { 4 };
        }
    }
    if !any {
        return None;
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    // Round to the bits that the result has room for: 53, fewer for a subnormal.
    let top = i64::from(mantissa.ilog2()) + exponent;
    let keep = (53 - (-1022 - top).max(0)).clamp(0, 53);
    let have = i64::from(64 - mantissa.leading_zeros());
    let drop = have - keep;
    if drop > 0 {
        let half = 1_u128 << (drop - 1);
        let wide = u128::from(mantissa);
        let (low, high) = (wide & ((half << 1) - 1), wide >> drop);
        let up = low > half || low == half && (sticky || high & 1 == 1);
        mantissa = u64::try_from(high + u128::from(up)).ok()?;
        exponent += drop;
    }
    let half = i32::try_from(exponent / 2).ok()?;
    let rest = i32::try_from(exponent).ok()? - half;
    let value = mantissa as f64 * 2_f64.powi(half) * 2_f64.powi(rest);
    value.is_finite().then_some(value)
}

/// Go: `fmt.Sscan` into a `complex128`.
fn scan_complex(text: &[u8]) -> Result<(f64, f64), String> {
    let (real, rest) = float_token(text);
    let (imaginary, rest) = match rest {
        [b'+' | b'-', ..] => float_token(rest),
        _ => return Err("syntax error scanning complex number".into()),
    };
    if rest.first() != Some(&b'i') || imaginary.len() < 2 {
        return Err("syntax error scanning complex number".into());
    }
    let parse = |token: &[u8]| {
        parse_float(token)
            .ok_or_else(|| format!("strconv.ParseFloat: parsing {}: invalid syntax", quoted(token)))
    };
    Ok((parse(real)?, parse(imaginary)?))
}

/// Go: `fmt/scan.go`, `floatToken`.
fn float_token(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    let accept = |at: &mut usize, valid: &[u8]| {
        let found = text.get(*at).is_some_and(|byte| valid.contains(byte));
        *at += usize::from(found);
        found
    };
    accept(&mut at, b"+-");
    let mut digits: &[u8] = b"0123456789_";
    let mut exponent: &[u8] = b"eEpP";
    if accept(&mut at, b"0") && accept(&mut at, b"xX") {
        digits = b"0123456789aAbBcCdDeEfF_";
        exponent = b"pP";
    }
    while accept(&mut at, digits) {}
    if accept(&mut at, b".") {
        while accept(&mut at, digits) {}
    }
    if accept(&mut at, exponent) {
        accept(&mut at, b"+-");
        while accept(&mut at, b"0123456789_") {}
    }
    text.split_at_checked(at).unwrap_or((text, &[]))
}

/// What a quoted character stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unquoted {
    Rune(char),
    /// A single byte: `\xff`, `\377`.
    Byte(u8),
}

impl Unquoted {
    fn code(self) -> u32 {
        match self {
            Self::Rune(rune) => u32::from(rune),
            Self::Byte(byte) => u32::from(byte),
        }
    }
}

/// The first character of `text` and what stands behind it (Go: `strconv.UnquoteChar`).
pub(crate) fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, &[u8])> {
    let (rune, width) = decode_rune(text)?;
    let rest = text.get(width..)?;
    if rune == char::from(quote) {
        return None;
    }
    if rune != '\\' {
        return Some((Unquoted::Rune(rune), rest));
    }
    let (&escape, rest) = rest.split_first()?;
    let simple = match escape {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' => {
            if escape != quote {
                return None;
            }
            escape
        }
        b'0'..=b'7' => {
            let digits = rest.get(..2)?;
            let mut value = u32::from(escape - b'0');
            for digit in digits {
                value = value * 8 + char::from(*digit).to_digit(8)?;
            }
            return Some((Unquoted::Byte(u8::try_from(value).ok()?), rest.get(2..)?));
        }
        b'x' | b'u' | b'U' => {
            let count = match escape {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let mut value = 0_u32;
            for digit in rest.get(..count)? {
                value = value.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)?;
            }
            let rest = rest.get(count..)?;
            if escape == b'x' {
                return Some((Unquoted::Byte(u8::try_from(value).ok()?), rest));
            }
            return Some((Unquoted::Rune(char::from_u32(value)?), rest));
        }
        _ => return None,
    };
    Some((Unquoted::Rune(char::from(simple)), rest))
}

/// The content of a quoted or raw string (Go: `strconv.Unquote`).
pub(crate) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    match text {
        [b'`', inner @ .., b'`'] => Some(inner.iter().copied().filter(|byte| *byte != b'\r').collect()),
        [b'"', inner @ .., b'"'] => {
            if !inner.contains(&b'\\') && std::str::from_utf8(inner).is_ok() {
                return Some(inner.to_vec());
            }
            let mut out = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                let (unquoted, tail) = unquote_char(rest, b'"')?;
                match unquoted {
                    Unquoted::Byte(byte) => out.push(byte),
                    Unquoted::Rune(rune) => {
                        out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
                rest = tail;
            }
            Some(out)
        }
        _ => None,
    }
}
