//! Deleting a release.

use jiff::Timestamp;
use pintle_cluster::order::uninstall_waves;
use pintle_cluster::{Deletion, ObjectRef, Propagation, WaitOptions};
use pintle_release::{HookEvent, Status};

use super::{Run, Stop};
use crate::plan::{Planned, Uninstall};
use crate::{
    Cascade, Change, Doing, Error, Event, Failed, History, ObjectAction, ObjectChange, Outcome, Remedy, Wait,
};

impl Run<'_> {
    /// Helm: `pkg/action/uninstall.go`, `Run`. Other than Helm, the records stay until everything is deleted.
    pub(super) async fn uninstall(self, plan: Uninstall) -> Result<Outcome, Error> {
        let ledger = self.release.ledger();
        let mut entry = ledger.reopen(plan.stored.clone());
        let mut objects = Vec::new();
        if entry.record.info.status != Status::Uninstalled {
            entry.record.info.deleted = Some(Timestamp::now());
            entry.set(Status::Uninstalling, "Deletion in progress (or silently failed)");
            entry.write().await?;
            self.recorded(&entry.record);
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
        match plan.history {
            History::Delete => ledger.purge().await?,
            History::Keep => {
                entry.write_last_word().await?;
                self.recorded(&entry.record);
                ledger.supersede(entry.record.revision).await?;
            }
        }
        Ok(self.outcome(Change::Uninstalled, entry.record, objects))
    }

    async fn take_down(
        &self,
        plan: &Uninstall,
        entry: &mut crate::ledger::Entry,
        done: &mut Vec<ObjectChange>,
    ) -> Result<(), Stop> {
        self.hooks(entry, HookEvent::PreDelete, &plan.settings).await?;
        let gone = self.delete_in_waves(plan, &entry.record.namespace, done).await?;
        if plan.settings.effective_wait() != Wait::Hooks {
            let scope = self.scope.within(plan.settings.timeouts.step);
            let options = WaitOptions::default();
            let waiting = super::objects::Waiting::new(self, gone.len());
            if let Err(error) = self.release.cluster().wait_gone(&scope, &gone, &options, &waiting).await {
                return Err(self.unready(Doing::Deleting, error).await);
            }
        }
        self.hooks(entry, HookEvent::PostDelete, &plan.settings).await
    }

    /// Deletes objects in waves, what works on others after them.
    async fn delete_in_waves(
        &self,
        plan: &Uninstall,
        namespace: &str,
        done: &mut Vec<ObjectChange>,
    ) -> Result<Vec<(ObjectRef, Option<String>)>, Stop> {
        let propagation = match plan.cascade {
            Cascade::Background => Propagation::Background,
            Cascade::Foreground => Propagation::Foreground,
            Cascade::Orphan => Propagation::Orphan,
        };
        let owner = self.release.owner(namespace);
        let cluster = self.release.cluster();
        let mut gone = Vec::new();
        let (delete, keep): (Vec<&Planned>, Vec<&Planned>) =
            plan.objects.iter().partition(|planned| planned.action == ObjectAction::Delete);
        for planned in keep {
            self.tell(done, planned, ObjectAction::Keep);
        }
        for wave in uninstall_waves(delete.iter().map(|planned| &planned.object)) {
            let wave = wave.into_iter().filter_map(|place| delete.get(place).copied());
            let deletions = wave.map(|planned| {
                let owner = &owner;
                async move {
                    let reference = planned.object.reference();
                    let Some(live) = &planned.live else { return (planned, Ok(Deletion::Absent)) };
                    let deleted = cluster.delete_live(&self.scope, reference, live, owner, propagation).await;
                    (planned, deleted)
                }
            });
            let mut failed = None;
            for (planned, deleted) in futures::future::join_all(deletions).await {
                let object = planned.object.reference().clone();
                let action = match deleted {
                    Ok(Deletion::Deleted { uid }) => {
                        gone.push((object.clone(), Some(uid)));
                        ObjectAction::Delete
                    }
                    Ok(Deletion::Absent) => ObjectAction::Nothing,
                    Ok(_) => ObjectAction::Keep,
                    Err(error) => {
                        failed.get_or_insert(Stop::cluster(Doing::Deleting, &error));
                        continue;
                    }
                };
                self.emit(&Event::Object { object: object.clone(), action });
                done.push(ObjectChange { object, action, template: planned.template.clone() });
            }
            if let Some(stop) = failed {
                return Err(stop);
            }
        }
        Ok(gone)
    }
}
