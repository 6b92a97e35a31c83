//! The states that a release can be in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The state of one revision of a release (Helm: `pkg/release/common/status.go`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Nothing certain is known.
    #[default]
    Unknown,
    /// It is what runs in the cluster.
    Deployed,
    /// It was uninstalled and its record kept.
    Uninstalled,
    /// A newer revision took its place.
    Superseded,
    /// It could not be deployed.
    Failed,
    /// It is being uninstalled.
    Uninstalling,
    /// It is being installed, or whoever did that died.
    PendingInstall,
    /// It is being upgraded to, or whoever did that died.
    PendingUpgrade,
    /// It is being rolled back to, or whoever did that died.
    PendingRollback,
    /// A state that this version does not know; it is kept as it is written.
    Other(String),
}

impl Status {
    /// Helm's name of the state.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
            Self::Other(name) => name,
        }
    }

    /// Whether an action is under way, or died under way (Helm: `Status.IsPending`; `uninstalling` is none of them).
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl From<&str> for Status {
    fn from(name: &str) -> Self {
        match name {
            "unknown" | "" => Self::Unknown,
            "deployed" => Self::Deployed,
            "uninstalled" => Self::Uninstalled,
            "superseded" => Self::Superseded,
            "failed" => Self::Failed,
            "uninstalling" => Self::Uninstalling,
            "pending-install" => Self::PendingInstall,
            "pending-upgrade" => Self::PendingUpgrade,
            "pending-rollback" => Self::PendingRollback,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}
