//! Running hooks.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use pintle_cluster::{
    ApplyOptions, Before, DeleteOptions, Deletion, Error as ClusterError, Gvk, Method, Object, ObjectRef,
    Scope, Selection, Unobserved, WaitOptions,
};
use pintle_release::{
    ApplyMethod, DeletePolicy, Hook, HookEvent, HookExecution, HookPhase, OutputLogPolicy, Record,
};
use pintle_value::Data;
use tracing::Instrument as _;

use super::{Run, Stop, doing_hook};
use crate::ledger::{Entry, HOOKS_AT};
use crate::plan::hook_objects;
use crate::{Event, Hooks, ObjectAction, RunOptions, span};

/// The hooks of an event in the order in which they run.
pub(crate) fn hooks_at(record: &Record, at: HookEvent) -> impl Iterator<Item = &Hook> {
    in_order(&record.hooks, at).into_iter().map(|(_, hook)| hook)
}

/// Where in a record the hooks of an event stand, in the order in which they run. A place is all that tells hooks apart:
/// those of one template may have one name and differ in their kinds.
pub(super) fn places_at(hooks: &[Hook], at: HookEvent) -> Vec<usize> {
    in_order(hooks, at).into_iter().map(|(place, _)| place).collect()
}

/// By weight, then by name, then as they stand in the record, where they are sorted by kind (Helm:
/// `pkg/action/hooks.go`, `hookByWeight`).
fn in_order(hooks: &[Hook], at: HookEvent) -> Vec<(usize, &Hook)> {
    let mut hooks: Vec<(usize, &Hook)> =
        hooks.iter().enumerate().filter(|(_, hook)| hook.runs_at(at)).collect();
    hooks.sort_by(|(_, a), (_, b)| (a.weight, &a.name).cmp(&(b.weight, &b.name)));
    hooks
}

impl Run<'_> {
    /// Runs the hooks of an event, one after the other (Helm: `pkg/action/hooks.go`, `execHook`).
    pub(super) async fn hooks(
        &self,
        entry: &mut Entry,
        at: HookEvent,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        if settings.hooks == Hooks::Skip {
            return Ok(());
        }
        let goes_on = match self.resumes {
            Some(last) if last == at => true,
            // The dead run had done with these hooks when it came to those of a later event.
            Some(_) if is_before(at) => return Ok(()),
            _ => false,
        };
        let order = places_at(&entry.record.hooks, at);
        if order.is_empty() {
            return Ok(());
        }
        if !goes_on {
            entry.annotations.insert(HOOKS_AT.to_owned(), at.as_str().to_owned());
            // What stands there is of another event, or of another revision.
            for hook in entry.record.hooks.iter_mut().filter(|hook| hook.runs_at(at)) {
                hook.last_run = HookExecution::default();
            }
        }
        let mut succeeded = Vec::new();
        for place in order {
            let phase = entry.record.hooks.get(place).map(|hook| hook.last_run.phase);
            if goes_on && phase == Some(HookPhase::Succeeded) {
                succeeded.push(place);
                continue;
            }
            match self.hook(entry, place, at, settings).await {
                Ok(()) => succeeded.push(place),
                Err(stop) => {
                    if let Some(hook) = entry.record.hooks.get(place).cloned()
                        && self.stopped().is_none()
                    {
                        self.logs(&hook, OutputLogPolicy::HookFailed, &entry.record.namespace).await;
                        self.dispose(&hook, DeletePolicy::HookFailed, &entry.record.namespace, settings)
                            .await?;
                        for place in succeeded {
                            let Some(hook) = entry.record.hooks.get(place) else { continue };
                            let namespace = &entry.record.namespace;
                            self.dispose(hook, DeletePolicy::HookSucceeded, namespace, settings).await?;
                        }
                    }
                    return Err(stop);
                }
            }
        }
        if is_before(at) {
            // Written down before the work goes on, so that no hook is repeated when that is interrupted.
            entry.write().await.map_err(|error| Stop::store(&error))?;
        }
        for place in succeeded.into_iter().rev() {
            let Some(hook) = entry.record.hooks.get(place).cloned() else { continue };
            self.logs(&hook, OutputLogPolicy::HookSucceeded, &entry.record.namespace).await;
            self.dispose(&hook, DeletePolicy::HookSucceeded, &entry.record.namespace, settings).await?;
        }
        Ok(())
    }

    pub(super) async fn hook(
        &self,
        entry: &mut Entry,
        place: usize,
        at: HookEvent,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        let Some(hook) = entry.record.hooks.get(place).cloned() else { return Ok(()) };
        let span = span::hook(at, &hook.path);
        self.run_hook(entry, place, hook, at, settings).instrument(span).await
    }

    async fn run_hook(
        &self,
        entry: &mut Entry,
        place: usize,
        hook: Hook,
        at: HookEvent,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        let namespace = entry.record.namespace.clone();
        let doing = || doing_hook(at, &hook.path);
        self.dispose(&hook, DeletePolicy::BeforeHookCreation, &namespace, settings).await?;

        if let Some(hook) = entry.record.hooks.get_mut(place) {
            if hook.delete_policies.is_empty() {
                hook.delete_policies.push(DeletePolicy::BeforeHookCreation);
            }
            hook.last_run.started_at = Some(Timestamp::now());
            hook.last_run.completed_at = None;
            hook.last_run.phase = HookPhase::Running;
        }
        entry.write().await.map_err(|error| Stop::store(&error))?;

        let began = Instant::now();
        // Helm: pkg/action/hooks.go: the client creates, and does not merge with what is there
        let method = match entry.record.apply_method {
            Some(ApplyMethod::ServerSide) => Method::ServerSide,
            _ => Method::ClientSide,
        };
        let result = self.hook_objects(&hook, at, method, &namespace, settings).await;
        let succeeded = result.is_ok();
        if let Some(hook) = entry.record.hooks.get_mut(place) {
            hook.last_run.completed_at = Some(Timestamp::now());
            hook.last_run.phase = if succeeded { HookPhase::Succeeded } else { HookPhase::Failed };
        }
        if let Some(object) = self.hook_references(&hook, &namespace).await.into_iter().next() {
            self.emit(&Event::HookFinished { object, succeeded, took: began.elapsed() });
        }
        result.map_err(|stop| match stop {
            Stop::Failed(mut failure, class) => {
                failure.doing = doing();
                failure.template = Some(hook.path.clone());
                Stop::Failed(failure, class)
            }
            stop => stop,
        })
    }

    /// Creates a hook's objects and waits until they are done.
    async fn hook_objects(
        &self,
        hook: &Hook,
        at: HookEvent,
        method: Method,
        namespace: &str,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        let doing = || doing_hook(at, &hook.path);
        let cluster = self.release.cluster();
        let scope = self.scope.within(settings.timeouts.step);
        let objects = match self.placed_hook(&scope, hook, namespace).await {
            Ok(objects) => objects,
            // What was deployed once must not keep a release from going back or away.
            Err(ClusterError::UnknownKind { gvk }) if is_old(at) => {
                let text =
                    format!("the cluster does not serve {gvk} any more: the hook {} is left out", hook.path);
                self.emit(&Event::Warning { text });
                return Ok(());
            }
            Err(error) => return Err(Stop::cluster(doing(), &error)),
        };
        let mut references: Vec<ObjectRef> = Vec::with_capacity(objects.len());
        for object in &objects {
            self.emit(&Event::HookStarted {
                object: object.reference().clone(),
                at,
                path: hook.path.clone(),
            });
            let applied = cluster.bring(&scope, object, Before::default(), method, ApplyOptions::default());
            let applied = applied.instrument(span::object(object.reference(), ObjectAction::Create)).await;
            references.push(applied.map_err(|error| Stop::cluster(doing(), &error))?.object);
        }
        let options = WaitOptions::default().strategy(settings.effective_wait().strategy());
        let waiting = cluster.wait_hook(&scope, &references, &options, &Unobserved);
        match waiting.instrument(span::wait("ended", references.len())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unready(doing(), error).await),
        }
    }

    /// Deletes a hook's objects if its policies say so, and waits until they are gone: whoever creates the next one must
    /// not meet the last one (Helm: `pkg/action/hooks.go`, `deleteHookByPolicy`; CRDs are never deleted).
    pub(super) async fn dispose(
        &self,
        hook: &Hook,
        policy: DeletePolicy,
        namespace: &str,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        if hook.kind == "CustomResourceDefinition" || !hook.has_delete_policy(policy) {
            return Ok(());
        }
        let cluster = self.release.cluster();
        let scope = self.scope.within(settings.timeouts.step);
        let mut gone = Vec::new();
        for object in self.hook_references(hook, namespace).await {
            match cluster.delete(&scope, &object, &DeleteOptions::default()).await {
                Ok(Deletion::Deleted { uid, .. }) => gone.push((object, Some(uid))),
                Ok(_) => {}
                Err(error) => return Err(Stop::cluster(doing_hook_of(hook), &error)),
            }
        }
        match cluster.wait_gone(&scope, &gone, &WaitOptions::default(), &Unobserved).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unready(doing_hook_of(hook), error).await),
        }
    }

    async fn placed_hook(
        &self,
        scope: &Scope,
        hook: &Hook,
        namespace: &str,
    ) -> Result<Vec<Object>, pintle_cluster::Error> {
        let documents = hook_objects(hook)
            .map_err(|problem| pintle_cluster::Error::InvalidObject { object: hook.path.clone(), problem })?;
        self.release.cluster().place(scope, documents, namespace).await
    }

    /// The hook's objects by name; none where its kind is not served, since there is nothing then.
    async fn hook_references(&self, hook: &Hook, namespace: &str) -> Vec<ObjectRef> {
        let placed = self.placed_hook(&self.scope, hook, namespace).await.unwrap_or_default();
        placed.iter().map(|object| object.reference().clone()).collect()
    }

    /// Tells what the containers of a hook's Job or Pod printed, if its policies say so (Helm: `pkg/action/hooks.go`,
    /// `outputLogsByPolicy`). Logs that cannot be read are told of and hold up nothing.
    pub(super) async fn logs(&self, hook: &Hook, policy: OutputLogPolicy, namespace: &str) {
        if hook.output_log_policies.contains(&policy) {
            self.logs_of(hook, namespace).await;
        }
    }

    /// Tells what the containers of a hook's Job or Pod printed.
    pub(super) async fn logs_of(&self, hook: &Hook, namespace: &str) {
        let cluster = self.release.cluster();
        let scope = self.hold.work.within(LOGS);
        for object in self.hook_references(hook, namespace).await {
            let selection = match object.gvk.kind.as_str() {
                "Job" => Selection::labels(format!("job-name={}", object.name)),
                "Pod" => Selection::all().and_fields(format!("metadata.name={}", object.name)),
                _ => continue,
            };
            let namespace = object.namespace.as_deref().unwrap_or(namespace);
            let pods =
                match cluster.list(&scope, &Gvk::new("", "v1", "Pod"), Some(namespace), &selection).await {
                    Ok(pods) => pods,
                    Err(error) => {
                        self.emit(&Event::Warning {
                            text: format!("the logs of {object} cannot be read: {error}"),
                        });
                        continue;
                    }
                };
            for pod in &pods {
                let name = pod.at(&["metadata", "name"]).and_then(Data::as_str).unwrap_or_default();
                let containers =
                    pod.at(&["spec", "containers"]).and_then(Data::as_list).into_iter().flatten();
                for container in containers.filter_map(|container| container.get("name")?.as_str()) {
                    match cluster.container_log(&scope, namespace, name, container).await {
                        Ok(log) => self.emit(&Event::HookLog {
                            object: object.clone(),
                            container: format!("{name}/{container}"),
                            text: String::from_utf8_lossy(&log).into_owned(),
                        }),
                        Err(error) => {
                            let text = format!("the log of {name}/{container} cannot be read: {error}");
                            self.emit(&Event::Warning { text });
                        }
                    }
                }
            }
        }
    }
}

/// How long reading logs may take.
const LOGS: Duration = Duration::from_secs(10);

/// Whether hooks of this event come from a record that may be older than what the cluster serves.
fn is_old(at: HookEvent) -> bool {
    matches!(
        at,
        HookEvent::PreRollback | HookEvent::PostRollback | HookEvent::PreDelete | HookEvent::PostDelete
    )
}

/// Whether the hooks of an event run before the action's own work.
fn is_before(at: HookEvent) -> bool {
    matches!(
        at,
        HookEvent::PreInstall | HookEvent::PreUpgrade | HookEvent::PreRollback | HookEvent::PreDelete
    )
}

fn doing_hook_of(hook: &Hook) -> crate::Doing {
    doing_hook(hook.events.first().copied().unwrap_or(HookEvent::PreInstall), &hook.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_of_one_template_and_name_are_told_apart() {
        let hook = |kind: &str, weight| {
            let mut hook = Hook::default();
            "check".clone_into(&mut hook.name);
            "web/templates/check.yaml".clone_into(&mut hook.path);
            kind.clone_into(&mut hook.kind);
            hook.weight = weight;
            hook.events = vec![HookEvent::PostInstall];
            hook
        };
        let hooks = [hook("Role", 1), hook("Job", 1), hook("ServiceAccount", -5)];
        assert_eq!(places_at(&hooks, HookEvent::PostInstall), [2, 0, 1]);
        assert_eq!(places_at(&hooks, HookEvent::PreInstall), [] as [usize; 0]);
    }
}
