//! Certificates: an authority per cluster, and identities that it vouches for.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

use crate::error::Error;

/// A certificate and its private key, both in PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A certificate authority.
pub(crate) struct Authority {
    /// Its own certificate in PEM.
    pub(crate) certificate: String,
    /// Its private key in PEM.
    pub(crate) key: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What kubeadm, and so Kamaji, calls the authority of a cluster.
const NAME: &str = "kubernetes";

impl Authority {
    /// Makes a new authority.
    pub(crate) fn new() -> Result<Self, Error> {
        let failed = failed(NAME);
        let key = KeyPair::generate().map_err(&failed)?;
        let certificate = params().self_signed(&key).map_err(&failed)?.pem();
        Ok(Self { certificate, key: key.serialize_pem(), issuer: Issuer::new(params(), key) })
    }

    /// The authority whose certificate and key another process made.
    pub(crate) fn restore(certificate: String, key: String) -> Result<Self, Error> {
        let pair = KeyPair::from_pem(&key).map_err(failed(NAME))?;
        Ok(Self { certificate, key, issuer: Issuer::new(params(), pair) })
    }

    /// An identity for a client: the common name is the user, the organization is its group. (rcgen holds one
    /// organization per name.)
    pub(crate) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.distinguished_name.push(DnType::CommonName, user);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, user)
    }

    /// An identity for a server that is reached by these DNS names and addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Result<Identity, Error> {
        let subject = names.first().copied().unwrap_or("server");
        let mut params =
            CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
                .map_err(failed(subject))?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, subject)
    }

    fn sign(&self, mut params: CertificateParams, subject: &str) -> Result<Identity, Error> {
        let failed = failed(subject);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(&failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(&failed)?.pem();
        Ok(Identity { certificate, key: key.serialize_pem() })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// A key pair for signing service account tokens: private and public part, both in PEM.
pub(crate) fn signing_key() -> Result<(String, String), Error> {
    let key = KeyPair::generate().map_err(failed("service accounts"))?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn failed(subject: &str) -> impl Fn(rcgen::Error) -> Error {
    let subject = subject.to_owned();
    move |source| Error::Certificate { subject: subject.clone(), source }
}
