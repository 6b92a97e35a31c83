//! `genCA`, `genSelfSignedCert`, `genSignedCert` and `buildCustomCert`.

use std::net::IpAddr;

use pintle_template::{Call, CallError};
use pintle_value::{List, Str, Value};

use super::key::{PrivateKey, generate_certificate_key};
use super::pem;
use super::x509::{Issuer, Parsed, Role, Template};
use crate::certificate::Certificate;
use crate::dates::{Time, Zone, now, plus_days};
use crate::encodings::base64_decode;
use crate::host::fill;
use crate::print;

type Result_ = Result<Value, CallError>;

/// Sprig: `crypto.go`, `buildCustomCertificate`.
pub(super) fn custom(_call: &mut dyn Call, cert: &Str, key: &Str) -> Result_ {
    let decoded = |text: &Str, what: &str| {
        base64_decode(text).map_err(|_| CallError::new(format!("unable to decode base64 {what}")))
    };
    let cert = decoded(cert, "certificate")?;
    let key = decoded(key, "private key")?;
    parse_certificate(&cert, "decodedCert.Bytes")?;
    PrivateKey::from_pem(&key)
        .map_err(|error| CallError::new(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Certificate { cert: Str::from(cert), key: Str::from(key) }))
}

fn parse_certificate(text: &[u8], name: &str) -> Result<Parsed, CallError> {
    let block = pem::decode(text).ok_or_else(|| CallError::new("unable to decode certificate"))?;
    Parsed::from_der(&block.bytes).ok_or_else(|| {
        CallError::new(format!("error parsing certificate: {name}: x509: malformed certificate"))
    })
}

fn parse_key(text: &Str) -> Result<PrivateKey, CallError> {
    PrivateKey::from_pem(text).map_err(|error| CallError::new(format!("parsing private key: {error}")))
}

/// Sprig: `crypto.go`, `generateCertificateAuthority`.
pub(super) fn authority(call: &mut dyn Call, name: &Str, days: i64) -> Result_ {
    let key = generate_certificate_key(call)?;
    let template = template(call, name, None, days, Role::Authority)?;
    self_issued(&template, &key)
}

/// Sprig: `crypto.go`, `generateCertificateAuthorityWithPEMKey`.
pub(super) fn authority_with_key(call: &mut dyn Call, name: &Str, days: i64, key: &Str) -> Result_ {
    let key = parse_key(key)?;
    let template = template(call, name, None, days, Role::Authority)?;
    self_issued(&template, &key)
}

/// Sprig: `crypto.go`, `generateSelfSignedCertificate`.
pub(super) fn self_signed(call: &mut dyn Call, name: &Str, ips: &List, names: &List, days: i64) -> Result_ {
    let key = generate_certificate_key(call)?;
    let template = template(call, name, Some((ips, names)), days, Role::Leaf)?;
    self_issued(&template, &key)
}

/// Sprig: `crypto.go`, `generateSelfSignedCertificateWithPEMKey`.
pub(super) fn self_signed_with_key(
    call: &mut dyn Call,
    name: &Str,
    ips: &List,
    names: &List,
    days: i64,
    key: &Str,
) -> Result_ {
    let key = parse_key(key)?;
    let template = template(call, name, Some((ips, names)), days, Role::Leaf)?;
    self_issued(&template, &key)
}

/// Sprig: `crypto.go`, `generateSignedCertificate`.
pub(super) fn signed(
    call: &mut dyn Call,
    name: &Str,
    ips: &List,
    names: &List,
    days: i64,
    authority: &Certificate,
) -> Result_ {
    let key = generate_certificate_key(call)?;
    issued_by(call, name, ips, names, days, authority, &key)
}

/// Sprig: `crypto.go`, `generateSignedCertificateWithPEMKey`.
pub(super) fn signed_with_key(
    call: &mut dyn Call,
    name: &Str,
    ips: &List,
    names: &List,
    days: i64,
    authority: &Certificate,
    key: &Str,
) -> Result_ {
    let key = parse_key(key)?;
    issued_by(call, name, ips, names, days, authority, &key)
}

fn issued_by(
    call: &mut dyn Call,
    name: &Str,
    ips: &List,
    names: &List,
    days: i64,
    authority: &Certificate,
    key: &PrivateKey,
) -> Result_ {
    let signer = parse_certificate(&authority.cert, "decodedSignerCert.Bytes")?;
    let signer_key = PrivateKey::from_pem(&authority.key)
        .map_err(|error| CallError::new(format!("error parsing private key: {error}")))?;
    let template = template(call, name, Some((ips, names)), days, Role::Leaf)?;
    let issuer = Issuer {
        subject: signer.subject,
        key_id: signer.key_id,
        public_info: Some(signer.public_info),
        key: &signer_key,
    };
    issue(&template, key, &issuer)
}

fn self_issued(template: &Template, key: &PrivateKey) -> Result_ {
    let issuer = Issuer { subject: template.subject(), key_id: None, public_info: None, key };
    issue(template, key, &issuer)
}

fn issue(template: &Template, key: &PrivateKey, issuer: &Issuer<'_>) -> Result_ {
    let der = template
        .issue(key, issuer)
        .map_err(|error| CallError::new(format!("error creating certificate: {error}")))?;
    let cert = Str::from(pem::encode("CERTIFICATE", &der));
    Ok(Value::object(Certificate { cert, key: Str::from(key.to_pem()?) }))
}

/// Sprig: `crypto.go`, `getBaseCertTemplate`.
fn template(
    call: &mut dyn Call,
    name: &Str,
    alternatives: Option<(&List, &List)>,
    days: i64,
    role: Role,
) -> Result<Template, CallError> {
    let (mut addresses, mut dns_names) = (Vec::new(), Vec::new());
    if let Some((ips, names)) = alternatives {
        for ip in ips.items().iter() {
            addresses.push(address(ip)?);
        }
        for name in names.items().iter() {
            let Value::String(name) = name else {
                let text = [b"error processing alternate dns name: ", &print::sprint(name)[..]].concat();
                return Err(CallError::new([&text[..], b" is not a string"].concat()));
            };
            dns_names.push(name.to_vec());
        }
    }
    let mut serial = [0; 16];
    fill(call, &mut serial)?;
    let not_before: Time = now(call)?.within(Zone::utc());
    let not_after = plus_days(&not_before, days);
    Ok(Template { serial, common_name: name.to_vec(), dns_names, addresses, not_before, not_after, role })
}

/// The bytes of an address, as few as it takes (Go: `net.IP.To4`).
fn address(ip: &Value) -> Result<Vec<u8>, CallError> {
    let Value::String(text) = ip else {
        let text = [b"error parsing ip: ", &print::sprint(ip)[..], b" is not a string"].concat();
        return Err(CallError::new(text));
    };
    let parsed = text.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    match parsed.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => Ok(ip.octets().to_vec()),
        Some(IpAddr::V6(ip)) => Ok(ip.octets().to_vec()),
        None => Err(CallError::new([b"error parsing ip: ", text.as_bytes()].concat())),
    }
}
