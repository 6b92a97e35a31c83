//! Reconciles a `HelmRelease`: inputs, then what the engine makes of them, then the watch over the objects.

mod act;
mod follow;
mod inputs;
mod memory;
mod options;
mod removal;
mod report;
mod snapshot;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::ResourceExt as _;

use crate::api::ConditionStatus::{False, True};
use crate::api::{DriftMode, HelmRelease, ValuesKind};
use crate::conditions::{ConditionType, Reason};
use crate::context::Context;
use crate::events::Severity;
use crate::key::ObjectName;
use crate::queue::{Next, Reached};
use crate::references::{Referred, ReferredKind};
use crate::repository::REQUESTED_AT;
use crate::{finalizer, metrics};

pub(crate) use memory::Memory;

/// Flux's annotation that asks to forget failures, where it says the same as [`REQUESTED_AT`].
const RESET_AT: &str = "reconcile.fluxcd.io/resetAt";

/// Flux's annotation that asks to try once more, where it says the same as [`REQUESTED_AT`].
const FORCE_AT: &str = "reconcile.fluxcd.io/forceAt";

/// How a reconciliation ended.
struct Ended {
    /// When to come back.
    again: After,
    tenant: Reached,
    result: metrics::Result,
}

/// When to come back.
#[derive(Clone, Copy, Debug)]
enum After {
    /// At the release's interval.
    Interval,
    /// After a pause that grows with each failure in a row.
    Pause,
    /// When something changes.
    Change,
}

/// Why a release cannot be worked on, or was not with success.
struct Blocked {
    reason: Reason,
    message: String,
    after: After,
    tenant: Reached,
}

impl Blocked {
    fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), after: After::Pause, tenant: Reached::NotAsked }
    }

    /// Only a change of the declaration helps.
    fn lasting(mut self) -> Self {
        self.after = After::Change;
        self
    }

    fn after(mut self, after: After) -> Self {
        self.after = after;
        self
    }
}

/// What a release refers to.
pub(crate) fn references(release: &HelmRelease) -> Vec<Referred> {
    let namespace = release.namespace().unwrap_or_default();
    let spec = &release.spec;
    let mut all = Vec::new();
    if let Some(secret) = spec.kube_config.as_ref().and_then(|config| config.secret_ref.as_ref()) {
        all.push(Referred::new(ReferredKind::Secret, &namespace, &secret.name));
    }
    for values in &spec.values_from {
        let kind = match values.kind {
            ValuesKind::Secret => ReferredKind::Secret,
            ValuesKind::ConfigMap => ReferredKind::ConfigMap,
        };
        all.push(Referred::new(kind, &namespace, &values.name));
    }
    if let Some(source) = spec.chart.as_ref().and_then(|chart| chart.spec.source_ref.as_ref()) {
        let namespace = source.namespace.as_ref().filter(|name| !name.is_empty()).unwrap_or(&namespace);
        all.push(Referred::new(ReferredKind::Repository, namespace, &source.name));
    }
    all
}

/// How a release's drift is dealt with; unset means that it is put right.
fn drift_mode(release: &HelmRelease) -> DriftMode {
    let drift = release.spec.drift_detection.as_ref();
    drift.and_then(|drift| drift.mode).unwrap_or(DriftMode::Enabled)
}

/// Brings one release up to date.
pub(crate) async fn reconcile(context: Arc<Context>, name: ObjectName) -> Next {
    let Some(release) = context.release(&name) else {
        if let Some(memory) = context.forget_release(&name) {
            memory.stop_following().await;
        }
        forget_tenant(&context, None).await;
        return Next { again: None, tenant: Reached::NotAsked };
    };
    let began = Instant::now();
    let memory = context.memory(&name);
    memory.belong_to(&release).await;
    let work = Work { context: &context, release: &release, memory: &memory, name };
    let ended = if release.metadata.deletion_timestamp.is_some() {
        work.remove().await
    } else if release.spec.suspend == Some(true) {
        memory.stop_following().await;
        memory.unsettle();
        Ended { again: After::Change, tenant: Reached::NotAsked, result: metrics::Result::Success }
    } else {
        match Box::pin(work.bring_up_to_date()).await {
            Ok(ended) => ended,
            Err(blocked) => work.block(blocked).await,
        }
    };
    context.metrics.reconciled("HelmRelease", ended.result, began.elapsed());
    let again = match ended.again {
        After::Change => None,
        After::Pause => Some(context.pause(memory.failed())),
        After::Interval => release.spec.interval.get().ok().map(spread),
    };
    if ended.result == metrics::Result::Success {
        memory.succeeded();
    }
    Next { again, tenant: ended.tenant }
}

/// Some more or less than the interval, so that releases that were declared together do not stay together.
fn spread(interval: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(0_u8) % 1000;
    // At most 5 % each way; a thousandth is exact enough.
    interval.mul_f64(0.95 + f64::from(u32::try_from(random).unwrap_or(500)) / 10_000.0)
}

/// Lets go of tenants that no release names any more; `gone` is a place that one release has just left.
async fn forget_tenant(context: &Context, gone: Option<crate::tenant::SecretLocation>) {
    let used: std::collections::HashSet<_> = context
        .releases
        .state()
        .iter()
        .filter_map(|release| crate::key::kubeconfig_location(release))
        .collect();
    match gone {
        Some(gone) if !used.contains(&gone) => context.tenants.forget(&gone).await,
        Some(_) => {}
        None => context.tenants.keep(|location| used.contains(location)).await,
    }
}

/// One release that is being worked on.
struct Work<'a> {
    context: &'a Arc<Context>,
    release: &'a Arc<HelmRelease>,
    memory: &'a Arc<Memory>,
    name: ObjectName,
}

impl Work<'_> {
    async fn bring_up_to_date(&self) -> Result<Ended, Blocked> {
        if let Err(error) = finalizer::add(&self.context.client, &**self.release).await {
            let message = format!("the finalizer could not be set: {error}");
            return Err(Blocked::new(Reason::ReconcileError, message));
        }
        let inputs = self.inputs().await?;
        Box::pin(self.act(inputs)).await
    }

    /// The annotation that asks for a reconciliation, where it was not acted on yet.
    fn requested(&self) -> Option<&String> {
        self.release.annotations().get(REQUESTED_AT)
    }

    /// Whether an annotation goes with the request, and was not acted on before.
    fn asks(&self, annotation: &str, handled: Option<&String>) -> bool {
        let asked = self.release.annotations().get(annotation);
        asked.is_some() && asked == self.requested() && asked != handled
    }

    /// Says why nothing was done.
    async fn block(&self, blocked: Blocked) -> Ended {
        let Blocked { reason, message, after, tenant } = blocked;
        let known = self.memory.last_block(reason, &message);
        if !known {
            tracing::warn!(release = %self.name, reason = reason.as_str(), "{message}");
            let events = &self.context.events;
            events.publish(&**self.release, Severity::Warning, reason, "Reconcile", &message).await;
        }
        // Inputs that are not to be had say nothing about what is installed: it stays watched where the release is the
        // same. What is to be compared next time is everything.
        self.memory.unsettle();
        let requested = self.requested().cloned();
        let generation = self.release.metadata.generation;
        self.write_status(|status, conditions| {
            conditions.set(ConditionType::Ready, False, reason, &message);
            if let After::Change = after {
                conditions.remove(ConditionType::Reconciling);
                conditions.set(ConditionType::Stalled, True, reason, &message);
                status.observed_generation = generation;
            } else {
                conditions.remove(ConditionType::Stalled);
                let waiting = "it is tried again later, and as soon as something that it needs changes";
                conditions.set(ConditionType::Reconciling, True, Reason::ProgressingWithRetry, waiting);
            }
            status.last_handled_reconcile_at = requested;
        })
        .await;
        Ended { again: after, tenant, result: metrics::Result::Failure }
    }
}
