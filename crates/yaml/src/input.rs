//! The bytes of a text as characters: encodings, the characters that YAML allows, and go-yaml's reading in blocks.

use std::borrow::Cow;

use crate::{Error, ErrorKind, Limits};

/// How many raw bytes go-yaml reads at once (Go: `yamlprivateh.go`, `input_raw_buffer_size`).
///
/// It shows: a bad character fails the parse as soon as its block is touched, and no earlier.
const BLOCK: usize = 512;

/// A text whose characters are all allowed, as far as it goes.
pub(crate) struct Input<'i> {
    pub(crate) text: Cow<'i, str>,
    /// The fault that the scanner meets when it needs a character past the end of `text`.
    pub(crate) fault: Option<&'static str>,
    /// go-yaml takes the first character of the text for a byte order mark at the start of each line of its first
    /// block, if the text has a second one (Go: `yamlprivateh.go`, `is_bom`, which looks at the buffer's start).
    pub(crate) doubled_mark: bool,
}

impl<'i> Input<'i> {
    pub(crate) fn decode(bytes: &'i [u8], limits: &Limits) -> Result<Self, Error> {
        if bytes.len() > limits.bytes || u32::try_from(bytes.len()).is_err() {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "yaml: the text of {} bytes is longer than the limit of {} bytes",
                    bytes.len(),
                    limits.bytes.min(u32::MAX as usize)
                ),
            ));
        }
        let mut input = match bytes {
            [0xFF, 0xFE, ..] => Self::faulty(bytes, 2, |raw| utf16(raw, u16::from_le_bytes)),
            [0xFE, 0xFF, ..] => Self::faulty(bytes, 2, |raw| utf16(raw, u16::from_be_bytes)),
            _ => {
                let mark = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
                let body = bytes.get(mark..).unwrap_or_default();
                match std::str::from_utf8(body) {
                    Ok(text) if all_allowed(body) => {
                        Self { text: Cow::Borrowed(text), fault: None, doubled_mark: false }
                    }
                    _ => Self::faulty(bytes, mark, utf8),
                }
            }
        };
        input.doubled_mark = input.text.starts_with('\u{FEFF}');
        Ok(input)
    }

    /// Reads block by block, and stops before the block that has a fault.
    fn faulty(bytes: &[u8], start: usize, next: impl Fn(&[u8]) -> Result<(char, usize), Fault>) -> Self {
        let mut text = String::with_capacity(bytes.len());
        let mut at = start;
        let mut block_end = BLOCK.min(bytes.len());
        let mut block_text = 0;
        let mut fault = None;
        while at < bytes.len() {
            match next(bytes.get(at..block_end).unwrap_or_default()) {
                Ok((character, width)) if is_allowed(character) => {
                    text.push(character);
                    at += width;
                    if at < block_end {
                        continue;
                    }
                }
                Ok(_) => fault = Some("control characters are not allowed"),
                Err(Fault::Incomplete(_)) if block_end < bytes.len() => {}
                Err(Fault::Incomplete(message)) => {
                    // That nothing follows is known only when a further block is asked for.
                    block_text = text.len();
                    fault = Some(message);
                }
                Err(Fault::Invalid(message)) => fault = Some(message),
            }
            if fault.is_some() {
                text.truncate(block_text);
                break;
            }
            block_text = text.len();
            block_end = (at + BLOCK).min(bytes.len());
        }
        Self { text: Cow::Owned(text), fault, doubled_mark: false }
    }
}

/// Whether all bytes of a UTF-8 text are of characters that YAML allows.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the first look takes many bytes at once")]
pub(crate) fn all_allowed(bytes: &[u8]) -> bool {
    // The first look is one that the compiler turns into vector instructions: most blocks have nothing to look at.
    bytes.chunks(1024).enumerate().all(|(index, block)| {
        let suspicious = block.iter().fold(false, |found, &byte| {
            found
                | (byte < 0x20) & (byte != b'\n') & (byte != b'\t') & (byte != b'\r')
                | (byte == 0x7F)
                | (byte == 0xC2)
                | (byte == 0xEF)
        });
        !suspicious || {
            let start = index * 1024;
            block.iter().enumerate().all(|(offset, &byte)| match byte {
                b'\n' | b'\t' | b'\r' => true,
                0..0x20 | 0x7F => false,
                0xC2 => bytes.get(start + offset + 1).is_some_and(|&next| next >= 0xA0 || next == 0x85),
                0xEF => !matches!(
                    (bytes.get(start + offset + 1), bytes.get(start + offset + 2)),
                    (Some(0xBF), Some(0xBE | 0xBF))
                ),
                _ => true,
            })
        }
    })
}

/// Go: `readerc.go`, `yaml_parser_update_buffer`, the allowed range.
pub(crate) fn is_allowed(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
        | '\u{10000}'..)
}

enum Fault {
    /// The character's bytes end with the block; more may follow.
    Incomplete(&'static str),
    Invalid(&'static str),
}

/// The first character of a UTF-8 text and its width (RFC 3629 §3, with go-yaml's messages).
fn utf8(bytes: &[u8]) -> Result<(char, usize), Fault> {
    let lead = bytes.first().copied().unwrap_or_default();
    let (width, bits) = match lead {
        0..0x80 => return Ok((char::from(lead), 1)),
        0xC0..0xE0 => (2, lead & 0x1F),
        0xE0..0xF0 => (3, lead & 0x0F),
        0xF0..0xF8 => (4, lead & 0x07),
        _ => return Err(Fault::Invalid("invalid leading UTF-8 octet")),
    };
    let Some(sequence) = bytes.get(1..width) else {
        return Err(Fault::Incomplete("incomplete UTF-8 octet sequence"));
    };
    let mut value = u32::from(bits);
    for &octet in sequence {
        if octet & 0xC0 != 0x80 {
            return Err(Fault::Invalid("invalid trailing UTF-8 octet"));
        }
        value = value << 6 | u32::from(octet & 0x3F);
    }
    if matches!((width, value), (2, 0..0x80) | (3, 0..0x800) | (4, 0..0x10000)) {
        return Err(Fault::Invalid("invalid length of a UTF-8 sequence"));
    }
    char::from_u32(value).map(|found| (found, width)).ok_or(Fault::Invalid("invalid Unicode character"))
}

/// The first character of a UTF-16 text and its width (RFC 2781 §2.2, with go-yaml's messages).
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(char, usize), Fault> {
    let [first, second, rest @ ..] = bytes else {
        return Err(Fault::Incomplete("incomplete UTF-16 character"));
    };
    let high = u32::from(unit([*first, *second]));
    let value = match high {
        0xDC00..0xE000 => return Err(Fault::Invalid("unexpected low surrogate area")),
        0xD800..0xDC00 => {
            let [third, fourth, ..] = rest else {
                return Err(Fault::Incomplete("incomplete UTF-16 surrogate pair"));
            };
            let low = u32::from(unit([*third, *fourth]));
            if low & 0xFC00 != 0xDC00 {
                return Err(Fault::Invalid("expected low surrogate area"));
            }
            let value = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
            return char::from_u32(value)
                .map(|found| (found, 4))
                .ok_or(Fault::Invalid("invalid Unicode character"));
        }
        other => other,
    };
    char::from_u32(value).map(|found| (found, 2)).ok_or(Fault::Invalid("invalid Unicode character"))
}
