//! Doing what a plan says: the only code that writes to a cluster.

use std::sync::Arc;

use pintle_cluster::Scope;
use pintle_release::{HookEvent, Record, Status, Summary};
use tokio_util::sync::CancellationToken;

use crate::event::tell;
use crate::ledger::{Entry, Ledger};
use crate::plan::{Basis, Work};
use crate::span;
use crate::{Class, Doing, Error, Event, Failure, ObjectChange, Observer, Outcome, Plan, Sensitive};

mod hooks;
mod locked;
mod objects;
mod revision;
mod test;
mod uninstall;

pub(crate) use hooks::hooks_at;
pub(crate) use locked::{After, Hold, run as run_locked};
pub(crate) use test::test;

impl Plan {
    /// Does what the plan says, under the release's lock: a Lease in the namespace of the records, which is gone when
    /// this returns. A lock that a dead run left is taken over within 15 s; one that is held by a run that lives gives
    /// [`Error::Held`].
    ///
    /// `observer` sees what happens as it happens. Cancelling `cancel` stops the run at its next request; the record
    /// then says that the revision failed, within 5 s. Dropping the future is a crash: the record stays pending, and
    /// the next `ensure` repairs it.
    pub async fn run(self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        let (release, about) = (self.release.clone(), (self.action(), self.span()));
        release.running(about, self.run_locked(observer, cancel)).await
    }

    /// The span of its run.
    fn span(&self) -> tracing::Span {
        span::run(&self.release, self.action(), self.record().revision)
    }

    async fn run_locked(self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        self.check_obstacles()?;
        let caller = Scope::new(cancel.clone());
        self.make_namespaces(&caller, observer).await?;
        let release = self.release.clone();
        let fence = self.basis().fence;
        // Boxed, since the futures of runs are large.
        let work =
            async |hold: &Hold, after: &mut After| Box::pin(self.run_under(observer, hold, after)).await;
        locked::run(&release, fence, &caller, work).await
    }

    /// The same under a lock that is held.
    async fn run_under(
        self,
        observer: &dyn Observer,
        hold: &Hold,
        after: &mut After,
    ) -> Result<Outcome, Error> {
        self.check_obstacles()?;
        let Self { release, work, warnings, sensitive } = self;
        let settings = match &work {
            Work::Revision(revision) => &revision.settings,
            Work::Uninstall(uninstall) => &uninstall.settings,
        };
        let scope = match settings.timeouts.overall {
            Some(overall) => hold.work.within(overall),
            None => hold.work.clone(),
        };
        for text in &warnings {
            tell(observer, &Event::Warning { text: text.clone() });
        }
        let explainer = match &work {
            Work::Revision(revision) => revision.explainer.clone(),
            Work::Uninstall(_) => None,
        };
        let run = Run { release, observer, scope, hold, resumes: None, warnings, sensitive, explainer };
        match work {
            Work::Revision(revision) => run.revision(*revision, after).await,
            Work::Uninstall(uninstall) => run.uninstall(*uninstall, after).await,
        }
    }

    fn basis(&self) -> &Basis {
        match &self.work {
            Work::Revision(revision) => &revision.basis,
            Work::Uninstall(uninstall) => &uninstall.basis,
        }
    }
}

/// One run of a plan.
struct Run<'a> {
    release: crate::ReleaseHandle,
    observer: &'a dyn Observer,
    /// Until when requests may be sent.
    scope: Scope,
    hold: &'a Hold,
    /// Where the run goes on with what a dead one began: the event whose hooks that one ran last.
    resumes: Option<HookEvent>,
    warnings: Vec<String>,
    /// What failures must not show.
    sensitive: Sensitive,
    explainer: Option<crate::explainer::Explainer>,
}

/// Why a run stopped half way.
enum Stop {
    /// The release's lock was lost: nothing can be sent any more, no last word either.
    Lost,
    /// It was cancelled.
    Cancelled,
    /// It failed.
    Failed(Box<Failure>, Class),
}

impl Run<'_> {
    fn emit(&self, event: &Event) {
        tell(self.observer, event);
    }

    /// The release's records, read and written under the lock.
    fn ledger(&self) -> Ledger {
        self.release.ledger().within(&self.hold.records)
    }

    /// The release's revisions, unless they are others than those that the plan builds on.
    async fn unmoved(&self, ledger: &Ledger, basis: &Basis) -> Result<Vec<Summary>, Error> {
        let revisions = ledger.revisions().await?;
        if basis.holds(&revisions) {
            return Ok(revisions);
        }
        Err(Error::Moved { what: format!("release {}", self.release.name()) })
    }

    /// Why no more requests may be sent, where that is so.
    fn stopped(&self) -> Option<Stop> {
        match self.scope.check() {
            Err(pintle_cluster::Error::LockLost { .. }) => Some(Stop::Lost),
            Err(pintle_cluster::Error::Cancelled) => Some(Stop::Cancelled),
            _ => None,
        }
    }

    fn recorded(&self, record: &Record) {
        self.emit(&Event::Recorded { revision: record.revision, status: record.info.status.clone() });
    }

    /// Writes down how the run ended badly, and gives the failure to hand on.
    ///
    /// `says` makes the record's description of the failure's text.
    async fn fail(
        &self,
        entry: &mut Entry,
        stop: Stop,
        says: impl FnOnce(&str) -> String,
    ) -> Result<(Arc<Failure>, Class), Error> {
        match stop {
            Stop::Lost => Err(Error::LockLost { name: entry.record.name.clone() }),
            Stop::Cancelled => {
                entry.set(Status::Failed, says("cancelled"));
                entry.write_last_word().await?;
                self.recorded(&entry.record);
                Err(Error::Cancelled {
                    name: entry.record.name.clone(),
                    revision: entry.record.revision,
                    status: entry.record.info.status.clone(),
                })
            }
            Stop::Failed(mut failure, class) => {
                failure.reason = self.sensitive.mask(&failure.reason);
                entry.set(Status::Failed, says(&failure.to_string()));
                entry.write_last_word().await?;
                self.recorded(&entry.record);
                let failure: Arc<Failure> = Arc::from(failure);
                self.emit(&Event::Failed { failure: Arc::clone(&failure) });
                Ok((failure, class))
            }
        }
    }

    /// What lies behind an object that the cluster refuses, in the chart and its values.
    async fn explain(
        &self,
        template: Option<&str>,
        object: &pintle_cluster::ObjectRef,
        fields: &[String],
    ) -> Option<Box<pintle_render::Explanation>> {
        self.explainer.as_ref()?.explain(template?, object, fields).await
    }

    fn outcome(self, change: crate::Change, record: Record, objects: Vec<ObjectChange>) -> Outcome {
        Outcome { change, record, objects, warnings: self.warnings }
    }
}

impl Stop {
    /// An error of the cluster, met while doing something.
    fn cluster(doing: Doing, error: &pintle_cluster::Error) -> Self {
        match error {
            pintle_cluster::Error::Cancelled => Self::Cancelled,
            pintle_cluster::Error::LockLost { .. } => Self::Lost,
            error => {
                let object = crate::error::object_of(error).cloned();
                let mut failure = Failure::new(doing, error.to_string()).on(object);
                failure.fields = error.refusal().map(pintle_cluster::Refusal::fields).unwrap_or_default();
                Self::Failed(Box::new(failure), crate::error::class_of(error))
            }
        }
    }

    /// The record could not be written on the way.
    fn store(error: &pintle_release::StoreError) -> Self {
        if crate::error::lost(error).is_some() {
            return Self::Lost;
        }
        let class = match error {
            pintle_release::StoreError::Backend(_) => Class::Retry,
            pintle_release::StoreError::Conflict { .. } => Class::Conflict,
            _ => Class::Fatal,
        };
        Self::Failed(Box::new(Failure::new(Doing::Recording, error.to_string())), class)
    }
}

/// What the action's hooks are called in a failure.
fn doing_hook(at: HookEvent, path: &str) -> Doing {
    Doing::Hook { at, path: path.to_owned() }
}
