//! Doing what a plan says: the only code that writes to a cluster.

use std::sync::Arc;

use pintle_cluster::Scope;
use pintle_release::{HookEvent, Record, Status};
use tokio_util::sync::CancellationToken;

use crate::ledger::Entry;
use crate::plan::Work;
use crate::{Class, Doing, Error, Event, Failure, ObjectChange, Observer, Outcome, Plan, Sensitive};

mod hooks;
mod objects;
mod revision;
mod test;
mod uninstall;

pub(crate) use hooks::hooks_at;
pub(crate) use test::test;

impl Plan {
    /// Does what the plan says.
    ///
    /// `observer` sees what happens as it happens. Cancelling `cancel` stops the run at its next request; the record
    /// then says that the revision failed, within 5 s. Dropping the future is a crash: the record stays pending, and
    /// the next `ensure` repairs it.
    pub async fn run(self, observer: &dyn Observer, cancel: &CancellationToken) -> Result<Outcome, Error> {
        self.check_obstacles()?;
        let Self { release, work, warnings, sensitive } = self;
        let settings = match &work {
            Work::Revision(revision) => &revision.settings,
            Work::Uninstall(uninstall) => &uninstall.settings,
        };
        let scope = Scope::new(cancel.clone());
        let scope = match settings.timeouts.overall {
            Some(overall) => scope.within(overall),
            None => scope,
        };
        for text in &warnings {
            observer.event(&Event::Warning { text: text.clone() });
        }
        let explainer = match &work {
            Work::Revision(revision) => revision.explainer.clone(),
            Work::Uninstall(_) => None,
        };
        let run = Run { release, observer, scope, warnings, sensitive, explainer };
        match work {
            Work::Revision(revision) => run.revision(*revision).await,
            Work::Uninstall(uninstall) => run.uninstall(*uninstall).await,
        }
    }
}

/// One run of a plan.
struct Run<'a> {
    release: crate::ReleaseHandle,
    observer: &'a dyn Observer,
    scope: Scope,
    warnings: Vec<String>,
    /// What failures must not show.
    sensitive: Sensitive,
    explainer: Option<crate::explainer::Explainer>,
}

/// Why a run stopped half way.
enum Stop {
    /// It was cancelled.
    Cancelled,
    /// It failed.
    Failed(Box<Failure>, Class),
}

impl Run<'_> {
    fn emit(&self, event: &Event) {
        self.observer.event(event);
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
