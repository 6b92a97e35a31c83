//! What a scalar means: YAML 1.1 as go-yaml reads it.

use crate::number;
use crate::tag::Tag;
use crate::timestamp::is_timestamp;
use crate::{Error, Flavour};

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number past `i64`.
    Uint(u64),
    Float(f64),
    String(&'t str),
    /// A date; go-yaml hands its text on.
    Timestamp(&'t str),
}

impl Scalar<'_> {
    fn tag(self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Int(_) | Self::Uint(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::String(_) => Tag::Str,
            Self::Timestamp(_) => Tag::Timestamp,
        }
    }
}

/// Go: `resolve.go`, `resolve`, for a scalar with this tag whose text decides what it is.
pub(crate) fn resolve(tag: Tag, text: &str) -> Result<Scalar<'_>, Error> {
    let found = match tag {
        Tag::Str | Tag::Binary | Tag::Merge | Tag::Other => return Ok(Scalar::String(text)),
        Tag::None | Tag::Timestamp => plain(text, Flavour::V2, Dates::Read),
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null => plain(text, Flavour::V2, Dates::Ignore),
    };
    match (tag, found) {
        (Tag::None, _) => Ok(found),
        #[expect(clippy::cast_precision_loss, reason = "Go converts an int to a float64 so")]
        (Tag::Float, Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
        _ if found.tag() == tag => Ok(found),
        _ => Err(Error::meaning(format_args!(
            "cannot decode {} `{text}` as a {}",
            found.tag().name(),
            tag.name()
        ))),
    }
}

/// Whether a text that is written plain would be read as the same string.
pub(crate) fn stays_string(text: &str, flavour: Flavour) -> bool {
    matches!(plain(text, flavour, Dates::Read), Scalar::String(_))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    Read,
    Ignore,
}

/// The meaning of a text without quotes and tag.
fn plain(text: &str, flavour: Flavour, dates: Dates) -> Scalar<'_> {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    let found = match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text, flavour),
        b'.' => special_float(text).or_else(|| number::parse_fraction(text)).map(Scalar::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(float) = special_float(text) {
                Some(Scalar::Float(float))
            } else if dates == Dates::Read && is_timestamp(text) {
                Some(Scalar::Timestamp(text))
            } else {
                numeric(text, flavour)
            }
        }
        _ => None,
    };
    found.unwrap_or(Scalar::String(text))
}

fn word(text: &str, flavour: Flavour) -> Option<Scalar<'static>> {
    Some(match text {
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ if flavour == Flavour::V2 => Scalar::Bool(old_bool(text)?),
        _ => return None,
    })
}

/// The booleans that YAML 1.2 no longer has.
pub(crate) fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number, if it is one; `_` may stand anywhere in it.
fn numeric<'t>(text: &str, flavour: Flavour) -> Option<Scalar<'t>> {
    let without;
    let text = if text.contains('_') {
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    if let Some(value) = number::parse_int(text) {
        return Some(Scalar::Int(value));
    }
    if let Some(value) = number::parse_uint(text) {
        return Some(Scalar::Uint(value));
    }
    if let Some(value) = number::parse_decimal(text) {
        return Some(Scalar::Float(value));
    }
    // What is left of these prefixes: a sign behind them.
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        number::parse_radix(digits, radix).map(Scalar::Int)
    };
    radix("0b", 2).or_else(|| if flavour == Flavour::V3 { radix("0o", 8) } else { None })
}

/// Whether a text looks like a YAML 1.1 number in base 60, which is quoted though nothing here reads it as one
/// (Go: `encode.go`, `isBase60Float`).
pub(crate) fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|digit: char| digit.is_ascii_digit()) {
        return false;
    }
    let mut parts = unsigned.split(':');
    if !parts.next().unwrap_or_default().bytes().all(is_digit_or_underscore) {
        return false;
    }
    let mut any = false;
    let mut rest = parts.peekable();
    while let Some(part) = rest.next() {
        any = true;
        let digits = match part.split_once('.') {
            Some((digits, fraction))
                if rest.peek().is_none() && fraction.bytes().all(is_digit_or_underscore) =>
            {
                digits
            }
            Some(_) => return false,
            None => part,
        };
        if !matches!(digits.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']) {
            return false;
        }
    }
    any
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}
