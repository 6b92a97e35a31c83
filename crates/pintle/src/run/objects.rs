//! Writing, deleting and awaiting the objects of a revision.

use std::sync::Mutex;

use futures::future::join_all;
use pintle_cluster::{
    ApplyOptions, Before, Change as Written, Deletion, Error as ClusterError, Jobs, Method, Object,
    ObjectRef, Owner, Progress, ProgressObserver, Propagation, Scope, Status, Unobserved, WaitError,
    WaitOptions, kinds_of,
};
use tracing::Instrument as _;

use super::{Run, Stop};
use crate::plan::{Planned, Revision, Writing, explain_immutable};
use crate::span;
use crate::{Conflicts, Crds, Doing, Event, Failure, Measurement, ObjectAction, ObjectChange, RunOptions};

/// How long finding out why an object is not ready may take.
const DIAGNOSIS: std::time::Duration = std::time::Duration::from_secs(5);

impl Run<'_> {
    /// Applies the objects of `crds/` and waits until the cluster serves the kinds of those that were written.
    pub(super) async fn apply_crds(
        &self,
        crds: &[Planned],
        settings: &RunOptions,
        writing: &Writing,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        if crds.is_empty() || settings.crds == Crds::Skip {
            return Ok(());
        }
        let wanted = crds.iter().filter(|crd| crd.action != ObjectAction::Nothing);
        let wanted: Vec<&Planned> = wanted.collect();
        if !wanted.is_empty() {
            self.write(wanted, settings, writing, Doing::ApplyingCrds, done).await?;
        }
        // Those too that a run created which died before they were established.
        let awaited: Vec<Object> =
            crds.iter().filter(|crd| crd.may_be_unserved()).map(|crd| crd.object.clone()).collect();
        if awaited.is_empty() {
            Ok(())
        } else {
            self.established(&awaited, settings, Doing::ApplyingCrds).await
        }
    }

    /// Waits until the cluster serves the kinds of these CRDs, and learns of them.
    async fn established(&self, crds: &[Object], settings: &RunOptions, doing: Doing) -> Result<(), Stop> {
        let references: Vec<ObjectRef> = crds.iter().map(|crd| crd.reference().clone()).collect();
        let scope = self.scope.within(settings.timeouts.step);
        let cluster = self.release.cluster();
        if let Err(error) =
            cluster.wait_ready(&scope, &references, &WaitOptions::default(), &Unobserved).await
        {
            return Err(self.unready(doing, error).await);
        }
        let learned = cluster.await_kinds(&scope, &kinds_of(crds)).await;
        learned.map_err(|error| Stop::cluster(doing, &error))
    }

    /// Creates and changes the objects of a revision, wave after wave; those that need nothing are only told of. As with
    /// Helm, an object that cannot be written keeps none of the others, but for those that need it.
    pub(super) async fn apply(&self, revision: &Revision, done: &mut Vec<ObjectChange>) -> Result<(), Stop> {
        let settings = &revision.settings;
        let mut first = None;
        let mut learned = false;
        for wave in &revision.waves {
            let members: Vec<&Planned> =
                wave.objects.iter().filter_map(|place| revision.objects.get(*place)).collect();
            let waits = !wave.needs.is_empty();
            let unchecked = members.iter().any(|planned| planned.action == ObjectAction::CreateUnchecked);
            if first.is_some() && (waits || unchecked) {
                break; // what they need may be what failed
            }
            if waits {
                self.ready(&wave.needs, &revision.objects, settings).await?;
            }
            let checked = if unchecked {
                if !learned {
                    self.learn(&revision.objects, settings).await?;
                    learned = true;
                }
                self.check(members, &revision.record.namespace, settings).await?
            } else {
                members.into_iter().cloned().collect()
            };
            match self
                .write(checked.iter().collect(), settings, &revision.writing, Doing::Applying, done)
                .await
            {
                Ok(()) => {}
                Err(stop @ (Stop::Cancelled | Stop::Lost)) => return Err(stop),
                Err(stop) => first = first.or(Some(stop)),
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Waits until objects are ready that others need by their annotations.
    async fn ready(&self, needs: &[usize], objects: &[Planned], settings: &RunOptions) -> Result<(), Stop> {
        let needs: Vec<ObjectRef> =
            needs.iter().filter_map(|place| Some(objects.get(*place)?.object.reference().clone())).collect();
        let mut options = WaitOptions::default().jobs(Jobs::Completed);
        options.rules = settings.readiness.rules().to_vec();
        let scope = self.scope.within(settings.timeouts.step);
        let watcher = Waiting::new(self, needs.len());
        let waiting = self.release.cluster().wait_ready(&scope, &needs, &options, &watcher);
        match waiting.instrument(span::wait("ready", needs.len())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unready(Doing::Waiting, error).await),
        }
    }

    /// Waits until the cluster serves the kinds of the CRDs among the objects, which were applied just now.
    async fn learn(&self, objects: &[Planned], settings: &RunOptions) -> Result<(), Stop> {
        let crds: Vec<Object> = objects
            .iter()
            .map(|planned| &planned.object)
            .filter(|object| object.reference().gvk.is("apiextensions.k8s.io", "CustomResourceDefinition"))
            .cloned()
            .collect();
        self.established(&crds, settings, Doing::Applying).await
    }

    /// Looks at objects that could not be looked at when the plan was made.
    async fn check(
        &self,
        members: Vec<&Planned>,
        namespace: &str,
        settings: &RunOptions,
    ) -> Result<Vec<Planned>, Stop> {
        let stop = |error| Stop::cluster(Doing::Applying, &error);
        let owner = self.release.owner(namespace);
        let mut checked = Vec::with_capacity(members.len());
        for planned in members {
            if planned.action != ObjectAction::CreateUnchecked {
                checked.push(planned.clone());
                continue;
            }
            let live =
                self.release.cluster().get(&self.scope, planned.object.reference()).await.map_err(stop)?;
            if let (Some(live), crate::Ownership::Check) = (&live, settings.ownership) {
                owner
                    .check(planned.object.reference(), live)
                    .map_err(|error| stop(ClusterError::Ownership(error)))?;
            }
            checked.push(Planned { live, ..planned.clone() });
        }
        Ok(checked)
    }

    async fn write(
        &self,
        planned: Vec<&Planned>,
        settings: &RunOptions,
        writing: &Writing,
        doing: Doing,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        let (idle, busy): (Vec<&Planned>, Vec<&Planned>) = planned
            .into_iter()
            .partition(|planned| matches!(planned.action, ObjectAction::Nothing | ObjectAction::Keep));
        for planned in idle {
            self.tell(done, planned, planned.action);
        }
        let conflicts = match settings.conflicts {
            Conflicts::Fail => pintle_cluster::Conflicts::Refuse,
            Conflicts::Force => pintle_cluster::Conflicts::Force,
        };
        let options = ApplyOptions::default().conflicts(conflicts);
        let writes = busy.iter().map(|planned| {
            let span = span::object(planned.object.reference(), planned.action);
            self.write_one(planned, settings, writing, options).instrument(span)
        });
        let mut first = None;
        for (result, planned) in join_all(writes).await.into_iter().zip(busy) {
            match result {
                Ok(action) => self.tell(done, planned, action),
                Err(stop) if first.is_none() => first = Some((stop, planned)),
                Err(_) => {} // every object was tried; the first fault is the one to tell of
            }
        }
        match first {
            None => Ok(()),
            Some((Stop::Failed(mut failure, class), planned)) => {
                failure.doing = doing;
                failure.template.clone_from(&planned.template);
                let object = planned.object.reference();
                failure.object.get_or_insert_with(|| object.clone());
                failure.explanation =
                    self.explain(planned.template.as_deref(), object, &failure.fields).await;
                Err(Stop::Failed(failure, class))
            }
            Some((stop, _)) => Err(stop),
        }
    }

    /// Writes one object as it was planned.
    async fn write_one(
        &self,
        planned: &Planned,
        settings: &RunOptions,
        writing: &Writing,
        options: ApplyOptions,
    ) -> Result<ObjectAction, Stop> {
        let cluster = self.release.cluster();
        let stop = |error: ClusterError| {
            let fields = error.immutable_fields();
            match Stop::cluster(Doing::Applying, &error) {
                Stop::Failed(mut failure, class) if !fields.is_empty() => {
                    failure.reason = explain_immutable(&fields, &failure.reason);
                    Stop::Failed(failure, class)
                }
                stop => stop,
            }
        };
        let recreated = matches!(planned.action, ObjectAction::Recreate | ObjectAction::RecreateOrphaning);
        if recreated {
            self.make_room(planned, settings).await?;
        }
        let live = planned.live.as_ref().filter(|_| !recreated);
        let applied = match (live, planned.action, writing.method) {
            (Some(live), ObjectAction::Update, Method::ServerSide) => {
                cluster.apply_over(&self.scope, &planned.object, live, options).await
            }
            (None, _, method) if method.is_server_side() => {
                cluster.apply_new(&self.scope, &planned.object, writing.owner.as_ref(), options).await
            }
            (live, _, method) => {
                let before = match live {
                    Some(live) => writing.before(&planned.object, Some(live)),
                    None => Before::default(),
                };
                cluster.bring(&self.scope, &planned.object, before, method, options).await
            }
        };
        Ok(match applied.map_err(stop)?.change {
            _ if recreated => planned.action,
            Written::Created => ObjectAction::Create,
            Written::Replaced => ObjectAction::Replace,
            Written::Unchanged => ObjectAction::Nothing,
            _ => ObjectAction::Update,
        })
    }

    /// Deletes an object, and only the one that was looked at, so that it can be created anew, and waits until it is gone;
    /// one that somebody is deleting already is waited for.
    async fn make_room(&self, planned: &Planned, settings: &RunOptions) -> Result<(), Stop> {
        let cluster = self.release.cluster();
        let scope = self.scope.within(settings.timeouts.step);
        let reference = planned.object.reference();
        if let (true, Some(uid)) = (planned.is_terminating(), planned.uid()) {
            return self.until_gone(&scope, reference, uid.to_owned()).await;
        }
        let propagation = match planned.action {
            ObjectAction::RecreateOrphaning => Propagation::Orphan,
            // Foreground: what the old one owns must not be taken for the new one's.
            _ => Propagation::Foreground,
        };
        let deleted = cluster.delete_now(&scope, reference, propagation, planned.uid()).await;
        match deleted.map_err(|error| Stop::cluster(Doing::Deleting, &error))? {
            Deletion::Deleted { uid, .. } => self.until_gone(&scope, reference, uid).await,
            _ => Ok(()),
        }
    }

    async fn until_gone(&self, scope: &Scope, object: &ObjectRef, uid: String) -> Result<(), Stop> {
        let gone = [(object.clone(), Some(uid))];
        let cluster = self.release.cluster();
        match cluster.wait_gone(scope, &gone, &WaitOptions::default(), &Unobserved).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unready(Doing::Deleting, error).await),
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
            Some(live) => {
                let span = span::object(reference, planned.action);
                cluster.delete_live(&self.scope, reference, live, owner, propagation).instrument(span).await
            }
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
        let wait = settings.effective_wait();
        let Some(jobs) = wait.jobs() else { return Ok(()) };
        let mut options = WaitOptions::default().strategy(wait.strategy()).jobs(jobs);
        options.rules = settings.readiness.rules().to_vec();
        let references: Vec<_> = objects.iter().map(|planned| planned.object.reference().clone()).collect();
        let scope = self.scope.within(settings.timeouts.step);
        let watcher = Waiting::new(self, references.len());
        let waiting = self.release.cluster().wait_ready(&scope, &references, &options, &watcher);
        match waiting.instrument(span::wait("ready", references.len())).await {
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
                stop => stop,
            }),
        }
    }

    /// What to tell of objects that did not become what they were waited for: the first of them, with all that the
    /// cluster says about it.
    pub(super) async fn unready(&self, doing: Doing, error: WaitError) -> Stop {
        if let Some(stop) = self.stopped() {
            return stop;
        }
        let Some(first) = error.unready.first() else {
            return match &error.cause {
                Some(cause) => Stop::cluster(doing, cause),
                None => Stop::Failed(Box::new(Failure::new(doing, error.to_string())), crate::Class::Retry),
            };
        };
        // The step's time is up, so the questions get some of their own.
        let scope = self.hold.work.within(DIAGNOSIS);
        let report = self.release.cluster().diagnose(&scope, first).await.ok().map(Box::new);
        let mut failure = Failure::new(doing, error.to_string()).on(Some(first.object.clone()));
        failure.report = report;
        Stop::Failed(Box::new(failure), crate::Class::Retry)
    }

    pub(super) fn tell(&self, done: &mut Vec<ObjectChange>, planned: &Planned, action: ObjectAction) {
        let object = planned.object.reference().clone();
        self.emit(&Event::Object { object: object.clone(), action });
        self.release.measure(Measurement::Object { action });
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
