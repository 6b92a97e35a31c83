//! A tenant's client: HTTP/2 over one connection, a client certificate, deadlines, and no process-wide TLS state.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use pintle_controller::api::SecretKeyReference;
use pintle_controller::kubeconfig::TenantKubeconfig;
use pintle_controller::tenant::{ConnectOptions, SecretLocation, TenantCache, connect};
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// An API server of one object, which wants a client certificate and keeps the path `/…/hung` waiting for ever.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    ca: CertifiedIssuer<'static, KeyPair>,
}

fn issued(ca: &CertifiedIssuer<'static, KeyPair>, usage: ExtendedKeyUsagePurpose) -> (String, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    (params.signed_by(&key, ca).unwrap().pem(), key)
}

async fn start() -> Server {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let (certificate, key) = issued(&ca, ExtendedKeyUsagePurpose::ServerAuth);

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let chain = vec![
        <CertificateDer as rustls::pki_types::pem::PemObject>::from_pem_slice(certificate.as_bytes())
            .unwrap(),
    ];
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .into_owned(),
            );
        }
    });
    Server { address, connections, ca }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path().ends_with("/hung") {
        std::future::pending::<()>().await;
    }
    // All in flight together, so that a client with a connection for each request would be seen.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let version = if request.version() == Version::HTTP_2 { "2" } else { "1" };
    let body = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"version": version},
    });
    Ok(Response::new(Full::new(Bytes::from(body.to_string()))))
}

impl Server {
    fn kubeconfig(&self) -> TenantKubeconfig {
        let (certificate, key) = issued(&self.ca, ExtendedKeyUsagePurpose::ClientAuth);
        let text = format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: \"https://{}\", certificate-authority-data: {}}}}}]\n\
             users: [{{name: u, user: {{client-certificate-data: {}, client-key-data: {}}}}}]\n",
            self.address,
            STANDARD.encode(self.ca.pem()),
            STANDARD.encode(certificate),
            STANDARD.encode(key.serialize_pem()),
        );
        let secret = Secret {
            data: Some(BTreeMap::from([("value".to_owned(), ByteString(text.into_bytes()))])),
            ..Secret::default()
        };
        TenantKubeconfig::from_secret(&secret, &SecretKeyReference::default()).unwrap()
    }
}

fn impatient() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.response_timeout = Duration::from_secs(2);
    options
}

#[tokio::test]
async fn requests_share_one_connection_and_a_hung_one_ends() {
    let server = start().await;
    let client = connect(&server.kubeconfig(), impatient()).await.unwrap();
    let api: Api<ConfigMap> = Api::namespaced(client, "default");
    api.get("first").await.unwrap();
    let answers = futures::future::join_all((0..20).map(|_| api.get("a"))).await;
    for answer in answers {
        assert_eq!(answer.unwrap().data.unwrap()["version"], "2");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);

    let error = api.get("hung").await.unwrap_err();
    assert!(matches!(error, kube::Error::Service(_)), "{error:?}");
    api.get("a").await.unwrap();
    assert!(rustls::crypto::CryptoProvider::get_default().is_none(), "a process-wide provider was installed");
}

#[tokio::test]
async fn another_clusters_ca_is_not_trusted() {
    let (server, other) = (start().await, start().await);
    let mut wrong = server.kubeconfig();
    let theirs = other.kubeconfig();
    assert_ne!(wrong.digest(), theirs.digest());
    wrong = TenantKubeconfig::from_secret(
        &Secret {
            data: Some(BTreeMap::from([(
                "value".to_owned(),
                ByteString(
                    format!(
                        "current-context: c\ncontexts: [{{name: c, context: {{cluster: c}}}}]\n\
                         clusters: [{{name: c, cluster: {{server: \"{}\", certificate-authority-data: {}}}}}]\n",
                        wrong.server(),
                        STANDARD.encode(other.ca.pem())
                    )
                    .into_bytes(),
                ),
            )])),
            ..Secret::default()
        },
        &SecretKeyReference::default(),
    )
    .unwrap();
    let client = connect(&wrong, impatient()).await.unwrap();
    let error = Api::<ConfigMap>::namespaced(client, "default").get("a").await.unwrap_err();
    assert!(format!("{error:?}").contains("InvalidCertificate"), "{error:?}");
}

#[tokio::test]
async fn the_cache_keeps_one_for_the_same_bytes() {
    let server = start().await;
    let (first, second) = (server.kubeconfig(), server.kubeconfig());
    let location = |name: &str| SecretLocation { namespace: "n".into(), name: name.into(), key: None };
    let cache = TenantCache::new(ConnectOptions::default());
    let count = AtomicUsize::new(0);
    let make = |_| count.fetch_add(1, Ordering::SeqCst);
    let a = cache.get(&location("a"), &first, make).await.unwrap();
    let copy = cache.get(&location("copy"), &first, make).await.unwrap();
    assert!(Arc::ptr_eq(&a, &copy));
    // New bytes in a Secret make a new one; the old one stays for the other Secret.
    let rotated = cache.get(&location("a"), &second, make).await.unwrap();
    assert!(!Arc::ptr_eq(&a, &rotated));
    assert_eq!((count.load(Ordering::SeqCst), cache.len().await), (2, 2));
    cache.forget(&location("copy")).await;
    assert_eq!(cache.len().await, 1);
    cache.forget(&location("a")).await;
    assert!(cache.is_empty().await);
}
