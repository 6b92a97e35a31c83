//! Go's quoted strings.

use crate::unicode::{decode_rune, is_print};

/// Which runes a quoted string leaves as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quote {
    /// All that can be printed (Go: `strconv.Quote`, `%q`).
    #[default]
    Printable,
    /// Only ASCII ones (Go: `strconv.QuoteToASCII`, `%+q`).
    Ascii,
}

/// Appends `bytes` to `out` as a double-quoted Go string.
///
/// ```
/// use pintle_value::{Quote, append_quoted};
/// let mut out = Vec::new();
/// append_quoted(&mut out, b"a\"b\xff\n", Quote::Printable);
/// assert_eq!(out, br#""a\"b\xff\n""#);
/// ```
pub fn append_quoted(out: &mut Vec<u8>, bytes: &[u8], quote: Quote) {
    out.push(b'"');
    let mut rest = bytes;
    while let Some((rune, width)) = decode_rune(rest) {
        if rune == char::REPLACEMENT_CHARACTER && width == 1 {
            hex(out, u32::from(rest.first().copied().unwrap_or_default()));
        } else {
            escape(out, rune, '"', quote);
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    out.push(b'"');
}

/// Appends `rune` to `out` as a single-quoted Go character (Go: `strconv.QuoteRune`, `%q` of an integer).
pub fn append_quoted_rune(out: &mut Vec<u8>, rune: char, quote: Quote) {
    out.push(b'\'');
    escape(out, rune, '\'', quote);
    out.push(b'\'');
}

/// `bytes` as a double-quoted Go string (Go: `strconv.Quote`).
pub fn quoted(bytes: impl AsRef<[u8]>) -> String {
    let mut out = Vec::new();
    append_quoted(&mut out, bytes.as_ref(), Quote::Printable);
    String::from_utf8(out).unwrap_or_default() // always UTF-8: what is not was escaped
}

/// Whether `bytes` can stand between backquotes (Go: `strconv.CanBackquote`).
pub fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        !text.chars().any(|rune| (rune < ' ' && rune != '\t') || matches!(rune, '`' | '\u{7F}' | '\u{FEFF}'))
    })
}

/// Go: `strconv/quote.go`, `appendEscapedRune`.
fn escape(out: &mut Vec<u8>, rune: char, delimiter: char, quote: Quote) {
    let mut utf8 = [0; 4];
    if rune == delimiter || rune == '\\' {
        out.push(b'\\');
        out.extend_from_slice(rune.encode_utf8(&mut utf8).as_bytes());
        return;
    }
    if is_print(rune) && (quote == Quote::Printable || rune.is_ascii()) {
        out.extend_from_slice(rune.encode_utf8(&mut utf8).as_bytes());
        return;
    }
    let letter = match rune {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        rune if rune < ' ' || rune == '\x7f' => return hex(out, u32::from(rune)),
        rune if u32::from(rune) < 0x1_0000 => {
            return out.extend_from_slice(format!("\\u{:04x}", u32::from(rune)).as_bytes());
        }
        rune => return out.extend_from_slice(format!("\\U{:08x}", u32::from(rune)).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', letter]);
}

fn hex(out: &mut Vec<u8>, byte: u32) {
    out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
}
