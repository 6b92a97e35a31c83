//! What failed during a run, on which object, and why.

use std::fmt;

use pintle_cluster::{FailureReport, ObjectRef};
use pintle_release::HookEvent;

/// What a run was doing when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// It created the release's namespace.
    CreatingNamespace,
    /// It applied the objects in `crds/`.
    ApplyingCrds,
    /// It ran a hook.
    Hook {
        /// When the hook runs.
        at: HookEvent,
        /// The template that made it.
        path: String,
    },
    /// It created and changed objects.
    Applying,
    /// It deleted objects.
    Deleting,
    /// It waited for objects.
    Waiting,
    /// It wrote the release's record.
    Recording,
}

/// What failed during a run, on which object, and why.
///
/// Its text is one line for the record and for logs; [`report`](Self::report) has what people need to find the cause.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What the run was doing.
    pub doing: Doing,
    /// The object; `None` where the failure is not about one.
    pub object: Option<ObjectRef>,
    /// Why, in one line.
    pub reason: String,
    /// The template that made the object (`web/templates/deployment.yaml`).
    pub template: Option<String>,
    /// The fields of the object that the cluster refuses (`spec.ports[0].port`); empty where it names none.
    pub fields: Vec<String>,
    /// The template's line behind a field that the cluster refuses, and the values in it; known where the plan was
    /// made by this process.
    pub explanation: Option<Box<pintle_render::Explanation>>,
    /// Conditions, pods, container states, log lines and events of the object.
    pub report: Option<Box<FailureReport>>,
}

impl Failure {
    pub(crate) fn new(doing: Doing, reason: impl Into<String>) -> Self {
        Self {
            doing,
            object: None,
            reason: reason.into(),
            template: None,
            fields: Vec::new(),
            explanation: None,
            report: None,
        }
    }

    pub(crate) fn on(mut self, object: Option<ObjectRef>) -> Self {
        self.object = object;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.doing {
            Doing::Hook { at: HookEvent::PreUpgrade, .. } => f.write_str("pre-upgrade hooks failed: ")?,
            Doing::Hook { at: HookEvent::PostUpgrade, .. } => f.write_str("post-upgrade hooks failed: ")?,
            Doing::Hook { at: HookEvent::PreInstall, .. } => f.write_str("failed pre-install: ")?,
            Doing::Hook { at: HookEvent::PostInstall, .. } => f.write_str("failed post-install: ")?,
            Doing::Hook { at, .. } => write!(f, "{at} hooks failed: ")?,
            _ => {}
        }
        f.write_str(&self.reason)?;
        if let Some(template) = &self.template {
            write!(f, " (from {template})")?;
        }
        Ok(())
    }
}
