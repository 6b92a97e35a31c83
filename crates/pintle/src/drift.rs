//! What the cluster has otherwise than the release's record says, and putting it back.

use pintle_cluster::{
    Applied, Before, Contest, Drift, DriftReport, DriftRules, Expect, Method, Object, ObjectRef, Scope,
    Unobserved,
};
use pintle_release::{ApplyMethod, Record, Status};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::event::tell;
use crate::plan::{Sourced, manifest_objects};
use crate::run::run_locked;
use crate::span;
use crate::{Error, Event, Measurement, ObjectAction, ObjectChange, Observer, ReleaseHandle};

/// What putting drifted objects back did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Corrected {
    /// The objects that were created or changed.
    pub objects: Vec<ObjectChange>,
    /// The same as the server has them now, for
    /// [`Registration::expect_applied`](pintle_cluster::Registration::expect_applied).
    pub applied: Vec<Applied>,
    /// The objects that could not be put back, and why.
    pub failed: Vec<(ObjectRef, pintle_cluster::Error)>,
    /// The objects that somebody changed again each time they were put back, and that are let be for a while.
    pub contested: Vec<Contest>,
}

impl ReleaseHandle {
    /// The objects that the release's deployed revision consists of, as they were applied; hooks and `crds/` are not
    /// among them. Objects of kinds that the cluster serves in another version by now are in that; those of kinds that it
    /// does not serve any more are left out.
    ///
    /// Costs two requests, and one for discovery where that is not at hand.
    pub async fn objects(&self) -> Result<Vec<Object>, Error> {
        self.objects_of(&self.deployed().await?).await
    }

    /// The objects of a record, as [`objects`](Self::objects) has them; no record is read.
    pub async fn objects_of(&self, record: &Record) -> Result<Vec<Object>, Error> {
        let scope = Scope::unlimited();
        let unable = Error::cluster("could not get information about the release's objects");
        let discovery = self.cluster().discovery(&scope).await.map_err(unable)?;
        let owner = self.owner(&record.namespace);
        let mut objects = Vec::new();
        for Sourced { data, .. } in manifest_objects(record)? {
            let Ok(object) = Object::new(data) else { continue };
            let gvk = &object.reference().gvk;
            let Some(resource) = discovery.successor(gvk) else { continue };
            let object = if resource.gvk == *gvk { object } else { object.as_kind(&resource.gvk) };
            objects.push(owner.mark(&object.placed(resource.is_namespaced(), &record.namespace)));
        }
        Ok(objects)
    }

    /// How the cluster differs from the release's deployed revision. Nothing is written but dry runs, and those only
    /// for objects of which the server alone can tell.
    pub async fn drift(&self, rules: &DriftRules) -> Result<DriftReport, Error> {
        let record = self.deployed().await?;
        self.drift_of(&record, rules).await
    }

    /// How the cluster differs from a record, as [`drift`](Self::drift) has it; no record is read.
    pub async fn drift_of(&self, record: &Record, rules: &DriftRules) -> Result<DriftReport, Error> {
        self.compare(record, rules).instrument(span::drift(self)).await
    }

    async fn compare(&self, record: &Record, rules: &DriftRules) -> Result<DriftReport, Error> {
        let mut objects = self.objects_of(record).await?;
        let scope = Scope::unlimited();
        let unable = Error::cluster("could not compare the release's objects with the cluster");
        if record.apply_method != Some(ApplyMethod::ServerSide) {
            // Managed fields say nothing of what the client merged: what a merge would not change has not drifted.
            let references = objects.iter().map(Object::reference);
            let live = self.cluster().read(&scope, references, Expect::Ours).await.map_err(&unable)?;
            objects.retain(|object| {
                let before = Before::new(Some(object.data()), live.of(object));
                self.cluster().would_write(object, before, Method::ClientSide)
            });
        }
        self.cluster().drift(&scope, &objects, rules).await.map_err(unable)
    }

    /// Puts drifted objects back by applying them with force, under the release's lock: no hooks run, and no revision is
    /// made. An object that cannot be put back keeps none of the others.
    ///
    /// What somebody changed again after each of three times that it was put back is let be for a while, which
    /// [`Corrected::contested`] says together with who that is; see [`EngineBuilder::patience`](crate::EngineBuilder::patience).
    /// Where nothing else drifted, nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] where somebody else works on the release, who will leave its objects as they should be.
    pub async fn correct(
        &self,
        drifts: &[Drift],
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Corrected, Error> {
        self.correct_after(0, drifts, observer, cancel).await
    }

    /// The same; the lock gets a fencing token above `fence`.
    pub(crate) async fn correct_after(
        &self,
        fence: i64,
        drifts: &[Drift],
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Corrected, Error> {
        let (drifts, contested) = self.target().contests().sort(drifts);
        for contest in &contested {
            tell(observer, &Event::Contested { contest: contest.clone() });
            self.measure(Measurement::Contested);
        }
        let mut corrected = Corrected::default();
        if !drifts.is_empty() {
            let scope = Scope::new(cancel.clone());
            let correcting = run_locked(self, fence, &scope, async |hold, _| {
                Ok(self.correct_under(&hold.work, &drifts, observer).await)
            });
            corrected = correcting.instrument(span::correct(self, drifts.len())).await?;
        }
        corrected.contested = contested;
        Ok(corrected)
    }

    async fn correct_under(&self, scope: &Scope, drifts: &[Drift], observer: &dyn Observer) -> Corrected {
        let results = self.cluster().correct(scope, drifts, &Unobserved).await;
        let mut corrected = Corrected::default();
        for (drift, result) in drifts.iter().zip(results) {
            match result {
                Ok(applied) => {
                    self.target().contests().note(drift);
                    let action = match applied.change {
                        pintle_cluster::Change::Created => ObjectAction::Create,
                        _ => ObjectAction::Update,
                    };
                    let object = applied.object.clone();
                    tell(observer, &Event::Object { object: object.clone(), action });
                    self.measure(Measurement::Object { action });
                    corrected.objects.push(ObjectChange { object, action, template: None });
                    corrected.applied.push(applied);
                }
                Err(error) => corrected.failed.push((drift.object.clone(), error)),
            }
        }
        corrected
    }

    /// The record of the revision that is deployed.
    async fn deployed(&self) -> Result<Record, Error> {
        let past = self.ledger().past().await?.ok_or_else(|| self.not_found())?;
        let deployed = past.deployed.unwrap_or(past.last).record;
        match deployed.info.status {
            Status::Deployed => Ok(deployed),
            _ => Err(self.no_deployed()),
        }
    }
}
