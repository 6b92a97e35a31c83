//! From flags to the library's options.

use std::collections::BTreeMap;
use std::sync::Arc;

use pintle::render::{NameResolver, PostRenderer};
use pintle::{
    Cleanup, CommandPostRenderer, Conflicts, Crds, CreateNamespace, Detail, HistoryLimit, Hooks, Immutable,
    Merging, OnFailure, Ownership, SchemaValidation, SubchartNotes, Updates, Wait,
};

use crate::Failure;
use crate::arguments::{
    Count, DryRun, LiveRenderFlags, OnImmutable, RunFlags, ServerSide, Switch, WaitStrategy,
};

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
pub(super) fn wait(strategy: WaitStrategy, jobs: Option<Switch>) -> Wait {
    match strategy {
        WaitStrategy::HookOnly => Wait::Hooks,
        WaitStrategy::Watcher => either(jobs, Wait::ReadyAndJobs, Wait::Ready),
        WaitStrategy::Legacy => either(jobs, Wait::LegacyAndJobs, Wait::Legacy),
    }
}

pub(super) fn merging(choice: ServerSide) -> Merging {
    match choice {
        ServerSide::Auto => Merging::Auto,
        ServerSide::True => Merging::Server,
        ServerSide::False => Merging::Client,
    }
}

/// `--force-replace`, which excludes `--force-conflicts` (Helm: `pkg/cmd/*.go`, `MarkFlagsMutuallyExclusive`).
pub(super) fn updates(run: &RunFlags) -> Result<Updates, Failure> {
    if run.force_replace.is_some() && run.force_conflicts.is_some() {
        return Err(Failure::new(
            "if any flags in the group [force-replace force-conflicts] are set none of the others can be; \
             [force-conflicts force-replace] were all set",
        ));
    }
    Ok(either(run.force_replace, Updates::Replace, Updates::Merge))
}

/// `--post-renderer` with its arguments.
pub(super) fn post_renderer(flags: &LiveRenderFlags) -> Option<Arc<dyn PostRenderer>> {
    let program = flags.post_renderer.as_deref().filter(|program| !program.is_empty())?;
    Some(Arc::new(CommandPostRenderer::new(program).arguments(&flags.post_renderer_args)))
}

/// `--enable-dns`.
pub(super) fn resolver(flags: &LiveRenderFlags) -> Option<Arc<dyn NameResolver>> {
    Switch::is_on(flags.enable_dns).then(|| Arc::new(SystemResolver) as Arc<dyn NameResolver>)
}

/// Fails where Secrets shall be hidden of what is not only printed (Helm: `pkg/action/install.go`).
pub(super) fn hide_secret(flags: &LiveRenderFlags, dry_run: DryRun) -> Result<(), Failure> {
    if Switch::is_on(flags.hide_secret) && dry_run == DryRun::None {
        return Err(Failure::new("hiding Kubernetes secrets requires a dry-run mode"));
    }
    Ok(())
}

/// Asks the system for the addresses of hosts.
struct SystemResolver;

impl NameResolver for SystemResolver {
    fn resolve(&self, name: &str) -> String {
        // Go's `net.LookupHost` gives the addresses in the system's order; one that cannot be found is none.
        let addresses = std::net::ToSocketAddrs::to_socket_addrs(&(name, 0));
        addresses
            .ok()
            .and_then(|mut found| found.next())
            .map(|found| found.ip().to_string())
            .unwrap_or_default()
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
