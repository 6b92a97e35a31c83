//! Plans that go on with what a dead run began.

use pintle_release::{Status, Stored};

use super::apply::{Desired, plan_revision};
use super::live::manifest_objects;
use super::{Action, Look, Plan, Work};
use crate::ledger::Past;
use crate::rendering::{chart_of, crds_of};
use crate::{Crds, Error, ReleaseHandle, RunOptions};

/// Plans to finish a pending revision. Its record has all that is needed; nothing is rendered again, since charts make
/// random passwords and look objects up.
pub(crate) async fn resume(
    release: &ReleaseHandle,
    stored: &Stored,
    past: &Past,
    (settings, look): (&RunOptions, &Look),
) -> Result<Plan, Error> {
    let record = stored.record.clone();
    let action = match record.info.status {
        Status::PendingInstall => Action::Install,
        Status::PendingRollback => {
            let to = record.info.rollback_revision;
            Action::Rollback(to.unwrap_or_else(|| record.revision.saturating_sub(1)))
        }
        _ => Action::Upgrade,
    };
    let objects = manifest_objects(&record)?;
    let crds = if settings.crds == Crds::Skip { Vec::new() } else { crds_of(&chart_of(&record)?)? };
    let desired = Desired { record, objects, crds, warnings: Vec::new(), explainer: None };
    let annotations = stored.annotations.clone();
    let options = (settings, look);
    let mut plan = plan_revision(release, action, desired, Some(past), options, annotations).await?;
    if let Work::Revision(revision) = &mut plan.work {
        revision.basis = revision.basis.clone().resuming(stored);
    }
    Ok(plan)
}
