//! Standard base64, as `!!binary` and JSON's byte strings have it (RFC 4648 §4).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .enumerate()
            .fold(0_u32, |group, (at, &byte)| group | u32::from(byte) << (16 - 8 * at));
        for at in 0..4 {
            let index = (group >> (18 - 6 * at)) & 0x3F;
            let letter = ALPHABET.get(index as usize).copied().unwrap_or(b'=');
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Go: `base64.StdEncoding.DecodeString`: padded, line breaks are passed over.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut letters = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).peekable();
    while letters.peek().is_some() {
        let mut group = 0_u32;
        let mut count = 0;
        for at in 0..4 {
            let letter = letters.next()?;
            if letter == b'=' {
                count = at;
                if at < 2 || (at == 2 && letters.next() != Some(b'=')) || letters.next().is_some() {
                    return None;
                }
                break;
            }
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            group |= u32::from(value) << (18 - 6 * at);
            count = at + 1;
        }
        bytes.extend(group.to_be_bytes().iter().skip(1).take(count.max(1) - 1));
    }
    Some(bytes)
}
