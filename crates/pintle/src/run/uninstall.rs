//! Deleting a release.

use futures::future::join_all;
use jiff::Timestamp;
use pintle_cluster::order::is_custom;
use pintle_cluster::{Deletion, ObjectRef, Propagation, WaitOptions};
use pintle_release::{HookEvent, Status};
use tracing::Instrument as _;

use super::{After, Run, Stop};
use crate::ledger::HOOKS_AT;
use crate::plan::{Planned, Uninstall};
use crate::span;
use crate::{
    Cascade, Change, Doing, Error, Failed, History, ObjectAction, ObjectChange, Outcome, Remedy, RunOptions,
};

impl Run<'_> {
    /// Helm: `pkg/action/uninstall.go`, `Run`. Other than Helm, the records stay until everything is deleted.
    pub(super) async fn uninstall(mut self, plan: Uninstall, after: &mut After) -> Result<Outcome, Error> {
        let ledger = self.ledger();
        let revisions = self.unmoved(&ledger, &plan.basis).await?;
        let mut entry = ledger.reopen(plan.stored.clone());
        let mut objects = Vec::new();
        if entry.record.info.status != Status::Uninstalled {
            let at = entry.annotations.get(HOOKS_AT).and_then(|at| HookEvent::from_name(at));
            let at = at.filter(|_| entry.record.info.status == Status::Uninstalling);
            entry.claim(&self.hold.claim);
            if let Some(at) = at {
                entry.annotations.insert(HOOKS_AT.to_owned(), at.as_str().to_owned());
            }
            entry.record.info.deleted = Some(Timestamp::now());
            entry.set(Status::Uninstalling, "Deletion in progress (or silently failed)");
            entry.write().await?;
            self.recorded(&entry.record);
            self.resumes = at;
            if let Err(stop) = self.take_down(&plan, &mut entry, &mut objects).await {
                let name = self.release.name().to_owned();
                let (failure, class) = self
                    .fail(&mut entry, stop, |reason| format!("Uninstallation of {name:?} failed: {reason}"))
                    .await?;
                let revision = entry.record.revision;
                return Err(Error::Failed(Box::new(Failed {
                    name,
                    revision,
                    failure,
                    remedy: Remedy::None,
                    class,
                })));
            }
            entry.set(Status::Uninstalled, plan.description.clone());
        }
        let record = entry.record.clone();
        match plan.history {
            History::Delete => {
                ledger.purge(&revisions, record.revision).await?;
                *after = After::Delete(entry);
            }
            History::Keep => {
                entry.write_last_word().await?;
                self.recorded(&record);
                ledger.supersede(record.revision).await?;
                *after = After::Settle(entry);
            }
        }
        Ok(self.outcome(Change::Uninstalled, record, objects))
    }

    async fn take_down(
        &self,
        plan: &Uninstall,
        entry: &mut crate::ledger::Entry,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        self.hooks(entry, HookEvent::PreDelete, &plan.settings).await?;
        let gone = self.delete_in_waves(plan, &entry.record.namespace, done).await?;
        if plan.settings.effective_wait().jobs().is_some() {
            self.gone(gone, &plan.settings).await?;
        }
        self.hooks(entry, HookEvent::PostDelete, &plan.settings).await
    }

    /// Deletes objects in waves, what works on others after them. Custom objects that wait for somebody to answer their
    /// finalizers are waited for before the programs that do so are deleted.
    async fn delete_in_waves(
        &self,
        plan: &Uninstall,
        namespace: &str,
        done: &mut Vec<ObjectChange>,
    ) -> Result<Vec<(ObjectRef, Option<String>)>, Stop> {
        for planned in plan.objects.iter().filter(|planned| planned.action != ObjectAction::Delete) {
            self.tell(done, planned, ObjectAction::Keep);
        }
        let mut gone = Vec::new();
        let mut held = Vec::new();
        for wave in plan.waves() {
            if wave.objects.iter().any(|planned| !is_custom(&planned.object.reference().gvk)) {
                self.gone(std::mem::take(&mut held), &plan.settings).await?;
            }
            let needs_others = wave.needs_others;
            let deletions = wave.objects.into_iter().map(|planned| async move {
                (planned, self.delete_planned(planned, plan.cascade, namespace).await)
            });
            let mut failed = None;
            for (planned, deleted) in join_all(deletions).await {
                let object = planned.object.reference().clone();
                let action = match deleted {
                    Ok(Deletion::Deleted { uid, finalizers }) => {
                        if needs_others || (is_custom(&object.gvk) && !finalizers.is_empty()) {
                            held.push((object.clone(), Some(uid.clone())));
                        }
                        gone.push((object, Some(uid)));
                        ObjectAction::Delete
                    }
                    Ok(Deletion::Absent) => ObjectAction::Nothing,
                    Ok(_) => ObjectAction::Keep,
                    Err(error) => {
                        failed.get_or_insert(Stop::cluster(Doing::Deleting, &error));
                        continue;
                    }
                };
                self.tell(done, planned, action);
            }
            if let Some(stop) = failed {
                return Err(stop);
            }
        }
        Ok(gone)
    }

    async fn delete_planned(
        &self,
        planned: &Planned,
        cascade: Cascade,
        namespace: &str,
    ) -> Result<Deletion, pintle_cluster::Error> {
        let propagation = match cascade {
            Cascade::Background => Propagation::Background,
            Cascade::Foreground => Propagation::Foreground,
            Cascade::Orphan => Propagation::Orphan,
        };
        let Some(live) = &planned.live else { return Ok(Deletion::Absent) };
        let (object, owner) = (planned.object.reference(), self.release.owner(namespace));
        let span = span::object(object, planned.action);
        let deleting = self.release.cluster().delete_live(&self.scope, object, live, &owner, propagation);
        deleting.instrument(span).await
    }

    /// Waits until objects are gone; the failure names the finalizers that hold them up.
    async fn gone(
        &self,
        objects: Vec<(ObjectRef, Option<String>)>,
        settings: &RunOptions,
    ) -> Result<(), Stop> {
        if objects.is_empty() {
            return Ok(());
        }
        let scope = self.scope.within(settings.timeouts.step);
        let waiting = super::objects::Waiting::new(self, objects.len());
        let options = WaitOptions::default().strategy(settings.effective_wait().strategy());
        let gone = self.release.cluster().wait_gone(&scope, &objects, &options, &waiting);
        match gone.instrument(span::wait("gone", objects.len())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unready(Doing::Deleting, error).await),
        }
    }
}
