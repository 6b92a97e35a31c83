//! A chart repository over HTTP.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use pintle_chart::Chart;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tracing::Instrument as _;
use url::Url;

use crate::address::{shown, split, without_user};
use crate::http::{Answer, PassCredentials, Request, Validators};
use crate::{Credentials, Http, Index, Limits, RegistryError};

/// A chart repository: an index and the archives that it names.
///
/// Cheap to clone; clones share the index that was read last.
#[derive(Clone)]
pub struct Repository(Arc<Inner>);

struct Inner {
    url: Url,
    http: Http,
    credentials: Option<Credentials>,
    pass_credentials: PassCredentials,
    limits: Limits,
    /// Held while the index is read, so that many callers cost one request.
    known: Mutex<Option<Known>>,
}

struct Known {
    fetched: Fetched,
    validators: Validators,
}

/// An index together with what is known of the bytes that it was read from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fetched {
    /// The index.
    pub index: Arc<Index>,
    /// The SHA-256 of the index file, in hexadecimal digits.
    pub digest: Arc<str>,
    /// The size of the index file in bytes.
    pub size: u64,
}

/// A version of a chart that a repository offers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The chart's name.
    pub name: String,
    /// The version as the index writes it.
    pub version: String,
    /// The archive's address.
    pub url: Url,
    /// The archive's SHA-256 in hexadecimal digits, where the index says it.
    pub digest: Option<String>,
}

/// Makes a [`Repository`].
#[derive(Clone, Debug)]
pub struct RepositoryBuilder {
    url: Url,
    credentials: Option<Credentials>,
    pass_credentials: PassCredentials,
    limits: Limits,
}

impl RepositoryBuilder {
    /// Sends these credentials to the repository's own scheme, host and port.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends the credentials to every host that the index names, too (Helm's `--pass-credentials`).
    #[must_use]
    pub fn pass_credentials(mut self) -> Self {
        self.pass_credentials = PassCredentials::Everywhere;
        self
    }

    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The repository; nothing is asked for yet.
    pub fn build(self, http: &Http) -> Repository {
        Repository(Arc::new(Inner {
            url: self.url,
            http: http.clone(),
            credentials: self.credentials,
            pass_credentials: self.pass_credentials,
            limits: self.limits,
            known: Mutex::new(None),
        }))
    }
}

impl Repository {
    /// Starts a repository at `url`, an `http` or `https` address below which `index.yaml` lies. A user name and a
    /// password in the address are its credentials.
    pub fn builder(url: &str) -> Result<RepositoryBuilder, RegistryError> {
        let (url, credentials) = split(url)?;
        Ok(RepositoryBuilder {
            url,
            credentials,
            pass_credentials: PassCredentials::SameOrigin,
            limits: Limits::default(),
        })
    }

    /// The address, without user name, password and query.
    pub fn url(&self) -> String {
        shown(&self.0.url)
    }

    /// The index as it is now. Where it did not change since it was read last, the server says so and nothing is
    /// parsed; callers at the same time share one request.
    pub async fn refresh(&self) -> Result<Fetched, RegistryError> {
        let mut known = self.0.known.lock().await;
        let url = self.resolve_url("index.yaml")?;
        let validators = known.as_ref().map(|known| &known.validators);
        let span = tracing::debug_span!("index", url = shown(&url));
        let index = self.get(&url, validators, self.0.limits.index_bytes).instrument(span);
        let answer = index.await?;
        let (bytes, validators) = match (answer, known.as_ref()) {
            (Answer::Body { bytes, validators }, _) => (bytes, validators),
            (Answer::NotModified, Some(known)) => return Ok(known.fetched.clone()),
            (Answer::NotModified, None) => {
                return Err(RegistryError::Status { url: shown(&url), status: 304 });
            }
        };
        let digest: Arc<str> = hex(&Sha256::digest(&bytes)).into();
        let size = bytes.len() as u64;
        if let Some(same) = known.as_mut().filter(|known| known.fetched.digest == digest) {
            same.validators = validators;
            return Ok(same.fetched.clone());
        }
        // A large index takes long enough to parse that it must not hold up this thread's other tasks.
        let parsed = tokio::task::spawn_blocking(move || Index::parse(&bytes)).await;
        let index = parsed
            .unwrap_or_else(|_| Err("the reader stopped".to_owned()))
            .map_err(|reason| RegistryError::Index { url: self.url(), reason })?;
        let fetched = Fetched { index: Arc::new(index), digest, size };
        *known = Some(Known { fetched: fetched.clone(), validators });
        Ok(fetched)
    }

    /// The index that was read last, or the current one where none was read yet.
    pub async fn index(&self) -> Result<Fetched, RegistryError> {
        if let Some(known) = self.0.known.lock().await.as_ref() {
            return Ok(known.fetched.clone());
        }
        self.refresh().await
    }

    /// The version of `name` that Helm would choose for `constraint` from the current index; see [`Index::select`].
    pub async fn resolve(&self, name: &str, constraint: &str) -> Result<Found, RegistryError> {
        self.choose(&self.refresh().await?.index, name, constraint)
    }

    /// The same from an index that is at hand, without a request.
    pub fn choose(&self, index: &Index, name: &str, constraint: &str) -> Result<Found, RegistryError> {
        let entry = index
            .select(name, constraint)
            .map_err(|reason| RegistryError::Constraint { constraint: constraint.to_owned(), reason })?;
        let Some(entry) = entry else {
            return Err(match index.versions(name).and_then(<[_]>::first) {
                None => RegistryError::NoChart { name: name.to_owned(), url: self.url() },
                Some(newest) => RegistryError::NoVersion {
                    name: name.to_owned(),
                    constraint: constraint.to_owned(),
                    url: self.url(),
                    newest: newest.version.clone(),
                },
            });
        };
        let Some(address) = entry.urls.first() else {
            return Err(RegistryError::NoAddress {
                name: name.to_owned(),
                version: entry.version.clone(),
                url: self.url(),
            });
        };
        let digest = entry.digest.trim_start_matches("sha256:").to_ascii_lowercase();
        Ok(Found {
            name: name.to_owned(),
            version: entry.version.clone(),
            url: self.resolve_url(address)?,
            digest: (!digest.is_empty()).then_some(digest),
        })
    }

    /// The bytes of a chart's archive, checked against the digest of the index.
    pub async fn download(&self, found: &Found) -> Result<Bytes, RegistryError> {
        let (chart, version, url) = (found.name.as_str(), found.version.as_str(), shown(&found.url));
        let span = tracing::info_span!("pull", chart, version, url);
        let archive = self.get(&found.url, None, self.0.limits.archive_bytes).instrument(span);
        let Answer::Body { bytes, .. } = archive.await? else {
            return Err(RegistryError::Status { url: shown(&found.url), status: 304 });
        };
        if let Some(expected) = &found.digest {
            let actual = hex(&Sha256::digest(&bytes));
            if *expected != actual {
                let url = shown(&found.url);
                return Err(RegistryError::Digest { url, expected: expected.clone(), actual });
            }
        }
        Ok(bytes)
    }

    /// Chooses a version, downloads it and reads it.
    pub async fn chart(&self, name: &str, constraint: &str) -> Result<Chart, RegistryError> {
        let found = self.resolve(name, constraint).await?;
        self.load(&found).await
    }

    /// Downloads a version that was chosen and reads it.
    pub async fn load(&self, found: &Found) -> Result<Chart, RegistryError> {
        let bytes = self.download(found).await?;
        let limits = self.0.limits.chart;
        let loaded = tokio::task::spawn_blocking(move || {
            Chart::from_archive(&bytes, &limits).map_err(|error| {
                let error: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
                error
            })
        })
        .await;
        loaded
            .unwrap_or_else(|_| Err("the reader stopped".into()))
            .map_err(|source| RegistryError::Chart { url: shown(&found.url), source })
    }

    async fn get(
        &self,
        url: &Url,
        validators: Option<&Validators>,
        max_bytes: u64,
    ) -> Result<Answer, RegistryError> {
        let request = Request {
            url,
            home: &self.0.url,
            credentials: self.0.credentials.as_ref(),
            pass_credentials: self.0.pass_credentials,
            validators,
            max_bytes,
            limits: &self.0.limits,
        };
        self.0.http.get(&request).await
    }

    /// The address of something in the repository (Helm: `pkg/repo/v1/chartrepo.go`, `ResolveReferenceURL`): relative
    /// ones lie below the repository's path and inherit its query.
    fn resolve_url(&self, reference: &str) -> Result<Url, RegistryError> {
        let invalid = |reason: &dyn fmt::Display| RegistryError::Url {
            url: without_user(reference),
            reason: reason.to_string(),
        };
        let url = match Url::parse(reference) {
            Ok(absolute) => absolute,
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                let mut base = self.0.url.clone();
                let path = format!("{}/", base.path().trim_end_matches('/'));
                base.set_path(&path);
                let mut joined = base.join(reference).map_err(|error| invalid(&error))?;
                joined.set_query(self.0.url.query());
                joined
            }
            Err(error) => return Err(invalid(&error)),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(&"only http and https addresses are fetched"));
        }
        Ok(url)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("url", &self.url()).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
