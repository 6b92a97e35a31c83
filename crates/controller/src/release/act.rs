//! Brings a release to what its inputs say, and undoes what failed.

use std::future::IntoFuture as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use pintle::release::{Record, Status};
use pintle::{Change, Error, Event, Failed, Observer, Outcome};

use super::inputs::{Inputs, handle};
use super::{After, Blocked, Ended, FORCE_AT, RESET_AT, Work, report, snapshot};
use crate::api::ConditionStatus::{False, True, Unknown};
use crate::api::{
    ChartNameChangeStrategy, DriftMode, HelmReleaseStatus, ReleaseAction, UpgradeRemediationStrategy,
};
use crate::conditions::{ConditionType, Conditions, Reason};
use crate::duration::GoDuration;
use crate::events::Severity;
use crate::metrics;
use crate::naming::ReleaseName;
use crate::queue::Reached;

/// How often a failed action is tried again, and how it is undone.
struct Remediation {
    /// None: without an end.
    retries: Option<i64>,
    undoes_last: bool,
    strategy: UpgradeRemediationStrategy,
}

/// Notes which action a run takes, as soon as it writes its first record.
#[derive(Default)]
struct Watcher {
    action: Mutex<Option<ReleaseAction>>,
    begun: tokio::sync::Notify,
}

impl Observer for Watcher {
    fn event(&self, event: &Event) {
        let Event::Recorded { status, .. } = event else { return };
        let action = match status {
            Status::PendingInstall => ReleaseAction::Install,
            Status::PendingUpgrade => ReleaseAction::Upgrade,
            _ => return,
        };
        self.action.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(action);
        self.begun.notify_one();
    }
}

impl Watcher {
    fn action(&self) -> Option<ReleaseAction> {
        *self.action.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work<'_> {
    pub(super) async fn act(&self, inputs: Inputs) -> Result<Ended, Blocked> {
        let mut before = self.status().await;
        let generation = self.release.metadata.generation;
        let requested = self.requested().cloned();
        let called = requested.is_some() && requested != before.last_handled_reconcile_at;
        let followed = inputs.mode != DriftMode::Disabled;
        if !called
            && before.observed_generation == generation
            && self.memory.is_settled(&inputs.fingerprint, followed)
        {
            let result = metrics::Result::Success;
            return Ok(Ended { again: After::Interval, tenant: Reached::NotAsked, result });
        }
        if let Some(old) = self.moved(&before, &inputs) {
            self.leave(&inputs, &old).await?;
            before = self.status().await;
        }

        let same = before.last_attempted_generation == generation
            && before.last_attempted_revision.as_deref() == Some(&inputs.chart_version)
            && before.last_attempted_config_digest.as_deref() == Some(&inputs.config_digest);
        let reset = self.asks(RESET_AT, before.last_handled_reset_at.as_ref());
        let forced = self.asks(FORCE_AT, before.last_handled_force_at.as_ref());
        let forgive = !same || reset || forced;
        if !forgive && self.is_exhausted(&before) {
            return Ok(self.stay_stalled(&inputs, requested).await);
        }
        self.write_status(|status, conditions| {
            status.storage_namespace = Some(inputs.place.storage_namespace.clone());
            status.last_attempted_generation = generation;
            status.last_attempted_revision = Some(inputs.chart_version.clone());
            status.last_attempted_config_digest = Some(inputs.config_digest.clone());
            status.last_attempted_values_checksum = None;
            status.last_release_revision = None;
            if forgive {
                forget_failures(status);
            }
            if reset {
                status.last_handled_reset_at.clone_from(&requested);
            }
            if forced {
                status.last_handled_force_at.clone_from(&requested);
            }
            status.last_handled_reconcile_at.clone_from(&requested);
            conditions.remove(ConditionType::Stalled);
            if !conditions.holds(ConditionType::Ready) {
                let message = "comparing the release with what is declared";
                conditions.set(ConditionType::Reconciling, True, Reason::Progressing, message);
            }
        })
        .await;

        self.memory.unsettle();
        self.memory.stop_following().await;
        let began = Instant::now();
        let watcher = Watcher::default();
        let result = Box::pin(self.ensure(&inputs, &watcher)).await;
        let took = began.elapsed();
        match result {
            Ok(outcome) => Ok(self.succeeded(&inputs, outcome, watcher.action(), took).await),
            Err(Error::Failed(failed)) => {
                Ok(Box::pin(self.failed(&inputs, &failed, watcher.action(), took)).await)
            }
            Err(error) => Err(report::blocked(&error)),
        }
    }

    /// Runs the engine, and says in the status what it does once it does something.
    async fn ensure(&self, inputs: &Inputs, watcher: &Watcher) -> Result<Outcome, Error> {
        let cancel = self.context.stop.child_token();
        let run = inputs
            .handle()
            .ensure(&inputs.chart)
            .values(inputs.values.clone())
            .sensitive(inputs.sensitive.clone())
            .install(inputs.actions.install.clone())
            .upgrade(inputs.actions.upgrade.clone())
            .without_drift_correction()
            .run(watcher, &cancel);
        let telling = async {
            watcher.begun.notified().await;
            let action = watcher.action().unwrap_or(ReleaseAction::Upgrade);
            let timeout = match action {
                ReleaseAction::Install => inputs.actions.install.timeouts.step,
                ReleaseAction::Upgrade => inputs.actions.upgrade.timeouts.step,
            };
            let message =
                format!("Running '{}' action with timeout of {}", word(action), GoDuration::from(timeout));
            tracing::info!(release = %self.name, "{message}");
            self.write_status(|status, conditions| {
                status.last_attempted_release_action = Some(action);
                conditions.set(ConditionType::Ready, Unknown, Reason::Progressing, &message);
                conditions.set(ConditionType::Reconciling, True, Reason::Progressing, &message);
            })
            .await;
            std::future::pending::<()>().await;
        };
        // Telling ends with the run: a word that comes too late would stand above the result.
        tokio::select! {
            result = run => result,
            () = telling => Err(Error::Stopped),
        }
    }

    async fn succeeded(
        &self,
        inputs: &Inputs,
        outcome: Outcome,
        action: Option<ReleaseAction>,
        took: std::time::Duration,
    ) -> Ended {
        let record = outcome.record;
        let about = about(&record);
        let (reason, message) = if record.revision == 1 {
            (Reason::InstallSucceeded, format!("Helm install succeeded for release {about}"))
        } else {
            (Reason::UpgradeSucceeded, format!("Helm upgrade succeeded for release {about}"))
        };
        let generation = self.release.metadata.generation;
        self.write_status(|status, conditions| {
            snapshot::note(&mut status.history, snapshot::of(&record));
            snapshot::settle(&mut status.history);
            forget_failures(status);
            if let Some(action) = action {
                status.last_attempted_release_action = Some(action);
                status.last_attempted_release_action_duration = Some(rounded(took));
            }
            status.observed_generation = generation;
            ready(conditions, reason, &message);
        })
        .await;
        if outcome.change != Change::Unchanged {
            tracing::info!(release = %self.name, "{message}");
            let events = &self.context.events;
            events.publish(&**self.release, Severity::Normal, reason, "Release", &message).await;
        }
        for warning in &outcome.warnings {
            tracing::warn!(release = %self.name, "{warning}");
        }
        self.memory.settle(inputs.fingerprint);
        self.follow(inputs, record).await;
        Ended { again: After::Interval, tenant: Reached::Yes, result: metrics::Result::Success }
    }

    /// Notes a failure, and undoes it as the release says.
    async fn failed(
        &self,
        inputs: &Inputs,
        failed: &Failed,
        action: Option<ReleaseAction>,
        took: std::time::Duration,
    ) -> Ended {
        let action = action.unwrap_or(ReleaseAction::Upgrade);
        let reason = match action {
            ReleaseAction::Install => Reason::InstallFailed,
            ReleaseAction::Upgrade => Reason::UpgradeFailed,
        };
        let message = format!(
            "Helm {} failed for release {}/{}.v{} with chart {}@{}: {}",
            word(action),
            inputs.place.namespace,
            inputs.place.name,
            failed.revision,
            inputs.chart_name,
            inputs.chart_version,
            report::failure(&failed.failure),
        );
        tracing::warn!(release = %self.name, "{message}");
        let record = inputs.handle().get(failed.revision).await.ok();
        self.write_status(|status, conditions| {
            if let Some(record) = &record {
                snapshot::note(&mut status.history, snapshot::of(record));
            }
            count(&mut status.failures);
            count(match action {
                ReleaseAction::Install => &mut status.install_failures,
                ReleaseAction::Upgrade => &mut status.upgrade_failures,
            });
            status.last_attempted_release_action = Some(action);
            status.last_attempted_release_action_duration = Some(rounded(took));
            conditions.set(ConditionType::Released, False, reason, &message);
            conditions.set(ConditionType::Ready, False, reason, &message);
            conditions.remove(ConditionType::Remediated);
        })
        .await;
        self.context.events.publish(&**self.release, Severity::Warning, reason, "Release", &message).await;

        let now = self.status().await;
        let exhausted = self.is_exhausted(&now);
        let remediation = self.remediation(action);
        if !exhausted || remediation.undoes_last {
            self.undo(inputs, failed.revision, &remediation, &message).await;
        }
        let generation = self.release.metadata.generation;
        let missing_target = now_stalled(&self.status().await);
        self.write_status(|status, conditions| {
            if exhausted || missing_target {
                status.observed_generation = generation;
                conditions.remove(ConditionType::Reconciling);
                if !missing_target {
                    conditions.set(ConditionType::Stalled, True, Reason::RetriesExceeded, EXHAUSTED);
                }
            } else {
                let reason = Reason::ProgressingWithRetry;
                conditions.set(ConditionType::Reconciling, True, reason, "it is tried again");
            }
        })
        .await;
        let again = if exhausted || missing_target { After::Interval } else { After::Pause };
        Ended { again, tenant: Reached::Yes, result: metrics::Result::Failure }
    }

    /// Rolls back, or uninstalls.
    async fn undo(&self, inputs: &Inputs, revision: u32, remediation: &Remediation, cause: &str) {
        let handle = inputs.handle();
        let cancel = self.context.stop.child_token();
        let (what, done) = match remediation.strategy {
            UpgradeRemediationStrategy::Rollback => {
                let history = match handle.history().await {
                    Ok(history) => history,
                    Err(error) => {
                        return self.not_undone(Reason::RollbackFailed, &error.to_string(), cause).await;
                    }
                };
                let good = |status: &Status| matches!(status, Status::Deployed | Status::Superseded);
                let target = history.iter().rev().find(|old| old.revision < revision && good(&old.status));
                let Some(target) = target.map(|target| target.revision) else {
                    return self.no_target(cause).await;
                };
                let plan = handle.plan_rollback().to(target).options(inputs.actions.rollback.clone());
                let done = async { plan.into_future().await?.run(&(), &cancel).await }.await;
                (format!("rollback to revision {target}"), done)
            }
            UpgradeRemediationStrategy::Uninstall => {
                let plan = handle.plan_uninstall().options(inputs.actions.uninstall.clone());
                let done = async { plan.into_future().await?.run(&(), &cancel).await }.await;
                ("uninstall".to_owned(), done)
            }
        };
        let rolls_back = remediation.strategy == UpgradeRemediationStrategy::Rollback;
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(error) => {
                let reason = if rolls_back { Reason::RollbackFailed } else { Reason::UninstallFailed };
                let why = match error.failure() {
                    Some(failure) => report::failure(failure),
                    None => error.to_string(),
                };
                return self.not_undone(reason, &format!("Helm {what} failed: {why}"), cause).await;
            }
        };
        let reason = if rolls_back { Reason::RollbackSucceeded } else { Reason::UninstallSucceeded };
        let message = format!("Helm {what} succeeded for release {}", about(&outcome.record));
        tracing::info!(release = %self.name, "{message}");
        self.write_status(|status, conditions| {
            snapshot::note(&mut status.history, snapshot::of(&outcome.record));
            conditions.set(ConditionType::Remediated, True, reason, &message);
            conditions.set(ConditionType::Ready, False, reason, format!("{message}; before that: {cause}"));
        })
        .await;
        self.context.events.publish(&**self.release, Severity::Normal, reason, "Remediate", &message).await;
        if rolls_back {
            self.follow(inputs, outcome.record).await;
        }
    }

    async fn not_undone(&self, reason: Reason, message: &str, cause: &str) {
        tracing::warn!(release = %self.name, "{message}");
        self.write_status(|_, conditions| {
            conditions.set(ConditionType::Remediated, False, reason, message);
            conditions.set(ConditionType::Ready, False, reason, format!("{message}; before that: {cause}"));
        })
        .await;
        self.context.events.publish(&**self.release, Severity::Warning, reason, "Remediate", message).await;
    }

    async fn no_target(&self, cause: &str) {
        let reason = Reason::MissingRollbackTarget;
        let message = "there is no good revision to go back to";
        self.write_status(|_, conditions| {
            conditions.set(ConditionType::Remediated, False, reason, message);
            conditions.set(ConditionType::Stalled, True, reason, message);
            conditions.set(ConditionType::Ready, False, reason, format!("{message}; before that: {cause}"));
        })
        .await;
        self.context.events.publish(&**self.release, Severity::Warning, reason, "Remediate", message).await;
    }

    /// No try is left; what is deployed is watched all the same.
    async fn stay_stalled(&self, inputs: &Inputs, requested: Option<String>) -> Ended {
        let generation = self.release.metadata.generation;
        self.write_status(|status, conditions| {
            status.observed_generation = generation;
            status.last_handled_reconcile_at = requested;
            conditions.remove(ConditionType::Reconciling);
            if !conditions.holds(ConditionType::Stalled) {
                conditions.set(ConditionType::Stalled, True, Reason::RetriesExceeded, EXHAUSTED);
            }
        })
        .await;
        let mut tenant = Reached::NotAsked;
        if !self.memory.follows() {
            match inputs.handle().status().await {
                Ok(record) => {
                    tenant = Reached::Yes;
                    if record.info.status == Status::Deployed {
                        self.follow(inputs, record).await;
                    }
                }
                Err(error) => tenant = report::reached(&error),
            }
        }
        Ended { again: After::Interval, tenant, result: metrics::Result::Failure }
    }

    /// Where the release was before, when its declaration now puts it elsewhere (Flux: `action.ReleaseTargetChanged`).
    fn moved(&self, status: &HelmReleaseStatus, inputs: &Inputs) -> Option<ReleaseName> {
        let old = status.history.first()?;
        let storage = status.storage_namespace.clone()?;
        let place = &inputs.place;
        let upgrade = self.release.spec.upgrade.as_ref();
        let in_place = upgrade.and_then(|upgrade| upgrade.chart_name_change_strategy)
            == Some(ChartNameChangeStrategy::InPlaceUpdate);
        let same = old.name == place.name
            && old.namespace == place.namespace
            && storage == place.storage_namespace
            && (in_place || old.chart_name == inputs.chart_name);
        let old = ReleaseName {
            name: old.name.clone(),
            namespace: old.namespace.clone(),
            storage_namespace: storage,
        };
        (!same).then_some(old)
    }

    /// Uninstalls what the declaration no longer asks for.
    async fn leave(&self, inputs: &Inputs, old: &ReleaseName) -> Result<(), Blocked> {
        self.memory.stop_following().await;
        let cancel = self.context.stop.child_token();
        let handle = handle(&inputs.tenant, old);
        let plan = handle.plan_uninstall().options(inputs.actions.uninstall.clone());
        let done = async { plan.into_future().await?.run(&(), &cancel).await }.await;
        match done {
            Ok(_) | Err(Error::NotFound { .. } | Error::AlreadyUninstalled { .. }) => {}
            Err(error) => {
                let mut blocked = report::blocked(&error);
                blocked.message = format!(
                    "the release {}/{}, which is no longer declared, could not be uninstalled: {}",
                    old.namespace, old.name, blocked.message
                );
                return Err(blocked);
            }
        }
        let message = format!(
            "the declaration has another release now: {}/{} was uninstalled",
            old.namespace, old.name
        );
        let reason = Reason::UninstallSucceeded;
        self.context.events.publish(&**self.release, Severity::Normal, reason, "Uninstall", &message).await;
        self.write_status(|status, _| {
            status.history.clear();
            status.storage_namespace = None;
            forget_failures(status);
        })
        .await;
        Ok(())
    }

    /// Whether no try is left for what was tried last.
    fn is_exhausted(&self, status: &HelmReleaseStatus) -> bool {
        let failures = match status.last_attempted_release_action {
            Some(ReleaseAction::Install) => status.install_failures,
            Some(ReleaseAction::Upgrade) => status.upgrade_failures,
            None => None,
        };
        let (Some(action), Some(failures)) = (status.last_attempted_release_action, failures) else {
            return false;
        };
        self.remediation(action).retries.is_some_and(|retries| failures > retries)
    }

    fn remediation(&self, action: ReleaseAction) -> Remediation {
        let spec = &self.release.spec;
        let limit = |retries: Option<i64>| Some(retries.unwrap_or(0)).filter(|retries| *retries >= 0);
        match action {
            ReleaseAction::Install => {
                let declared = spec.install.as_ref().and_then(|install| install.remediation.clone());
                let declared = declared.unwrap_or_default();
                Remediation {
                    retries: limit(declared.retries),
                    undoes_last: declared.remediate_last_failure.unwrap_or(false),
                    strategy: UpgradeRemediationStrategy::Uninstall,
                }
            }
            ReleaseAction::Upgrade => {
                let declared = spec.upgrade.as_ref().and_then(|upgrade| upgrade.remediation.clone());
                let declared = declared.unwrap_or_default();
                let retried = declared.retries.is_some_and(|retries| retries != 0);
                Remediation {
                    retries: limit(declared.retries),
                    undoes_last: declared.remediate_last_failure.unwrap_or(retried),
                    strategy: declared.strategy.unwrap_or(UpgradeRemediationStrategy::Rollback),
                }
            }
        }
    }
}

const EXHAUSTED: &str = "no try is left; a change of the declaration, of its values or of the chart, or the annotation \
                         reconcile.fluxcd.io/resetAt, starts anew";

/// Says that all is well.
fn ready(conditions: &mut Conditions, reason: Reason, message: &str) {
    conditions.set(ConditionType::Released, True, reason, message);
    conditions.set(ConditionType::Ready, True, reason, message);
    for gone in [ConditionType::Reconciling, ConditionType::Stalled, ConditionType::Remediated] {
        conditions.remove(gone);
    }
}

fn now_stalled(status: &HelmReleaseStatus) -> bool {
    Conditions::new(status.conditions.clone(), None).holds(ConditionType::Stalled)
}

fn forget_failures(status: &mut HelmReleaseStatus) {
    status.failures = None;
    status.install_failures = None;
    status.upgrade_failures = None;
}

fn count(failures: &mut Option<i64>) {
    *failures = Some(failures.unwrap_or(0).saturating_add(1));
}

/// A revision and its chart, in Flux's words.
fn about(record: &Record) -> String {
    format!(
        "{}/{}.v{} with chart {}@{}",
        record.namespace,
        record.name,
        record.revision,
        record.chart_name(),
        record.chart_version()
    )
}

fn word(action: ReleaseAction) -> &'static str {
    match action {
        ReleaseAction::Install => "install",
        ReleaseAction::Upgrade => "upgrade",
    }
}

/// To the millisecond: nobody needs more.
fn rounded(took: std::time::Duration) -> GoDuration {
    std::time::Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)).into()
}
