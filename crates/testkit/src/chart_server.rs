use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::archive;
use crate::digest::sha256;
use crate::error::{Error, IoContext as _};
use crate::pki::Authority;

/// A chart repository on loopback: `index.yaml`, archives, and whatever goes wrong with them.
///
/// It runs on a thread of its own, so that it serves tests within a tokio runtime and without, and ends when
/// it is dropped. Charts, faults and latency can be changed while it runs.
#[derive(Debug)]
pub struct ChartServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    authority: Option<String>,
    stop: watch::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Options for a [`ChartServer`].
#[derive(Debug, Clone, Default)]
#[must_use]
#[non_exhaustive]
pub struct ChartServerBuilder {
    credentials: Option<(String, String)>,
    tls: bool,
    absolute: bool,
}

impl ChartServerBuilder {
    /// Asks for this user name and password (HTTP basic authentication), for the index and the archives.
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((user.into(), password.into()));
        self
    }

    /// Serves HTTPS, with a certificate for `127.0.0.1` and `localhost` of an authority made for this server
    /// ([`ChartServer::authority`]).
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Writes whole URLs into the index; else they are relative to it.
    pub fn absolute_urls(mut self) -> Self {
        self.absolute = true;
        self
    }

    /// Starts the server on a free port.
    pub fn start(self) -> Result<ChartServer, Error> {
        let here = Path::new("127.0.0.1");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).doing("listening on", here)?;
        listener.set_nonblocking(true).doing("listening on", here)?;
        let address = listener.local_addr().doing("listening on", here)?;
        let (acceptor, authority) = if self.tls {
            let (acceptor, authority) = acceptor()?;
            (Some(acceptor), Some(authority))
        } else {
            (None, None)
        };
        let scheme = if self.tls { "https" } else { "http" };
        let shared = Arc::new(Shared {
            base: self.absolute.then(|| format!("{scheme}://{address}/")),
            expected: self.credentials.map(|(user, password)| {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
            }),
            state: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .doing("making a runtime for", here)?;
        let served = shared.clone();
        let thread = std::thread::Builder::new()
            .name("chart-server".to_owned())
            .spawn(move || runtime.block_on(serve(listener, acceptor, served, stopped)))
            .doing("starting a thread for", here)?;
        Ok(ChartServer { shared, address, scheme, authority, stop, thread: Some(thread) })
    }
}

/// A chart as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The chart's name.
    pub name: String,
    /// The chart's version.
    pub version: String,
    /// The SHA-256 of the archive in hexadecimal digits, as the index says it.
    pub digest: String,
    /// The path of the archive on the server.
    pub path: String,
}

/// What goes wrong with a path; see [`ChartServer::set_fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status code and an empty body.
    Status(u16),
    /// Takes the request and never answers.
    Hang,
    /// Answers with these bytes instead of the right ones.
    Body(Vec<u8>),
    /// Closes the connection without an answer.
    Disconnect,
    /// Sends the client elsewhere, with status 302.
    Redirect(String),
}

/// A request that the server got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The status code of the answer; 0 where none was given.
    pub status: u16,
    /// Whether the request had an `Authorization` header.
    pub authorized: bool,
    /// The `User-Agent` header; empty without one.
    pub user_agent: String,
}

impl ChartServer {
    /// Starts an empty repository without TLS and authentication.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Options for a server.
    pub fn builder() -> ChartServerBuilder {
        ChartServerBuilder::default()
    }

    /// The address of the repository, without a slash at its end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The certificate of the authority that the server's own is signed by, in PEM; `None` without TLS.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Packs the chart in this folder and serves it. All files are packed, whatever `.helmignore` says.
    pub fn add_folder(&self, folder: impl AsRef<Path>) -> Result<Entry, Error> {
        let folder = folder.as_ref();
        self.add(&folder.display().to_string(), &archive::files_of(folder)?)
    }

    /// Packs a chart from files given by path (relative to the chart) and text, and serves it.
    pub fn add_files(&self, chart: &str, files: &[(&str, &str)]) -> Result<Entry, Error> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        self.add(chart, &files)
    }

    /// Serves a chart archive as it is.
    pub fn add_archive(&self, bytes: impl Into<Vec<u8>>) -> Result<Entry, Error> {
        let bytes = bytes.into();
        let described = archive::describe(&bytes)?;
        Ok(self.put(described, bytes))
    }

    /// Takes a chart out of the index and away.
    pub fn remove(&self, entry: &Entry) {
        let mut state = self.shared.state();
        state.charts.retain(|chart| chart.entry != *entry);
        state.files.remove(&entry.path);
    }

    /// Serves any bytes at a path, which begins with a slash. Serving `/index.yaml` so replaces the index
    /// that the server would make.
    pub fn set_file(&self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.shared.state().files.insert(path.into(), bytes.into().into());
    }

    /// Lets every answer wait.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.state().latency = latency;
    }

    /// Lets something go wrong with a path (without its query) until [`ChartServer::clear_faults`].
    pub fn set_fault(&self, path: impl Into<String>, fault: Fault) {
        self.shared.state().faults.insert(path.into(), (fault, None));
    }

    /// Lets something go wrong with the next requests for a path, this many times.
    pub fn set_fault_times(&self, path: impl Into<String>, fault: Fault, times: usize) {
        self.shared.state().faults.insert(path.into(), (fault, Some(times)));
    }

    /// Lets nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// How many requests for a path (without its query) there were.
    pub fn count(&self, path: &str) -> usize {
        let state = self.shared.state();
        state.requests.iter().filter(|request| request.path.split('?').next() == Some(path)).count()
    }

    /// All requests so far, in the order of their coming.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.state().requests.clear();
    }

    fn add(&self, chart: &str, files: &[(String, Vec<u8>)]) -> Result<Entry, Error> {
        let text = files
            .iter()
            .find(|(path, _)| path == "Chart.yaml")
            .map(|(_, content)| String::from_utf8_lossy(content).into_owned())
            .ok_or_else(|| Error::Chart {
                chart: chart.to_owned(),
                reason: "it has no Chart.yaml".to_owned(),
            })?;
        let described = archive::described(chart, &text)?;
        let bytes = archive::pack(&described.name, files)?;
        Ok(self.put(described, bytes))
    }

    fn put(&self, described: archive::Described, bytes: Vec<u8>) -> Entry {
        let entry = Entry {
            path: format!("/{}-{}.tgz", described.name, described.version),
            digest: sha256(&bytes),
            name: described.name,
            version: described.version,
        };
        let mut state = self.shared.state();
        state.charts.retain(|chart| chart.entry.path != entry.path);
        state.files.insert(entry.path.clone(), bytes.into());
        state.charts.push(Served { entry: entry.clone(), chart_yaml: described.chart_yaml });
        entry
    }
}

impl Drop for ChartServer {
    fn drop(&mut self) {
        // Nobody listens when the thread has ended already.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the threads of tests and the server's own share.
#[derive(Debug)]
struct Shared {
    /// What is put in front of the archives' names in the index.
    base: Option<String>,
    /// The `Authorization` header that is asked for.
    expected: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    charts: Vec<Served>,
    files: BTreeMap<String, Bytes>,
    faults: BTreeMap<String, (Fault, Option<usize>)>,
    latency: Duration,
    requests: Vec<Request>,
}

#[derive(Debug)]
struct Served {
    entry: Entry,
    chart_yaml: String,
}

impl State {
    /// The fault that the next request for this path meets.
    fn fault(&mut self, path: &str) -> Option<Fault> {
        let (fault, times) = self.faults.get_mut(path)?;
        match times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some(fault.clone())
    }

    fn file(&self, path: &str, base: Option<&str>) -> Option<Bytes> {
        match self.files.get(path) {
            Some(bytes) => Some(bytes.clone()),
            None if path == "/index.yaml" => Some(self.index(base.unwrap_or_default()).into()),
            None => None,
        }
    }

    /// The index. An entry is the text of `Chart.yaml`, moved to the right, with what the index adds.
    fn index(&self, base: &str) -> String {
        let mut index = "apiVersion: v1\nentries:\n".to_owned();
        let mut charts: BTreeMap<&str, Vec<&Served>> = BTreeMap::new();
        for chart in &self.charts {
            charts.entry(&chart.entry.name).or_default().push(chart);
        }
        if charts.is_empty() {
            index = index.replace("entries:\n", "entries: {}\n");
        }
        for (name, versions) in charts {
            // Writing into a string cannot fail.
            let _ = writeln!(index, "  {name}:");
            for Served { entry, chart_yaml } in versions {
                let file = entry.path.trim_start_matches('/');
                let _ = writeln!(index, "  - digest: {}", entry.digest);
                let _ = writeln!(index, "    created: \"2026-01-01T00:00:00Z\"");
                let _ = writeln!(index, "    urls:\n    - {base}{file}");
                for line in chart_yaml.lines().filter(|line| !line.starts_with("---")) {
                    let _ = if line.is_empty() { writeln!(index) } else { writeln!(index, "    {line}") };
                }
            }
        }
        index.push_str("generated: \"2026-01-01T00:00:00Z\"\n");
        index
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // What a test that panicked left behind is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of a request.
enum Outcome {
    Answer(Response<Full<Bytes>>),
    Hang,
    Disconnect,
}

async fn serve(
    listener: std::net::TcpListener,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let stream = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let (shared, acceptor) = (shared.clone(), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => connection(stream, shared).await,
                // A client that does not trust the certificate goes away during the handshake.
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let shared = shared.clone();
        async move {
            match answer(&request, &shared).await {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Hang => std::future::pending::<Result<_, Cut>>().await,
                Outcome::Disconnect => Err(Cut),
            }
        }
    });
    // A broken connection is the client's business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Makes hyper close a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut, as the test asked")]
struct Cut;

async fn answer(request: &http::Request<Incoming>, shared: &Shared) -> Outcome {
    let header = |name| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let path = request.uri().path().to_owned();
    let authorization = header(AUTHORIZATION);
    let latency = shared.state().latency;
    let outcome = {
        let mut state = shared.state();
        let outcome =
            decide(&mut state, shared, request.method(), &path, &authorization, &header(IF_NONE_MATCH));
        state.requests.push(Request {
            method: request.method().to_string(),
            path: request.uri().path_and_query().map_or(path, ToString::to_string),
            status: match &outcome {
                Outcome::Answer(answer) => answer.status().as_u16(),
                Outcome::Hang | Outcome::Disconnect => 0,
            },
            authorized: !authorization.is_empty(),
            user_agent: header(http::header::USER_AGENT),
        });
        outcome
    };
    tokio::time::sleep(latency).await;
    outcome
}

fn decide(
    state: &mut State,
    shared: &Shared,
    method: &http::Method,
    path: &str,
    authorization: &str,
    if_none_match: &str,
) -> Outcome {
    let mut instead = None;
    match state.fault(path) {
        None => {}
        Some(Fault::Hang) => return Outcome::Hang,
        Some(Fault::Disconnect) => return Outcome::Disconnect,
        Some(Fault::Status(code)) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return plain(status);
        }
        Some(Fault::Redirect(location)) => {
            return with(plain_response(StatusCode::FOUND), http::header::LOCATION, &location);
        }
        Some(Fault::Body(bytes)) => instead = Some(Bytes::from(bytes)),
    }
    if shared.expected.as_ref().is_some_and(|expected| expected != authorization) {
        return with(plain_response(StatusCode::UNAUTHORIZED), WWW_AUTHENTICATE, "Basic realm=\"charts\"");
    }
    if !matches!(*method, http::Method::GET | http::Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(bytes) = instead.or_else(|| state.file(path, shared.base.as_deref())) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let tag = format!("\"{}\"", sha256(&bytes));
    if if_none_match == tag {
        return with(plain_response(StatusCode::NOT_MODIFIED), ETAG, &tag);
    }
    let archive = Path::new(path).extension().is_some_and(|ending| ending == "tgz");
    let kind = if archive { "application/gzip" } else { "application/yaml" };
    let mut answer = Response::new(Full::new(bytes));
    for (name, value) in [(ETAG, tag.as_str()), (CONTENT_TYPE, kind)] {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    }
    Outcome::Answer(answer)
}

fn plain_response(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn plain(status: StatusCode) -> Outcome {
    Outcome::Answer(plain_response(status))
}

fn with(mut answer: Response<Full<Bytes>>, name: http::HeaderName, value: &str) -> Outcome {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
    Outcome::Answer(answer)
}

/// TLS with a fresh authority; returns the authority's certificate too.
fn acceptor() -> Result<(TlsAcceptor, String), Error> {
    let tls = |reason: String| Error::Tls { peer: "the chart server".to_owned(), reason };
    let authority = Authority::new()?;
    let identity = authority.server(&["127.0.0.1", "localhost"])?;
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes())
        .map_err(|error| tls(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|error| tls(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| tls(error.to_string()))?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority.certificate))
}
