//! From flags to the library's options.

use std::collections::BTreeMap;

use pintle::{
    Cleanup, Conflicts, Crds, CreateNamespace, Detail, HistoryLimit, Hooks, Immutable, OnFailure, Ownership,
    SchemaValidation, SubchartNotes, Wait,
};

use crate::Failure;
use crate::arguments::{Count, DryRun, OnImmutable, ServerSide, Switch, WaitStrategy};

/// Chooses between two options by a flag.
fn either<T>(flag: Option<Switch>, on: T, off: T) -> T {
    if Switch::is_on(flag) { on } else { off }
}

pub(super) fn create_namespace(flag: Option<Switch>) -> CreateNamespace {
    either(flag, CreateNamespace::IfMissing, CreateNamespace::Never)
}

pub(super) fn hooks(no_hooks: Option<Switch>) -> Hooks {
    either(no_hooks, Hooks::Skip, Hooks::Run)
}

pub(super) fn conflicts(force: Option<Switch>) -> Conflicts {
    either(force, Conflicts::Force, Conflicts::Fail)
}

pub(super) fn immutable(choice: OnImmutable) -> Immutable {
    match choice {
        OnImmutable::Fail => Immutable::Fail,
        OnImmutable::Recreate => Immutable::Recreate,
        OnImmutable::OrphanAndRecreate => Immutable::OrphanAndRecreate,
    }
}

pub(super) fn ownership(take: Option<Switch>) -> Ownership {
    either(take, Ownership::Take, Ownership::Check)
}

pub(super) fn on_failure(rollback: Option<Switch>) -> OnFailure {
    either(rollback, OnFailure::RollBack, OnFailure::Keep)
}

pub(super) fn cleanup(flag: Option<Switch>) -> Cleanup {
    either(flag, Cleanup::DeleteCreated, Cleanup::Keep)
}

/// How much a plan finds out: a dry run in the server asks it about each object.
pub(super) fn detail(dry_run: DryRun) -> Detail {
    if dry_run == DryRun::Server { Detail::Fields } else { Detail::Actions }
}

/// What an install does with `crds/`.
pub(super) fn crds(skip: Option<Switch>) -> Crds {
    either(skip, Crds::Skip, Crds::Create)
}

pub(super) fn schema(skip: Option<Switch>) -> SchemaValidation {
    either(skip, SchemaValidation::Skip, SchemaValidation::Check)
}

pub(super) fn subchart_notes(render: Option<Switch>) -> SubchartNotes {
    either(render, SubchartNotes::Render, SubchartNotes::Leave)
}

pub(super) fn history_limit(max: Count) -> HistoryLimit {
    if max.0 == 0 { HistoryLimit::UNLIMITED } else { HistoryLimit(Some(max.0)) }
}

/// `--wait` and `--wait-for-jobs`, which means nothing without the other.
pub(super) fn wait(strategy: WaitStrategy, jobs: Option<Switch>) -> Result<Wait, Failure> {
    match strategy {
        WaitStrategy::HookOnly => Ok(Wait::Hooks),
        WaitStrategy::Watcher => Ok(either(jobs, Wait::ReadyAndJobs, Wait::Ready)),
        WaitStrategy::Legacy => Err(Failure::new("the flag --wait=legacy is not supported yet")),
    }
}

/// Refuses what is not merged in the server; `auto` is the server for every release that this program made.
pub(super) fn server_side(choice: ServerSide) -> Result<(), Failure> {
    match choice {
        ServerSide::False => Err(Failure::new("the flag --server-side=false is not supported yet")),
        ServerSide::True | ServerSide::Auto => Ok(()),
    }
}

/// `--labels`: `key=value`; the value `null` takes a label away.
pub(super) fn labels(texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(format!(
                "invalid argument {text:?} for \"-l, --labels\" flag: {text} must be formatted as key=value"
            ))
        })?;
        let value = if value == "null" { "" } else { value };
        Ok((key.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}
