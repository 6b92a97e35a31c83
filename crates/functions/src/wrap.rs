//! Text cut to a width: `wrap`, `wrapWith`, `abbrev`, `abbrevboth`.

use pintle_template::{Call, CallError};
use pintle_value::Str;

use crate::strings::spend_bytes;

/// goutils: `Wrap`: words longer than the line stay whole.
pub(crate) fn wrap(width: i64, text: &Str) -> Vec<u8> {
    lines(text, width, b"\n", LongWords::Keep)
}

/// goutils: `WrapCustom`: words longer than the line are cut.
pub(crate) fn wrap_with(
    call: &mut dyn Call,
    width: i64,
    separator: &Str,
    text: &Str,
) -> Result<Vec<u8>, CallError> {
    let breaks = text.len() / usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    spend_bytes(call, breaks.saturating_mul(separator.len()))?;
    let separator: &[u8] = if separator.is_empty() { b"\n" } else { separator };
    Ok(lines(text, width, separator, LongWords::Cut))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LongWords {
    Keep,
    Cut,
}

/// Counts bytes and knows no separator but the space, as goutils does.
fn lines(text: &[u8], width: i64, separator: &[u8], long_words: LongWords) -> Vec<u8> {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if let Some(trimmed) = rest.strip_prefix(b" ") {
            rest = trimmed;
            continue;
        }
        let window = rest.get(..=width).unwrap_or(rest);
        let (line, skip) = match memchr::memrchr(b' ', window) {
            Some(space) => (space, space + 1),
            None if long_words == LongWords::Cut => (width, width),
            None => match memchr::memchr(b' ', rest.get(width..).unwrap_or_default()) {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(rest.get(..line).unwrap_or_default());
        out.extend_from_slice(separator);
        rest = rest.get(skip..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// Sprig: `strings.go`, `abbrev`.
pub(crate) fn abbrev(width: i64, text: &Str) -> Vec<u8> {
    if width < 4 { text.to_vec() } else { abbreviate(text, 0, width) }
}

/// Sprig: `strings.go`, `abbrevboth`.
pub(crate) fn abbrev_both(left: i64, right: i64, text: &Str) -> Vec<u8> {
    if right < 4 || left > 0 && right < 7 { text.to_vec() } else { abbreviate(text, left, right) }
}

/// goutils: `AbbreviateFull`; where that gives an error, which Sprig drops, the result is empty.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if text.is_empty() || width < 4 {
        return Vec::new();
    }
    if len <= width {
        return text.to_vec();
    }
    let mut offset = offset.min(len);
    if len - offset < width - 3 {
        offset = len - (width - 3);
    }
    let part = |start: i64, end: i64| {
        let (start, end) = (usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0));
        text.get(start..end).unwrap_or_default()
    };
    if offset <= 4 {
        return [part(0, width - 3), b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < len {
        return [b"...".as_slice(), &abbreviate(part(offset, len), 0, width - 3)].concat();
    }
    [b"...", part(len - (width - 3), len)].concat()
}
