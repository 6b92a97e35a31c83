//! Private keys: made, read from PEM, written as PEM, signing.

use std::convert::Infallible;

use crypto_bigint::{BoxedUint, Uint};
use crypto_primes::{Flavor, is_prime, random_prime};
use num_bigint::BigUint;
use p256::ecdsa::signature::Signer as _;
use pintle_template::{Call, CallError};
use pintle_value::Str;
use rand_core::{TryCryptoRng, TryRng};
use rsa::Pkcs1v15Sign;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey};
use sha2::{Digest, Sha256};

use super::der::{self, Reader};
use super::{pem, prime};
use crate::host::{Random, SeededRandom, fill};

/// `1.2.840.113549.1.1.1`, without parameters.
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// `1.2.840.113549.1.1.11`: RSA with SHA-256.
const RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
/// `1.2.840.10045.2.1`: a key on an elliptic curve.
const EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// `1.2.840.10045.3.1.7`: the curve P-256.
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// `1.2.840.10045.4.3.2`: ECDSA with SHA-256.
const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
/// `1.3.101.112`.
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];

/// The ASN.1 in front of a SHA-256 digest in a PKCS #1 signature (RFC 8017 §9.2, note 1).
const SHA256_PREFIX: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    /// On the curve P-256.
    Ec(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Dsa(Box<DsaKey>),
}

/// The numbers of a DSA key.
pub(super) struct DsaKey {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    y: BigUint,
    x: BigUint,
}

/// What making a key takes of the run's budget: as many steps as a template takes in the same time, so that a chart
/// with dozens of certificates is as good as one with long loops, and a loop of keys ends as soon as any other.
mod steps {
    pub(super) const RSA_2048: u64 = 500_000;
    pub(super) const RSA_4096: u64 = 5_000_000;
    pub(super) const DSA: u64 = 5_000_000;
    pub(super) const CURVE: u64 = 100_000;
    /// One look at a number that may be prime: enough for the run to see whether it was cancelled.
    pub(super) const CANDIDATE: u64 = 1 << 14;
}

/// Sprig: `crypto.go`, `generatePrivateKey`.
pub(super) fn generate(call: &mut dyn Call, kind: &Str) -> Result<String, CallError> {
    let key = match kind.as_bytes() {
        b"" | b"rsa" => {
            call.spend(steps::RSA_4096)?;
            PrivateKey::generate_rsa::<{ 2048 / 64 }>(call)?
        }
        b"dsa" => {
            call.spend(steps::DSA)?;
            PrivateKey::Dsa(Box::new(generate_dsa(call)?))
        }
        b"ecdsa" => {
            call.spend(steps::CURVE)?;
            PrivateKey::generate_ec(&mut Draw::from(call)?)
        }
        b"ed25519" => {
            call.spend(steps::CURVE)?;
            let mut seed = [0; 32];
            fill(call, &mut seed)?;
            PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        _ => return Ok(format!("Unknown type {kind}")),
    };
    key.to_pem()
}

/// The key of a certificate (Sprig: `rsa.GenerateKey(rand.Reader, 2048)`).
pub(super) fn generate_certificate_key(call: &mut dyn Call) -> Result<PrivateKey, CallError> {
    call.spend(steps::RSA_2048)?;
    PrivateKey::generate_rsa::<{ 1024 / 64 }>(call)
}

/// A source for the key makers, which cannot stop in the middle: it is seeded from the run's source once.
struct Draw(SeededRandom);

impl Draw {
    fn from(call: &mut dyn Call) -> Result<Self, CallError> {
        let mut seed = [0; 32];
        fill(call, &mut seed)?;
        call.spend(steps::CANDIDATE)?;
        Ok(Self(SeededRandom::new(seed)))
    }
}

impl Draw {
    fn fill(&mut self, bytes: &mut [u8]) {
        let _ = self.0.fill(bytes); // never fails: it only hashes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number of at most this many bits; a multiple of 8.
    fn number(&mut self, bits: u32) -> BigUint {
        let mut bytes = vec![0; bits as usize / 8];
        self.fill(&mut bytes);
        BigUint::from_bytes_be(&bytes)
    }
}

impl TryRng for Draw {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Draw {}

impl PrivateKey {
    /// A key of two primes that have this many words of 64 bits.
    fn generate_rsa<const LIMBS: usize>(call: &mut dyn Call) -> Result<Self, CallError> {
        const EXPONENT: u32 = 65_537;
        let mut random = Draw::from(call)?;
        let going_on = || call.spend(steps::CANDIDATE);
        let (p, q) = prime::find_two::<LIMBS>(EXPONENT, |bytes| random.fill(bytes), going_on)?;
        let boxed = |prime: Uint<LIMBS>| BoxedUint::from_words(prime.to_words());
        rsa::PrivateKey::from_p_q(boxed(p), boxed(q), BoxedUint::from(EXPONENT))
            .map(|key| Self::Rsa(Box::new(key)))
            .map_err(|error| CallError::new(format!("error generating rsa key: {error}")))
    }

    fn generate_ec(random: &mut Draw) -> Self {
        loop {
            let bytes: [u8; 32] = random.array();
            // All but one in 2^32 are a key.
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&bytes) {
                return Self::Ec(key);
            }
        }
    }

    /// Reads a key (Sprig: `crypto.go`, `parsePrivateKeyPEM`), with the error's text.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        if block.label == "PRIVATE KEY" {
            return Self::from_pkcs8(&block.bytes)
                .map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let Some(kind) = block.label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {}", block.label));
        };
        let malformed = "asn1: structure error: malformed private key";
        let outer = |kind| {
            der::check_outer(&block.bytes)
                .map_err(|error| format!("parsing {kind} private key from PEM: {error}"))
        };
        match kind {
            "RSA" => Self::from_pkcs1(&block.bytes)
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            "EC" => outer(kind).and_then(|()| {
                Self::from_sec1(&block.bytes, None).ok_or_else(|| {
                    format!(
                        "parsing EC private key from PEM: x509: failed to parse EC private key: {malformed}"
                    )
                })
            }),
            "DSA" => outer(kind).and_then(|()| {
                Self::from_dsa(&block.bytes)
                    .ok_or_else(|| format!("parsing DSA private key from PEM: {malformed}"))
            }),
            _ => Err(format!("invalid private key type {kind}")),
        }
    }

    fn from_pkcs1(bytes: &[u8]) -> Result<Self, String> {
        der::check_outer(bytes)?;
        match rsa::PrivateKey::from_pkcs1_der(bytes) {
            Ok(key) => Ok(Self::Rsa(Box::new(key))),
            Err(error) => Err(format!("x509: failed to parse private key: {error}")),
        }
    }

    /// RFC 5915 §3; the curve may stand outside, in a PKCS #8 wrapper.
    fn from_sec1(bytes: &[u8], curve: Option<&[u8]>) -> Option<Self> {
        let mut fields = Reader(Reader(bytes).expect(der::SEQUENCE)?);
        fields.unsigned()?;
        let scalar = fields.expect(der::OCTET_STRING)?;
        let inner = fields.optional(der::context(0)).and_then(|curve| Reader(curve).expect(der::OBJECT));
        if inner.or(curve)? != P256 || scalar.len() > 32 {
            return None;
        }
        let mut padded = [0; 32];
        padded.get_mut(32 - scalar.len()..)?.copy_from_slice(scalar);
        p256::ecdsa::SigningKey::from_slice(&padded).ok().map(Self::Ec)
    }

    #[expect(clippy::many_single_char_names, reason = "FIPS 186-4 names them so")]
    fn from_dsa(bytes: &[u8]) -> Option<Self> {
        let mut fields = Reader(Reader(bytes).expect(der::SEQUENCE)?);
        fields.unsigned()?;
        let mut number = || Some(BigUint::from_bytes_be(fields.unsigned()?));
        let (p, q, g, y, x) = (number()?, number()?, number()?, number()?, number()?);
        Some(Self::Dsa(Box::new(DsaKey { p, q, g, y, x })))
    }

    /// RFC 5958 §2.
    fn from_pkcs8(bytes: &[u8]) -> Result<Self, String> {
        let malformed = || "asn1: structure error: malformed private key".to_owned();
        let read = || {
            let mut fields = Reader(Reader(bytes).expect(der::SEQUENCE)?);
            fields.unsigned()?;
            let mut algorithm = Reader(fields.expect(der::SEQUENCE)?);
            let object = algorithm.expect(der::OBJECT)?;
            Some((object, algorithm.optional(der::OBJECT), fields.expect(der::OCTET_STRING)?))
        };
        let (object, curve, key) = read().ok_or_else(malformed)?;
        match object {
            RSA => Self::from_pkcs1(key),
            EC => Self::from_sec1(key, curve).ok_or_else(malformed),
            ED25519 => {
                let seed = Reader(key).expect(der::OCTET_STRING).and_then(|seed| seed.try_into().ok());
                let seed: [u8; 32] = seed.ok_or_else(malformed)?;
                Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
            _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm".to_owned()),
        }
    }

    /// Sprig: `crypto.go`, `pemBlockForKey`.
    pub(super) fn to_pem(&self) -> Result<String, CallError> {
        let failed = |error: String| CallError::new(format!("error pem-encoding key: {error}"));
        Ok(match self {
            Self::Rsa(key) => {
                let bytes = key.to_pkcs1_der().map_err(|error| failed(error.to_string()))?;
                pem::encode("RSA PRIVATE KEY", bytes.as_bytes())
            }
            Self::Ec(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let fields = [
                    der::unsigned(&[1]),
                    der::element(der::OCTET_STRING, &key.to_bytes()),
                    der::element(der::context(0), &der::element(der::OBJECT, P256)),
                    der::element(der::context(1), &der::bits(point.as_bytes())),
                ];
                pem::encode("EC PRIVATE KEY", &der::holding(der::SEQUENCE, &fields))
            }
            Self::Ed25519(key) => {
                let fields = [
                    der::unsigned(&[0]),
                    der::element(der::SEQUENCE, &der::element(der::OBJECT, ED25519)),
                    der::element(der::OCTET_STRING, &der::element(der::OCTET_STRING, key.as_bytes())),
                ];
                pem::encode("PRIVATE KEY", &der::holding(der::SEQUENCE, &fields))
            }
            Self::Dsa(key) => {
                let mut fields = vec![der::unsigned(&[0])];
                let numbers = [&key.p, &key.q, &key.g, &key.y, &key.x];
                fields.extend(numbers.map(|number| der::unsigned(&number.to_bytes_be())));
                pem::encode("DSA PRIVATE KEY", &der::holding(der::SEQUENCE, &fields))
            }
        })
    }

    /// The bits of the public key, without their algorithm; `None` for a key that certificates cannot hold.
    pub(super) fn public_bits(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Rsa(key) => key.to_public_key().to_pkcs1_der().ok()?.as_bytes().to_vec(),
            Self::Ec(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            Self::Dsa(_) => return None,
        })
    }

    /// The `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub(super) fn public_info(&self) -> Option<Vec<u8>> {
        let object = |object: &[u8]| der::element(der::OBJECT, object);
        let algorithm = match self {
            Self::Rsa(_) => vec![object(RSA), der::element(der::NULL, &[])],
            Self::Ec(_) => vec![object(EC), object(P256)],
            Self::Ed25519(_) => vec![object(ED25519)],
            Self::Dsa(_) => return None,
        };
        let fields = [der::holding(der::SEQUENCE, &algorithm), der::bits(&self.public_bits()?)];
        Some(der::holding(der::SEQUENCE, &fields))
    }

    /// The `AlgorithmIdentifier` of the signatures that this key makes.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        let object = |object: &[u8]| der::element(der::OBJECT, object);
        let parts = match self {
            Self::Rsa(_) => vec![object(RSA_SHA256), der::element(der::NULL, &[])],
            Self::Ec(_) => vec![object(ECDSA_SHA256)],
            Self::Ed25519(_) => vec![object(ED25519)],
            Self::Dsa(_) => return None,
        };
        Some(der::holding(der::SEQUENCE, &parts))
    }

    /// Signs a message, by the algorithm that [`signature_algorithm`](Self::signature_algorithm) names.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => {
                let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() };
                key.sign(scheme, &Sha256::digest(message)).map_err(|error| error.to_string())
            }
            Self::Ec(key) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign(message).map_err(|error| error.to_string())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(key) => {
                let signature = key.try_sign(message).map_err(|error| error.to_string())?;
                Ok(signature.to_bytes().to_vec())
            }
            Self::Dsa(_) => Err("x509: certificate private key does not implement crypto.Signer".to_owned()),
        }
    }
}

/// A DSA key of 2048 and 256 bits (FIPS 186-4; Go: `dsa.GenerateParameters`).
#[expect(clippy::many_single_char_names, reason = "FIPS 186-4 names them so")]
fn generate_dsa(call: &mut dyn Call) -> Result<DsaKey, CallError> {
    const LONG: u32 = 2048;
    const SHORT: u32 = 256;
    let mut random = Draw::from(call)?;
    let one = BigUint::from(1_u8);
    loop {
        let q: BoxedUint = random_prime(&mut random, Flavor::Any, SHORT);
        let q = BigUint::from_bytes_be(&q.to_be_bytes());
        for _ in 0..4 * LONG {
            call.spend(steps::CANDIDATE)?;
            let mut p = random.number(LONG);
            p.set_bit(u64::from(LONG) - 1, true);
            p.set_bit(0, true);
            // One more than a multiple of q.
            p = &p - &p % &q + &one;
            if p.bits() < u64::from(LONG)
                || !is_prime(Flavor::Any, &BoxedUint::from_be_slice_vartime(&p.to_bytes_be()))
            {
                continue;
            }
            let exponent = (&p - &one) / &q;
            let mut h = BigUint::from(2_u8);
            let g = loop {
                let g = h.modpow(&exponent, &p);
                if g != one {
                    break g;
                }
                h += &one;
            };
            // 64 bits more than q has: no remainder is likelier than another by more than 2^-64.
            let x = random.number(SHORT + 64) % (&q - &one) + &one;
            let y = g.modpow(&x, &p);
            return Ok(DsaKey { p, q, g, y, x });
        }
    }
}
