//! `$1` and `${name}` in replacements (Go: `Regexp.Expand`).

use super::engine::{Groups, Text};
use crate::runes;

/// Appends the replacement with what the groups matched in the place of their names.
pub(super) fn expand(out: &mut Vec<u8>, template: &[u8], text: &Text<'_>, groups: &Groups, names: &[String]) {
    let mut rest = template;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        let (before, behind) = rest.split_at_checked(dollar).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        rest = behind.get(1..).unwrap_or_default();
        if let Some(behind) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = behind;
            continue;
        }
        let Some((name, behind)) = reference(rest) else {
            out.push(b'$');
            continue;
        };
        rest = behind;
        let span = match number(name) {
            Some(index) => groups.get(index).copied().flatten(),
            None => names
                .iter()
                .zip(groups)
                .find_map(|(known, span)| if known.as_bytes() == name { *span } else { None }),
        };
        if let Some((from, to)) = span {
            out.extend_from_slice(text.part(from, to));
        }
    }
    out.extend_from_slice(rest);
}

/// The name behind a `$`, and what follows it; `None` where there is none.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (braced, body) = match text.strip_prefix(b"{") {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut len = 0;
    for (rune, width) in runes::runes(body) {
        if !(runes::is_letter(rune) || runes::is_digit(rune) || rune == '_') {
            break;
        }
        len += width;
    }
    if len == 0 {
        return None;
    }
    let (name, rest) = body.split_at_checked(len)?;
    if braced { Some((name, rest.strip_prefix(b"}")?)) } else { Some((name, rest)) }
}

/// The number that a name is; `None` for a name with letters, with leading zeros, or over 10^8.
fn number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name.starts_with(b"0") || !name.iter().all(u8::is_ascii_digit) || name.len() > 9 {
        return None;
    }
    Some(name.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}
