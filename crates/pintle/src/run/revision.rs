//! Bringing the cluster to a new revision.

use std::future::IntoFuture as _;

use futures::future::BoxFuture;
use pintle_cluster::Scope;
use pintle_release::{HookEvent, Status, StoreError};

use super::{After, Run, Stop};
use crate::event::tell;
use crate::ledger::{Entry, HOOKS_AT, Ledger};
use crate::plan::{Action, Predecessor, Revision, Work};
use crate::{
    Change, Cleanup, CreateNamespace, Error, Event, Failed, History, ObjectAction, ObjectChange, Observer,
    OnFailure, Outcome, Plan, Remedy,
};

impl Plan {
    /// Makes the namespaces of the release and of its records, where that is wanted: the lock lies in one of them.
    pub(super) async fn make_namespaces(&self, scope: &Scope, observer: &dyn Observer) -> Result<(), Error> {
        let Work::Revision(revision) = &self.work else { return Ok(()) };
        let settings = &revision.settings;
        let mut names = Vec::new();
        if settings.create_namespace == CreateNamespace::IfMissing {
            names.push(revision.record.namespace.as_str());
        }
        let storage = self.release.storage_namespace();
        if settings.create_storage_namespace == CreateNamespace::IfMissing && !names.contains(&storage) {
            names.push(storage);
        }
        for name in names {
            let created = self.release.cluster().ensure_namespace(scope, name).await;
            if created.map_err(Error::cluster("could not create the namespace"))?.is_some() {
                tell(observer, &Event::NamespaceCreated { name: name.to_owned() });
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    pub(super) async fn revision(mut self, revision: Revision, after: &mut After) -> Result<Outcome, Error> {
        let ledger = self.ledger();
        let mut entry = self.begin(&ledger, &revision).await?;
        self.recorded(&entry.record);

        let mut objects = Vec::new();
        if let Err(stop) = self.bring(&revision, &mut entry, &mut objects).await {
            return self.undo(revision, entry, objects, stop, after).await;
        }
        // Deployed first, superseded then: a crash in between leaves two deployed revisions, of which Helm and this
        // engine take the newer, where the other order would leave none.
        entry.set(Status::Deployed, revision.description.clone());
        entry.write_last_word().await?;
        self.recorded(&entry.record);
        let change = match revision.action {
            Action::Install => Change::Installed,
            Action::Rollback(to) => Change::RolledBack { to },
            Action::Upgrade | Action::Uninstall => Change::Upgraded,
        };
        let record = entry.record.clone();
        match ledger.supersede(record.revision).await {
            Ok(()) => *after = After::Settle(entry),
            // The record goes on naming its run, so that the next one looks after it.
            Err(error) => {
                let text = format!("an earlier revision could not be recorded as superseded: {error}");
                self.emit(&Event::Warning { text: text.clone() });
                self.warnings.push(text);
            }
        }
        Ok(self.outcome(change, record, objects))
    }

    /// Writes the first record of the revision, or takes it over from a dead run.
    async fn begin(&mut self, ledger: &Ledger, revision: &Revision) -> Result<Entry, Error> {
        let revisions = self.unmoved(ledger, &revision.basis).await?;
        let moved = |error: StoreError| match error {
            StoreError::AlreadyExists | StoreError::Conflict { .. } | StoreError::NotFound => Error::Moved {
                what: format!("release {} (revision {})", self.release.name(), revision.record.revision),
            },
            error => error.into(),
        };
        let claim = &self.hold.claim;
        match &revision.basis.predecessor {
            Predecessor::Ended => {}
            Predecessor::Dead(stored) => {
                let mut entry = ledger.reopen(stored.as_ref().clone());
                let was = entry.record.info.status.clone();
                entry.set(Status::Failed, format!("Interrupted while {was}; taken over"));
                entry.write_last_word().await?;
                self.recorded(&entry.record);
            }
            Predecessor::Resumed(stored) => {
                let mut entry = ledger.reopen(stored.as_ref().clone());
                let at = entry.annotations.get(HOOKS_AT).and_then(|at| HookEvent::from_name(at));
                entry.claim(claim);
                if let Some(at) = at {
                    entry.annotations.insert(HOOKS_AT.to_owned(), at.as_str().to_owned());
                }
                entry.write().await.map_err(moved)?;
                self.resumes = at;
                return Ok(entry);
            }
        }
        let Revision { record, annotations, settings, .. } = revision;
        let begun =
            ledger.begin(record.clone(), annotations.clone(), claim, settings.history_limit, &revisions);
        begun.await.map_err(moved)
    }

    /// Everything between the first record and the last.
    async fn bring(
        &self,
        revision: &Revision,
        entry: &mut Entry,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        let [before, after] = revision.action.hook_events();
        let settings = &revision.settings;
        self.apply_crds(&revision.crds, settings, &revision.writing, done).await?;
        self.hooks(entry, before, settings).await?;
        self.apply(revision, done).await?;
        self.delete(&revision.obsolete, &revision.record.namespace, done).await?;
        self.wait(&revision.objects, settings).await?;
        self.hooks(entry, after, settings).await
    }

    /// Writes the failure down and does about it what was asked for.
    async fn undo(
        self,
        revision: Revision,
        mut entry: Entry,
        objects: Vec<ObjectChange>,
        stop: Stop,
        after: &mut After,
    ) -> Result<Outcome, Error> {
        let name = self.release.name().to_owned();
        // Helm: pkg/action/install.go, upgrade.go (failRelease) and rollback.go
        let (failure, class) = self
            .fail(&mut entry, stop, |reason| match revision.action {
                Action::Install => format!("Release {name:?} failed: {reason}"),
                Action::Rollback(_) => format!("Rollback {name:?} failed: {reason}"),
                Action::Upgrade | Action::Uninstall => format!("Upgrade {name:?} failed: {reason}"),
            })
            .await?;
        if revision.settings.cleanup == Cleanup::DeleteCreated {
            self.delete_created(&objects).await;
        }
        let remedy = match (revision.settings.on_failure, revision.action) {
            (OnFailure::RollBack, Action::Install) => self.uninstall_again(&revision, after).await,
            (OnFailure::RollBack, Action::Upgrade) => self.roll_back(&revision, after).await,
            _ => Remedy::None,
        };
        Err(Error::Failed(Box::new(Failed { name, revision: entry.record.revision, failure, remedy, class })))
    }

    /// Uninstalls what a failed install left.
    async fn uninstall_again(&self, revision: &Revision, after: &mut After) -> Remedy {
        self.emit(&Event::RollingBack { revision: None });
        let settings = &revision.settings;
        let plan = self
            .release
            .plan_uninstall()
            .hooks(settings.hooks)
            .timeout(settings.timeouts.step)
            .wait(settings.effective_wait())
            .history(History::Delete);
        match self.again(plan.into_future(), after).await {
            Ok(_) => Remedy::Uninstalled,
            Err(error) => Remedy::Failed(Box::new(error)),
        }
    }

    /// Goes back to the last revision that was good.
    async fn roll_back(&self, revision: &Revision, after: &mut After) -> Remedy {
        let Some(to) = revision.fallback else { return Remedy::None };
        self.emit(&Event::RollingBack { revision: Some(to) });
        let settings = &revision.settings;
        let plan = self
            .release
            .plan_rollback()
            .to(to)
            .hooks(settings.hooks)
            .timeout(settings.timeouts.step)
            .wait(settings.effective_wait())
            .conflicts(settings.conflicts)
            .merging(settings.merging)
            .updates(settings.updates)
            .history_limit(settings.history_limit);
        match self.again(plan.into_future(), after).await {
            Ok(outcome) => Remedy::RolledBack { to, revision: outcome.record.revision },
            Err(error) => Remedy::Failed(Box::new(error)),
        }
    }

    /// Plans and runs another action under the same lock and token, but not under the deadline that may be what failed.
    ///
    /// Boxed, since a run may contain a run.
    fn again<'b>(
        &'b self,
        plan: BoxFuture<'static, Result<Plan, Error>>,
        after: &'b mut After,
    ) -> BoxFuture<'b, Result<Outcome, Error>> {
        Box::pin(async move {
            let plan = self.hold.work.run(plan).await;
            let plan = plan.map_err(Error::cluster("could not plan the way back"))??;
            let about = (plan.action(), plan.span());
            let run = Box::pin(plan.run_under(self.observer, self.hold, after));
            self.release.running(about, run).await
        })
    }

    /// Deletes what this run created; what cannot be deleted is told and left.
    async fn delete_created(&self, objects: &[ObjectChange]) {
        let cluster = self.release.cluster();
        for change in objects.iter().rev().filter(|change| change.action == ObjectAction::Create) {
            let deleted =
                cluster.delete(&self.scope, &change.object, &pintle_cluster::DeleteOptions::default()).await;
            match deleted {
                Ok(_) => {
                    self.emit(&Event::Object { object: change.object.clone(), action: ObjectAction::Delete });
                }
                Err(error) => {
                    self.emit(&Event::Warning {
                        text: format!("{} was created and stays: {error}", change.object),
                    });
                }
            }
        }
    }
}
