//! The conditions of an object: what holds for it, since when and why.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::{Condition, ConditionStatus};

/// Names of conditions; Flux's words.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ConditionType {
    /// All is as declared.
    Ready,
    /// Something is being done about it.
    Reconciling,
    /// Nothing will be done about it before the declaration, or something that it names, changes.
    Stalled,
    /// The last install or upgrade went well.
    Released,
    /// The chart's tests went well.
    TestSuccess,
    /// A failed action was undone.
    Remediated,
    /// Objects in the cluster differ from the release.
    Drifted,
    /// The index of a repository has been read.
    ArtifactInStorage,
    /// The index of a repository could not be read.
    FetchFailed,
}

impl ConditionType {
    /// The name, as it stands in a status.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Released => "Released",
            Self::TestSuccess => "TestSuccess",
            Self::Remediated => "Remediated",
            Self::Drifted => "Drifted",
            Self::ArtifactInStorage => "ArtifactInStorage",
            Self::FetchFailed => "FetchFailed",
        }
    }
}

/// Why a condition is as it is; Flux's words where Flux has one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// An install went well.
    InstallSucceeded,
    /// An install went wrong.
    InstallFailed,
    /// An upgrade went well.
    UpgradeSucceeded,
    /// An upgrade went wrong.
    UpgradeFailed,
    /// A rollback went well.
    RollbackSucceeded,
    /// A rollback went wrong.
    RollbackFailed,
    /// An uninstall went well.
    UninstallSucceeded,
    /// An uninstall went wrong.
    UninstallFailed,
    /// Work is going on.
    Progressing,
    /// Work is going on, after a failure.
    ProgressingWithRetry,
    /// The chart could not be had, or not read.
    ArtifactFailed,
    /// The repository is not there, or its index has not been read.
    SourceNotReady,
    /// The repository may not be used from this namespace.
    AccessDenied,
    /// The values could not be put together.
    ValuesError,
    /// The chart's templates could not be rendered with the values.
    RenderFailed,
    /// The kubeconfig, or the Secret that holds it, is missing or cannot be used.
    KubeConfigError,
    /// The cluster does not answer.
    ClusterUnreachable,
    /// The cluster refuses what has to be done.
    Forbidden,
    /// The declaration sets a field that is not honoured.
    UnsupportedField,
    /// The declaration contradicts itself, or a field of it cannot be read.
    InvalidSpec,
    /// The release's records could not be read, or make no sense.
    StateError,
    /// Somebody else is working on the release.
    Locked,
    /// No try is left.
    RetriesExceeded,
    /// There is no good revision to go back to.
    MissingRollbackTarget,
    /// Objects in the cluster differ from the release.
    DriftDetected,
    /// Objects that differed were put back.
    DriftCorrected,
    /// Objects that differ could not be put back.
    DriftCorrectionFailed,
    /// Somebody changes objects again each time they are put back.
    DriftContested,
    /// No object differs from the release.
    NoDriftDetected,
    /// All went well.
    Succeeded,
    /// The declaration says to leave it alone.
    Suspended,
    /// The index could not be read.
    IndexationFailed,
    /// The repository refuses the credentials.
    AuthenticationFailed,
    /// The repository's address cannot be used.
    UrlInvalid,
    /// Anything else went wrong.
    ReconcileError,
}

impl Reason {
    /// The word, as it stands in a status or an event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InstallSucceeded => "InstallSucceeded",
            Self::InstallFailed => "InstallFailed",
            Self::UpgradeSucceeded => "UpgradeSucceeded",
            Self::UpgradeFailed => "UpgradeFailed",
            Self::RollbackSucceeded => "RollbackSucceeded",
            Self::RollbackFailed => "RollbackFailed",
            Self::UninstallSucceeded => "UninstallSucceeded",
            Self::UninstallFailed => "UninstallFailed",
            Self::Progressing => "Progressing",
            Self::ProgressingWithRetry => "ProgressingWithRetry",
            Self::ArtifactFailed => "ArtifactFailed",
            Self::SourceNotReady => "SourceNotReady",
            Self::AccessDenied => "AccessDenied",
            Self::ValuesError => "ValuesError",
            Self::RenderFailed => "RenderFailed",
            Self::KubeConfigError => "KubeConfigError",
            Self::ClusterUnreachable => "ClusterUnreachable",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedField => "UnsupportedField",
            Self::InvalidSpec => "InvalidSpec",
            Self::StateError => "StateError",
            Self::Locked => "Locked",
            Self::RetriesExceeded => "RetriesExceeded",
            Self::MissingRollbackTarget => "MissingRollbackTarget",
            Self::DriftDetected => "DriftDetected",
            Self::DriftCorrected => "DriftCorrected",
            Self::DriftContested => "DriftContested",
            Self::DriftCorrectionFailed => "DriftCorrectionFailed",
            Self::NoDriftDetected => "NoDriftDetected",
            Self::Succeeded => "Succeeded",
            Self::Suspended => "Suspended",
            Self::IndexationFailed => "IndexationFailed",
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::UrlInvalid => "URLInvalid",
            Self::ReconcileError => "ReconcileError",
        }
    }
}

/// Longest message that a condition's schema takes, in characters.
const LONGEST_MESSAGE: usize = 32_768;

/// The conditions of one object while it is being worked on.
///
/// ```
/// use pintle_controller::api::ConditionStatus::{False, True};
/// use pintle_controller::conditions::{ConditionType, Conditions, Reason};
///
/// let mut conditions = Conditions::new(Vec::new(), Some(3));
/// conditions.set(ConditionType::Ready, False, Reason::Progressing, "installing");
/// conditions.set(ConditionType::Ready, True, Reason::InstallSucceeded, "installed revision 1");
/// assert!(conditions.holds(ConditionType::Ready));
/// assert_eq!(conditions.list()[0].observed_generation, Some(3));
/// ```
#[derive(Clone, Debug)]
pub struct Conditions {
    list: Vec<Condition>,
    generation: Option<i64>,
}

impl Conditions {
    /// Starts from an object's conditions; what is set from now on is about `generation`.
    pub fn new(list: Vec<Condition>, generation: Option<i64>) -> Self {
        Self { list, generation }
    }

    /// Says that a condition holds, does not, or is not known. The time of transition moves when the status changes,
    /// and not with the reason or the message.
    pub fn set(
        &mut self,
        condition: ConditionType,
        status: ConditionStatus,
        reason: Reason,
        message: impl Into<String>,
    ) {
        self.set_at(condition, status, reason, message, Timestamp::now());
    }

    /// As [`Conditions::set`], at a time of the caller's.
    pub fn set_at(
        &mut self,
        condition: ConditionType,
        status: ConditionStatus,
        reason: Reason,
        message: impl Into<String>,
        now: Timestamp,
    ) {
        let name = condition.as_str();
        let since = match self.get(condition) {
            Some(old) if old.status == status => old.last_transition_time.clone(),
            _ => Time(now),
        };
        let new = Condition {
            type_: name.to_owned(),
            status,
            observed_generation: self.generation,
            last_transition_time: since,
            reason: reason.as_str().to_owned(),
            message: cut(message.into()),
        };
        match self.list.iter_mut().find(|old| old.type_ == name) {
            Some(old) => *old = new,
            None => self.list.push(new),
        }
        // Ready first, as `kubectl describe` and Flux's own tools show it; the rest by name.
        self.list.sort_by(|a, b| (a.type_ != "Ready", &a.type_).cmp(&(b.type_ != "Ready", &b.type_)));
    }

    /// Takes a condition away.
    pub fn remove(&mut self, condition: ConditionType) {
        self.list.retain(|old| old.type_ != condition.as_str());
    }

    /// The condition of a name.
    pub fn get(&self, condition: ConditionType) -> Option<&Condition> {
        self.list.iter().find(|old| old.type_ == condition.as_str())
    }

    /// Whether a condition is there and holds.
    pub fn holds(&self, condition: ConditionType) -> bool {
        self.get(condition).is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// All of them, `Ready` first.
    pub fn list(&self) -> &[Condition] {
        &self.list
    }

    /// All of them, for the status.
    pub fn into_list(self) -> Vec<Condition> {
        self.list
    }
}

fn cut(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some(_) => message.chars().take(LONGEST_MESSAGE - 1).chain(['…']).collect(),
        None => message,
    }
}
