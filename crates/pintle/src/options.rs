//! What the actions can be told, each choice a type of its own.

use std::time::Duration;

use pintle_cluster::{Jobs, WaitStrategy};
use serde::Serialize;

/// What an action waits for before it calls itself done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wait {
    /// Only for its hooks, as `helm` without `--wait`.
    #[default]
    Hooks,
    /// Until every object is ready by kstatus' rules, as `helm --wait`. Jobs need not be complete.
    Ready,
    /// As [`Wait::Ready`], and until every Job is complete, as `helm --wait --wait-for-jobs`.
    ReadyAndJobs,
    /// Until every object is ready by Helm 3's rules, as `helm --wait=legacy`: they know built-in kinds alone, take all
    /// others for ready, and give up before the timeout only where an object is missing. Hooks are waited for by them too.
    Legacy,
    /// As [`Wait::Legacy`], and until every Job is complete, as `helm --wait=legacy --wait-for-jobs`.
    LegacyAndJobs,
}

impl Wait {
    /// By whose rules objects and hooks are waited for.
    pub(crate) fn strategy(self) -> WaitStrategy {
        match self {
            Self::Hooks | Self::Ready | Self::ReadyAndJobs => WaitStrategy::Watcher,
            Self::Legacy | Self::LegacyAndJobs => WaitStrategy::Legacy,
        }
    }

    /// When a Job counts as ready; `None` where objects are not waited for.
    pub(crate) fn jobs(self) -> Option<Jobs> {
        match self {
            Self::Hooks => None,
            Self::Ready | Self::Legacy => Some(Jobs::Started),
            Self::ReadyAndJobs | Self::LegacyAndJobs => Some(Jobs::Completed),
        }
    }
}

/// What happens when an action fails after it began to change the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnFailure {
    /// The release stays as it is, recorded as failed.
    #[default]
    Keep,
    /// An upgrade is rolled back to the last revision that was deployed; an install is uninstalled
    /// (`--rollback-on-failure`). Implies [`Wait::Ready`] at least.
    RollBack,
}

/// What happens to objects that a failed upgrade or rollback created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cleanup {
    /// They stay.
    #[default]
    Keep,
    /// They are deleted (`--cleanup-on-fail`).
    DeleteCreated,
}

/// Whether hooks run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hooks {
    /// They run.
    #[default]
    Run,
    /// They do not (`--no-hooks`).
    Skip,
}

/// What happens to the objects in a chart's `crds/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Crds {
    /// Nothing: they are neither created nor changed.
    Skip,
    /// Those that are missing are created; what exists stays as it is. Helm's way for an install.
    Create,
    /// Missing ones are created, existing ones are brought to the chart's state.
    CreateReplace,
}

/// Who decides about fields that somebody else manages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Conflicts {
    /// The action fails and names the field and its owner, as Helm does.
    #[default]
    Fail,
    /// The chart wins (`--force-conflicts`).
    Force,
}

/// What happens to objects that exist and belong to no release, or to another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ownership {
    /// The action fails before it changes anything, as Helm does.
    #[default]
    Check,
    /// The release takes them over (`--take-ownership`).
    Take,
}

/// Where the changes of objects are merged (`--server-side`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Merging {
    /// As the release was made: by the server, except for releases of Helm 3 and those that were merged by the client
    /// last. An install is merged by the server.
    #[default]
    Auto,
    /// By the API server (server-side apply). Where the client merged before, what it owns is handed over first.
    Server,
    /// By the client, from what the last revision wanted, what this one wants and what the cluster has, as Helm 3 does.
    Client,
}

/// What happens to objects that exist, where the client merges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Updates {
    /// They are changed.
    #[default]
    Merge,
    /// They are replaced as a whole (`--force-replace`): what others set in them is lost. Where the server merges, the
    /// plan fails.
    Replace,
}

/// How much is given to values of the release's last revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReuseValues {
    /// The last revision's values are taken when none are given, as Helm does without a flag.
    #[default]
    WhenNoneGiven,
    /// Only what is given counts (`--reset-values`).
    Reset,
    /// The last revision's values and chart defaults, with what is given over them (`--reuse-values`).
    Reuse,
    /// The last revision's values over the new chart's defaults, with what is given over them
    /// (`--reset-then-reuse-values`).
    ResetThenReuse,
}

/// What happens to an object whose fields would change though they cannot be changed: the template of a Job, the volume
/// claims of a `StatefulSet`, a selector, the role that a binding names.
///
/// The annotation `pintle.io/on-immutable` of an object (`fail`, `recreate`, `orphan-and-recreate`) speaks for that object
/// alone. Without it, a `PersistentVolumeClaim`, a `PersistentVolume`, a `Namespace` and a `CustomResourceDefinition` are
/// never recreated: that would delete data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Immutable {
    /// The action fails and names the fields, as Helm does.
    #[default]
    Fail,
    /// The object is deleted with what it owns, and created anew when it is gone. The plan asks the server by a dry run
    /// of every object that changes.
    Recreate,
    /// The same, but a `StatefulSet` is deleted without its Pods, which the new one takes over.
    OrphanAndRecreate,
}

/// Whether the release's namespace is made when it is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CreateNamespace {
    /// It must be there.
    #[default]
    Never,
    /// It is made (`--create-namespace`), and never deleted.
    IfMissing,
}

/// Whether values are checked against the chart's `values.schema.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SchemaValidation {
    /// They are.
    #[default]
    Check,
    /// They are not (`--skip-schema-validation`).
    Skip,
}

/// Whether a name whose release was uninstalled or failed can be installed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameReuse {
    /// It cannot, while a record of it is kept.
    #[default]
    Refuse,
    /// A new revision takes the place of the uninstalled or failed one (`--replace`).
    Replace,
    /// Nobody looks: for a plan that is read and never run (`helm template --dry-run=server`).
    Ignore,
}

/// Whether the records of an uninstalled release are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum History {
    /// They are deleted.
    #[default]
    Delete,
    /// They are kept, the last one as uninstalled (`--keep-history`).
    Keep,
}

/// How the dependents of deleted objects are treated (Kubernetes' propagation policy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cascade {
    /// Dependents are collected after the object is gone.
    #[default]
    Background,
    /// The object goes when its dependents are gone.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// How many revisions of a release are kept. Default: 10, as `helm`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HistoryLimit(pub Option<u32>);

impl HistoryLimit {
    /// Every revision is kept.
    pub const UNLIMITED: Self = Self(None);
}

impl Default for HistoryLimit {
    fn default() -> Self {
        Self(Some(10))
    }
}

/// How long an action may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Timeouts {
    /// For each single wait: one hook, or all objects together. Default: 5 minutes, as Helm's `--timeout`.
    pub step: Duration,
    /// For the whole action, a rollback after a failure not included; `None` for no bound. Default: none.
    pub overall: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { step: Duration::from_secs(300), overall: None }
    }
}
