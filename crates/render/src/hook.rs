//! Hooks: documents that run at a point of a release's life.

use std::fmt;
use std::str::FromStr;

use crate::Document;

/// The annotation that makes a document a hook; its value lists events.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// The annotation with a hook's weight.
pub const HOOK_WEIGHT_ANNOTATION: &str = "helm.sh/hook-weight";
/// The annotation that says when a hook's object is removed.
pub const HOOK_DELETE_ANNOTATION: &str = "helm.sh/hook-delete-policy";
/// The annotation that says when a hook's log is shown.
pub const HOOK_OUTPUT_LOG_ANNOTATION: &str = "helm.sh/hook-output-log-policy";

/// A document with the annotation `helm.sh/hook` (Helm: `pkg/release/v1/hook.go`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hook {
    /// The document.
    pub document: Document,
    /// `metadata.name`.
    pub name: String,
    /// When it runs, in the annotation's order.
    pub events: Vec<HookEvent>,
    /// Hooks of one event run from the lowest weight up; 0 where the annotation is missing or no number.
    pub weight: i64,
    /// When its object is removed, as the annotation says it, in lower case.
    pub delete_policies: Vec<String>,
    /// When its log is shown, as the annotation says it, in lower case.
    pub output_log_policies: Vec<String>,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is Helm's event of the same name")]
#[non_exhaustive]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// Helm's name of the event, as release records have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for HookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HookEvent {
    type Err = ();

    /// Reads Helm's name of an event; `test-success` is Helm 2's name of `test`.
    fn from_str(name: &str) -> Result<Self, ()> {
        if name == "test-success" {
            return Ok(Self::Test);
        }
        Self::ALL.into_iter().find(|event| event.name() == name).ok_or(())
    }
}

impl Hook {
    /// Whether the hook is a test (`helm test`).
    pub fn is_test(&self) -> bool {
        self.events.contains(&HookEvent::Test)
    }

    /// The hook in a document; `Ok(None)` where it has no hook annotation, an error with the annotation's value where
    /// one of its events is unknown.
    pub(crate) fn of(document: &Document) -> Result<Option<Self>, String> {
        let annotation = |name: &str| document.head.annotations.get(name);
        let Some(events) = annotation(HOOK_ANNOTATION) else { return Ok(None) };
        let events: Result<Vec<HookEvent>, ()> = words(events).iter().map(|word| word.parse()).collect();
        let Ok(events) = events else { return Err(annotation(HOOK_ANNOTATION).cloned().unwrap_or_default()) };
        let policies = |name| annotation(name).map(|text| words(text)).unwrap_or_default();
        Ok(Some(Self {
            name: document.head.name.clone(),
            events,
            weight: annotation(HOOK_WEIGHT_ANNOTATION).and_then(|text| text.parse().ok()).unwrap_or(0),
            delete_policies: policies(HOOK_DELETE_ANNOTATION),
            output_log_policies: policies(HOOK_OUTPUT_LOG_ANNOTATION),
            document: document.clone(),
        }))
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_lowercase()).collect()
}
