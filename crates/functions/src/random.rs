//! Functions of chance. Each draws from the run's random source alone.

use pintle_template::{Call, CallError};
use pintle_value::Str;

use crate::encodings::base64_encode;
use crate::host::{below, fill};
use crate::runes;
use crate::strings::spend_bytes;
use crate::table::functions;

functions! {
    TABLE;
    pure {}
    hosted {
        "randAlphaNum" (int) => |call: &mut dyn Call, count| pick(call, count, |c| c.is_ascii_alphanumeric());
        "randAlpha" (int) => |call: &mut dyn Call, count| pick(call, count, |c| c.is_ascii_alphabetic());
        "randNumeric" (int) => |call: &mut dyn Call, count| pick(call, count, |c| c.is_ascii_digit());
        "randAscii" (int) => |call: &mut dyn Call, count| pick(call, count, |c| (b' '..=b'~').contains(&c));
        "randBytes" (int) => random_bytes;
        "shuffle" (string) => shuffle;
        "uuidv4" () => uuid;
    }
}

/// goutils: `CryptoRandom`: characters of the alphabet, each equally likely; of a negative count none.
fn pick(call: &mut dyn Call, count: i64, allowed: fn(u8) -> bool) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).unwrap_or(0);
    spend_bytes(call, count.saturating_mul(64))?; // each character costs a draw
    let alphabet: Vec<u8> = (0..0x80).filter(|byte| allowed(*byte)).collect();
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let index = usize::try_from(below(call, alphabet.len() as u64)?).unwrap_or_default();
        out.extend(alphabet.get(index));
    }
    Ok(out)
}

/// Sprig: `crypto.go`, `randBytes`.
fn random_bytes(call: &mut dyn Call, count: i64) -> Result<String, CallError> {
    let out_of_range = |_| CallError::panic("runtime error: makeslice: len out of range");
    let count = usize::try_from(count).map_err(out_of_range)?;
    spend_bytes(call, count.saturating_mul(2))?;
    let mut bytes = vec![0; count];
    fill(call, &mut bytes)?;
    Ok(base64_encode(&bytes))
}

/// xstrings: `Shuffle`.
fn shuffle(call: &mut dyn Call, text: &Str) -> Result<String, CallError> {
    call.spend((text.len() as u64).saturating_mul(8))?; // each character costs a draw
    call.make((text.len() as u64).saturating_mul(4))?;
    let mut characters: Vec<char> = runes::runes(text).map(|(rune, _)| rune).collect();
    for last in (1..characters.len()).rev() {
        let other = usize::try_from(below(call, last as u64 + 1)?).unwrap_or_default();
        characters.swap(last, other);
    }
    Ok(characters.into_iter().collect())
}

/// A random UUID (RFC 9562 §5.4).
fn uuid(call: &mut dyn Call) -> Result<String, CallError> {
    let mut bytes = [0; 16];
    fill(call, &mut bytes)?;
    let number = u128::from_be_bytes(bytes) & !(0xF << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{number:032x}");
    let part = |start: usize, end: usize| hex.get(start..end).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}
