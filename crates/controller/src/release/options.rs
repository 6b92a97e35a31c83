//! From the fields of a `HelmRelease` to what the engine is told; the defaults are Flux's.

use std::time::Duration;

use pintle::cluster::{DriftRules, IgnoreRule, TargetSelector};
use pintle::expressions::{Condition, HealthCheck};
use pintle::{
    Cleanup, Conflicts, Crds, CreateNamespace, HistoryLimit, Hooks, Ownership, Readiness, RunOptions, Wait,
};

use crate::api::{CrdPolicy, HelmReleaseSpec, Selector};
use crate::duration::{DurationError, GoDuration};

/// Flux: `HelmRelease.GetTimeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// Flux: `HelmRelease.GetMaxHistory`.
const DEFAULT_HISTORY: u32 = 5;

/// How the engine runs each action of a release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Actions {
    pub(super) install: RunOptions,
    pub(super) upgrade: RunOptions,
    pub(super) rollback: RunOptions,
    pub(super) uninstall: RunOptions,
}

/// A field that cannot be used.
pub(super) struct InvalidField {
    pub(super) field: &'static str,
    pub(super) problem: String,
}

impl Actions {
    pub(super) fn of(spec: &HelmReleaseSpec) -> Result<Self, InvalidField> {
        let general = duration("spec.timeout", spec.timeout.as_ref())?.unwrap_or(DEFAULT_TIMEOUT);
        let timeout = |field, own: Option<&GoDuration>| Ok(duration(field, own)?.unwrap_or(general));
        let history_limit = match spec.max_history {
            None => HistoryLimit(Some(DEFAULT_HISTORY)),
            Some(0) => HistoryLimit::UNLIMITED,
            Some(revisions) => HistoryLimit(Some(u32::try_from(revisions).map_err(|_| InvalidField {
                field: "spec.maxHistory",
                problem: "it must not be negative".to_owned(),
            })?)),
        };
        let readiness = readiness(spec)?;
        let common = |mut options: RunOptions| {
            options.readiness = readiness.clone();
            options.conflicts = Conflicts::Force;
            options.ownership = Ownership::Take;
            options.history_limit = history_limit;
            options.create_storage_namespace = CreateNamespace::IfMissing;
            options
        };

        let declared = spec.install.clone().unwrap_or_default();
        let mut install = common(RunOptions::install());
        install.timeouts.step = timeout("spec.install.timeout", declared.timeout.as_ref())?;
        install.wait = wait(declared.disable_wait, declared.disable_wait_for_jobs);
        install.hooks = hooks(declared.disable_hooks);
        install.crds = crds(declared.crds);
        let has_target = spec.target_namespace.as_ref().is_some_and(|namespace| !namespace.is_empty());
        if declared.create_namespace == Some(true) && has_target {
            install.create_namespace = CreateNamespace::IfMissing;
        }

        let declared = spec.upgrade.clone().unwrap_or_default();
        let mut upgrade = common(RunOptions::upgrade());
        upgrade.timeouts.step = timeout("spec.upgrade.timeout", declared.timeout.as_ref())?;
        upgrade.wait = wait(declared.disable_wait, declared.disable_wait_for_jobs);
        upgrade.hooks = hooks(declared.disable_hooks);
        upgrade.crds = crds(declared.crds);
        upgrade.cleanup = cleanup(declared.cleanup_on_fail);

        let declared = spec.rollback.clone().unwrap_or_default();
        let mut rollback = common(RunOptions::upgrade());
        rollback.timeouts.step = timeout("spec.rollback.timeout", declared.timeout.as_ref())?;
        rollback.wait = wait(declared.disable_wait, declared.disable_wait_for_jobs);
        rollback.hooks = hooks(declared.disable_hooks);
        rollback.cleanup = cleanup(declared.cleanup_on_fail);

        let declared = spec.uninstall.clone().unwrap_or_default();
        let mut uninstall = common(RunOptions::upgrade());
        uninstall.timeouts.step = timeout("spec.uninstall.timeout", declared.timeout.as_ref())?;
        uninstall.wait = wait(declared.disable_wait, Some(true));
        uninstall.hooks = hooks(declared.disable_hooks);
        Ok(Self { install, upgrade, rollback, uninstall })
    }
}

/// When objects are ready, by the release's own checks.
fn readiness(spec: &HelmReleaseSpec) -> Result<Readiness, InvalidField> {
    if spec.health_check_exprs.is_empty() {
        return Ok(Readiness::new());
    }
    let condition = |text: &String| {
        let field = "spec.healthCheckExprs";
        Condition::parse(text).map_err(|error| InvalidField { field, problem: error.to_string() })
    };
    let checks: Result<Vec<HealthCheck>, InvalidField> = spec
        .health_check_exprs
        .iter()
        .map(|declared| {
            // Flux compares the group alone.
            let group = declared.api_version.split_once('/').map_or("", |(group, _)| group);
            let current = condition(&declared.current)?;
            let mut check = match &declared.kind {
                Some(kind) => HealthCheck::new(group, kind, current),
                None => HealthCheck::of_group(group, current),
            };
            check.in_progress = declared.in_progress.as_ref().map(condition).transpose()?;
            check.failed = declared.failed.as_ref().map(condition).transpose()?;
            Ok(check)
        })
        .collect();
    Ok(Readiness::from(checks?))
}

/// What counts as drift.
pub(super) fn drift_rules(spec: &HelmReleaseSpec, scale_managers: &[String]) -> DriftRules {
    let declared = spec.drift_detection.as_ref().map(|drift| drift.ignore.as_slice()).unwrap_or_default();
    let rules = DriftRules::default().replica_managers(scale_managers.iter().cloned());
    declared.iter().fold(rules, |rules, declared| {
        let rule = IgnoreRule::new(declared.paths.iter().cloned());
        rules.ignore(match &declared.target {
            Some(target) => rule.of(selector(target)),
            None => rule,
        })
    })
}

fn selector(declared: &Selector) -> TargetSelector {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut selector = TargetSelector::default();
    selector.group = text(&declared.group);
    selector.version = text(&declared.version);
    selector.kind = text(&declared.kind);
    selector.name = text(&declared.name);
    selector.namespace = text(&declared.namespace);
    selector.label_selector = text(&declared.label_selector);
    selector.annotation_selector = text(&declared.annotation_selector);
    selector
}

fn duration(field: &'static str, own: Option<&GoDuration>) -> Result<Option<Duration>, InvalidField> {
    let problem = |error: DurationError| InvalidField { field, problem: error.to_string() };
    own.map(|duration| duration.get().map_err(problem)).transpose()
}

fn wait(disable: Option<bool>, disable_jobs: Option<bool>) -> Wait {
    match (disable, disable_jobs) {
        (Some(true), _) => Wait::Hooks,
        (_, Some(true)) => Wait::Ready,
        _ => Wait::ReadyAndJobs,
    }
}

fn hooks(disable: Option<bool>) -> Hooks {
    if disable == Some(true) { Hooks::Skip } else { Hooks::Run }
}

fn cleanup(declared: Option<bool>) -> Cleanup {
    if declared == Some(true) { Cleanup::DeleteCreated } else { Cleanup::Keep }
}

/// Flux: `internal/action/crds.go`: `Create` where nothing is said, for installs and upgrades alike.
fn crds(policy: Option<CrdPolicy>) -> Crds {
    match policy {
        Some(CrdPolicy::Skip) => Crds::Skip,
        Some(CrdPolicy::CreateReplace) => Crds::CreateReplace,
        Some(CrdPolicy::Create) | None => Crds::Create,
    }
}
