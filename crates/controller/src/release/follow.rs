//! Watches a release's objects in its cluster, and puts back what somebody else changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pintle::ReleaseHandle;
use pintle::cluster::{
    Contest, Drift, DriftEvent, DriftKind, DriftRules, Object, ObjectKey, Registration, Scope,
};
use pintle::release::{Record, Status};
use tokio_util::sync::CancellationToken;

use super::Work;
use super::inputs::Inputs;
use super::memory::{Follower, Memory, write_status};
use crate::api::ConditionStatus::{False, True};
use crate::api::{DriftMode, HelmRelease};
use crate::conditions::{ConditionType, Reason};
use crate::context::{Context, Tenant};
use crate::events::Severity;
use crate::key::{Key, ObjectName};
use crate::metrics;

/// The longest pause before something that failed is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How often objects are looked at that cannot be watched.
const LOOK_EVERY: Duration = Duration::from_secs(300);

impl Work<'_> {
    /// Follows the objects of a record from now on.
    pub(super) async fn follow(&self, inputs: &Inputs, record: Record) {
        if inputs.mode == DriftMode::Disabled {
            self.memory.stop_following().await;
            return;
        }
        let (context, release, memory) = self.shared();
        let stop = self.context.stop.child_token();
        let following = Following {
            context,
            release,
            memory,
            tenant: Arc::clone(&inputs.tenant),
            handle: inputs.handle(),
            rules: inputs.rules.clone(),
            mode: inputs.mode,
            stop: stop.clone(),
        };
        let task = tokio::spawn(async move {
            let stop = following.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = following.run(record) => {}
            }
        });
        self.memory.follow(Follower { stop, task, fingerprint: inputs.fingerprint }).await;
    }
}

/// One release whose objects are followed.
struct Following {
    context: Arc<Context>,
    release: Arc<HelmRelease>,
    memory: Arc<Memory>,
    tenant: Arc<Tenant>,
    handle: ReleaseHandle,
    rules: DriftRules,
    mode: DriftMode,
    stop: CancellationToken,
}

/// What is known of the objects' drift.
#[derive(Default)]
struct Known {
    /// What was told of and not put back, by object.
    told: HashMap<ObjectKey, String>,
    failures: u32,
    /// When objects that are let be may be put back again.
    again: HashMap<ObjectKey, Instant>,
    /// Whether some objects cannot be watched.
    blind: bool,
}

impl Following {
    async fn run(&self, record: Record) {
        let mut known = Known::default();
        let objects = loop {
            match self.handle.objects_of(&record).await {
                Ok(objects) => break objects,
                Err(error) => self.stumble(&mut known, &error.to_string()).await,
            }
        };
        let mut registration =
            self.tenant.drift.register(objects.iter().map(|object| object.reference().clone()));
        let all: HashMap<ObjectKey, &Object> = objects.iter().map(|object| (object.key(), object)).collect();
        let mut wanted: Vec<ObjectKey> = all.keys().cloned().collect();
        loop {
            let look: Vec<Object> =
                wanted.iter().filter_map(|key| all.get(key).map(|object| (*object).clone())).collect();
            match self.look(&registration, &look, record.revision, &mut known).await {
                Ok(()) => {
                    known.failures = 0;
                    wanted = self.changed(&mut registration, &mut known, &objects).await;
                }
                // What was to be looked at stays so.
                Err(problem) => self.stumble(&mut known, &problem).await,
            }
        }
    }

    /// Waits until objects have changed, or are to be looked at because they cannot be watched.
    async fn changed(
        &self,
        registration: &mut Registration,
        known: &mut Known,
        objects: &[Object],
    ) -> Vec<ObjectKey> {
        loop {
            // What differs already can be put right by somebody else without a trace in what is watched.
            let patience = match (known.blind, known.told.is_empty()) {
                (true, _) => Some(LOOK_EVERY),
                (false, false) => Some(self.interval()),
                (false, true) => None,
            };
            let again = known.again.values().map(|again| again.saturating_duration_since(Instant::now()));
            let patience = patience.into_iter().chain(again).min();
            let event = match patience {
                None => registration.next().await,
                Some(patience) => match tokio::time::timeout(patience, registration.next()).await {
                    Ok(event) => event,
                    Err(_) if known.blind && patience >= LOOK_EVERY => {
                        return objects.iter().map(Object::key).collect();
                    }
                    Err(_) => return known.told.keys().cloned().collect(),
                },
            };
            match event {
                DriftEvent::Changed(object) | DriftEvent::Deleted(object) => {
                    let mut keys = vec![object.key()];
                    // What changed together is looked at together.
                    while let Ok(DriftEvent::Changed(object) | DriftEvent::Deleted(object)) =
                        tokio::time::timeout(Duration::from_millis(20), registration.next()).await
                    {
                        keys.push(object.key());
                    }
                    keys.sort();
                    keys.dedup();
                    return keys;
                }
                DriftEvent::Unwatched { gvk, reason } => {
                    let message = format!(
                        "objects of the kind {} cannot be watched for drift, and are looked at every {} s: {reason}",
                        gvk.kind,
                        LOOK_EVERY.as_secs()
                    );
                    if !known.blind {
                        self.tell(Severity::Warning, Reason::DriftCorrectionFailed, &message).await;
                    }
                    known.blind = true;
                }
                _ => {}
            }
        }
    }

    /// The release's interval, at least a second.
    fn interval(&self) -> Duration {
        let interval = self.release.spec.interval.get().unwrap_or(LONGEST_PAUSE);
        interval.max(Duration::from_secs(1))
    }

    /// Compares objects with the cluster, and puts back what differs.
    async fn look(
        &self,
        registration: &Registration,
        objects: &[Object],
        revision: u32,
        known: &mut Known,
    ) -> Result<(), String> {
        let scope = Scope::new(self.stop.clone());
        for object in objects {
            known.again.remove(&object.key());
        }
        let report = self.tenant.target.cluster().drift(&scope, objects, &self.rules).await;
        let report = report.map_err(|error| error.to_string())?;
        registration.expect(report.seen);
        let drifted: Vec<ObjectKey> = report.drifts.iter().map(|drift| drift.object.key()).collect();
        let before = known.told.len();
        for object in objects {
            if !drifted.contains(&object.key()) {
                known.told.remove(&object.key());
            }
        }
        if report.drifts.is_empty() {
            if known.told.is_empty() {
                self.say_no_drift(before > 0).await;
            }
            return Ok(());
        }
        if !self.is_newest(revision).await? {
            // Somebody else has made a revision, or is about to: what is declared has to be compared with that.
            self.memory.unsettle();
            self.context.wake(&Key::Release(ObjectName::of(&*self.release)));
            return Ok(());
        }
        if self.mode == DriftMode::Warn {
            self.warn(&report.drifts, known).await;
            return Ok(());
        }
        self.correct(registration, &report.drifts, known).await
    }

    /// Whether a revision is still the one that is deployed last.
    async fn is_newest(&self, revision: u32) -> Result<bool, String> {
        match self.handle.history().await {
            Ok(history) => Ok(history
                .last()
                .is_some_and(|newest| newest.revision == revision && newest.status == Status::Deployed)),
            Err(pintle::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn warn(&self, drifts: &[Drift], known: &mut Known) {
        let mut news = false;
        for drift in drifts {
            let text = describe(drift);
            news |= known.told.insert(drift.object.key(), text.clone()) != Some(text);
        }
        if !news {
            return;
        }
        let mut all: Vec<&str> = known.told.values().map(String::as_str).collect();
        all.sort_unstable();
        let message = format!("the cluster differs from the release: {}", all.join("; "));
        self.condition(True, Reason::DriftDetected, &message).await;
        self.tell(Severity::Warning, Reason::DriftDetected, &message).await;
    }

    async fn correct(
        &self,
        registration: &Registration,
        drifts: &[Drift],
        known: &mut Known,
    ) -> Result<(), String> {
        let corrected = self.handle.correct(drifts, &(), &self.stop).await;
        let corrected = corrected.map_err(|error| error.to_string())?;
        registration.expect_applied(&corrected.applied);
        for object in &corrected.objects {
            known.told.remove(&object.object.key());
            self.context.metrics.corrected(metrics::Result::Success);
        }
        for _ in &corrected.failed {
            self.context.metrics.corrected(metrics::Result::Failure);
        }
        let failed: Vec<ObjectKey> = corrected.failed.iter().map(|(object, _)| object.key()).collect();
        let contested = corrected.contested.iter().map(|contest| contest.object.key());
        let left: Vec<ObjectKey> = failed.iter().cloned().chain(contested).collect();
        let done: Vec<String> =
            drifts.iter().filter(|drift| !left.contains(&drift.object.key())).map(describe).collect();
        let quarrels = self.tell_of_contests(&corrected.contested, known).await;
        if !done.is_empty() {
            let message = format!("put back: {}", done.join("; "));
            self.tell(Severity::Normal, Reason::DriftCorrected, &message).await;
            if failed.is_empty() && !quarrels {
                self.condition(False, Reason::DriftCorrected, &message).await;
            }
        }
        if corrected.failed.is_empty() {
            return Ok(());
        }
        let problems: Vec<String> =
            corrected.failed.iter().map(|(object, error)| format!("{object}: {error}")).collect();
        let message = format!("could not be put back: {}", problems.join("; "));
        let mut news = false;
        for (object, error) in &corrected.failed {
            let text = error.to_string();
            news |= known.told.insert(object.key(), text.clone()) != Some(text);
        }
        if news {
            self.condition(True, Reason::DriftCorrectionFailed, &message).await;
            self.tell(Severity::Warning, Reason::DriftCorrectionFailed, &message).await;
        }
        Err(message)
    }

    /// Names those who change objects again each time they are put back, once for each round; whether there are any.
    async fn tell_of_contests(&self, contests: &[Contest], known: &mut Known) -> bool {
        let mut news = false;
        for contest in contests {
            let round = format!("contested {} times", contest.rounds);
            news |= known.told.insert(contest.object.key(), round.clone()) != Some(round);
            known.again.insert(contest.object.key(), Instant::now() + contest.again_in);
        }
        if news {
            let all: Vec<String> = contests.iter().map(ToString::to_string).collect();
            let message = all.join("; ");
            self.condition(True, Reason::DriftContested, &message).await;
            self.tell(Severity::Warning, Reason::DriftContested, &message).await;
        }
        !contests.is_empty()
    }

    /// Says that nothing differs: where something did, or where that is to be said of every release.
    async fn say_no_drift(&self, differed: bool) {
        let known = super::memory::status_of(&self.memory, &self.release).await;
        let stands = known.conditions.iter().find(|condition| condition.type_ == "Drifted");
        let holds = stands.is_some_and(|condition| condition.status == True);
        if differed || holds {
            self.condition(False, Reason::NoDriftDetected, "no object differs from the release").await;
        }
    }

    async fn condition(&self, status: crate::api::ConditionStatus, reason: Reason, message: &str) {
        write_status(&self.context, &self.memory, &self.release, |_, conditions| {
            conditions.set(ConditionType::Drifted, status, reason, message);
        })
        .await;
    }

    async fn tell(&self, severity: Severity, reason: Reason, message: &str) {
        let name = ObjectName::of(&*self.release);
        tracing::info!(release = %name, reason = reason.as_str(), "{message}");
        self.context.events.publish(&*self.release, severity, reason, "Drift", message).await;
    }

    async fn stumble(&self, known: &mut Known, problem: &str) {
        known.failures = known.failures.saturating_add(1);
        let name = ObjectName::of(&*self.release);
        tracing::debug!(release = %name, failures = known.failures, "drift is looked at again later: {problem}");
        let pause = 2_u32.checked_pow(known.failures.min(16)).unwrap_or(u32::MAX);
        tokio::time::sleep(Duration::from_millis(500).saturating_mul(pause).min(LONGEST_PAUSE)).await;
    }
}

/// An object and what differs of it: the fields and who changed them, and none of the values.
fn describe(drift: &Drift) -> String {
    if drift.kind == DriftKind::Missing {
        return format!("{} was missing", drift.object);
    }
    let fields: Vec<&str> = drift.changes.iter().map(|change| change.path.as_str()).collect();
    let opponents: Vec<&str> = drift.opponents().into_iter().collect();
    let by = if opponents.is_empty() { String::new() } else { format!(" (by {})", opponents.join(", ")) };
    format!("{} had other values in {}{by}", drift.object, fields.join(", "))
}
