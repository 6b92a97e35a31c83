//! What `html`, `js` and `urlquery` do to text (Go: `text/template/funcs.go`, `net/url`).

use std::io::Write as _;

use pintle_value::{Str, decode_rune, is_print};

/// Go: `HTMLEscapeString`.
pub(crate) fn html(text: &Str) -> Str {
    if !text.iter().any(|byte| b"'\"&<>\0".contains(byte)) {
        return text.clone();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    for byte in text.iter() {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
    }
    Str::from(out)
}

/// Go: `JSEscapeString`.
pub(crate) fn js(text: &Str) -> Str {
    let special = |byte: &u8| *byte < b' ' || *byte >= 0x80 || b"\\'\"<>&=".contains(byte);
    if !text.iter().any(special) {
        return text.clone();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text.as_bytes();
    while let Some((rune, width)) = decode_rune(rest) {
        let (bytes, tail) = rest.split_at(width);
        match rune {
            '\\' | '\'' | '"' => {
                out.push(b'\\');
                out.extend_from_slice(bytes);
            }
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => _ = write!(out, "\\u00{:02X}", u32::from(rune)),
            rune if rune.is_ascii() || is_print(rune) => out.extend_from_slice(bytes),
            rune => _ = write!(out, "\\u{:04X}", u32::from(rune)),
        }
        rest = tail;
    }
    Str::from(out)
}

/// Go: `url.QueryEscape`.
pub(crate) fn url_query(text: &Str) -> Str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if text.iter().all(|byte| plain(*byte)) {
        return text.clone();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    for byte in text.iter() {
        match *byte {
            b' ' => out.push(b'+'),
            byte if plain(byte) => out.push(byte),
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
    Str::from(out)
}
