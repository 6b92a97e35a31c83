//! What an action does to a release and to each of its objects.

use std::fmt;

use pintle_cluster::ObjectRef;
use pintle_release::HookEvent;
use serde::{Deserialize, Serialize};

/// What an action does to the release as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action", content = "to")]
#[non_exhaustive]
pub enum Action {
    /// It is installed.
    Install,
    /// It gets a new revision.
    Upgrade,
    /// It gets a new revision that equals an old one.
    Rollback(u32),
    /// It is uninstalled.
    Uninstall,
}

/// What is done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObjectAction {
    /// It is created.
    Create,
    /// It is created; whether it can be is not known before its kind or namespace is there.
    CreateUnchecked,
    /// It exists and is changed.
    Update,
    /// It exists and is replaced as a whole.
    Replace,
    /// It is deleted and created anew, since fields change that cannot be changed, or since somebody is deleting it already.
    Recreate,
    /// The same, with what it owns left for the new one to take over.
    RecreateOrphaning,
    /// It is deleted.
    Delete,
    /// The release no longer has it, and it stays: by its resource policy, or because it belongs to somebody else.
    Keep,
    /// It is as it should be; nothing is written.
    Nothing,
}

/// One object and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObjectChange {
    /// The object.
    pub object: ObjectRef,
    /// What is done.
    pub action: ObjectAction,
    /// The template that made it, where that is known (`web/templates/deployment.yaml`).
    pub template: Option<String>,
}

impl Action {
    /// The events before and after.
    pub(crate) fn hook_events(self) -> [HookEvent; 2] {
        match self {
            Self::Install => [HookEvent::PreInstall, HookEvent::PostInstall],
            Self::Upgrade => [HookEvent::PreUpgrade, HookEvent::PostUpgrade],
            Self::Rollback(_) => [HookEvent::PreRollback, HookEvent::PostRollback],
            Self::Uninstall => [HookEvent::PreDelete, HookEvent::PostDelete],
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install => f.write_str("install"),
            Self::Upgrade => f.write_str("upgrade"),
            Self::Rollback(to) => write!(f, "rollback to {to}"),
            Self::Uninstall => f.write_str("uninstall"),
        }
    }
}

impl ObjectAction {
    /// The sign that plans are printed with.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Create | Self::CreateUnchecked => '+',
            Self::Update => '~',
            Self::Replace | Self::Recreate | Self::RecreateOrphaning => '!',
            Self::Delete => '-',
            Self::Keep | Self::Nothing => ' ',
        }
    }

    /// Whether the object is there before and after, and is another one then, or has other fields.
    pub(super) fn is_change(self) -> bool {
        matches!(self, Self::Update | Self::Replace | Self::Recreate | Self::RecreateOrphaning)
    }
}

impl fmt::Display for ObjectAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::CreateUnchecked => "create (unchecked)",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Recreate => "recreate",
            Self::RecreateOrphaning => "recreate (orphan)",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Nothing => "unchanged",
        })
    }
}
