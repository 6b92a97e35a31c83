//! When objects are ready, where the caller knows better.

use std::fmt;
use std::sync::Arc;

use pintle_cluster::ReadinessRule;

/// The caller's rules for when objects are ready. They speak before the built-in ones (kstatus'), and the first that says
/// something about an object counts. Default: none.
///
/// With the feature `cel` health checks are such rules, as in Flux's `spec.healthCheckExprs`:
///
/// ```
/// # #[cfg(feature = "cel")] {
/// use pintle::expressions::{Condition, HealthCheck};
/// use pintle::{Readiness, RunOptions};
///
/// let up = Condition::parse("status.phase == 'Running'")?;
/// let lost = Condition::parse("status.phase == 'Lost'")?;
/// let mut options = RunOptions::upgrade();
/// options.readiness = Readiness::from(vec![HealthCheck::new("acme.io", "Database", up).failed(lost)]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Readiness(Vec<Arc<dyn ReadinessRule>>);

impl Readiness {
    /// No rules: kstatus' alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule behind the others.
    #[must_use]
    pub fn rule(mut self, rule: Arc<dyn ReadinessRule>) -> Self {
        self.0.push(rule);
        self
    }

    pub(crate) fn rules(&self) -> &[Arc<dyn ReadinessRule>] {
        &self.0
    }
}

impl PartialEq for Readiness {
    /// Whether both hold the very same rules.
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for Readiness {}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Readiness({} rules)", self.0.len())
    }
}

#[cfg(feature = "cel")]
mod checks {
    use std::sync::Arc;

    use pintle_cluster::{ReadinessRule, Status, StatusResult};
    use pintle_expressions::{Health, HealthCheck, health_check_of};
    use pintle_value::Data;

    use super::Readiness;

    struct Checks(Vec<HealthCheck>);

    impl ReadinessRule for Checks {
        /// A check that cannot be evaluated fails at once: waiting would not mend it.
        fn status(&self, object: &Data) -> Option<StatusResult> {
            let check = health_check_of(&self.0, object)?;
            Some(match check.judge(object) {
                Ok(Health::InProgress) => {
                    StatusResult::new(Status::InProgress, "the health check does not hold yet")
                }
                Ok(Health::Failed) => {
                    StatusResult::new(Status::Failed, "the health check says that it failed")
                }
                Ok(Health::Current) => StatusResult::new(Status::Current, "the health check holds"),
                Err(error) => {
                    StatusResult::new(Status::Failed, error.to_string()).reason("HealthCheckFailed")
                }
            })
        }
    }

    impl From<Vec<HealthCheck>> for Readiness {
        fn from(checks: Vec<HealthCheck>) -> Self {
            Self::new().rule(Arc::new(Checks(checks)))
        }
    }
}
