//! What an error of the engine is called in a status, and in which words.

use pintle::cluster::Error as ClusterError;
use pintle::release::StoreError;
use pintle::{Error, Failure};

use super::{After, Blocked};
use crate::conditions::Reason;
use crate::queue::Reached;

/// What stopped a run before it changed anything.
pub(super) fn blocked(error: &Error) -> Blocked {
    let reason = match error {
        Error::Render(_) | Error::Chart(_) | Error::NotInstallable { .. } => Reason::RenderFailed,
        Error::Pending { .. } | Error::Held { .. } => Reason::Locked,
        Error::Name { .. } => Reason::InvalidSpec,
        error => match cluster(error) {
            Some(error) if is_silent(error) => Reason::ClusterUnreachable,
            Some(error) if error.code() == Some(401) => Reason::KubeConfigError,
            Some(error) if error.is_forbidden() => Reason::Forbidden,
            None if matches!(error, Error::Store(_) | Error::Manifest { .. }) => Reason::StateError,
            _ => Reason::ReconcileError,
        },
    };
    Blocked { reason, message: error.to_string(), after: After::Pause, tenant: reached(error) }
}

/// Whether the cluster answered.
pub(super) fn reached(error: &Error) -> Reached {
    match cluster(error) {
        Some(error) if is_silent(error) => Reached::No,
        Some(_) => Reached::Yes,
        None => match error {
            Error::Render(_) | Error::Chart(_) | Error::Name { .. } | Error::NotInstallable { .. } => {
                Reached::NotAsked
            }
            Error::Unrecorded { .. } | Error::LockLost { .. } => Reached::No,
            _ => Reached::Yes,
        },
    }
}

/// What failed, on which object and why, with what the cluster says about it.
pub(super) fn failure(failure: &Failure) -> String {
    match &failure.report {
        Some(report) => format!("{failure}\n{report}"),
        None => failure.to_string(),
    }
}

/// The cluster's own error behind one of the engine's.
fn cluster(error: &Error) -> Option<&ClusterError> {
    match error {
        Error::Cluster { source, .. } | Error::Lock { source, .. } => Some(source),
        Error::Store(StoreError::Backend(source)) => source.downcast_ref(),
        _ => None,
    }
}

/// Whether the cluster gave no answer.
fn is_silent(error: &ClusterError) -> bool {
    matches!(
        error,
        ClusterError::Unreachable { .. } | ClusterError::TimedOut { .. } | ClusterError::DeadlinePassed
    )
}
