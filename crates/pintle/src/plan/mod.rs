//! What an action will do, before it does anything.

use std::fmt;

use pintle_cluster::order::{Wave, waves_of_deletion};
use pintle_cluster::{FieldChange, FieldConflict, Jobs, Object, Status, status_of};
use pintle_release::{HookEvent, Record};
use pintle_value::Data;

use crate::explainer::Explainer;
use crate::{Cascade, Error, History, ReleaseHandle, RunOptions, Sensitive};

mod action;
mod apply;
mod basis;
mod builder;
mod live;
mod probe;
mod report;
mod resume;
mod rollback;
mod sealed;
mod settings;
mod uninstall;
mod writing;

pub use action::{Action, ObjectAction, ObjectChange};

pub(crate) use apply::{install, upgrade};
pub(crate) use basis::{Basis, Predecessor, check_pending};
pub(crate) use builder::{IfAbsent, Inputs, Look};
pub use builder::{PlanInstall, PlanRollback, PlanUninstall, PlanUpgrade, SubchartNotes};
pub(crate) use live::{Sourced, flatten, hook_objects, manifest_objects, stream_objects};
pub(crate) use probe::explain_immutable;
pub use report::{PlanReport, PlannedObject, Step};
pub(crate) use resume::resume;
pub(crate) use sealed::Rendered;
pub use sealed::{PlanKey, SealedObject, SealedPlan, Sealing};
pub(crate) use settings::settings;
pub(crate) use writing::Writing;

/// What an action will do to a release, object by object.
///
/// Making a plan writes nothing, but for dry runs where [`Detail::Fields`](pintle_cluster::Detail) asks for them.
/// [`report`](Self::report) says what is in it, `Display` prints that; Secrets' contents are in neither that nor `Debug`.
/// [`run`](Self::run) does what the plan says, or fails where the release or its objects changed meanwhile.
/// [`seal`](Self::seal) makes something of it that can be approved, stored and run in another process.
#[derive(Clone)]
pub struct Plan {
    pub(crate) release: ReleaseHandle,
    pub(crate) work: Work,
    pub(crate) warnings: Vec<String>,
    pub(crate) sensitive: Sensitive,
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
    pub(crate) writing: Writing,
    pub(crate) basis: Basis,
    /// The objects of `crds/`, in order.
    pub(crate) crds: Vec<Planned>,
    /// The objects of the new revision, in Helm's install order.
    pub(crate) objects: Vec<Planned>,
    /// In which order they are written.
    pub(crate) waves: Vec<Wave>,
    /// Objects of earlier revisions that the new one has not.
    pub(crate) obsolete: Vec<Planned>,
    /// The revision that a failure goes back to.
    pub(crate) fallback: Option<u32>,
    /// What the run says in the record when it succeeded.
    pub(crate) description: String,
    /// What can explain the objects.
    pub(crate) explainer: Option<Explainer>,
}

/// The end of a release.
#[derive(Clone)]
pub(crate) struct Uninstall {
    pub(crate) stored: pintle_release::Stored,
    pub(crate) basis: Basis,
    pub(crate) settings: RunOptions,
    pub(crate) objects: Vec<Planned>,
    pub(crate) cascade: Cascade,
    pub(crate) history: History,
    pub(crate) description: String,
}

impl Uninstall {
    /// The objects that are deleted, in the order in which they are: what needs others before these, custom objects first.
    pub(crate) fn waves(&self) -> Vec<DeletionWave<'_>> {
        let delete: Vec<&Planned> =
            self.objects.iter().filter(|planned| planned.action == ObjectAction::Delete).collect();
        let objects: Vec<&Object> = delete.iter().map(|planned| &planned.object).collect();
        let waves = waves_of_deletion(&objects).into_iter().rev();
        let wave = |wave: Wave| DeletionWave {
            needs_others: !wave.needs.is_empty(),
            objects: wave.objects.iter().filter_map(|place| delete.get(*place).copied()).collect(),
        };
        waves.map(wave).collect()
    }
}

/// Objects that are deleted at once.
pub(crate) struct DeletionWave<'a> {
    pub(crate) objects: Vec<&'a Planned>,
    /// Whether they name others by their annotations, which are deleted when these are gone.
    pub(crate) needs_others: bool,
}

/// An object of a plan, with what will be done to it.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) object: Object,
    pub(crate) live: Option<Data>,
    pub(crate) action: ObjectAction,
    pub(crate) template: Option<String>,
    pub(crate) finding: Finding,
}

/// What is known of an object's change before it is made.
#[derive(Clone, Default)]
pub(crate) struct Finding {
    /// The fields that change.
    pub(crate) changes: Vec<FieldChange>,
    /// The fields that others own and that would change.
    pub(crate) conflicts: Vec<FieldConflict>,
    /// Why it cannot be done.
    pub(crate) obstacle: Option<String>,
}

impl Planned {
    pub(crate) fn change(&self) -> ObjectChange {
        ObjectChange {
            object: self.object.reference().clone(),
            action: self.action,
            template: self.template.clone(),
        }
    }

    /// The resource version of the live object.
    pub(crate) fn version(&self) -> Option<&str> {
        self.live.as_ref()?.at(&["metadata", "resourceVersion"])?.as_str()
    }

    /// Whether the cluster may not serve the kinds of this CRD yet: it is written in this run, or was not established when
    /// the plan was made.
    pub(crate) fn may_be_unserved(&self) -> bool {
        let established =
            |live| status_of(live, Jobs::Started, jiff::Timestamp::now()).status == Status::Current;
        self.action != ObjectAction::Nothing || !self.live.as_ref().is_some_and(established)
    }

    /// Whether somebody is deleting the live object.
    pub(crate) fn is_terminating(&self) -> bool {
        self.live.as_ref().is_some_and(pintle_cluster::is_terminating)
    }

    /// The unique id of the live object.
    pub(crate) fn uid(&self) -> Option<&str> {
        self.live.as_ref()?.at(&["metadata", "uid"])?.as_str()
    }
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
        self.planned_objects().map(Planned::change).collect()
    }

    pub(crate) fn planned_objects(&self) -> impl Iterator<Item = &Planned> {
        let (first, second, third): (&[Planned], &[Planned], &[Planned]) = match &self.work {
            Work::Revision(revision) => (&revision.crds, &revision.objects, &revision.obsolete),
            Work::Uninstall(uninstall) => (&uninstall.objects, &[], &[]),
        };
        first.iter().chain(second).chain(third)
    }

    /// Fails where an object is known not to be writable.
    pub(crate) fn check_obstacles(&self) -> Result<(), Error> {
        let obstructed = self.planned_objects().find_map(|planned| {
            let reason = self.sensitive.mask(planned.finding.obstacle.as_ref()?);
            Some(Error::Obstructed { object: Box::new(planned.object.reference().clone()), reason })
        });
        obstructed.map_or(Ok(()), Err)
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

impl fmt::Display for Plan {
    /// What [`PlanReport`] prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report().fmt(f)
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
