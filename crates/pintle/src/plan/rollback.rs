//! Plans that go back to an earlier revision.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pintle_release::{Record, Status, StoreError};

use super::apply::{Desired, plan_revision};
use super::live::manifest_objects;
use super::writing::apply_method;
use super::{Action, Plan, PlanRollback, check_pending};
use crate::Error;

impl PlanRollback {
    /// Helm: `pkg/action/rollback.go`, `prepareRollback`.
    pub(crate) async fn plan(self) -> Result<Plan, Error> {
        let Self { release, to, settings, look } = self;
        release.check_name()?;
        let ledger = release.ledger();
        let past = ledger.past().await?.ok_or_else(|| release.not_found())?;
        check_pending(&past.last, settings.pending_timeout)?;
        let last = &past.last.record;
        let to = to.unwrap_or_else(|| last.revision.saturating_sub(1));
        let missing = || Error::NoRevision { name: release.name().to_owned(), revision: to };
        if !past.revisions.iter().any(|summary| summary.revision == to) {
            return Err(missing());
        }
        let target = match ledger.get(to).await {
            Ok(stored) => stored.record,
            Err(StoreError::NotFound) => return Err(missing()),
            Err(error) => return Err(error.into()),
        };
        let objects = manifest_objects(&target)?;
        let mut record = Record::new(release.name(), &last.namespace, past.next_revision());
        record.info.first_deployed = last.info.first_deployed;
        record.info.last_deployed = Some(Timestamp::now());
        record.info.status = Status::PendingRollback;
        record.info.description = settings.description.clone().unwrap_or_else(|| format!("Rollback to {to}"));
        record.info.notes = target.info.notes;
        record.info.rollback_revision = Some(to);
        record.chart = target.chart;
        record.config = target.config;
        record.labels = target.labels;
        record.manifest = target.manifest;
        record.hooks = target.hooks;
        record.apply_method = Some(apply_method(settings.merging, target.apply_method));
        let desired = Desired { record, objects, crds: Vec::new(), warnings: Vec::new(), explainer: None };
        let options = (&settings, &look);
        plan_revision(&release, Action::Rollback(to), desired, Some(&past), options, BTreeMap::new()).await
    }
}
