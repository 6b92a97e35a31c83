//! Why an action could not be done.

use std::sync::Arc;

use pintle_cluster::{LockError, ObjectRef};
use pintle_release::{Status, StoreError};

use crate::Failure;

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The same again later may work: something is away, slow or busy.
    Retry,
    /// Somebody else changed or owns what was to be written.
    Conflict,
    /// Chart, values, names or permissions are wrong: it will not work before somebody changes them.
    User,
    /// Nothing helps: cancelled, or a defect.
    Fatal,
}

/// Why an action could not be done.
///
/// No text holds values, Secrets or credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The release's name is none.
    #[error(
        "release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    )]
    Name {
        /// The name as given.
        name: String,
    },
    /// There is no such release.
    #[error("release: not found")]
    NotFound {
        /// The release.
        name: String,
    },
    /// There is a release, but none of its revisions was ever deployed.
    #[error("{name:?} has no deployed releases")]
    NoDeployed {
        /// The release.
        name: String,
    },
    /// There is no such revision.
    #[error("release has no {revision} version")]
    NoRevision {
        /// The release.
        name: String,
        /// The revision that was asked for.
        revision: u32,
    },
    /// An install found a release of that name.
    #[error("cannot reuse a name that is still in use")]
    NameInUse {
        /// The release.
        name: String,
        /// The state of its newest revision.
        status: Status,
    },
    /// An action is under way on the release, or died under way.
    #[error("another operation (install/upgrade/rollback) is in progress")]
    Pending {
        /// The release.
        name: String,
        /// The revision that is under way.
        revision: u32,
        /// Its state.
        status: Status,
    },
    /// Somebody else is at work on the release: its lock is held, and was seen to be renewed.
    #[error(
        "another operation (install/upgrade/rollback) is in progress: release {name} is being worked on by {holder}"
    )]
    Held {
        /// The release.
        name: String,
        /// Who is.
        holder: String,
    },
    /// The lock of the release was lost while it was worked on: the cluster could not be reached for too long, or
    /// somebody else took it. Whoever has it next finishes or repairs the release.
    #[error(
        "the lock of release {name} was lost; nothing more was sent, and the next run repairs the release"
    )]
    LockLost {
        /// The release.
        name: String,
    },
    /// The lock of the release could not be taken or given back.
    #[error("the lock of release {name}: {source}")]
    Lock {
        /// The release.
        name: String,
        /// What the cluster said.
        source: Box<pintle_cluster::Error>,
    },
    /// The release was uninstalled already.
    #[error("the release named {name:?} is already deleted")]
    AlreadyUninstalled {
        /// The release.
        name: String,
    },
    /// A label of the user's is one of Helm's own.
    #[error(
        "user supplied labels contains system reserved label name. \
         System labels: [name owner status version createdAt modifiedAt]"
    )]
    ReservedLabel {
        /// The label.
        label: String,
    },
    /// Two options contradict each other.
    #[error("invalid client update option(s): {problem}")]
    Options {
        /// Which, and why.
        problem: &'static str,
    },
    /// The chart cannot be installed.
    #[error("{reason}")]
    NotInstallable {
        /// Why.
        reason: String,
    },
    /// The chart or its values are wrong.
    #[error(transparent)]
    Chart(#[from] Box<pintle_chart::ChartError>),
    /// The chart could not be rendered.
    #[error(transparent)]
    Render(Box<Unrendered>),
    /// The chart could not be fetched.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Registry(#[from] Box<pintle_registry::RegistryError>),
    /// The cluster could not be asked, or said no, before anything was changed.
    #[error("{doing}: {source}")]
    Cluster {
        /// What was being done, in Helm's words.
        doing: &'static str,
        /// What the cluster said.
        source: Box<pintle_cluster::Error>,
    },
    /// The release's records could not be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// A record's manifest cannot be read.
    #[error("the manifest of revision {revision} of {name} cannot be read: {reason}")]
    Manifest {
        /// The release.
        name: String,
        /// The revision.
        revision: u32,
        /// Where and why.
        reason: String,
    },
    /// A CRD in `crds/` would take away what objects in the cluster may use.
    #[error("{object} would lose {}; keep it in the chart, or change the crd by hand", losses.join(", "))]
    CrdLoss {
        /// The CRD.
        object: Box<ObjectRef>,
        /// What would be lost (`stored version v1alpha1`, `v1 .spec.size`).
        losses: Vec<String>,
    },
    /// What the objects' annotations say about their order cannot be followed.
    #[error(transparent)]
    Order(#[from] Box<pintle_cluster::order::OrderError>),
    /// The plan says that an object cannot be written. Nothing was changed.
    #[error("{object} cannot be written: {reason}")]
    Obstructed {
        /// The object.
        object: Box<ObjectRef>,
        /// Why, and what to do.
        reason: String,
    },
    /// A plan is another one than the one that was approved, or what was approved cannot be read.
    #[error("this is not the plan that was approved: {what}")]
    NotApproved {
        /// What is otherwise.
        what: String,
    },
    /// The release or its objects changed after the plan was made.
    #[error("the cluster has moved: {what} changed since the plan was made; plan again")]
    Moved {
        /// What changed.
        what: String,
    },
    /// The run changed the cluster and failed; the record says so.
    #[error("{}", .0.message())]
    Failed(Box<Failed>),
    /// The run was cancelled; the record says so.
    #[error("cancelled; revision {revision} of {name} is recorded as {status}")]
    Cancelled {
        /// The release.
        name: String,
        /// The revision that was under way.
        revision: u32,
        /// Its recorded state.
        status: Status,
    },
    /// The caller cancelled before anything was changed.
    #[error("cancelled; nothing was changed")]
    CancelledEarly,
    /// What became of the run could not be written down in time. The record still says that the run is under way; the
    /// next `ensure` repairs it.
    #[error("the outcome of revision {revision} of {name} could not be recorded within 5 s")]
    Unrecorded {
        /// The release.
        name: String,
        /// The revision.
        revision: u32,
    },
    /// The task that rendered was stopped by the runtime.
    #[error("rendering was stopped: the runtime is shutting down")]
    Stopped,
}

/// A run that changed the cluster and failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failed {
    /// The release.
    pub name: String,
    /// The revision that failed.
    pub revision: u32,
    /// What failed, on which object, and why.
    pub failure: Arc<Failure>,
    /// What was done about it.
    pub remedy: Remedy,
    /// Whether the same again later may work.
    pub class: Class,
}

/// What was done about a failure.
#[derive(Debug)]
#[non_exhaustive]
pub enum Remedy {
    /// Nothing was asked for: the release stays as it is.
    None,
    /// The release was rolled back; it is deployed again as this new revision.
    RolledBack {
        /// The revision whose state the release has again.
        to: u32,
        /// The new revision.
        revision: u32,
    },
    /// The failed install was uninstalled.
    Uninstalled,
    /// That failed too.
    Failed(Box<Error>),
}

impl Failed {
    /// What happened, in Helm's words where Helm has some (`pkg/action/upgrade.go` and `install.go`, `failRelease`).
    fn message(&self) -> String {
        let Self { name, failure, .. } = self;
        match &self.remedy {
            Remedy::None => failure.to_string(),
            Remedy::RolledBack { .. } => {
                format!(
                    "release {name} failed, and has been rolled back due to rollback-on-failure being set: {failure}"
                )
            }
            Remedy::Uninstalled => {
                format!(
                    "release {name} failed, and has been uninstalled due to rollback-on-failure being set: {failure}"
                )
            }
            Remedy::Failed(error) => {
                format!("{failure}; undoing it ended with an error of its own: {error}")
            }
        }
    }
}

/// Why a chart could not be rendered, and what lies behind it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct Unrendered {
    /// Why.
    pub error: pintle_render::RenderError,
    /// The template's lines and the values in them; empty where nothing can be said.
    pub explanation: pintle_render::Explanation,
}

impl Error {
    /// What lies behind it in the chart and its values: the template's line, and who set the values in it.
    pub fn explanation(&self) -> Option<&pintle_render::Explanation> {
        match self {
            Self::Render(unrendered) => {
                Some(&unrendered.explanation).filter(|explanation| !explanation.is_empty())
            }
            Self::Failed(failed) => failed.failure.explanation.as_deref(),
            _ => None,
        }
    }

    /// What a caller can do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Cluster { source, .. } | Self::Lock { source, .. } => class_of(source),
            Self::Store(StoreError::Backend(source)) => source.downcast_ref().map_or(Class::Retry, class_of),
            Self::Store(StoreError::Conflict { .. } | StoreError::AlreadyExists)
            | Self::Pending { .. }
            | Self::Moved { .. } => Class::Conflict,
            #[cfg(feature = "http")]
            Self::Registry(error) => match error.class() {
                pintle_registry::Class::Retry => Class::Retry,
                pintle_registry::Class::User => Class::User,
                _ => Class::Fatal,
            },
            Self::Failed(failed) => failed.class,
            Self::Unrecorded { .. } | Self::Held { .. } | Self::LockLost { .. } => Class::Retry,
            Self::Cancelled { .. }
            | Self::CancelledEarly
            | Self::Stopped
            | Self::Store(_)
            | Self::Manifest { .. } => Class::Fatal,
            _ => Class::User,
        }
    }

    /// The object that it is about, where it is about one.
    pub fn object(&self) -> Option<&ObjectRef> {
        match self {
            Self::Cluster { source, .. } | Self::Lock { source, .. } => object_of(source),
            Self::CrdLoss { object, .. } | Self::Obstructed { object, .. } => Some(object),
            Self::Failed(failed) => failed.failure.object.as_ref(),
            _ => None,
        }
    }

    /// What failed in the cluster, where the run changed something and failed.
    pub fn failure(&self) -> Option<&Arc<Failure>> {
        match self {
            Self::Failed(failed) => Some(&failed.failure),
            _ => None,
        }
    }

    /// Why the lock of a release was not got, or is not any more.
    pub(crate) fn lock(name: &str, error: LockError) -> Self {
        let name = name.to_owned();
        match error {
            LockError::Held { holder, .. } => Self::Held { name, holder },
            LockError::Cluster(pintle_cluster::Error::Cancelled) => Self::CancelledEarly,
            LockError::Cluster(source) => Self::Lock { name, source: Box::new(source) },
            _ => Self::LockLost { name },
        }
    }

    pub(crate) fn cluster(doing: &'static str) -> impl Fn(pintle_cluster::Error) -> Self {
        move |source| match source {
            pintle_cluster::Error::Cancelled => Self::CancelledEarly,
            pintle_cluster::Error::LockLost { release } => Self::LockLost { name: release },
            source => Self::Cluster { doing, source: Box::new(source) },
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match lost(&error) {
            Some(release) => Self::LockLost { name: release.to_owned() },
            None => Self::Store(error),
        }
    }
}

/// The release whose lock was lost, where that is why its records could not be reached.
pub(crate) fn lost(error: &StoreError) -> Option<&str> {
    let StoreError::Backend(source) = error else { return None };
    match source.downcast_ref()? {
        pintle_cluster::Error::LockLost { release } => Some(release),
        _ => None,
    }
}

/// The class of an error of the cluster.
pub(crate) fn class_of(error: &pintle_cluster::Error) -> Class {
    match error.class() {
        pintle_cluster::Class::Retry => Class::Retry,
        pintle_cluster::Class::Conflict => Class::Conflict,
        pintle_cluster::Class::User => Class::User,
        pintle_cluster::Class::Fatal => Class::Fatal,
    }
}

/// The object that an error of the cluster is about.
pub(crate) fn object_of(error: &pintle_cluster::Error) -> Option<&ObjectRef> {
    match error {
        pintle_cluster::Error::Ownership(error) => Some(&error.object),
        pintle_cluster::Error::Moved { object, .. } => Some(object),
        error => error.refusal()?.object.as_ref(),
    }
}
