//! When objects of one kind are healthy, by conditions of the caller's.

use pintle_value::Data;

use crate::{Condition, ExpressionError};

/// When objects of one kind are ready, on their way or failed, each by a [`Condition`] over the object
/// (Flux: `spec.healthCheckExprs`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthCheck {
    /// The API group of the objects, without a version; empty for the core group.
    pub group: String,
    /// Their kind; without one, all kinds of the group.
    pub kind: Option<String>,
    /// When an object is ready.
    pub current: Condition,
    /// When it is on its way; asked first.
    pub in_progress: Option<Condition>,
    /// When it has failed; asked second.
    pub failed: Option<Condition>,
}

/// What a [`HealthCheck`] says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an object is on its way, or it has arrived, or it never will")]
pub enum Health {
    /// It is on its way.
    InProgress,
    /// It is not getting further by itself.
    Failed,
    /// It is what it should be.
    Current,
}

impl HealthCheck {
    /// The check of all objects of a group and kind.
    pub fn new(group: impl Into<String>, kind: impl Into<String>, current: Condition) -> Self {
        let kind = Some(kind.into());
        Self { group: group.into(), kind, current, in_progress: None, failed: None }
    }

    /// The check of all objects of a group that have no check of their kind.
    pub fn of_group(group: impl Into<String>, current: Condition) -> Self {
        Self { group: group.into(), kind: None, current, in_progress: None, failed: None }
    }

    /// Sets when an object is on its way, whatever the other conditions say.
    #[must_use]
    pub fn in_progress(mut self, condition: Condition) -> Self {
        self.in_progress = Some(condition);
        self
    }

    /// Sets when an object has failed.
    #[must_use]
    pub fn failed(mut self, condition: Condition) -> Self {
        self.failed = Some(condition);
        self
    }

    /// What the check says of an object of its kind. A condition that names a member which the object does not have does
    /// not hold: a new object has no status yet. Where none holds, the object is on its way.
    pub fn judge(&self, object: &Data) -> Result<Health, ExpressionError> {
        let holds = |condition: &Condition| match condition.holds(object) {
            Err(ExpressionError::Missing { .. }) => Ok(false),
            answer => answer,
        };
        if self.in_progress.as_ref().map(holds).transpose()? == Some(true) {
            return Ok(Health::InProgress);
        }
        if self.failed.as_ref().map(holds).transpose()? == Some(true) {
            return Ok(Health::Failed);
        }
        Ok(if holds(&self.current)? { Health::Current } else { Health::InProgress })
    }
}

/// The check that speaks about an object: one of its kind before one of its group.
///
/// ```
/// use pintle_expressions::{Condition, HealthCheck, health_check_of};
/// use pintle_value::Data;
///
/// let checks = [
///     HealthCheck::of_group("acme.io", Condition::parse("true")?),
///     HealthCheck::new("acme.io", "Database", Condition::parse("status.up")?),
/// ];
/// let database: Data = serde_json::from_str(r#"{"apiVersion": "acme.io/v1", "kind": "Database"}"#)?;
/// assert_eq!(health_check_of(&checks, &database), Some(&checks[1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn health_check_of<'a>(checks: &'a [HealthCheck], object: &Data) -> Option<&'a HealthCheck> {
    let text = |key| object.get(key).and_then(Data::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let of_kind = |check: &&HealthCheck| check.group == group && check.kind.as_deref() == Some(text("kind"));
    let of_group = |check: &&HealthCheck| check.group == group && check.kind.is_none();
    checks.iter().find(of_kind).or_else(|| checks.iter().find(of_group))
}
