//! Runes as Go sees them: decoding of bytes that may not be UTF-8, and the classes that its syntax goes by.

use crate::unicode_tables::{DIGITS, LETTERS, PRINTABLE};

/// The first rune of `bytes` and how many bytes it takes (Go: `utf8.DecodeRune`).
///
/// Bytes that are not UTF-8 give U+FFFD and a length of 1; no bytes give `None`.
pub fn decode_rune(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Some((char::REPLACEMENT_CHARACTER, 1)),
    };
    let rune =
        bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok()).and_then(|s| s.chars().next());
    Some(rune.map_or((char::REPLACEMENT_CHARACTER, 1), |rune| (rune, width)))
}

/// How many runes `bytes` hold, each byte that is not UTF-8 counted as one (Go: `utf8.RuneCount`).
pub fn rune_count(bytes: &[u8]) -> usize {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.chars().count();
    }
    let (mut count, mut rest) = (0, bytes);
    while let Some((_, width)) = decode_rune(rest) {
        rest = rest.get(width..).unwrap_or_default();
        count += 1;
    }
    count
}

/// Go: `unicode.IsLetter`.
pub fn is_letter(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_alphabetic() } else { within(LETTERS, rune) }
}

/// Go: `unicode.IsDigit`.
pub fn is_digit(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_digit() } else { within(DIGITS, rune) }
}

/// Go: `strconv.IsPrint`, which for runes above ASCII is `unicode.IsPrint`.
pub fn is_print(rune: char) -> bool {
    matches!(rune, ' '..='~') || within(PRINTABLE, rune)
}

fn within(ranges: &[(u32, u32)], rune: char) -> bool {
    let rune = u32::from(rune);
    let index = ranges.partition_point(|(_, last)| *last < rune);
    ranges.get(index).is_some_and(|(first, _)| *first <= rune)
}
