//! The HTTP endpoints for metrics and health.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// How long a caller may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may last.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// Most connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 64;

/// Whether the controller has read what it watches. Clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    ready: Arc<AtomicBool>,
}

impl Readiness {
    /// From now on, `/readyz` says yes.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether it does.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

/// What an endpoint shows.
#[derive(Clone)]
pub enum Endpoint {
    /// `/metrics`.
    Metrics(Arc<Metrics>),
    /// `/healthz` and `/readyz`.
    Health(Readiness),
}

/// An endpoint that has its address, and is to be served.
pub struct Server {
    listener: TcpListener,
    endpoint: Endpoint,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    ///
    /// The operating system's, when the address is taken or is not this machine's.
    pub async fn bind(address: SocketAddr, endpoint: Endpoint) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, endpoint })
    }

    /// The address; the port is a real one, also when 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let room = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            let stream = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Out of file descriptors, say; others go on, and so does this after a while.
                    Err(error) => {
                        tracing::debug!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let endpoint = self.endpoint.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let response = answer(&endpoint, &request);
                    async move { Ok::<_, Infallible>(response) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), service);
                let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
                drop(place);
            });
        }
    }
}

fn answer(endpoint: &Endpoint, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned());
    }
    match (endpoint, request.uri().path()) {
        (Endpoint::Metrics(metrics), "/metrics") => {
            response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.to_string())
        }
        (Endpoint::Health(_), "/healthz") => response(StatusCode::OK, "text/plain", "ok\n".to_owned()),
        (Endpoint::Health(readiness), "/readyz") if readiness.is_ready() => {
            response(StatusCode::OK, "text/plain", "ok\n".to_owned())
        }
        (Endpoint::Health(_), "/readyz") => response(
            StatusCode::SERVICE_UNAVAILABLE,
            "text/plain",
            "not everything has been read yet\n".to_owned(),
        ),
        _ => response(StatusCode::NOT_FOUND, "text/plain", "there is nothing here\n".to_owned()),
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
