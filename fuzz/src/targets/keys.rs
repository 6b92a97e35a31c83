//! Keys and certificates in PEM: the first byte chooses the label, the rest is the DER inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_value::{Map, Value};

use super::template_of;
use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "keys", run, seeds, words: &[], max_len: 200 };

const LABELS: [&str; 6] =
    ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY", "CERTIFICATE", "X PRIVATE KEY"];

template_of!(
    "{{ $c := genSelfSignedCertWithKey \"a\" (list \"10.0.0.1\") (list \"b\") 1 .pem }}",
    "{{ $c := buildCustomCert .pem64 .pem64 }}{{ genSignedCert \"a\" nil nil 1 $c }}",
    "{{ urlParse .raw | urlJoin }}{{ decryptAES \"k\" .base64 }}{{ .raw | b64dec | b32dec }}"
);

fn seeds() -> Vec<Vec<u8>> {
    let ed25519 = [&b"\x30\x2e\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &[7; 32]].concat();
    let ec =
        [&b"\x30\x31\x02\x01\x01\x04\x20"[..], &[7; 32], b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"]
            .concat();
    let rsa = b"\x30\x1b\x02\x01\0\x02\x01\x21\x02\x01\x03\x02\x01\x07\x02\x01\x0b\x02\x01\x03\x02\x01\x07\x02\x01\x03\x02\x01\x02".to_vec();
    let der = [ed25519, ec, rsa];
    (0_u8..5).flat_map(|label| der.iter().map(move |der| [&[label], &der[..]].concat())).collect()
}

/// Reads a key and a certificate, and uses them.
pub fn run(bytes: &[u8]) {
    let Some((label, der)) = bytes.split_first() else { return };
    let label = LABELS[usize::from(*label) % LABELS.len()];
    let base64 = STANDARD.encode(der);
    let pem = format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n");
    let dot: Map = [
        ("pem64", Value::from(STANDARD.encode(&pem))),
        ("pem", Value::from(pem)),
        ("base64", Value::from(base64)),
        ("raw", Value::from(der)),
    ]
    .into_iter()
    .collect();
    let dot = Value::Map(dot);
    for name in ["t", "u", "v"] {
        super::run::run(&PROGRAM, name, &dot);
    }
}
