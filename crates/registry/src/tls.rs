//! Whom a connection trusts, and as whom it speaks.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::RegistryError;

/// TLS settings of one repository: additional certificate authorities and a client certificate, in memory.
///
/// The system's authorities are trusted besides (as Flux does with `certSecretRef`). Keys never show in `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    authorities: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// The system's authorities and no client certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities of this PEM bundle too.
    #[must_use]
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// Presents this client certificate (PEM, leaf first) with its key (PEM).
    #[must_use]
    pub fn identity(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// rustls' configuration; the crypto provider is named here, so none has to be installed process-wide.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, RegistryError> {
        let mut roots = RootCertStore::empty();
        // A system without certificates still reaches repositories whose authority is handed in.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = &self.authorities {
            let mut added = false;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| invalid("certificate authorities", error))?;
                roots.add(certificate).map_err(|error| invalid("certificate authorities", error))?;
                added = true;
            }
            if !added {
                return Err(RegistryError::Tls("the certificate authorities hold no certificate".to_owned()));
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid("protocol versions", error))?
            .with_root_certificates(roots);
        let Some((certificate, key)) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let chain = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| invalid("client certificate", error))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| invalid("client key", error))?;
        builder.with_client_auth_cert(chain, key).map_err(|error| invalid("client certificate", error))
    }
}

fn invalid(what: &str, error: impl fmt::Display) -> RegistryError {
    RegistryError::Tls(format!("{what}: {error}"))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}
