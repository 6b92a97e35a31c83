//! Go's `%q`.

use std::fmt::Write as _;

/// The text as Go's `%q` writes it (Go: `strconv.Quote`): control characters escaped, the rest as it is.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' ' => out.push(' '),
            letter if is_print(letter) => out.push(letter),
            letter if u32::from(letter) < 0x80 => {
                let _ = write!(out, "\\x{:02x}", u32::from(letter));
            }
            letter if u32::from(letter) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => {
                let _ = write!(out, "\\U{:08x}", u32::from(letter));
            }
        }
    }
    out.push('"');
    out
}

/// Go's `unicode.IsPrint`, but for code points that no version of Unicode has assigned.
pub(crate) fn is_print(letter: char) -> bool {
    if letter.is_control() || (letter.is_whitespace() && letter != ' ') {
        return false;
    }
    // Format characters (category Cf) and private use (Co) are not printable.
    !matches!(u32::from(letter),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff | 0x110bd
        | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe007f
        | 0xf0000..=0x10_ffff)
}
