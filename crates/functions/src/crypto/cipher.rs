//! `encryptAES` and `decryptAES`: AES-256-CBC with the password's first 32 bytes as the key.

use aes::Aes256;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use pintle_template::{Call, CallError};
use pintle_value::Str;

use crate::encodings::{base64_decode, base64_encode};
use crate::host::fill;

const BLOCK: usize = 16;

fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, from) in key.iter_mut().zip(password) {
        *byte = *from;
    }
    key
}

/// Sprig: `crypto.go`, `encryptAES`: the random vector stands in front of the result.
pub(super) fn encrypt(call: &mut dyn Call, password: &Str, text: &Str) -> Result<String, CallError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let mut vector = [0; BLOCK];
    fill(call, &mut vector)?;
    let cipher = cbc::Encryptor::<Aes256>::new(&key(password).into(), &vector.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(text);
    Ok(base64_encode(&[&vector[..], &encrypted].concat()))
}

/// Sprig: `crypto.go`, `decryptAES`, Go's panics on a text of a wrong length included.
pub(super) fn decrypt(_call: &mut dyn Call, password: &Str, text: &Str) -> Result<Vec<u8>, CallError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = base64_decode(text).map_err(|error| CallError::new(error.text()))?;
    let Some((vector, encrypted)) = bytes.split_first_chunk::<BLOCK>() else {
        return Err(CallError::panic(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {}",
            bytes.len()
        )));
    };
    if encrypted.len() % BLOCK != 0 {
        return Err(CallError::panic("crypto/cipher: input not full blocks"));
    }
    if encrypted.is_empty() {
        return Err(CallError::panic("runtime error: index out of range [-1]"));
    }
    let cipher = cbc::Decryptor::<Aes256>::new(&key(password).into(), &(*vector).into());
    let mut decrypted = cipher.decrypt_padded_vec::<NoPadding>(encrypted).unwrap_or_default();
    // Sprig believes the last byte, whatever it says.
    let padding = usize::from(decrypted.last().copied().unwrap_or_default());
    let Some(len) = decrypted.len().checked_sub(padding) else {
        let beyond = padding - decrypted.len();
        return Err(CallError::panic(format!("runtime error: slice bounds out of range [:-{beyond}]")));
    };
    decrypted.truncate(len);
    Ok(decrypted)
}
