//! What the actions that change a release have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::{
    Cleanup, Conflicts, Crds, CreateNamespace, HistoryLimit, Hooks, Immutable, Merging, OnFailure, Ownership,
    Readiness, Timeouts, Updates, Wait,
};

/// How old a pending record of somebody else must be before it is taken for dead.
pub(crate) const PENDING_TIMEOUT: Duration = Duration::from_secs(300);

/// How an action is run: what the plans' builders set one by one, as one value for callers that keep it, such as
/// [`Ensure`](crate::Ensure).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunOptions {
    /// What is waited for. Default: hooks alone.
    pub wait: Wait,
    /// The caller's own rules for when objects are ready. Default: none, kstatus' rules alone.
    #[serde(skip)]
    pub readiness: Readiness,
    /// What happens when the run fails. Default: the release stays as it is, recorded as failed.
    pub on_failure: OnFailure,
    /// What happens to objects that a failed run created. Default: they stay.
    pub cleanup: Cleanup,
    /// Whether hooks run. Default: they do.
    pub hooks: Hooks,
    /// What happens to the objects in `crds/`. Default: an install creates missing ones, an upgrade leaves them.
    pub crds: Crds,
    /// Who decides about fields that others manage. Default: the run fails and names them.
    pub conflicts: Conflicts,
    /// What happens to objects whose fields would change though they cannot be changed. Default: the run fails.
    pub immutable: Immutable,
    /// Where changes are merged. Default: where the release's last changes were, for an install in the server.
    pub merging: Merging,
    /// What happens to objects that exist, where the client merges. Default: they are changed.
    pub updates: Updates,
    /// What happens to objects that exist and are not the release's. Default: the plan fails.
    pub ownership: Ownership,
    /// How long it may take. Default: 5 minutes for each wait.
    pub timeouts: Timeouts,
    /// How old a pending record must be that this engine did not write (`helm` takes no lock) before whoever wrote it
    /// is taken for dead. Default: 5 minutes.
    pub pending_timeout: Duration,
    /// How many revisions are kept. Default: 10.
    pub history_limit: HistoryLimit,
    /// Whether the release's namespace is made when it is missing. Default: never.
    pub create_namespace: CreateNamespace,
    /// Whether the namespace of the records is made when it is missing. Default: never.
    pub create_storage_namespace: CreateNamespace,
    /// What stands in the record when the run succeeded, instead of Helm's words.
    pub description: Option<String>,
    /// Labels of the stored record.
    pub labels: BTreeMap<String, String>,
}

impl RunOptions {
    /// The defaults of an install.
    pub fn install() -> Self {
        Self::new(Crds::Create)
    }

    /// The defaults of an upgrade.
    pub fn upgrade() -> Self {
        Self::new(Crds::Skip)
    }

    /// How long each single wait may take.
    #[must_use]
    pub fn timeout(mut self, step: Duration) -> Self {
        self.timeouts.step = step;
        self
    }

    /// How long the whole run may take, a rollback after its failure not included.
    #[must_use]
    pub fn deadline(mut self, overall: Duration) -> Self {
        self.timeouts.overall = Some(overall);
        self
    }

    pub(crate) fn new(crds: Crds) -> Self {
        Self {
            wait: Wait::default(),
            readiness: Readiness::default(),
            on_failure: OnFailure::default(),
            cleanup: Cleanup::default(),
            hooks: Hooks::default(),
            crds,
            conflicts: Conflicts::default(),
            immutable: Immutable::default(),
            merging: Merging::default(),
            updates: Updates::default(),
            ownership: Ownership::default(),
            timeouts: Timeouts::default(),
            pending_timeout: PENDING_TIMEOUT,
            history_limit: HistoryLimit::default(),
            create_namespace: CreateNamespace::default(),
            create_storage_namespace: CreateNamespace::default(),
            description: None,
            labels: BTreeMap::new(),
        }
    }

    /// What is waited for, with what the other settings imply (Helm: `pkg/action/upgrade.go`: rolling back on failure
    /// promotes the wait).
    pub(crate) fn effective_wait(&self) -> Wait {
        match (self.on_failure, self.wait) {
            (OnFailure::RollBack, Wait::Hooks) => Wait::Ready,
            (_, wait) => wait,
        }
    }
}
