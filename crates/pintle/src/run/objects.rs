//! Writing, deleting and awaiting the objects of a revision.

use std::sync::Mutex;

use pintle_cluster::{
    ApplyOptions, Change as Written, Deletion, Error as ClusterError, Jobs, Object, ObjectRef, Owner,
    Progress, ProgressObserver, Propagation, Scope, Status, Unobserved, WaitError, WaitOptions,
};

use super::{Run, Stop};
use crate::plan::Planned;
use crate::{Conflicts, Crds, Doing, Event, Failure, ObjectAction, ObjectChange, RunOptions, Wait};

/// How long finding out why an object is not ready may take.
const DIAGNOSIS: std::time::Duration = std::time::Duration::from_secs(5);

impl Run<'_> {
    /// Applies the objects of `crds/` and waits until the cluster serves their kinds.
    pub(super) async fn apply_crds(
        &self,
        crds: &[Planned],
        settings: &RunOptions,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        if crds.is_empty() || settings.crds == Crds::Skip {
            return Ok(());
        }
        let wanted: Vec<Planned> =
            crds.iter().filter(|crd| crd.action != ObjectAction::Nothing).cloned().collect();
        self.write(&wanted, settings, Doing::ApplyingCrds, done).await?;
        let references: Vec<_> = crds.iter().map(|crd| crd.object.reference().clone()).collect();
        self.established(&references, settings, Doing::ApplyingCrds).await
    }

    /// Waits until the cluster serves the kinds of these CRDs, and learns of them.
    async fn established(&self, crds: &[ObjectRef], settings: &RunOptions, doing: Doing) -> Result<(), Stop> {
        let scope = self.scope.within(settings.timeouts.step);
        let cluster = self.release.cluster();
        if let Err(error) = cluster.wait_ready(&scope, crds, &WaitOptions::default(), &Unobserved).await {
            return Err(self.unready(doing, error).await);
        }
        let learned = cluster.refresh_discovery(&scope).await;
        learned.map(drop).map_err(|error| Stop::cluster(doing, &error))
    }

    /// Creates and changes objects; those that need nothing are only told of.
    pub(super) async fn apply(
        &self,
        objects: &[Planned],
        namespace: &str,
        settings: &RunOptions,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        let (now, later): (Vec<Planned>, Vec<Planned>) =
            objects.iter().cloned().partition(|planned| planned.action != ObjectAction::CreateUnchecked);
        self.write(&now, settings, Doing::Applying, done).await?;
        if later.is_empty() {
            return Ok(());
        }
        // Their kinds are made by CRDs of this release, which were applied just now.
        let stop = |error| Stop::cluster(Doing::Applying, &error);
        let cluster = self.release.cluster();
        let scope = self.scope.within(settings.timeouts.step);
        let crds: Vec<_> = now
            .iter()
            .map(|planned| planned.object.reference())
            .filter(|reference| reference.gvk.is("apiextensions.k8s.io", "CustomResourceDefinition"))
            .cloned()
            .collect();
        self.established(&crds, settings, Doing::Applying).await?;
        let owner = self.release.owner(namespace);
        let mut placed = Vec::with_capacity(later.len());
        for planned in later {
            let live = cluster.get(&scope, planned.object.reference()).await.map_err(stop)?;
            if let (Some(live), crate::Ownership::Check) = (&live, settings.ownership) {
                owner
                    .check(planned.object.reference(), live)
                    .map_err(|error| stop(ClusterError::Ownership(error)))?;
            }
            placed.push(Planned { live, ..planned });
        }
        self.write(&placed, settings, Doing::Applying, done).await
    }

    async fn write(
        &self,
        planned: &[Planned],
        settings: &RunOptions,
        doing: Doing,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        let (idle, busy): (Vec<&Planned>, Vec<&Planned>) =
            planned.iter().partition(|planned| planned.action == ObjectAction::Nothing);
        for planned in idle {
            self.tell(done, planned, ObjectAction::Nothing);
        }
        let objects: Vec<Object> = busy.iter().map(|planned| planned.object.clone()).collect();
        let conflicts = match settings.conflicts {
            Conflicts::Fail => pintle_cluster::Conflicts::Refuse,
            Conflicts::Force => pintle_cluster::Conflicts::Force,
        };
        let options = ApplyOptions::default().conflicts(conflicts);
        let results = self.release.cluster().apply_all(&self.scope, &objects, options, &Unobserved).await;
        let mut first = None;
        for (result, planned) in results.into_iter().zip(busy) {
            match result {
                Ok(applied) => {
                    let action = match applied.change {
                        Written::Created => ObjectAction::Create,
                        Written::Replaced => ObjectAction::Replace,
                        Written::Unchanged => ObjectAction::Nothing,
                        _ => ObjectAction::Update,
                    };
                    self.tell(done, planned, action);
                }
                Err(error) if first.is_none() => first = Some((error, planned.template.clone(), planned)),
                Err(_) => {} // every object was tried; the first fault is the one to tell of
            }
        }
        match first {
            None => Ok(()),
            Some((error, template, planned)) => Err(match Stop::cluster(doing, &error) {
                Stop::Failed(mut failure, class) => {
                    failure.template = template;
                    failure.object.get_or_insert_with(|| planned.object.reference().clone());
                    Stop::Failed(failure, class)
                }
                Stop::Cancelled => Stop::Cancelled,
            }),
        }
    }

    /// Deletes what the new revision no longer has.
    pub(super) async fn delete(
        &self,
        obsolete: &[Planned],
        namespace: &str,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        let owner = self.release.owner(namespace);
        for planned in obsolete {
            let action = match planned.action {
                ObjectAction::Delete => self.delete_one(planned, &owner, Propagation::Background).await?,
                other => other,
            };
            self.tell(done, planned, action);
        }
        Ok(())
    }

    pub(super) async fn delete_one(
        &self,
        planned: &Planned,
        owner: &Owner,
        propagation: Propagation,
    ) -> Result<ObjectAction, Stop> {
        let cluster = self.release.cluster();
        let reference = planned.object.reference();
        let deleted = match &planned.live {
            Some(live) => cluster.delete_live(&self.scope, reference, live, owner, propagation).await,
            None => Ok(Deletion::Absent),
        };
        match deleted {
            Ok(Deletion::Deleted { .. }) => Ok(ObjectAction::Delete),
            Ok(Deletion::Absent) => Ok(ObjectAction::Nothing),
            Ok(_) => Ok(ObjectAction::Keep),
            Err(error) => Err(Stop::cluster(Doing::Deleting, &error)),
        }
    }

    /// Waits as the settings say.
    pub(super) async fn wait(&self, objects: &[Planned], settings: &RunOptions) -> Result<(), Stop> {
        let jobs = match settings.effective_wait() {
            Wait::Hooks => return Ok(()),
            Wait::Ready => Jobs::Started,
            Wait::ReadyAndJobs => Jobs::Completed,
        };
        let mut options = WaitOptions::default().jobs(jobs);
        options.rules = settings.readiness.rules().to_vec();
        let references: Vec<_> = objects.iter().map(|planned| planned.object.reference().clone()).collect();
        let scope = self.scope.within(settings.timeouts.step);
        let watcher = Waiting::new(self, references.len());
        match self.release.cluster().wait_ready(&scope, &references, &options, &watcher).await {
            Ok(()) => {
                self.emit(&Event::Ready);
                Ok(())
            }
            Err(error) => Err(match self.unready(Doing::Waiting, error).await {
                Stop::Failed(mut failure, class) => {
                    let made = |object: &ObjectRef| {
                        objects.iter().find(|planned| planned.object.reference() == object)?.template.clone()
                    };
                    failure.template = failure.object.as_ref().and_then(made);
                    Stop::Failed(failure, class)
                }
                Stop::Cancelled => Stop::Cancelled,
            }),
        }
    }

    /// What to tell of objects that did not become what they were waited for: the first of them, with all that the
    /// cluster says about it.
    pub(super) async fn unready(&self, doing: Doing, error: WaitError) -> Stop {
        if self.scope.cancel_token().is_cancelled() {
            return Stop::Cancelled;
        }
        let Some(first) = error.unready.first() else {
            return match &error.cause {
                Some(cause) => Stop::cluster(doing, cause),
                None => Stop::Failed(Box::new(Failure::new(doing, error.to_string())), crate::Class::Retry),
            };
        };
        // The step's time is up, so the questions get some of their own.
        let scope = Scope::new(self.scope.cancel_token().clone()).within(DIAGNOSIS);
        let report = self.release.cluster().diagnose(&scope, first).await.ok().map(Box::new);
        let mut failure = Failure::new(doing, error.to_string()).on(Some(first.object.clone()));
        failure.report = report;
        Stop::Failed(Box::new(failure), crate::Class::Retry)
    }

    pub(super) fn tell(&self, done: &mut Vec<ObjectChange>, planned: &Planned, action: ObjectAction) {
        let object = planned.object.reference().clone();
        self.emit(&Event::Object { object: object.clone(), action });
        done.push(ObjectChange { object, action, template: planned.template.clone() });
    }
}

/// Turns what the cluster tells of waiting into events.
pub(super) struct Waiting<'a> {
    run: &'a Run<'a>,
    total: usize,
    ready: Mutex<std::collections::HashSet<pintle_cluster::ObjectKey>>,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(run: &'a Run<'a>, total: usize) -> Self {
        Self { run, total, ready: Mutex::default() }
    }
}

impl ProgressObserver for Waiting<'_> {
    fn progress(&self, progress: &Progress<'_>) {
        let Progress::Status { object, now, .. } = progress else { return };
        let ready = {
            let mut ready = self.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if now.status == Status::Current {
                ready.insert(object.key());
            } else {
                ready.remove(&object.key());
            }
            ready.len()
        };
        let message = now.message.clone();
        let object = (*object).clone();
        self.run.emit(&Event::Waiting { object, message, ready, total: self.total });
    }
}
