//! Hashed and derived passwords.

use hmac::{Hmac, KeyInit, Mac};
use pintle_template::{Call, CallError};
use pintle_value::Str;
use sha2::Sha256;

use crate::host::fill;

/// Go: `bcrypt.DefaultCost`.
const COST: u32 = 10;

/// What one hash takes of the run's budget.
const BCRYPT_STEPS: u64 = 5_000_000;

/// What one derived password takes of the run's budget.
const SCRYPT_STEPS: u64 = 20_000_000;

/// Sprig: `crypto.go`, `bcrypt`.
pub(super) fn bcrypt(call: &mut dyn Call, password: &Str) -> Result<String, CallError> {
    const MAX_LEN: usize = 72;
    if password.len() > MAX_LEN {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned()
        );
    }
    call.spend(BCRYPT_STEPS)?;
    let mut salt = [0; 16];
    fill(call, &mut salt)?;
    let hash = bcrypt::hash_with_salt(password.as_bytes(), COST, salt)
        .map_err(|error| CallError::new(error.to_string()))?;
    Ok(hash.format_for_version(bcrypt::Version::TwoA))
}

/// Sprig: `crypto.go`, `htpasswd`.
pub(super) fn htpasswd(call: &mut dyn Call, user: &Str, password: &Str) -> Result<Vec<u8>, CallError> {
    if user.contains(&b':') {
        return Ok([b"invalid username: ", user.as_bytes()].concat());
    }
    let hash = bcrypt(call, password)?;
    Ok([user.as_bytes(), b":", hash.as_bytes()].concat())
}

/// Sprig: `crypto.go`, `derivePassword`: the algorithm of masterpassword.app.
pub(super) fn derive(
    call: &mut dyn Call,
    counter: u32,
    kind: &Str,
    password: &Str,
    user: &Str,
    site: &Str,
) -> Result<Vec<u8>, CallError> {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let Some(templates) = templates(kind) else {
        return Ok([b"cannot find password template ", kind.as_bytes()].concat());
    };
    call.spend(SCRYPT_STEPS)?;
    let len = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let failed = |error: String| CallError::new(format!("failed to derive password: {error}"));
    let salt = [SCOPE, &len(user), user].concat();
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| failed(error.to_string()))?;
    let mut key = [0; 64];
    scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| failed(error.to_string()))?;
    let mut mac = <Hmac<Sha256>>::new_from_slice(&key).map_err(|error| failed(error.to_string()))?;
    for part in [SCOPE, &len(site), site, &counter.to_be_bytes()] {
        mac.update(part);
    }
    let seed = mac.finalize().into_bytes();
    let at = |index: usize| usize::from(seed.get(index).copied().unwrap_or_default());
    let template = templates.get(at(0) % templates.len()).copied().unwrap_or_default();
    let characters = template.bytes().enumerate().map(|(index, class)| {
        let characters = characters(class);
        characters.get(at(index + 1) % characters.len().max(1)).copied().unwrap_or_default()
    });
    Ok(characters.collect())
}

fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}
