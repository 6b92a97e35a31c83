//! Reconciles a `HelmRepository`: reads its index at the interval, and wakes up the releases that wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::{Api, ResourceExt as _};
use pintle::registry::{Fetched, RegistryError};

use crate::api::ConditionStatus::{False, True};
use crate::api::{Artifact, HelmRepository, HelmRepositoryStatus, LocalReference};
use crate::conditions::{ConditionType, Conditions, Reason};
use crate::context::Context;
use crate::events::Severity;
use crate::key::ObjectName;
use crate::queue::{Next, Reached};
use crate::references::{Referred, ReferredKind};
use crate::sources::{RepositorySecrets, Source, SourceError};
use crate::{metrics, status, unsupported};

/// Flux's annotation that asks for a reconciliation at once.
pub(crate) const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// Flux: `HelmRepositorySpec`, `interval`.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// What was read of a repository.
#[derive(Default)]
pub(crate) struct Reading {
    state: Mutex<State>,
}

#[derive(Clone, Default)]
struct State {
    /// The status as it was last written, and whose it is.
    status: Option<(String, HelmRepositoryStatus)>,
    index: Option<Index>,
    problem: Option<String>,
    failures: u32,
}

/// An index, and where its charts come from.
#[derive(Clone)]
pub(crate) struct Index {
    pub(crate) source: Arc<Source>,
    pub(crate) fetched: Fetched,
    generation: Option<i64>,
}

/// Why an index is not to be had.
enum Problem {
    Source(SourceError),
    NoSecret { field: &'static str, name: String },
    Read { field: &'static str, name: String, source: kube::Error },
    Invalid(String),
}

impl Reading {
    /// The index for this generation of the repository, or why there is none yet.
    pub(crate) fn index(&self, repository: &HelmRepository) -> Result<Index, String> {
        let state = self.lock();
        match (&state.index, &state.problem) {
            (Some(index), _) if index.generation == repository.metadata.generation => Ok(index.clone()),
            (_, Some(problem)) => Err(problem.clone()),
            _ if repository.spec.suspend == Some(true) => {
                Err("it is suspended, and its index has not been read since the controller started"
                    .to_owned())
            }
            _ => Err("its index has not been read yet".to_owned()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a repository refers to.
pub(crate) fn references(repository: &HelmRepository) -> Vec<Referred> {
    let namespace = repository.namespace().unwrap_or_default();
    let secrets = [&repository.spec.secret_ref, &repository.spec.cert_secret_ref];
    let secret = |secret: &LocalReference| Referred::new(ReferredKind::Secret, &namespace, &secret.name);
    secrets.into_iter().flatten().map(secret).collect()
}

/// Brings one repository up to date.
pub(crate) async fn reconcile(context: Arc<Context>, name: ObjectName) -> Next {
    let again = |again| Next { again, tenant: Reached::NotAsked };
    let Some(repository) = context.repository(&name) else {
        context.forget_repository(&name);
        wake_users(&context, &name);
        return again(None);
    };
    if repository.spec.suspend == Some(true) || repository.metadata.deletion_timestamp.is_some() {
        return again(None);
    }
    let began = Instant::now();
    let reading = context.reading(&name);
    let before = reading.lock().clone();
    let requested = repository.annotations().get(REQUESTED_AT).cloned();
    let status = match &before.status {
        Some((uid, status)) if repository.uid().as_deref() == Some(uid) => status.clone(),
        _ => repository.status.clone().unwrap_or_default(),
    };
    let changed =
        before.index.as_ref().is_none_or(|index| index.generation != repository.metadata.generation)
            || requested != status.last_handled_reconcile_at;
    let interval = match &repository.spec.interval {
        Some(interval) => interval.get().map_err(|error| format!("spec.interval: {error}")),
        None => Ok(DEFAULT_INTERVAL),
    };
    // Others with the same address may have read it just now.
    let age = match (&interval, changed) {
        (Ok(interval), false) => interval.mul_f64(0.9),
        _ => Duration::ZERO,
    };
    let read = match &interval {
        Ok(_) => read(&context, &repository, age).await,
        Err(problem) => Err(Problem::Invalid(problem.clone())),
    };
    let outcome = if read.is_ok() { metrics::Result::Success } else { metrics::Result::Failure };
    context.metrics.reconciled("HelmRepository", outcome, began.elapsed());

    let mut state = before.clone();
    let (new, next) = match read {
        Ok(index) => {
            state.failures = 0;
            state.problem = None;
            let status = succeeded(&repository, &status, &index.fetched, requested);
            state.index = Some(index);
            (status, interval.ok())
        }
        Err(problem) => {
            state.failures += 1;
            let lasting = problem.is_lasting();
            let text = problem.to_string();
            if before.problem.as_ref() != Some(&text) && context.is_selected(&name) {
                let events = &context.events;
                events.publish(&*repository, Severity::Warning, problem.reason(), "Fetch", &text).await;
            }
            state.problem = Some(text.clone());
            let status = failed(&repository, &status, &problem, &text, requested);
            let pause = context.pause(state.failures);
            (status, if lasting { interval.ok().map(|interval| interval.max(pause)) } else { Some(pause) })
        }
    };
    let index_changed = match (&before.index, &state.index) {
        (Some(old), Some(new)) => {
            old.fetched.digest != new.fetched.digest || old.generation != new.generation
        }
        (None, None) => false,
        _ => true,
    };
    let wake = index_changed || before.problem != state.problem;
    if context.is_selected(&name) {
        match status::write(&context.client, &*repository, Some(&status), &new).await {
            Ok(_) => state.status = repository.uid().map(|uid| (uid, new)),
            Err(error) => tracing::warn!(repository = %name, %error, "the status could not be written"),
        }
    }
    *reading.lock() = state;
    if wake {
        wake_users(&context, &name);
    }
    again(next)
}

fn wake_users(context: &Context, name: &ObjectName) {
    let referred = Referred::new(ReferredKind::Repository, &name.namespace, &name.name);
    for user in context.references.to(&referred) {
        context.wake(&user);
    }
}

async fn read(context: &Context, repository: &HelmRepository, age: Duration) -> Result<Index, Problem> {
    let fields = unsupported::in_repository(&repository.spec);
    if !fields.is_empty() {
        return Err(Problem::Invalid(unsupported::message(&fields)));
    }
    let spec = &repository.spec;
    let credentials = secret(context, repository, spec.secret_ref.as_ref(), "spec.secretRef").await?;
    let certificates =
        secret(context, repository, spec.cert_secret_ref.as_ref(), "spec.certSecretRef").await?;
    let secrets =
        RepositorySecrets { credentials: credentials.as_ref(), certificates: certificates.as_ref() };
    let source = context.sources.get(spec, secrets).map_err(Problem::Source)?;
    let fetched = source.fetch(age).await.map_err(|error| Problem::Source(error.into()))?;
    Ok(Index { source, fetched, generation: repository.metadata.generation })
}

async fn secret(
    context: &Context,
    repository: &HelmRepository,
    reference: Option<&LocalReference>,
    field: &'static str,
) -> Result<Option<Secret>, Problem> {
    let Some(reference) = reference else { return Ok(None) };
    let namespace = repository.namespace().unwrap_or_default();
    let name = format!("{namespace}/{}", reference.name);
    match Api::<Secret>::namespaced(context.client.clone(), &namespace).get_opt(&reference.name).await {
        Ok(Some(secret)) => Ok(Some(secret)),
        Ok(None) => Err(Problem::NoSecret { field, name }),
        Err(source) => Err(Problem::Read { field, name, source }),
    }
}

fn succeeded(
    repository: &HelmRepository,
    old: &HelmRepositoryStatus,
    fetched: &Fetched,
    requested: Option<String>,
) -> HelmRepositoryStatus {
    let generation = repository.metadata.generation;
    let mut conditions = Conditions::new(old.conditions.clone(), generation);
    let revision = format!("sha256:{}", fetched.digest);
    let message = format!("the index has been read: revision {revision}");
    conditions.set(ConditionType::Ready, True, Reason::Succeeded, &message);
    conditions.set(ConditionType::ArtifactInStorage, True, Reason::Succeeded, &message);
    for gone in [ConditionType::Reconciling, ConditionType::Stalled, ConditionType::FetchFailed] {
        conditions.remove(gone);
    }
    let address = format!("{}/index.yaml", repository.spec.url.trim_end_matches('/'));
    let same = old.artifact.as_ref().filter(|artifact| artifact.revision == revision);
    let artifact = same.cloned().unwrap_or_else(|| Artifact {
        path: String::new(),
        url: address.clone(),
        digest: revision.clone(),
        revision,
        last_update_time: Time(Timestamp::now()),
        size: i64::try_from(fetched.size).ok(),
        metadata: std::collections::BTreeMap::new(),
    });
    HelmRepositoryStatus {
        observed_generation: generation,
        conditions: conditions.into_list(),
        url: Some(address),
        artifact: Some(artifact),
        last_handled_reconcile_at: requested,
    }
}

fn failed(
    repository: &HelmRepository,
    old: &HelmRepositoryStatus,
    problem: &Problem,
    text: &str,
    requested: Option<String>,
) -> HelmRepositoryStatus {
    let generation = repository.metadata.generation;
    let mut conditions = Conditions::new(old.conditions.clone(), generation);
    conditions.set(ConditionType::Ready, False, problem.reason(), text);
    conditions.set(ConditionType::FetchFailed, True, problem.reason(), text);
    let observed_generation = if problem.is_lasting() {
        conditions.remove(ConditionType::Reconciling);
        conditions.set(ConditionType::Stalled, True, problem.reason(), text);
        generation
    } else {
        conditions.remove(ConditionType::Stalled);
        conditions.set(ConditionType::Reconciling, True, Reason::ProgressingWithRetry, "trying again");
        old.observed_generation
    };
    HelmRepositoryStatus {
        observed_generation,
        conditions: conditions.into_list(),
        last_handled_reconcile_at: requested,
        ..old.clone()
    }
}

impl Problem {
    fn reason(&self) -> Reason {
        match self {
            Self::Source(SourceError::Secret { .. }) | Self::NoSecret { .. } | Self::Read { .. } => {
                Reason::AuthenticationFailed
            }
            Self::Source(SourceError::Registry(error)) => match error {
                RegistryError::Unauthorized { .. }
                | RegistryError::Untrusted { .. }
                | RegistryError::Tls(_) => Reason::AuthenticationFailed,
                RegistryError::Url { .. } => Reason::UrlInvalid,
                _ => Reason::IndexationFailed,
            },
            Self::Invalid(text) if text.starts_with("not supported") => Reason::UnsupportedField,
            Self::Source(_) | Self::Invalid(_) => Reason::InvalidSpec,
        }
    }

    /// Whether only a change of the declaration helps.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Source(SourceError::Timeout(_)) => true,
            Self::Source(SourceError::Registry(error)) => matches!(error, RegistryError::Url { .. }),
            _ => false,
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Source(error) => write!(out, "{error}"),
            Self::NoSecret { field, name } => {
                write!(out, "there is no Secret {name}, which {field} names; waiting for it")
            }
            Self::Read { field, name, source } => {
                write!(out, "the Secret {name}, which {field} names, could not be read: {source}")
            }
            Self::Invalid(text) => out.write_str(text),
        }
    }
}
