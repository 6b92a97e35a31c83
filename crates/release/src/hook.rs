//! Hooks as the record keeps them.

use std::fmt;

use jiff::Timestamp;
use serde::de::value::{Error as NameError, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::record::absent_time;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),*
        }

        impl $name {
            /// Helm's name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }

            /// The value of this name, or `None` where Helm knows none.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

named! {
    /// When a hook runs (annotation `helm.sh/hook`).
    HookEvent {
        /// Before anything of an install is created.
        PreInstall = "pre-install",
        /// When everything of an install is created (and ready, where that is waited for).
        PostInstall = "post-install",
        /// Before anything is deleted.
        PreDelete = "pre-delete",
        /// When everything is deleted.
        PostDelete = "post-delete",
        /// Before anything of an upgrade is changed.
        PreUpgrade = "pre-upgrade",
        /// When everything of an upgrade is changed.
        PostUpgrade = "post-upgrade",
        /// Before anything of a rollback is changed.
        PreRollback = "pre-rollback",
        /// When everything of a rollback is changed.
        PostRollback = "post-rollback",
        /// When the user asks for the release's tests.
        Test = "test",
    }
}

named! {
    /// When a hook's object is deleted (annotation `helm.sh/hook-delete-policy`).
    DeletePolicy {
        /// When it succeeded.
        HookSucceeded = "hook-succeeded",
        /// When it failed.
        HookFailed = "hook-failed",
        /// Before it is created anew; the default.
        BeforeHookCreation = "before-hook-creation",
    }
}

named! {
    /// When a hook's logs are printed (annotation `helm.sh/hook-output-log-policy`).
    OutputLogPolicy {
        /// When it succeeded.
        HookSucceeded = "hook-succeeded",
        /// When it failed.
        HookFailed = "hook-failed",
    }
}

/// How far the last run of a hook came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HookPhase {
    /// It did not run.
    #[default]
    #[serde(rename = "")]
    None,
    /// It ran, and how it ended is not known.
    Unknown,
    /// It runs, or whoever watched it died.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

/// A hook of a release, as the record keeps it (Helm: `pkg/release/v1/hook.go`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Hook {
    /// The object's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The object's kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The template that made it (`web/templates/migrate.yaml`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The object as YAML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// When it runs.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "known")]
    pub events: Vec<HookEvent>,
    /// Its last run.
    pub last_run: HookExecution,
    /// Its place among the hooks of one event: lower weights run first.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight: i64,
    /// When its object is deleted; empty stands for [`DeletePolicy::BeforeHookCreation`].
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "known")]
    pub delete_policies: Vec<DeletePolicy>,
    /// When its logs are printed.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "known")]
    pub output_log_policies: Vec<OutputLogPolicy>,
}

impl Hook {
    /// Whether the hook runs at this event.
    pub fn runs_at(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }

    /// Whether the hook's object is deleted by this policy, the default one included.
    pub fn has_delete_policy(&self, policy: DeletePolicy) -> bool {
        if self.delete_policies.is_empty() {
            return policy == DeletePolicy::BeforeHookCreation;
        }
        self.delete_policies.contains(&policy)
    }
}

/// One run of a hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HookExecution {
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "absent_time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "absent_time")]
    pub completed_at: Option<Timestamp>,
    /// How far it came.
    #[serde(deserialize_with = "known_phase")]
    pub phase: HookPhase,
}

/// Reads a list of names and leaves out those that this version does not know: a record made by another version of
/// Helm must stay readable.
fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let names = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(names.into_iter().filter_map(from_name).collect())
}

fn known_phase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HookPhase, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(from_name(name).unwrap_or(HookPhase::Unknown))
}

fn from_name<T: DeserializeOwned>(name: String) -> Option<T> {
    let name: StringDeserializer<NameError> = name.into_deserializer();
    T::deserialize(name).ok()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
