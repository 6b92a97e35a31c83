//! Requests with limits, retries and credentials that stay at home.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use reqwest::header::{
    ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use crate::address::shown;
use crate::{Credentials, Download, Limits, RegistryError, Tls};

/// The HTTP client that repositories share: one connection pool, rustls, no redirects of its own.
///
/// Proxies are taken from the usual environment variables, as Helm does.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client that trusts the system's authorities.
    pub fn new() -> Result<Self, RegistryError> {
        Self::with_tls(&Tls::new())
    }

    /// A client with TLS settings of its own; it shares no connections with others.
    pub fn with_tls(tls: &Tls) -> Result<Self, RegistryError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls.client_config()?)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("pintle/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| RegistryError::Tls(innermost(&error)))?;
        Ok(Self { client })
    }

    /// Asks for an archive, or another file, at an `http` or `https` address. A user name and a password in the
    /// address are its credentials.
    pub fn download(&self, url: &str) -> Download<'_> {
        Download::new(self, url)
    }

    /// Reads an address, following redirects; what may pass is tried again, all within one time limit.
    pub(crate) async fn get(&self, request: &Request<'_>) -> Result<Answer, RegistryError> {
        let timeout = request.limits.timeout;
        let mut last = None;
        let tried = tokio::time::timeout(timeout, async {
            let mut wait = FIRST_PAUSE;
            for _ in 0..request.limits.retries {
                match self.follow(request).await {
                    Err(error) if error.class() == crate::Class::Retry => {
                        tracing::debug!(url = %shown(request.url), %error, "asking again");
                        last = Some(error);
                    }
                    ended => return ended,
                }
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            self.follow(request).await
        });
        let ended = tried.await;
        // What went wrong before says more than that there was no time left to try again.
        ended.unwrap_or_else(|_| {
            Err(last.unwrap_or_else(|| RegistryError::Timeout { url: shown(request.url), timeout }))
        })
    }

    async fn follow(&self, request: &Request<'_>) -> Result<Answer, RegistryError> {
        let mut url = request.url.clone();
        for _ in 0..=request.limits.redirects {
            let response = self.send(&url, request).await?;
            if response.status() == StatusCode::NOT_MODIFIED {
                return Ok(Answer::NotModified);
            }
            if response.status().is_redirection() {
                url = next_address(&url, response.headers())?;
                continue;
            }
            if response.status() != StatusCode::OK {
                return Err(refusal(
                    &url,
                    response.status().as_u16(),
                    request.credentials_for(&url).is_some(),
                ));
            }
            let validators = Validators::of(response.headers());
            return Ok(Answer::Body { bytes: read(&url, response, request.max_bytes).await?, validators });
        }
        Err(RegistryError::Redirect {
            url: shown(request.url),
            reason: format!("more than {} times", request.limits.redirects),
        })
    }

    async fn send(&self, url: &Url, request: &Request<'_>) -> Result<Response, RegistryError> {
        let mut builder = self.client.get(url.clone());
        if let Some(credentials) = request.credentials_for(url) {
            builder = builder.basic_auth(&credentials.username, Some(&credentials.password));
        }
        if let Some(validators) = request.validators {
            builder = builder.headers(validators.conditions());
        }
        builder.send().await.map_err(|error| unreachable(url, &error))
    }
}

/// How long to wait before the first repetition; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// One GET.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    /// The repository, whose origin may see the credentials.
    pub(crate) home: &'a Url,
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) pass_credentials: PassCredentials,
    pub(crate) validators: Option<&'a Validators>,
    pub(crate) max_bytes: u64,
    pub(crate) limits: &'a Limits,
}

impl Request<'_> {
    /// The credentials that `url`, the request's own address or one that it was redirected to, may see. A redirect to
    /// another origin sees none, whatever the policy: the index did not name it.
    fn credentials_for(&self, url: &Url) -> Option<&Credentials> {
        let named = self.pass_credentials == PassCredentials::Everywhere && same_origin(url, self.url);
        self.credentials.filter(|_| named || same_origin(url, self.home))
    }
}

/// Where credentials may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassCredentials {
    /// To the repository's own scheme, host and port.
    SameOrigin,
    /// To every host that the index names.
    Everywhere,
}

/// What came back.
pub(crate) enum Answer {
    /// What the caller has is still valid.
    NotModified,
    /// A body, with what makes the next request conditional.
    Body { bytes: Bytes, validators: Validators },
}

/// What makes the next request for the same thing conditional (RFC 9110 §13).
#[derive(Clone, Debug, Default)]
pub(crate) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        Self { etag: headers.get(ETAG).cloned(), last_modified: headers.get(LAST_MODIFIED).cloned() }
    }

    fn conditions(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(etag) = &self.etag {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        if let Some(date) = &self.last_modified {
            headers.insert(IF_MODIFIED_SINCE, date.clone());
        }
        headers
    }
}

fn refusal(url: &Url, status: u16, authenticated: bool) -> RegistryError {
    let url = shown(url);
    match status {
        401 | 403 | 407 => RegistryError::Unauthorized { url, status, authenticated },
        404 | 410 => RegistryError::NotFound { url, status },
        _ => RegistryError::Status { url, status },
    }
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

fn next_address(url: &Url, headers: &HeaderMap) -> Result<Url, RegistryError> {
    let redirect = |reason: &str| RegistryError::Redirect { url: shown(url), reason: reason.to_owned() };
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let next = location
        .and_then(|location| url.join(location).ok())
        .ok_or_else(|| redirect("without an address"))?;
    match (url.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => Ok(next),
        ("https", "http") => Err(redirect("from https to http")),
        _ => Err(redirect("to something that is not http")),
    }
}

async fn read(url: &Url, response: Response, max_bytes: u64) -> Result<Bytes, RegistryError> {
    let too_large = || RegistryError::TooLarge { url: shown(url), limit: max_bytes };
    if response.content_length().is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| unreachable(url, &error))?;
        if (bytes.len() + chunk.len()) as u64 > max_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn unreachable(url: &Url, error: &reqwest::Error) -> RegistryError {
    let (url, reason) = (shown(url), innermost(error));
    if is_certificate(error) {
        return RegistryError::Untrusted { url, reason };
    }
    RegistryError::Unreachable { url, reason }
}

/// Whether the server's certificate is the trouble: asking again does not change it.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidCertificate(_));
    }
    // What an I/O error holds is not its source; its source is the source of what it holds.
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match held {
        Some(held) => is_certificate(held),
        None => error.source().is_some_and(is_certificate),
    }
}

/// The cause at the bottom: the layers above it only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
