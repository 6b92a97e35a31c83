//! Why something could not be done in a cluster.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Gvk, Lag, ObjectRef, OwnershipError, Verb};

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The same again later may work: the cluster is away, slow or busy.
    Retry,
    /// Somebody else changed or owns what was to be written: read again, or take it over by force.
    Conflict,
    /// The input or the permissions are wrong: it will not work before somebody changes them.
    User,
    /// Nothing helps: cancelled, or a defect on one of the two sides.
    Fatal,
}

/// Why something could not be done in a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API server answered with an error.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// No answer came: no connection, or it was cut.
    #[error("cluster {cluster} cannot be reached: {source}")]
    Unreachable {
        /// The target's name.
        cluster: String,
        /// What the client says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One request took longer than the target's request time-out.
    #[error("cluster {cluster} did not answer {verb} {path} within {}", Seconds(*.after))]
    TimedOut {
        /// The target's name.
        cluster: String,
        /// What was asked.
        verb: Verb,
        /// The path of the request, without its query.
        path: String,
        /// The time-out.
        after: Duration,
    },
    /// The answer cannot be read.
    #[error("cluster {cluster} answered {verb} {path} with something that cannot be read: {problem}")]
    Unreadable {
        /// The target's name.
        cluster: String,
        /// What was asked.
        verb: Verb,
        /// The path of the request, without its query.
        path: String,
        /// What is wrong, without quoting the answer.
        problem: String,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The deadline of the whole call passed.
    #[error("the deadline has passed")]
    DeadlinePassed,
    /// Somebody else is at work on the release, and alive.
    #[error("release {release} is being worked on by {holder}")]
    Locked {
        /// The release.
        release: String,
        /// Who holds its lock.
        holder: String,
    },
    /// The lock of the release was taken by somebody else, or could not be renewed in time; nothing is sent any more.
    #[error("the lock of release {release} was lost")]
    LockLost {
        /// The release.
        release: String,
    },
    /// The cluster does not serve this kind.
    #[error("no matches for kind {:?} in version {:?}; install its CRD first", gvk.kind, gvk.api_version())]
    UnknownKind {
        /// The kind.
        gvk: Gvk,
    },
    /// The cluster should serve this kind, and did not in half a minute.
    #[error("kind {:?} in version {:?} is not served, {lag}", gvk.kind, gvk.api_version())]
    NotServed {
        /// The kind.
        gvk: Gvk,
        /// Why it should be served.
        lag: Lag,
    },
    /// An object of a manifest cannot be used.
    #[error("{object}: {problem}")]
    InvalidObject {
        /// The object, as far as it says what it is.
        object: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The object is not what it was when it was read.
    #[error("{object} is not what it was when the plan was made{}; plan again", Fields(.fields))]
    Moved {
        /// The object.
        object: Box<ObjectRef>,
        /// The fields that are otherwise (`.spec.replicas`); empty where it is gone or another object.
        fields: Vec<String>,
    },
    /// The object exists and belongs to somebody else.
    #[error(transparent)]
    Ownership(#[from] Box<OwnershipError>),
}

/// An error that the API server answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What was asked.
    pub verb: Verb,
    /// The object that it was about.
    pub object: Option<ObjectRef>,
    /// The HTTP status.
    pub code: u16,
    /// The machine-readable reason (`NotFound`, `Invalid`, …); empty where the answer has none.
    pub reason: String,
    /// The server's text. For Secrets it is replaced where it could quote what is in them.
    pub message: String,
    /// The single causes, by field.
    pub causes: Vec<Cause>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// Whether an internal error of the server is the object's fault, so that it comes again.
    pub(crate) lasting: bool,
}

/// One cause of a [`Refusal`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// The machine-readable reason (`FieldValueRequired`, `FieldManagerConflict`, …).
    pub reason: String,
    /// The field (`.spec.replicas`); empty where the server names none.
    pub field: String,
    /// The server's text; empty for Secrets where it could quote what is in them.
    pub message: String,
    /// Whether the field cannot be changed once the object is there, as far as the server's text tells.
    pub immutable: bool,
}

/// A field that another manager owns, and that an apply wanted to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldConflict {
    /// The field (`.spec.replicas`).
    pub field: String,
    /// Who owns it.
    pub manager: String,
    /// The subresource that it was set through; empty for the object itself.
    pub subresource: String,
}

impl Error {
    /// What a caller can do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Refused(refusal) => refusal.class(),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::DeadlinePassed
            | Self::Locked { .. }
            | Self::LockLost { .. }
            | Self::NotServed { .. } => Class::Retry,
            Self::Unreadable { .. } | Self::Cancelled => Class::Fatal,
            Self::UnknownKind { .. } | Self::InvalidObject { .. } => Class::User,
            Self::Ownership(_) | Self::Moved { .. } => Class::Conflict,
        }
    }

    /// The server's answer, where there was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status of the server's answer.
    pub fn code(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.code)
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Whether an object of that name is there already.
    pub fn is_already_exists(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.reason == "AlreadyExists")
    }

    /// Whether the write lost against another one.
    pub fn is_conflict(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == 409 && refusal.reason != "AlreadyExists")
    }

    /// Whether the permission is missing.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// Whether the resource version is too old to go on from.
    pub fn is_gone(&self) -> bool {
        self.code() == Some(410)
    }

    /// The fields that others own, where an apply was refused for them.
    pub fn field_conflicts(&self) -> Vec<FieldConflict> {
        self.refusal().map(Refusal::field_conflicts).unwrap_or_default()
    }

    /// The fields that cannot be changed, where a write was refused for them.
    pub fn immutable_fields(&self) -> Vec<String> {
        self.refusal().map(Refusal::immutable_fields).unwrap_or_default()
    }
}

impl Refusal {
    /// What a caller can do about it.
    pub fn class(&self) -> Class {
        match self.code {
            409 if self.reason != "AlreadyExists" => Class::Conflict,
            500 if self.lasting => Class::User,
            408 | 410 | 429 | 500..=599 => Class::Retry,
            _ => Class::User,
        }
    }

    /// The fields that others own, where an apply was refused for them.
    pub fn field_conflicts(&self) -> Vec<FieldConflict> {
        self.causes
            .iter()
            .filter(|cause| cause.reason == "FieldManagerConflict")
            .map(field_conflict)
            .collect()
    }

    /// The fields that cannot be changed, where a write was refused for nothing but them: then the object can be had
    /// only by deleting it and creating it anew.
    pub fn immutable_fields(&self) -> Vec<String> {
        if self.code != 422 || self.causes.iter().any(|cause| !cause.immutable) {
            return Vec::new();
        }
        let mut fields: Vec<String> = self.causes.iter().map(|cause| cause.field.clone()).collect();
        fields.dedup();
        fields
    }

    /// Whether the conflict is one of resource quotas, which heals by itself (Helm: `pkg/kube/client.go`,
    /// `isResourceQuotaConflict`).
    pub(crate) fn is_quota_conflict(&self) -> bool {
        self.code == 409
            && self.message.contains("Operation cannot be fulfilled on resourcequotas")
            && self.message.contains("the object has been modified")
    }
}

/// Reads `conflict with "kubectl" with subresource "scale" using apps/v1`.
fn field_conflict(cause: &Cause) -> FieldConflict {
    let quoted = |after: &str| {
        let rest = cause.message.split_once(after)?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    FieldConflict {
        field: cause.field.clone(),
        manager: quoted("conflict with \"").unwrap_or_default(),
        subresource: quoted("with subresource \"").unwrap_or_default(),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(object) = &self.object else { return write!(f, "{} refused: {}", self.verb, self.message) };
        let place = object.namespace.as_deref().unwrap_or_default();
        // Helm: pkg/kube/client.go, patchResourceServerSide
        match (self.verb, self.code) {
            (Verb::Apply, 415) => {
                write!(f, "server-side apply not available on the server: {}", self.message)
            }
            (Verb::Apply, 409) => write!(
                f,
                "conflict occurred while applying object {place}/{} {}: {}",
                object.name, object.gvk, self.message
            ),
            (Verb::Apply, _) => write!(
                f,
                "server-side apply failed for object {place}/{} {}: {}",
                object.name, object.gvk, self.message
            ),
            _ => write!(f, "{} of {object} refused: {}", self.verb, self.message),
        }
    }
}

impl std::error::Error for Refusal {}

struct Fields<'a>(&'a [String]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " ({})", self.0.join(", ")) }
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs_f64())
    }
}
