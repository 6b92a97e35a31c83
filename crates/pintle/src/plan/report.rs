//! What a plan says, for people and for programs.

use std::fmt;
use std::time::Duration;

use pintle_cluster::{FieldChange, FieldConflict, ObjectRef};
use pintle_release::HookEvent;
use serde::Serialize;

use super::{Action, ObjectAction, Plan, Planned, Work};
use crate::{CreateNamespace, Hooks, Sensitive, Wait};

/// What a plan says: everything that it does, in order. `Display` prints it for people, serde writes it for programs.
///
/// Contents of Secrets are not in it, and neither is what the caller called [`Sensitive`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanReport {
    /// The release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// The name of the cluster.
    pub cluster: String,
    /// What is done to the release as a whole.
    #[serde(flatten)]
    pub action: Action,
    /// The revision that is made, or the last one of a release that is uninstalled.
    pub revision: u32,
    /// The chart, as `NAME VERSION`.
    pub chart: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What people should know before the plan is run.
    pub warnings: Vec<String>,
}

/// One step of a plan. What is in one step goes at once, but for hooks, which run one after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
#[non_exhaustive]
pub enum Step {
    /// A namespace is made if it is missing.
    Namespace {
        /// Its name.
        name: String,
    },
    /// The objects of `crds/` are written, and waited for until the cluster serves their kinds.
    Crds {
        /// The objects.
        objects: Vec<PlannedObject>,
    },
    /// Hooks run.
    Hooks {
        /// When.
        at: HookEvent,
        /// The templates that made them, in the order in which they run.
        hooks: Vec<String>,
    },
    /// Objects that others need by their annotations become ready, or those that need others are gone.
    Await {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
    /// Objects are created and changed.
    Apply {
        /// The objects.
        objects: Vec<PlannedObject>,
    },
    /// Objects are deleted, or stay though the release does not have them any more.
    Delete {
        /// The objects.
        objects: Vec<PlannedObject>,
    },
    /// Everything becomes ready, or when uninstalling is gone.
    Wait {
        /// What for.
        #[serde(rename = "for")]
        wait: Wait,
        /// How long at most, in seconds.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        limit: Duration,
    },
}

/// One object of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedObject {
    /// The object.
    pub object: ObjectRef,
    /// What is done to it.
    pub action: ObjectAction,
    /// The template that made it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The resource version that it was looked at; `None` where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The fields that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// The fields that others own and that the server would refuse to change without force; only where the plan
    /// asked the server ([`Detail::Fields`](pintle_cluster::Detail)).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
    /// Why it cannot be written; then the plan does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

impl PlannedObject {
    fn of(planned: &Planned, sensitive: &Sensitive) -> Self {
        let change = |change: &FieldChange| {
            let mut change = change.clone();
            change.path = sensitive.mask(&change.path);
            change.before = change.before.map(|data| sensitive.mask_data(&data));
            change.after = change.after.map(|data| sensitive.mask_data(&data));
            change
        };
        Self {
            object: planned.object.reference().clone(),
            action: planned.action,
            template: planned.template.clone(),
            version: planned.version().map(str::to_owned),
            changes: planned.finding.changes.iter().map(change).collect(),
            conflicts: planned.finding.conflicts.clone(),
            obstacle: planned.finding.obstacle.as_ref().map(|obstacle| sensitive.mask(obstacle)),
        }
    }
}

impl Plan {
    /// What the plan says: every step in order, each object with the fields that change.
    pub fn report(&self) -> PlanReport {
        let record = self.record();
        PlanReport {
            release: record.name.clone(),
            namespace: record.namespace.clone(),
            cluster: self.release.cluster().name().to_owned(),
            action: self.action(),
            revision: record.revision,
            chart: format!("{} {}", record.chart_name(), record.chart_version()),
            steps: self.steps(),
            warnings: self.warnings.clone(),
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let [before, after] = self.action().hook_events();
        match &self.work {
            Work::Revision(revision) => {
                let settings = &revision.settings;
                let namespaces = [
                    (settings.create_namespace, revision.record.namespace.as_str()),
                    (settings.create_storage_namespace, self.release.storage_namespace()),
                ];
                for (create, name) in namespaces {
                    let step = Step::Namespace { name: name.to_owned() };
                    if create == CreateNamespace::IfMissing && !steps.contains(&step) {
                        steps.push(step);
                    }
                }
                if !revision.crds.is_empty() {
                    steps.push(Step::Crds { objects: self.planned(&revision.crds) });
                }
                steps.extend(self.hooks_step(before));
                for wave in &revision.waves {
                    let members = |places: &[usize]| -> Vec<&Planned> {
                        places.iter().filter_map(|place| revision.objects.get(*place)).collect()
                    };
                    let needs = members(&wave.needs);
                    if !needs.is_empty() {
                        steps.push(Step::Await { objects: references(needs) });
                    }
                    steps.push(Step::Apply { objects: self.planned(members(&wave.objects)) });
                }
                if !revision.obsolete.is_empty() {
                    steps.push(Step::Delete { objects: self.planned(&revision.obsolete) });
                }
                if settings.effective_wait().jobs().is_some() {
                    steps.push(Step::Wait { wait: settings.effective_wait(), limit: settings.timeouts.step });
                }
            }
            Work::Uninstall(uninstall) => {
                steps.extend(self.hooks_step(before));
                for wave in uninstall.waves() {
                    steps.push(Step::Delete { objects: self.planned(wave.objects) });
                }
                let kept: Vec<&Planned> =
                    uninstall.objects.iter().filter(|planned| planned.action == ObjectAction::Keep).collect();
                if !kept.is_empty() {
                    steps.push(Step::Delete { objects: self.planned(kept) });
                }
                let settings = &uninstall.settings;
                if settings.effective_wait().jobs().is_some() {
                    steps.push(Step::Wait { wait: settings.effective_wait(), limit: settings.timeouts.step });
                }
            }
        }
        steps.extend(self.hooks_step(after));
        steps
    }

    fn hooks_step(&self, at: HookEvent) -> Option<Step> {
        if self.settings().hooks == Hooks::Skip {
            return None;
        }
        let hooks: Vec<String> =
            crate::run::hooks_at(self.record(), at).map(|hook| hook.path.clone()).collect();
        (!hooks.is_empty()).then_some(Step::Hooks { at, hooks })
    }

    fn planned<'a>(&self, objects: impl IntoIterator<Item = &'a Planned>) -> Vec<PlannedObject> {
        objects.into_iter().map(|planned| PlannedObject::of(planned, &self.sensitive)).collect()
    }
}

fn references(objects: Vec<&Planned>) -> Vec<ObjectRef> {
    objects.into_iter().map(|planned| planned.object.reference().clone()).collect()
}

fn seconds<S: serde::Serializer>(limit: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(limit.as_secs_f64())
}

impl PlanReport {
    /// The objects of all steps, in order.
    pub fn objects(&self) -> impl Iterator<Item = &PlannedObject> {
        self.steps.iter().flat_map(|step| match step {
            Step::Crds { objects } | Step::Apply { objects } | Step::Delete { objects } => objects.as_slice(),
            _ => &[],
        })
    }

    /// Whether running the plan would write to any object or run a hook, beside the release's record.
    pub fn changes_anything(&self) -> bool {
        let idle = [ObjectAction::Nothing, ObjectAction::Keep];
        self.objects().any(|planned| !idle.contains(&planned.action))
            || self.steps.iter().any(|step| matches!(step, Step::Hooks { .. }))
    }
}

impl fmt::Display for PlanReport {
    /// One line for the release, one for each object, each field of it that changes and each hook, a sum at the end.
    /// Fields of objects that are created are printed in the alternate form (`{:#}`) only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, release, namespace, revision, chart, .. } = self;
        writeln!(f, "{action} {release} in namespace {namespace}: revision {revision} ({chart})")?;
        for step in &self.steps {
            match step {
                Step::Namespace { name } => {
                    writeln!(f, "  + {:<18} Namespace {name:?}, if it is missing", "create")?;
                }
                Step::Crds { objects } => {
                    print_objects(f, objects)?;
                    writeln!(f, "  . {:<18} the kinds of crds/ are served", "wait until")?;
                }
                Step::Hooks { at, hooks } => {
                    for hook in hooks {
                        writeln!(f, "  * {:<18} {hook}", at.as_str())?;
                    }
                }
                Step::Await { objects } => {
                    for object in objects {
                        writeln!(f, "  . {:<18} {object} is ready", "wait until")?;
                    }
                }
                Step::Apply { objects } | Step::Delete { objects } => print_objects(f, objects)?,
                Step::Wait { wait, limit } => {
                    let what = match (self.action, wait) {
                        (Action::Uninstall, _) => "everything is gone",
                        (_, Wait::ReadyAndJobs | Wait::LegacyAndJobs) => {
                            "everything is ready and jobs are complete"
                        }
                        _ => "everything is ready",
                    };
                    writeln!(f, "  . {:<18} {what}, {} s at most", "wait until", limit.as_secs())?;
                }
            }
        }
        for warning in &self.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        self.print_sum(f)
    }
}

impl PlanReport {
    fn print_sum(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |actions: &[ObjectAction]| {
            self.objects().filter(|planned| actions.contains(&planned.action)).count()
        };
        let hooks: usize = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Hooks { hooks, .. } => hooks.len(),
                _ => 0,
            })
            .sum();
        let parts = [
            (count(&[ObjectAction::Create, ObjectAction::CreateUnchecked]), "to create"),
            (count(&[ObjectAction::Update]), "to update"),
            (
                count(&[ObjectAction::Replace, ObjectAction::Recreate, ObjectAction::RecreateOrphaning]),
                "to replace",
            ),
            (count(&[ObjectAction::Delete]), "to delete"),
            (count(&[ObjectAction::Keep]), "to keep"),
            (count(&[ObjectAction::Nothing]), "unchanged"),
            (hooks, "hooks to run"),
        ];
        let told: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        writeln!(f, "{}", if told.is_empty() { "nothing to do".to_owned() } else { told.join(", ") })
    }
}

fn print_objects(f: &mut fmt::Formatter<'_>, objects: &[PlannedObject]) -> fmt::Result {
    for planned in objects {
        let action = planned.action;
        writeln!(f, "  {} {:<18} {}", action.sign(), action.to_string(), planned.object)?;
        if action.is_change() || f.alternate() {
            for change in &planned.changes {
                writeln!(f, "      {change}")?;
            }
        }
        for conflict in &planned.conflicts {
            writeln!(f, "      conflict: {} is owned by {}", conflict.field, conflict.manager)?;
        }
        if let Some(obstacle) = &planned.obstacle {
            writeln!(f, "      cannot be done: {obstacle}")?;
        }
    }
    Ok(())
}
