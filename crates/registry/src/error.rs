//! Why a chart could not be had.

use std::time::Duration;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// It may pass: try again later.
    Retry,
    /// The user has to change something: a name, a version, credentials.
    User,
    /// The repository is wrong in itself; only whoever runs it can help.
    Fatal,
}

/// Why a chart could not be had. No variant holds credentials: addresses are shown without user information.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The address is not one of a repository.
    #[error("{url:?} is not the address of a chart repository: {reason}")]
    Url {
        /// The address as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificates or keys cannot be used.
    #[error("the TLS settings cannot be used: {0}")]
    Tls(String),
    /// No connection, or it broke.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {url} is not trusted: {reason}")]
    Untrusted {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// The answer took too long.
    #[error("{url} did not answer within {timeout:?}")]
    Timeout {
        /// The address.
        url: String,
        /// The limit.
        timeout: Duration,
    },
    /// The server does not know the user, or does not let the user in.
    #[error("{url} answered {status}: {}", if *authenticated {
        "the user name and the password were not accepted"
    } else {
        "it asks for a user name and a password"
    })]
    Unauthorized {
        /// The address.
        url: String,
        /// The HTTP status: 401, 403 or 407.
        status: u16,
        /// Whether credentials were sent.
        authenticated: bool,
    },
    /// There is nothing at the address.
    #[error("{url} answered {status}: there is nothing at this address")]
    NotFound {
        /// The address.
        url: String,
        /// The HTTP status: 404 or 410.
        status: u16,
    },
    /// The server answered with something else than success.
    #[error("{url} answered {status}{}", hint(*status))]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server redirected too often, or to nowhere.
    #[error("{url} redirects {reason}")]
    Redirect {
        /// The address that was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// An answer is larger than its limit; see [`Limits`](crate::Limits).
    #[error("{url} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The index cannot be read.
    #[error("the index of {url} cannot be read: {reason}")]
    Index {
        /// The repository.
        url: String,
        /// Where and why.
        reason: String,
    },
    /// The version is no version and no constraint.
    #[error("{constraint:?} is not a version or a range of versions: {reason}")]
    Constraint {
        /// What was asked for.
        constraint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository has no such chart.
    #[error("chart {name:?} not found in {url}")]
    NoChart {
        /// The chart.
        name: String,
        /// The repository.
        url: String,
    },
    /// The repository has no version that fits.
    #[error("chart {name:?} has no version matching {constraint:?} in {url}; the newest is {newest}")]
    NoVersion {
        /// The chart.
        name: String,
        /// What was asked for.
        constraint: String,
        /// The repository.
        url: String,
        /// The newest version there is.
        newest: String,
    },
    /// The index does not say where the archive is.
    #[error("chart {name:?} version {version} has no address in the index of {url}")]
    NoAddress {
        /// The chart.
        name: String,
        /// The version.
        version: String,
        /// The repository.
        url: String,
    },
    /// The archive is not the one that the index promises.
    #[error(
        "{url} has the digest {actual}, but the index says {expected}; the archive was damaged or exchanged"
    )]
    Digest {
        /// The archive's address.
        url: String,
        /// The digest in the index.
        expected: String,
        /// The digest of what came.
        actual: String,
    },
    /// The archive is no chart.
    #[error("{url} is not a chart: {source}")]
    Chart {
        /// The archive's address.
        url: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl RegistryError {
    /// What a caller can do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => Class::Retry,
            Self::Status { status, .. } => match status {
                408 | 425 | 429 | 500.. => Class::Retry,
                _ => Class::User,
            },
            Self::Url { .. }
            | Self::Tls(_)
            | Self::Untrusted { .. }
            | Self::Unauthorized { .. }
            | Self::NotFound { .. }
            | Self::Constraint { .. }
            | Self::NoChart { .. }
            | Self::NoVersion { .. } => Class::User,
            _ => Class::Fatal,
        }
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        304 => " although nothing was known before",
        429 => " (too many requests)",
        500.. => " (the server's own trouble)",
        _ => "",
    }
}
