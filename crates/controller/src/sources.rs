//! Chart repositories and the charts that came from them, fetched once for everybody who wants the same.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use pintle::Chart;
use pintle::registry::{Credentials, Fetched, Found, Http, Limits, RegistryError, Repository, Tls};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::api::HelmRepositorySpec;
use crate::duration::DurationError;

/// How many charts are kept in memory.
const CHARTS: usize = 64;

/// Limits of Flux's default for reading an index.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The repositories that are in use, and the charts that were read last.
///
/// `HelmRepository` objects with the same address and the same credentials share one [`Source`], and with it the
/// index and every download.
pub struct Sources {
    http: Http,
    limits: Limits,
    known: Mutex<HashMap<[u8; 32], Weak<Source>>>,
    charts: Mutex<Charts>,
}

/// A repository, by address and credentials.
pub struct Source {
    identity: [u8; 32],
    repository: Repository,
    last: tokio::sync::Mutex<Option<Instant>>,
}

/// The Secrets that a `HelmRepository` names.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepositorySecrets<'a> {
    /// What `spec.secretRef` names.
    pub credentials: Option<&'a Secret>,
    /// What `spec.certSecretRef` names.
    pub certificates: Option<&'a Secret>,
}

/// Why a repository cannot be used. None of these quotes a Secret's content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A Secret lacks what it is named for.
    #[error("the Secret {secret}, which {field} names, {problem}")]
    Secret {
        /// The Secret, as `namespace/name`.
        secret: String,
        /// The field that names it.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A duration cannot be read.
    #[error("spec.timeout: {0}")]
    Timeout(#[from] DurationError),
    /// The repository, or the way to it, is no good.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

struct Charts {
    clock: u64,
    kept: HashMap<[u8; 32], (u64, Arc<OnceCell<Chart>>)>,
}

impl Sources {
    /// No repositories yet; those without certificates of their own are reached through `http`, and none may send more
    /// than `limits` say. Their timeout is each repository's own.
    pub fn new(http: Http, limits: Limits) -> Self {
        Self {
            http,
            limits,
            known: Mutex::new(HashMap::new()),
            charts: Mutex::new(Charts { clock: 0, kept: HashMap::new() }),
        }
    }

    /// The repository that a `HelmRepository` describes; nothing is fetched.
    pub fn get(
        &self,
        spec: &HelmRepositorySpec,
        secrets: RepositorySecrets<'_>,
    ) -> Result<Arc<Source>, SourceError> {
        let mut limits = self.limits;
        limits.timeout = match &spec.timeout {
            Some(timeout) => timeout.get()?,
            None => DEFAULT_TIMEOUT,
        };
        let mut identity = Sha256::new();
        let mut tell = |part: &[u8]| {
            identity.update((part.len() as u64).to_le_bytes());
            identity.update(part);
        };
        tell(spec.url.as_bytes());
        tell(&limits.timeout.as_nanos().to_le_bytes());
        let mut builder = Repository::builder(&spec.url)?.limits(limits);
        if spec.pass_credentials == Some(true) {
            builder = builder.pass_credentials();
            tell(b"pass credentials");
        }
        if let Some((username, password)) = credentials(secrets.credentials)? {
            tell(username.as_bytes());
            tell(password.as_bytes());
            builder = builder.credentials(Credentials::basic(username, password));
        }
        let tls = certificates(secrets)?;
        if let Some(Certificates { authorities, identity }) = &tls {
            tell(authorities.as_deref().unwrap_or_default());
            if let Some((certificate, key)) = identity {
                tell(certificate);
                tell(key);
            }
        }
        let identity: [u8; 32] = identity.finalize().into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known.get(&identity).and_then(Weak::upgrade) {
            return Ok(source);
        }
        let http = match tls {
            Some(certificates) => Http::with_tls(&certificates.tls())?,
            None => self.http.clone(),
        };
        let source = Arc::new(Source {
            identity,
            repository: builder.build(&http),
            last: tokio::sync::Mutex::new(None),
        });
        known.retain(|_, source| source.strong_count() > 0);
        known.insert(identity, Arc::downgrade(&source));
        Ok(source)
    }

    /// A version of a chart, downloaded and read where nobody has done so lately; callers at the same time share one
    /// download.
    pub async fn chart(&self, source: &Source, found: &Found) -> Result<Chart, RegistryError> {
        let mut key = Sha256::new();
        key.update(source.identity);
        for part in [found.name.as_str(), &found.version, found.url.as_str()] {
            key.update((part.len() as u64).to_le_bytes());
            key.update(part.as_bytes());
        }
        key.update(found.digest.as_deref().unwrap_or_default());
        let cell = self.charts.lock().unwrap_or_else(PoisonError::into_inner).cell(key.finalize().into());
        cell.get_or_try_init(|| source.repository.load(found)).await.cloned()
    }
}

impl Source {
    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The index, read again unless that was done within `age`. Callers at the same time share one request.
    pub async fn fetch(&self, age: Duration) -> Result<Fetched, RegistryError> {
        let mut last = self.last.lock().await;
        if last.is_some_and(|last| last.elapsed() < age) {
            return self.repository.index().await;
        }
        let fetched = self.repository.refresh().await?;
        *last = Some(Instant::now());
        Ok(fetched)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source").field("repository", &self.repository).finish_non_exhaustive()
    }
}

impl Charts {
    fn cell(&mut self, key: [u8; 32]) -> Arc<OnceCell<Chart>> {
        self.clock += 1;
        if let Some((used, cell)) = self.kept.get_mut(&key) {
            *used = self.clock;
            return Arc::clone(cell);
        }
        if self.kept.len() >= CHARTS {
            let oldest = self.kept.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                self.kept.remove(&oldest);
            }
        }
        let cell = Arc::default();
        self.kept.insert(key, (self.clock, Arc::clone(&cell)));
        cell
    }
}

struct Certificates {
    authorities: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificates {
    fn tls(self) -> Tls {
        let mut tls = Tls::new();
        if let Some(authorities) = self.authorities {
            tls = tls.authorities(authorities);
        }
        if let Some((certificate, key)) = self.identity {
            tls = tls.identity(certificate, key);
        }
        tls
    }
}

fn content<'a>(secret: &'a Secret, key: &str) -> Option<&'a [u8]> {
    let bytes = secret.data.as_ref()?.get(key)?;
    (!bytes.0.is_empty()).then_some(&bytes.0)
}

fn name(secret: &Secret) -> String {
    format!("{}/{}", secret.namespace().unwrap_or_default(), secret.name_any())
}

/// Flux: `internal/helm/getter/client_opts.go`: `username` and `password`, both or neither.
fn credentials(secret: Option<&Secret>) -> Result<Option<(String, String)>, SourceError> {
    let Some(secret) = secret else { return Ok(None) };
    let wrong = |problem| SourceError::Secret { secret: name(secret), field: "spec.secretRef", problem };
    let text = |key| {
        content(secret, key)
            .map(|bytes| {
                String::from_utf8(bytes.to_vec()).map_err(|_| wrong("has credentials that are no text"))
            })
            .transpose()
    };
    match (text("username")?, text("password")?) {
        (Some(username), Some(password)) => Ok(Some((username, password))),
        (None, None) => Ok(None),
        _ => Err(wrong("must have both of the keys username and password, or neither")),
    }
}

/// Flux: `certSecretRef` has `tls.crt`, `tls.key` and `ca.crt`; `secretRef` may have the old names of the same.
fn certificates(secrets: RepositorySecrets<'_>) -> Result<Option<Certificates>, SourceError> {
    let (secret, field, [certificate, key, authority]) = match secrets {
        RepositorySecrets { certificates: Some(secret), .. } => {
            (secret, "spec.certSecretRef", ["tls.crt", "tls.key", "ca.crt"])
        }
        RepositorySecrets { credentials: Some(secret), .. } => {
            (secret, "spec.secretRef", ["certFile", "keyFile", "caFile"])
        }
        RepositorySecrets { .. } => return Ok(None),
    };
    let wrong = |problem| SourceError::Secret { secret: name(secret), field, problem };
    let identity = match (content(secret, certificate), content(secret, key)) {
        (Some(certificate), Some(key)) => Some((certificate.to_vec(), key.to_vec())),
        (None, None) => None,
        _ => return Err(wrong("has one of a certificate and its key; both are needed")),
    };
    let authorities = content(secret, authority).map(<[u8]>::to_vec);
    match (&authorities, &identity, field) {
        (None, None, "spec.certSecretRef") => Err(wrong("has none of the keys ca.crt, tls.crt and tls.key")),
        (None, None, _) => Ok(None),
        _ => Ok(Some(Certificates { authorities, identity })),
    }
}
