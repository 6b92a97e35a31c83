//! A proxy in front of an API server that lets single requests go wrong.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::error::{Error, IoContext as _};
use crate::pki::Identity;

/// A proxy in front of a cluster's API server: it counts the requests and lets one of them go wrong.
///
/// It ends the server's TLS: it speaks plain HTTP with its client on loopback, and is an admin of the cluster to the
/// server. It runs on a thread of its own and ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
    kubeconfig: String,
    stop: watch::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What goes wrong with a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Mishap {
    /// This is called instead of handing the request on; then the connection is cut.
    Before(Arc<dyn Fn() + Send + Sync>),
    /// This is called when the server has answered, instead of handing the answer on; then the connection is cut.
    After(Arc<dyn Fn() + Send + Sync>),
    /// The client gets this status instead of the request being handed on, with a `Retry-After` of so many seconds.
    Status(u16, Option<u64>),
    /// The request is handed on, and the client waits so long for the answer.
    Late(Duration),
}

impl Mishap {
    /// The connection is cut and the server gets nothing.
    pub fn cut_before() -> Self {
        Self::Before(Arc::new(|| {}))
    }

    /// The server acts and the connection is cut before its answer.
    pub fn cut_after() -> Self {
        Self::After(Arc::new(|| {}))
    }
}

impl fmt::Debug for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(_) => f.write_str("Before"),
            Self::After(_) => f.write_str("After"),
            Self::Status(code, _) => write!(f, "Status({code})"),
            Self::Late(time) => write!(f, "Late({time:?})"),
        }
    }
}

impl FaultProxy {
    /// Starts a proxy in front of a cluster, on a free port. Nothing goes wrong until [`arm`](Self::arm) is called.
    pub fn start(cluster: &Cluster) -> Result<Self, Error> {
        let here = Path::new("127.0.0.1");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).doing("listening on", here)?;
        listener.set_nonblocking(true).doing("listening on", here)?;
        let address = listener.local_addr().doing("listening on", here)?;
        let client = client(cluster.name(), cluster.authority(), &cluster.state().admin()?)?;
        let shared =
            Arc::new(Shared { server: cluster.server().to_owned(), client, state: Mutex::default() });
        let (stop, stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .doing("making a runtime for", here)?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("fault-proxy".to_owned())
            .spawn(move || runtime.block_on(serve(listener, served, stopped)))
            .doing("starting a thread for", here)?;
        Ok(Self { shared, kubeconfig: kubeconfig(address), stop, thread: Some(thread) })
    }

    /// The text of a kubeconfig that leads to the proxy. Whoever uses it may do everything.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// Counts from anew, and lets the request with this number go wrong, from 1.
    pub fn arm(&self, request: usize, mishap: Mishap) {
        let mut state = self.shared.state();
        (state.count, state.struck) = (0, None);
        state.armed = Some((request, mishap));
    }

    /// Lets nothing go wrong, and counts from anew.
    pub fn disarm(&self) {
        let mut state = self.shared.state();
        (state.count, state.struck, state.armed) = (0, None, None);
    }

    /// How many requests there were since [`arm`](Self::arm) or [`disarm`](Self::disarm).
    pub fn count(&self) -> usize {
        self.shared.state().count
    }

    /// The request that went wrong (`PATCH /api/v1/…`), once one has.
    pub fn struck(&self) -> Option<String> {
        self.shared.state().struck.clone()
    }

    /// Waits until the server has answered what was handed on to it; watches do not count.
    pub fn drain(&self) {
        while self.shared.state().pending > 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // Nobody listens when the thread has ended already.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the threads of tests and the proxy's own share.
struct Shared {
    server: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    armed: Option<(usize, Mishap)>,
    struck: Option<String>,
    /// How many requests the server has not answered yet.
    pending: usize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, and gives what goes wrong with it.
    fn next(&self, request: &Request<Incoming>) -> Option<Mishap> {
        let mut state = self.state();
        state.count += 1;
        if state.armed.as_ref().is_none_or(|(number, _)| *number != state.count) {
            return None;
        }
        state.struck = Some(format!("{} {}", request.method(), request.uri().path()));
        state.armed.take().map(|(_, mishap)| mishap)
    }
}

/// Counts a request as pending for as long as it lives.
struct Pending<'a>(&'a Shared);

impl<'a> Pending<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.state().pending += 1;
        Self(shared)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.state().pending -= 1;
    }
}

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let stream = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        tokio::spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move {
            // A task of its own: what was handed on reaches its end when the client dies.
            tokio::spawn(async move { answer(request, &shared).await }).await.unwrap_or(Err(Cut))
        }
    });
    // A broken connection is the client's business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Makes hyper close a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut, as the test asked")]
struct Cut;

async fn answer(request: Request<Incoming>, shared: &Shared) -> Result<Answer, Cut> {
    match shared.next(&request) {
        None => hand_on(request, shared).await,
        Some(Mishap::Before(act)) => {
            let _ = tokio::task::spawn_blocking(move || act()).await;
            Err(Cut)
        }
        Some(Mishap::After(act)) => {
            let answered = hand_on(request, shared).await;
            let _ = tokio::task::spawn_blocking(move || act()).await;
            drop(answered);
            Err(Cut)
        }
        Some(Mishap::Status(code, retry_after)) => refuse(code, retry_after),
        Some(Mishap::Late(time)) => {
            let answered = hand_on(request, shared).await;
            tokio::time::sleep(time).await;
            answered
        }
    }
}

/// Sends a request to the server. The answer is read whole before it is handed back, but for that of a watch.
async fn hand_on(request: Request<Incoming>, shared: &Shared) -> Result<Answer, Cut> {
    let (mut head, body) = request.into_parts();
    let watches = head.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "watch=true"));
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("{}{path}", shared.server).parse::<Uri>().map_err(|_| Cut)?;
    for own in [HOST, CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    let pending = Pending::new(shared);
    let answered = shared.client.request(Request::from_parts(head, Full::new(body))).await;
    let (mut head, body) = answered.map_err(|_| Cut)?.into_parts();
    for own in [CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    if watches {
        return Ok(Response::from_parts(head, body.boxed()));
    }
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    drop(pending);
    Ok(Response::from_parts(head, whole(body)))
}

/// What an API server says when it refuses a request.
fn refuse(code: u16, retry_after: Option<u64>) -> Result<Answer, Cut> {
    let reason = match code {
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let status = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": "the fault proxy refuses this",
    });
    let mut answer = Response::builder()
        .status(StatusCode::from_u16(code).map_err(|_| Cut)?)
        .header(CONTENT_TYPE, "application/json");
    if let Some(seconds) = retry_after {
        answer = answer.header(RETRY_AFTER, seconds);
    }
    answer.body(whole(status.to_string().into())).map_err(|_| Cut)
}

fn whole(body: Bytes) -> BoxBody<Bytes, hyper::Error> {
    Full::new(body).map_err(|never| match never {}).boxed()
}

/// A client that the server takes for this identity.
fn client(
    cluster: &str,
    authority: &str,
    identity: &Identity,
) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, Error> {
    let failed = |reason: String| Error::Tls { peer: cluster.to_owned(), reason };
    let pem = |error: rustls::pki_types::pem::Error| failed(error.to_string());
    let mut roots = rustls::RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).map_err(pem)?;
    roots.add(authority).map_err(|error| failed(error.to_string()))?;
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).map_err(pem)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .map_err(|error| failed(error.to_string()))?;
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

fn kubeconfig(address: SocketAddr) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: proxy\n  cluster: {{server: \"http://{address}\"}}\n\
         users:\n- name: proxy\n  user: {{}}\ncontexts:\n- name: proxy\n  context: {{cluster: proxy, user: proxy}}\n\
         current-context: proxy\n"
    )
}
