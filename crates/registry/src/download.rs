//! A file at an address of its own, outside of any repository.

use std::fmt;

use bytes::Bytes;
use tracing::Instrument as _;

use crate::address::{shown, split};
use crate::http::{Answer, PassCredentials, Request};
use crate::{Credentials, Http, Limits, RegistryError};

/// A file at an address of its own, before it is asked for; see [`Http::download`].
#[must_use = "nothing is asked for before `bytes`"]
pub struct Download<'a> {
    http: &'a Http,
    url: String,
    credentials: Option<Credentials>,
    limits: Limits,
}

impl<'a> Download<'a> {
    pub(crate) fn new(http: &'a Http, url: &str) -> Self {
        Self { http, url: url.to_owned(), credentials: None, limits: Limits::default() }
    }

    /// Sends these credentials, to the address's own scheme, host and port only.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Other limits than the default ones; those of archives count.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The file.
    pub async fn bytes(self) -> Result<Bytes, RegistryError> {
        let (url, own) = split(&self.url)?;
        let credentials = self.credentials.or(own);
        let request = Request {
            url: &url,
            home: &url,
            credentials: credentials.as_ref(),
            pass_credentials: PassCredentials::SameOrigin,
            validators: None,
            max_bytes: self.limits.archive_bytes,
            limits: &self.limits,
        };
        let span = tracing::info_span!("pull", url = shown(&url));
        match self.http.get(&request).instrument(span).await? {
            Answer::Body { bytes, .. } => Ok(bytes),
            Answer::NotModified => Err(RegistryError::Status { url: shown(&url), status: 304 }),
        }
    }
}

impl fmt::Debug for Download<'_> {
    /// Leaves the address out: it can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("limits", &self.limits).finish_non_exhaustive()
    }
}
