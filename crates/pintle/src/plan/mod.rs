//! What an action will do, before it does anything.

use std::fmt;

use pintle_cluster::{Object, ObjectRef};
use pintle_release::{HookEvent, Record};
use pintle_value::Data;
use serde::Serialize;

use crate::{Cascade, History, ReleaseHandle, RunOptions};

mod apply;
mod builder;
mod live;
mod rollback;
mod uninstall;

pub(crate) use apply::{install, upgrade};
pub(crate) use builder::{IfAbsent, Inputs};
pub use builder::{PlanInstall, PlanRollback, PlanUninstall, PlanUpgrade, SubchartNotes};
pub(crate) use live::{Sourced, flatten, hook_objects, manifest_objects, stream_objects};

/// What an action will do to a release, object by object.
///
/// Making a plan writes nothing. `Display` prints it for people; Secrets' contents are in neither that nor `Debug`.
/// [`run`](Self::run) does what the plan says, or fails with [`Error::Moved`](crate::Error::Moved) where the release
/// changed meanwhile.
#[derive(Clone)]
pub struct Plan {
    pub(crate) release: ReleaseHandle,
    pub(crate) work: Work,
    pub(crate) warnings: Vec<String>,
}

/// The work behind a plan.
#[derive(Clone)]
pub(crate) enum Work {
    /// Bring the cluster to a new revision.
    Revision(Box<Revision>),
    /// Delete the release.
    Uninstall(Box<Uninstall>),
}

/// A new revision of a release.
#[derive(Clone)]
pub(crate) struct Revision {
    pub(crate) action: Action,
    /// The record as it will first be written.
    pub(crate) record: Record,
    /// What the stored record will be annotated with.
    pub(crate) annotations: std::collections::BTreeMap<String, String>,
    pub(crate) settings: RunOptions,
    /// The objects of `crds/`, in order.
    pub(crate) crds: Vec<Planned>,
    /// The objects of the new revision, in Helm's install order.
    pub(crate) objects: Vec<Planned>,
    /// Objects of earlier revisions that the new one has not.
    pub(crate) obsolete: Vec<Planned>,
    /// The revision that a failure goes back to.
    pub(crate) fallback: Option<u32>,
    /// What the run says in the record when it succeeded.
    pub(crate) description: String,
}

/// The end of a release.
#[derive(Clone)]
pub(crate) struct Uninstall {
    pub(crate) stored: pintle_release::Stored,
    pub(crate) settings: RunOptions,
    pub(crate) objects: Vec<Planned>,
    pub(crate) cascade: Cascade,
    pub(crate) history: History,
    pub(crate) description: String,
}

/// An object of a plan, with what will be done to it.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) object: Object,
    pub(crate) live: Option<Data>,
    pub(crate) action: ObjectAction,
    pub(crate) template: Option<String>,
}

impl Planned {
    fn change(&self) -> ObjectChange {
        ObjectChange {
            object: self.object.reference().clone(),
            action: self.action,
            template: self.template.clone(),
        }
    }
}

/// What an action does to the release as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "action", content = "to")]
#[non_exhaustive]
pub enum Action {
    /// It is installed.
    Install,
    /// It gets a new revision.
    Upgrade,
    /// It gets a new revision that equals an old one.
    Rollback(u32),
    /// It is uninstalled.
    Uninstall,
}

/// What is done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObjectAction {
    /// It is created.
    Create,
    /// It is created; whether it can be is not known before its kind or namespace is there.
    CreateUnchecked,
    /// It exists and is changed.
    Update,
    /// It exists and is replaced as a whole.
    Replace,
    /// It is deleted.
    Delete,
    /// The release no longer has it, and it stays: by its resource policy, or because it belongs to somebody else.
    Keep,
    /// It is as it should be; nothing is written.
    Nothing,
}

/// One object and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObjectChange {
    /// The object.
    pub object: ObjectRef,
    /// What is done.
    pub action: ObjectAction,
    /// The template that made it, where that is known (`web/templates/deployment.yaml`).
    pub template: Option<String>,
}

impl Plan {
    /// What is done to the release as a whole.
    pub fn action(&self) -> Action {
        match &self.work {
            Work::Revision(revision) => revision.action,
            Work::Uninstall(_) => Action::Uninstall,
        }
    }

    /// The record of the revision that the plan makes, or that it deletes: manifest, hooks, notes, values.
    pub fn record(&self) -> &Record {
        match &self.work {
            Work::Revision(revision) => &revision.record,
            Work::Uninstall(uninstall) => &uninstall.stored.record,
        }
    }

    /// The release.
    pub fn release(&self) -> &ReleaseHandle {
        &self.release
    }

    /// What is done to each object, in the order in which it is done: `crds/` first, deletions last. Hooks are not
    /// among them: see [`hooks`](Self::hooks).
    pub fn objects(&self) -> Vec<ObjectChange> {
        let planned: Vec<&Planned> = match &self.work {
            Work::Revision(revision) => {
                revision.crds.iter().chain(&revision.objects).chain(&revision.obsolete).collect()
            }
            Work::Uninstall(uninstall) => uninstall.objects.iter().collect(),
        };
        planned.into_iter().map(Planned::change).collect()
    }

    /// The events at which hooks run, each with its hooks (`templates/job.yaml`) in order.
    pub fn hooks(&self) -> Vec<(HookEvent, Vec<&str>)> {
        let (record, events) = match &self.work {
            Work::Revision(revision) => (&revision.record, revision.action.hook_events()),
            Work::Uninstall(uninstall) => (&uninstall.stored.record, Action::Uninstall.hook_events()),
        };
        if self.settings().hooks == crate::Hooks::Skip {
            return Vec::new();
        }
        let hooks = |event| crate::run::hooks_at(record, event).map(|hook| hook.path.as_str()).collect();
        let hooks = events.map(|event| (event, hooks(event)));
        hooks.into_iter().filter(|(_, hooks): &(_, Vec<&str>)| !hooks.is_empty()).collect()
    }

    /// What people should know before they run it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn settings(&self) -> &RunOptions {
        match &self.work {
            Work::Revision(revision) => &revision.settings,
            Work::Uninstall(uninstall) => &uninstall.settings,
        }
    }
}

impl Action {
    /// The events before and after.
    pub(crate) fn hook_events(self) -> [HookEvent; 2] {
        match self {
            Self::Install => [HookEvent::PreInstall, HookEvent::PostInstall],
            Self::Upgrade => [HookEvent::PreUpgrade, HookEvent::PostUpgrade],
            Self::Rollback(_) => [HookEvent::PreRollback, HookEvent::PostRollback],
            Self::Uninstall => [HookEvent::PreDelete, HookEvent::PostDelete],
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install => f.write_str("install"),
            Self::Upgrade => f.write_str("upgrade"),
            Self::Rollback(to) => write!(f, "rollback to {to}"),
            Self::Uninstall => f.write_str("uninstall"),
        }
    }
}

impl ObjectAction {
    /// The sign that plans are printed with.
    fn sign(self) -> char {
        match self {
            Self::Create | Self::CreateUnchecked => '+',
            Self::Update => '~',
            Self::Replace => '!',
            Self::Delete => '-',
            Self::Keep | Self::Nothing => ' ',
        }
    }
}

impl fmt::Display for ObjectAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::CreateUnchecked => "create (unchecked)",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Nothing => "unchanged",
        })
    }
}

impl fmt::Display for Plan {
    /// One line for the release, one for each object and each hook.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record();
        writeln!(
            f,
            "{} {} in namespace {}: revision {} ({} {})",
            self.action(),
            record.name,
            record.namespace,
            record.revision,
            record.chart_name(),
            record.chart_version()
        )?;
        for change in self.objects() {
            writeln!(f, "  {} {:<18} {}", change.action.sign(), change.action.to_string(), change.object)?;
        }
        for (event, hooks) in self.hooks() {
            for hook in hooks {
                writeln!(f, "  * {:<18} {hook}", event.as_str())?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("release", &self.release)
            .field("action", &self.action())
            .field("record", self.record())
            .field("objects", &self.objects())
            .finish_non_exhaustive()
    }
}
