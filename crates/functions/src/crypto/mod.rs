//! Cryptography: Sprig's `crypto.go`, behind the feature `crypto-functions`.

#[cfg(feature = "crypto-functions")]
mod cipher;
#[cfg(feature = "crypto-functions")]
mod der;
#[cfg(feature = "crypto-functions")]
mod issue;
#[cfg(feature = "crypto-functions")]
mod key;
#[cfg(all(feature = "crypto-functions", target_arch = "x86_64"))]
mod lanes;
#[cfg(feature = "crypto-functions")]
mod montgomery;
#[cfg(feature = "crypto-functions")]
mod password;
mod pem;
#[cfg(feature = "crypto-functions")]
mod prime;
#[cfg(feature = "crypto-functions")]
mod x509;

#[cfg(not(feature = "crypto-functions"))]
mod absent;

#[cfg(not(feature = "crypto-functions"))]
use absent::{cipher, issue, key, password};

use crate::table::functions;

functions! {
    TABLE;
    pure {}
    hosted {
        "bcrypt" (string) => password::bcrypt;
        "htpasswd" (string string) => password::htpasswd;
        "derivePassword" (uint32 string string string string) => password::derive;
        "genPrivateKey" (string) => key::generate;
        "buildCustomCert" (string string) => issue::custom;
        "genCA" (string int) => issue::authority;
        "genCAWithKey" (string int string) => issue::authority_with_key;
        "genSelfSignedCert" (string list list int) => issue::self_signed;
        "genSelfSignedCertWithKey" (string list list int string) => issue::self_signed_with_key;
        "genSignedCert" (string list list int certificate) => issue::signed;
        "genSignedCertWithKey" (string list list int certificate string) => issue::signed_with_key;
        "encryptAES" (string string) => cipher::encrypt;
        "decryptAES" (string string) => cipher::decrypt;
    }
}
