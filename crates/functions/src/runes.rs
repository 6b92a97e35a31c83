//! Go's runes: UTF-8 decoding of any bytes, and the classes and cases of Go's `unicode` package.

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// What stands for bytes that are not UTF-8 (Go: `unicode/utf8.RuneError`).
pub(crate) const RUNE_ERROR: char = char::REPLACEMENT_CHARACTER;

/// The first rune and its width: `(RUNE_ERROR, 1)` for a byte that starts no valid sequence, width 0 at the end.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else { return (RUNE_ERROR, 0) };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (RUNE_ERROR, 1),
    };
    match bytes.get(..width).and_then(|head| std::str::from_utf8(head).ok()).and_then(|s| s.chars().next()) {
        Some(rune) => (rune, width),
        None => (RUNE_ERROR, 1),
    }
}

/// The last rune and its width, as [`decode`] gives the first.
pub(crate) fn decode_last(bytes: &[u8]) -> (char, usize) {
    let len = bytes.len();
    for width in 1..=len.min(4) {
        let tail = bytes.get(len - width..).unwrap_or_default();
        if tail.first().is_some_and(|byte| byte & 0xC0 != 0x80) {
            let (rune, decoded) = decode(tail);
            return if decoded == width { (rune, width) } else { (RUNE_ERROR, 1) };
        }
    }
    (RUNE_ERROR, len.min(1))
}

/// The runes with their widths, as Go's `range` over a string gives them.
pub(crate) fn runes(bytes: &[u8]) -> Runes<'_> {
    Runes(bytes)
}

pub(crate) struct Runes<'a>(&'a [u8]);

impl Iterator for Runes<'_> {
    type Item = (char, usize);

    fn next(&mut self) -> Option<(char, usize)> {
        let (rune, width) = decode(self.0);
        if width == 0 {
            return None;
        }
        self.0 = self.0.get(width..).unwrap_or_default();
        Some((rune, width))
    }
}

/// Each rune mapped, what is not UTF-8 becoming U+FFFD (Go: `strings.Map`).
pub(crate) fn map(bytes: &[u8], mut mapping: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (rune, _) in runes(bytes) {
        push(&mut out, mapping(rune));
    }
    out
}

/// Writes a rune as UTF-8.
pub(crate) fn push(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

pub(crate) fn is_space(rune: char) -> bool {
    rune.is_whitespace()
}

pub(crate) fn is_upper(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_uppercase() } else { category(rune) == Category::UppercaseLetter }
}

pub(crate) fn is_lower(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_lowercase() } else { category(rune) == Category::LowercaseLetter }
}

pub(crate) fn is_title(rune: char) -> bool {
    !rune.is_ascii() && category(rune) == Category::TitlecaseLetter
}

pub(crate) fn is_letter(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_alphabetic();
    }
    matches!(
        category(rune),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
    )
}

pub(crate) fn is_digit(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_digit() } else { category(rune) == Category::DecimalNumber }
}

pub(crate) fn is_number(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_digit();
    }
    matches!(category(rune), Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber)
}

pub(crate) fn is_punct(rune: char) -> bool {
    matches!(
        category(rune),
        Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation
    )
}

fn category(rune: char) -> Category {
    get_general_category(rune)
}

/// Unicode's simple upper case: always one rune, so `ß` stays (Go: `unicode.ToUpper`).
pub(crate) fn to_upper(rune: char) -> char {
    if rune.is_ascii() {
        return rune.to_ascii_uppercase();
    }
    let mut full = rune.to_uppercase();
    match (full.next(), full.next()) {
        (Some(upper), None) => upper,
        _ => greek_with_iota(rune),
    }
}

/// Unicode's simple lower case (Go: `unicode.ToLower`).
pub(crate) fn to_lower(rune: char) -> char {
    if rune.is_ascii() {
        return rune.to_ascii_lowercase();
    }
    rune.to_lowercase().next().unwrap_or(rune)
}

/// Unicode's simple title case (Go: `unicode.ToTitle`).
pub(crate) fn to_title(rune: char) -> char {
    match rune {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => rune, // Georgian has an upper but no title case
        _ => to_upper(rune),
    }
}

/// The letters whose full upper case is two runes, but which have a single-rune one too.
fn greek_with_iota(rune: char) -> char {
    let shift = match rune {
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => 8,
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => 9,
        _ => 0,
    };
    char::from_u32(u32::from(rune) + shift).unwrap_or(rune)
}
