//! The end of a `HelmRelease`: its release is uninstalled, and then the object may go.

use std::future::IntoFuture as _;

use pintle::{Error, History};

use super::inputs::{NoTenant, handle};
use super::options::Actions;
use super::{After, Blocked, Ended, Work, report, snapshot};
use crate::api::ConditionStatus::{False, True};
use crate::conditions::{ConditionType, Reason};
use crate::events::Severity;
use crate::naming::ReleaseName;
use crate::queue::Reached;
use crate::{finalizer, metrics};

impl Work<'_> {
    pub(super) async fn remove(&self) -> Ended {
        self.memory.stop_following().await;
        self.memory.unsettle();
        if !finalizer::is_set(&**self.release) {
            return Ended {
                again: After::Change,
                tenant: Reached::NotAsked,
                result: metrics::Result::Success,
            };
        }
        let tenant = match Box::pin(self.uninstall()).await {
            Ok(tenant) => tenant,
            Err(blocked) => return self.cannot_remove(blocked).await,
        };
        match finalizer::remove(&self.context.client, &**self.release).await {
            Ok(_) => Ended { again: After::Change, tenant, result: metrics::Result::Success },
            Err(kube::Error::Api(answer)) if answer.code == 404 => {
                Ended { again: After::Change, tenant, result: metrics::Result::Success }
            }
            Err(error) => {
                let message = format!("the finalizer could not be taken off: {error}");
                tracing::warn!(release = %self.name, "{message}");
                Ended { again: After::Pause, tenant, result: metrics::Result::Failure }
            }
        }
    }

    /// Uninstalls what is there, where there is anything to be uninstalled.
    async fn uninstall(&self) -> Result<Reached, Blocked> {
        let spec = &self.release.spec;
        if spec.suspend == Some(true) {
            self.tell_kept("the release is suspended: what it installed stays").await;
            return Ok(Reached::NotAsked);
        }
        let status = self.status().await;
        let Some(storage_namespace) = status.storage_namespace.clone() else {
            return Ok(Reached::NotAsked); // it never came so far as to install anything
        };
        let place = match status.history.first() {
            Some(newest) => ReleaseName {
                name: newest.name.clone(),
                namespace: newest.namespace.clone(),
                storage_namespace,
            },
            // A run that was interrupted may have left a record that the status does not know of.
            None if status.last_attempted_release_action.is_some() => {
                ReleaseName { storage_namespace, ..ReleaseName::of(self.release) }
            }
            None => return Ok(Reached::NotAsked),
        };
        let (tenant, _) = match self.tenant().await {
            Ok(tenant) => tenant,
            Err(NoTenant::NoSecret(error)) => {
                self.tell_kept(&format!("nothing is uninstalled: {error}")).await;
                return Ok(Reached::NotAsked);
            }
            Err(error) => return Err(error.into()),
        };
        let actions = Actions::of(spec).map_err(|error| {
            Blocked::new(Reason::InvalidSpec, format!("{}: {}", error.field, error.problem)).lasting()
        })?;
        let uninstall = spec.uninstall.clone().unwrap_or_default();
        let history = if uninstall.keep_history == Some(true) { History::Keep } else { History::Delete };
        let handle = handle(&tenant, &place);
        let cancel = self.context.stop.child_token();
        let plan = handle.plan_uninstall().options(actions.uninstall).history(history);
        let done = async { plan.into_future().await?.run(&(), &cancel).await }.await;
        let about = format!("{}/{}", place.namespace, place.name);
        match done {
            Ok(outcome) => {
                let message = format!("Helm uninstall succeeded for release {about}");
                tracing::info!(release = %self.name, "{message}");
                let (events, reason) = (&self.context.events, Reason::UninstallSucceeded);
                events.publish(&**self.release, Severity::Normal, reason, "Uninstall", &message).await;
                self.write_status(|status, _| {
                    snapshot::note(&mut status.history, snapshot::of(&outcome.record));
                })
                .await;
                Ok(Reached::Yes)
            }
            Err(Error::NotFound { .. } | Error::AlreadyUninstalled { .. }) => Ok(Reached::Yes),
            Err(Error::Failed(failed)) => {
                let why = report::failure(&failed.failure);
                let message = format!("Helm uninstall failed for release {about}: {why}");
                let mut blocked = Blocked::new(Reason::UninstallFailed, message);
                blocked.tenant = Reached::Yes;
                Err(blocked)
            }
            Err(error) => {
                let mut blocked = report::blocked(&error);
                blocked.message =
                    format!("the release {about} could not be uninstalled: {}", blocked.message);
                Err(blocked)
            }
        }
    }

    async fn tell_kept(&self, message: &str) {
        tracing::info!(release = %self.name, "{message}");
        let (events, reason) = (&self.context.events, Reason::UninstallSucceeded);
        events.publish(&**self.release, Severity::Normal, reason, "Uninstall", message).await;
    }

    async fn cannot_remove(&self, blocked: Blocked) -> Ended {
        let Blocked { reason, message, tenant, .. } = blocked;
        if !self.memory.last_block(reason, &message) {
            tracing::warn!(release = %self.name, reason = reason.as_str(), "{message}");
            self.context
                .events
                .publish(&**self.release, Severity::Warning, reason, "Uninstall", &message)
                .await;
        }
        self.write_status(|_, conditions| {
            conditions.set(ConditionType::Ready, False, reason, &message);
            let waiting = "the object goes when its release is uninstalled, is suspended, or its kubeconfig's Secret is gone";
            conditions.set(ConditionType::Reconciling, True, Reason::ProgressingWithRetry, waiting);
        })
        .await;
        Ended { again: After::Pause, tenant, result: metrics::Result::Failure }
    }
}
