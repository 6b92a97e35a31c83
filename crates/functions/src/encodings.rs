//! Base 64, base 32 and checksums.

use pintle_value::Str;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::table::functions;

functions! {
    TABLE;
    pure {
        "b64enc" (string) => |text: &Str| base64_encode(text);
        "b64dec" (string) => |text: &Str| base64_decode(text).unwrap_or_else(DecodeError::into_text);
        "b32enc" (string) => |text: &Str| base32_encode(text);
        "b32dec" (string) => |text: &Str| base32_decode(text).unwrap_or_else(DecodeError::into_text);
        "sha1sum" (string) => |text: &Str| hex(&Sha1::digest(text.as_bytes()));
        "sha256sum" (string) => |text: &Str| hex(&Sha256::digest(text.as_bytes()));
        "sha512sum" (string) => |text: &Str| hex(&Sha512::digest(text.as_bytes()));
        "adler32sum" (string) => |text: &Str| adler2::adler32_slice(text).to_string();
    }
    hosted {}
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    })
}

/// Where a text stops being of its base.
#[derive(Debug)]
pub(crate) struct DecodeError {
    base: &'static str,
    offset: usize,
}

impl DecodeError {
    /// The text of Go's `CorruptInputError`.
    pub(crate) fn text(&self) -> String {
        format!("illegal {} data at input byte {}", self.base, self.offset)
    }

    fn into_text(self) -> Vec<u8> {
        self.text().into_bytes()
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Go: `base64.StdEncoding.EncodeToString` (RFC 4648 §4).
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    encode(bytes, BASE64, 6, 4)
}

fn base32_encode(bytes: &[u8]) -> String {
    encode(bytes, BASE32, 5, 8)
}

fn encode(bytes: &[u8], alphabet: &[u8], bits: u32, group: usize) -> String {
    let mut out = String::with_capacity(bytes.len() / 5 * 8 + 8);
    let (mut buffer, mut filled) = (0_u32, 0);
    let symbol = |index: u32| {
        let index = usize::try_from(index).unwrap_or_default() & (alphabet.len() - 1);
        alphabet.get(index).map_or('=', |byte| char::from(*byte))
    };
    for byte in bytes {
        buffer = (buffer & 0xFF) << 8 | u32::from(*byte);
        filled += 8;
        while filled >= bits {
            filled -= bits;
            out.push(symbol(buffer >> filled));
        }
    }
    if filled > 0 {
        out.push(symbol(buffer << (bits - filled)));
    }
    while !out.len().is_multiple_of(group) {
        out.push('=');
    }
    out
}

/// Go: `base64.StdEncoding.DecodeString`: line breaks are passed over, spare bits at the end are ignored.
pub(crate) fn base64_decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let error = |offset| DecodeError { base: "base64", offset };
    let mut input = text.iter().copied().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut count) = (0_u32, 0_usize);
    while let Some((offset, byte)) = input.next() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count >= 2 => {
                if count == 2 {
                    match input.next() {
                        None => return Err(error(text.len())),
                        Some((_, b'=')) => {}
                        Some((at, _)) => return Err(error(at - 1)),
                    }
                }
                if let Some((at, _)) = input.next() {
                    return Err(error(at));
                }
                let [_, high, middle, _] = (group << (6 * (4 - count))).to_be_bytes();
                out.push(high);
                if count == 3 {
                    out.push(middle);
                }
                return Ok(out);
            }
            _ => return Err(error(offset)),
        };
        group = group << 6 | u32::from(digit);
        count += 1;
        if count == 4 {
            out.extend_from_slice(group.to_be_bytes().get(1..).unwrap_or_default());
            (group, count) = (0, 0);
        }
    }
    if count == 0 { Ok(out) } else { Err(error(text.len() - count)) }
}

/// Go: `base32.StdEncoding.DecodeString`. Offsets count without line breaks, and what follows complete padding within
/// eight characters is not looked at.
fn base32_decode(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let error = |offset| Err(DecodeError { base: "base32", offset });
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let (mut group, mut count) = (0_u64, 0_usize);
    for (offset, byte) in text.iter().copied().enumerate() {
        let rest = text.get(offset + 1..).unwrap_or_default();
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            b'=' if count >= 2 && rest.len() < 8 => {
                if rest.len() + count < 7 {
                    return error(text.len());
                }
                if let Some(wrong) = rest.iter().take(7 - count).position(|byte| *byte != b'=') {
                    return error((text.len() + wrong).saturating_sub(rest.len() + 1));
                }
                if matches!(count, 3 | 6) {
                    return error(offset);
                }
                let whole = count * 5 / 8;
                let bytes = (group << (5 * (8 - count)) << 24).to_be_bytes();
                out.extend_from_slice(bytes.get(..whole).unwrap_or_default());
                return Ok(out);
            }
            _ => return error(offset),
        };
        group = group << 5 | u64::from(digit);
        count += 1;
        if count == 8 {
            out.extend_from_slice(group.to_be_bytes().get(3..).unwrap_or_default());
            (group, count) = (0, 0);
        }
    }
    if count == 0 { Ok(out) } else { error(text.len() - count) }
}
