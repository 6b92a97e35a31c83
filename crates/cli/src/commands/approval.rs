//! Plans in files: written by one command, run by another.

use std::path::Path;

use pintle::{CancellationToken, Observer, Outcome, Plan, PlanKey, SealedPlan};

use crate::arguments::PlanFlags;
use crate::{Failure, source};

/// A plan that was approved.
pub(super) struct Approval {
    plan: SealedPlan,
    key: PlanKey,
}

impl Approval {
    /// The plan that the flags name.
    pub(super) fn of(flags: &PlanFlags) -> Result<Option<Self>, Failure> {
        let Some(path) = &flags.plan else { return Ok(None) };
        let plan = serde_json::from_slice(&read(path)?)
            .map_err(|error| Failure::new(format!("{} is no plan: {error}", path.display())))?;
        Ok(Some(Self { plan, key: key(flags)? }))
    }

    /// Fails where a plan is not the one that was approved.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), Failure> {
        Ok(plan.check_approved(&self.plan, &self.key)?)
    }
}

/// Runs a plan, and where one was approved only if it is that one.
pub(super) async fn run(
    plan: Plan,
    approval: Option<Approval>,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Outcome, pintle::Error> {
    match approval {
        None => plan.run(observer, cancel).await,
        Some(Approval { plan: approved, key }) => plan.run_approved(&approved, &key, observer, cancel).await,
    }
}

/// Writes a plan into a file, to be approved and run elsewhere.
pub(super) fn write(plan: &Plan, path: &Path, flags: &PlanFlags) -> Result<(), Failure> {
    let sealed = plan.seal(&key(flags)?);
    let mut text = serde_json::to_vec_pretty(&sealed)?;
    text.push(b'\n');
    std::fs::write(path, text)
        .map_err(|error| Failure::new(format!("create {}: {}", path.display(), source::reason(&error))))
}

fn key(flags: &PlanFlags) -> Result<PlanKey, Failure> {
    let path = flags.plan_key.as_deref().ok_or_else(|| {
        Failure::new(
            "a plan in a file needs a key: name a file of 16 random bytes or more by --plan-key or PINTLE_PLAN_KEY",
        )
    })?;
    Ok(PlanKey::new(read(path)?)?)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|error| Failure::new(format!("open {}: {}", path.display(), source::reason(&error))))
}
