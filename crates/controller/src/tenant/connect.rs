//! From a kubeconfig to a client.
//!
//! kube's own builder is not used for tenants, for two reasons: its TLS configuration installs a process-wide crypto
//! provider, and its connector speaks HTTP/1 only, so that each watch would cost a TLS connection of its own.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Client;
use kube::client::retry::RetryPolicy;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::config::{Config, KubeConfigOptions};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tower::retry::RetryLayer;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, ServiceBuilder};

use crate::kubeconfig::TenantKubeconfig;

/// How long a tenant may keep its callers waiting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Limit for making a TCP connection. Default: 5s.
    pub connect_timeout: Duration,
    /// Limit from sending a request to the head of its answer, connecting and TLS included. A watch, whose answer
    /// begins at once and goes on, is not cut off by it. Default: 30s.
    pub response_timeout: Duration,
    /// How often a connection that carries nothing is asked whether it lives. Default: 15s.
    pub keep_alive_interval: Duration,
    /// How long such a question may stay without an answer before the connection is given up, with all watches on
    /// it. Default: 10s.
    pub keep_alive_timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(15),
            keep_alive_timeout: Duration::from_secs(10),
        }
    }
}

/// Why no client could be made of a kubeconfig. Nothing has been sent yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A part of the kubeconfig cannot be used.
    #[error("the kubeconfig's {field} cannot be used: {problem}")]
    Invalid {
        /// The field, as a path into the kubeconfig.
        field: &'static str,
        /// What is wrong with it; never the content of a key or token.
        problem: String,
    },
    /// This machine has no store of trusted certificates, and the kubeconfig brings no CA of its own.
    #[error(
        "the kubeconfig has no certificate-authority-data, and the system's own certificates cannot be used: {0}"
    )]
    NoRoots(#[source] rustls::Error),
}

/// Makes a client for the cluster of a kubeconfig. Connections are made when the first request is sent, and carry
/// many requests at a time (HTTP/2) where the server can.
pub async fn connect(kubeconfig: &TenantKubeconfig, options: ConnectOptions) -> Result<Client, ConnectError> {
    let invalid = |field, problem: String| ConnectError::Invalid { field, problem };
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig.config().clone(), &KubeConfigOptions::default())
            .await
            // kube's words may quote what they could not decode.
            .map_err(|_| {
                invalid("cluster or user", "a certificate, key or address is malformed".to_owned())
            })?;

    config.headers.push((http::header::USER_AGENT, user_agent()));

    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect_timeout));
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls(&config)?).https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone())
            .map_err(|error| invalid("cluster.tls-server-name", error.to_string()))?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let https = https.enable_all_versions().wrap_connector(tcp);
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(90))
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(options.keep_alive_interval)
        .http2_keep_alive_timeout(options.keep_alive_timeout)
        .http2_keep_alive_while_idle(true)
        .build::<_, Body>(https);

    let auth = config.auth_layer().map_err(|error| invalid("user", error.to_string()))?;
    let headers = config.extra_headers_layer().map_err(|error| invalid("user", error.to_string()))?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .option_layer(auth)
        .layer(headers)
        .layer(TimeoutLayer::new(options.response_timeout))
        .map_err(BoxError::from)
        .service(http);
    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

/// What the controller calls itself.
pub(crate) fn user_agent() -> HeaderValue {
    HeaderValue::from_static(concat!("pintle-controller/", env!("CARGO_PKG_VERSION")))
}

/// The TLS side of a kubeconfig, with ring named outright: without that, rustls would install it for the process.
fn tls(config: &Config) -> Result<ClientConfig, ConnectError> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ConnectError::NoRoots)?;
    let builder = match &config.root_cert {
        Some(certificates) => {
            let mut roots = rustls::RootCertStore::empty();
            for certificate in certificates {
                roots.add(CertificateDer::from(certificate.clone())).map_err(|error| {
                    ConnectError::Invalid {
                        field: "cluster.certificate-authority-data",
                        problem: error.to_string(),
                    }
                })?;
            }
            builder.with_root_certificates(roots)
        }
        None => builder.with_platform_verifier().map_err(ConnectError::NoRoots)?,
    };
    match identity(config)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
            ConnectError::Invalid { field: "user.client-certificate-data", problem: error.to_string() }
        }),
        None => Ok(builder.with_no_client_auth()),
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(config: &Config) -> Result<Option<Identity>, ConnectError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret as _;

    let user = &config.auth_info;
    let (Some(certificate), Some(key)) = (&user.client_certificate_data, &user.client_key_data) else {
        return Ok(None);
    };
    let invalid = |field, problem: &str| ConnectError::Invalid { field, problem: problem.to_owned() };
    let certificate_field = "user.client-certificate-data";
    let pem =
        STANDARD.decode(certificate.trim()).map_err(|_| invalid(certificate_field, "it is not base64"))?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| invalid(certificate_field, "it is not PEM"))?;
    if chain.is_empty() {
        return Err(invalid(certificate_field, "it holds no certificate"));
    }
    let key_field = "user.client-key-data";
    let pem =
        STANDARD.decode(key.expose_secret().trim()).map_err(|_| invalid(key_field, "it is not base64"))?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| invalid(key_field, "it holds no private key in PEM"))?;
    Ok(Some((chain, key)))
}
