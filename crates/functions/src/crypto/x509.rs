//! Certificates (RFC 5280) as Go's `crypto/x509` writes them, and the little of them that signing needs to read.

use sha2::{Digest, Sha256};

use super::der::{self, Reader};
use super::key::PrivateKey;
use crate::dates::Time;

/// `2.5.4.3`: the common name.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `2.5.29.14`
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1D, 0x0E];
/// `2.5.29.15`
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
/// `2.5.29.17`
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1D, 0x11];
/// `2.5.29.19`
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
/// `2.5.29.35`
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1D, 0x23];
/// `2.5.29.37`
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];
/// `1.3.6.1.5.5.7.3.1`
const SERVER: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
/// `1.3.6.1.5.5.7.3.2`
const CLIENT: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Authority,
    Leaf,
}

/// What a certificate shall say.
pub(super) struct Template {
    pub(super) serial: [u8; 16],
    pub(super) common_name: Vec<u8>,
    pub(super) dns_names: Vec<Vec<u8>>,
    pub(super) addresses: Vec<Vec<u8>>,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    pub(super) role: Role,
}

/// Who signs: the name in the certificate, its key id, and its key.
pub(super) struct Issuer<'a> {
    pub(super) subject: Vec<u8>,
    pub(super) key_id: Option<Vec<u8>>,
    /// The public key that the signer's certificate names.
    pub(super) public_info: Option<Vec<u8>>,
    pub(super) key: &'a PrivateKey,
}

/// The parts of a certificate that its holder signs others with.
pub(super) struct Parsed {
    pub(super) subject: Vec<u8>,
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) public_info: Vec<u8>,
}

impl Template {
    /// The certificate's subject as DER.
    pub(super) fn subject(&self) -> Vec<u8> {
        if self.common_name.is_empty() {
            return der::element(der::SEQUENCE, &[]);
        }
        let printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
        let tag =
            if self.common_name.iter().all(printable) { der::PRINTABLE_STRING } else { der::UTF8_STRING };
        let attribute = [der::element(der::OBJECT, COMMON_NAME), der::element(tag, &self.common_name)];
        der::element(der::SEQUENCE, &der::element(der::SET, &der::holding(der::SEQUENCE, &attribute)))
    }

    /// Go: `x509.CreateCertificate`, with its error's text.
    pub(super) fn issue(&self, holder: &PrivateKey, issuer: &Issuer<'_>) -> Result<Vec<u8>, String> {
        let Some(algorithm) = issuer.key.signature_algorithm() else {
            return Err("x509: certificate private key does not implement crypto.Signer".to_owned());
        };
        let (Some(public_info), Some(public_bits)) = (holder.public_info(), holder.public_bits()) else {
            return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned());
        };
        if std::str::from_utf8(&self.common_name).is_err() {
            return Err("asn1: string not valid UTF-8".to_owned());
        }
        if issuer.public_info.is_some() && issuer.public_info != issuer.key.public_info() {
            return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
        }
        let subject = self.subject();
        let authority_id = issuer.key_id.as_deref().filter(|_| subject != issuer.subject);
        let tbs = [
            der::element(der::context(0), &der::unsigned(&[2])),
            der::unsigned(&self.serial),
            algorithm.clone(),
            issuer.subject.clone(),
            der::holding(der::SEQUENCE, &[time(&self.not_before), time(&self.not_after)]),
            subject,
            public_info,
            der::element(
                der::context(3),
                &der::holding(der::SEQUENCE, &self.extensions(&public_bits, authority_id)?),
            ),
        ];
        let tbs = der::holding(der::SEQUENCE, &tbs);
        let signature = der::bits(&issuer.key.sign(&tbs)?);
        Ok(der::holding(der::SEQUENCE, &[tbs, algorithm, signature]))
    }

    /// Go: `buildCertExtensions`.
    fn extensions(&self, public_bits: &[u8], authority_id: Option<&[u8]>) -> Result<Vec<Vec<u8>>, String> {
        let authority = self.role == Role::Authority;
        // digitalSignature, keyEncipherment, and keyCertSign for an authority; unused bits in front.
        let usage: [u8; 2] = if authority { [2, 0b1010_0100] } else { [5, 0b1010_0000] };
        let constraints = if authority { der::element(der::BOOLEAN, &[0xFF]) } else { Vec::new() };
        let extended = [der::element(der::OBJECT, SERVER), der::element(der::OBJECT, CLIENT)];
        let mut extensions = vec![
            extension(KEY_USAGE, Critical::Yes, &der::element(der::BIT_STRING, &usage)),
            extension(EXTENDED_KEY_USAGE, Critical::No, &der::holding(der::SEQUENCE, &extended)),
            extension(BASIC_CONSTRAINTS, Critical::Yes, &der::element(der::SEQUENCE, &constraints)),
        ];
        if authority {
            // RFC 7093 §2, method 1.
            let hash = Sha256::digest(public_bits);
            let id = der::element(der::OCTET_STRING, hash.get(..20).unwrap_or_default());
            extensions.push(extension(SUBJECT_KEY_ID, Critical::No, &id));
        }
        if let Some(id) = authority_id {
            let id = der::element(der::SEQUENCE, &der::element(0x80, id));
            extensions.push(extension(AUTHORITY_KEY_ID, Critical::No, &id));
        }
        if !self.dns_names.is_empty() || !self.addresses.is_empty() {
            let mut names = Vec::new();
            for name in &self.dns_names {
                if !name.is_ascii() {
                    let quoted = crate::print::quote(name);
                    let quoted = String::from_utf8_lossy(&quoted);
                    return Err(format!("x509: {quoted} cannot be encoded as an IA5String"));
                }
                names.push(der::element(0x82, name));
            }
            names.extend(self.addresses.iter().map(|address| der::element(0x87, address)));
            let critical = if self.common_name.is_empty() { Critical::Yes } else { Critical::No };
            extensions.push(extension(ALTERNATIVE_NAMES, critical, &der::holding(der::SEQUENCE, &names)));
        }
        Ok(extensions)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Critical {
    No,
    Yes,
}

fn extension(object: &[u8], critical: Critical, value: &[u8]) -> Vec<u8> {
    let mut fields = vec![der::element(der::OBJECT, object)];
    if critical == Critical::Yes {
        fields.push(der::element(der::BOOLEAN, &[0xFF]));
    }
    fields.push(der::element(der::OCTET_STRING, value));
    der::holding(der::SEQUENCE, &fields)
}

/// RFC 5280 §4.1.2.5: two digits for the year to 2049.
fn time(time: &Time) -> Vec<u8> {
    if (1950..2050).contains(&time.shown().year) {
        der::element(der::UTC_TIME, &time.format(b"060102150405Z"))
    } else {
        der::element(der::GENERALIZED_TIME, &time.format(b"20060102150405Z"))
    }
}

impl Parsed {
    /// Reads a certificate; `None` where it is none.
    pub(super) fn from_der(bytes: &[u8]) -> Option<Self> {
        let mut certificate = Reader(Reader(bytes).expect(der::SEQUENCE)?);
        let mut fields = Reader(certificate.expect(der::SEQUENCE)?);
        certificate.expect(der::SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?;
        fields.optional(der::context(0));
        fields.expect(der::INTEGER)?;
        for _ in 0..3 {
            fields.expect(der::SEQUENCE)?; // signature algorithm, issuer, validity
        }
        let (_, _, subject) = fields.next().filter(|(tag, ..)| *tag == der::SEQUENCE)?;
        let (_, _, public_info) = fields.next().filter(|(tag, ..)| *tag == der::SEQUENCE)?;
        fields.optional(0x81);
        fields.optional(0x82);
        let mut key_id = None;
        if let Some(extensions) = fields.optional(der::context(3)) {
            let mut extensions = Reader(Reader(extensions).expect(der::SEQUENCE)?);
            while let Some(extension) = extensions.expect(der::SEQUENCE) {
                let mut extension = Reader(extension);
                let object = extension.expect(der::OBJECT)?;
                extension.optional(der::BOOLEAN);
                let value = extension.expect(der::OCTET_STRING)?;
                if object == SUBJECT_KEY_ID {
                    key_id = Some(Reader(value).expect(der::OCTET_STRING)?.to_vec());
                }
            }
        }
        Some(Self { subject: subject.to_vec(), key_id, public_info: public_info.to_vec() })
    }
}
