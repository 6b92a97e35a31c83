//! What somebody else has made of a release's objects, and putting it back.
//!
//! Which differences are drift:
//!
//! - An object that is missing is.
//! - A wanted field with another value, or without one, is; whoever changed it. A list item that is missing is too.
//! - What others added beside the wanted fields is not: fields, items of lists with keys, members of maps.
//! - A list or map that the server takes as a whole is compared as a whole.
//! - `spec.replicas` that one of [`DriftRules::replica_managers`] set through the subresource `scale` is not: that is
//!   an autoscaler at work. `kubectl scale` uses the same subresource under its own name, and is put back.
//! - What an [`IgnoreRule`] names is not.
//! - What the server or an admission webhook makes of the wanted value is not: before a field that the release still
//!   owns is called drift, the server is asked by a dry run.
//!
//! Nothing is fought over for ever: [`Contests`] counts how often an object was put back and changed again, and after
//! three rounds names the opponent and lets the object be for a while.

mod contest;
mod mask;
mod rules;
mod signature;
mod watch;

use futures::future::try_join_all;
use pintle_value::Data;
use serde::{Deserialize, Serialize};
use std::fmt;

pub use contest::{Contest, Contests, Patience};
#[cfg(test)]
pub(crate) use rules::selects;
pub use rules::{DriftRules, IgnoreRule, TargetSelector};
pub use signature::Signature;
pub use watch::{DriftEvent, DriftWatch, Registration};

use crate::difference::{FieldChange, changes_at};
use crate::fields::{ManagedFields, Mismatch, Wrong, compare, without_bookkeeping};
use crate::is_terminating;
use crate::{
    Applied, ApplyOptions, Conflicts, Error, Expect, Object, ObjectRef, Persistence, ProgressObserver, Scope,
    Target, difference,
};
pub(crate) use mask::Masked;

/// What has become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DriftKind {
    /// It is not there.
    Missing,
    /// It has another content.
    Changed,
}

/// An object that is not as its release wants it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Drift {
    /// The object.
    pub object: ObjectRef,
    /// What has become of it.
    pub kind: DriftKind,
    /// The fields that differ, from what is there to what is wanted. Empty for a missing object.
    pub changes: Vec<FieldChange>,
    /// What is applied to put it back: the wanted object without what is left alone.
    wanted: Object,
}

impl Drift {
    /// What is applied to put it back: the wanted object without what is left alone.
    pub fn correction(&self) -> &Object {
        &self.wanted
    }

    /// Who changed it, as far as that is known.
    pub fn opponents(&self) -> std::collections::BTreeSet<&str> {
        self.changes.iter().flat_map(|change| &change.owners).map(|owner| owner.manager.as_str()).collect()
    }
}

impl fmt::Debug for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drift")
            .field("object", &self.object)
            .field("kind", &self.kind)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DriftKind::Missing => write!(f, "{} is missing", self.object),
            DriftKind::Changed => {
                write!(f, "{} was changed", self.object)?;
                self.changes.iter().try_for_each(|change| write!(f, "\n  {change}"))
            }
        }
    }
}

/// The result of a look at a release's objects.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DriftReport {
    /// The objects that are not as wanted.
    pub drifts: Vec<Drift>,
    /// What was seen of each object that is there, for [`Registration::expect`].
    pub seen: Vec<(ObjectRef, Signature)>,
}

impl Target {
    /// Compares a release's objects, as they were applied (with Helm's label and annotations), with the cluster.
    ///
    /// Costs one list for each kind, and one dry run for each object of which only the server can tell.
    pub async fn drift(
        &self,
        scope: &Scope,
        objects: &[Object],
        rules: &DriftRules,
    ) -> Result<DriftReport, Error> {
        let live = self.read(scope, objects.iter().map(Object::reference), Expect::Ours).await?;
        let looks = objects
            .iter()
            .filter(|object| !object.is_generated())
            .map(|object| self.drift_of(scope, object, live.of(object), rules));
        let drifts = try_join_all(looks).await?.into_iter().flatten().collect();
        let seen = objects
            .iter()
            .filter_map(|object| {
                Some((object.reference().clone(), Signature::of(live.of(object)?, self.manager())))
            })
            .collect();
        Ok(DriftReport { drifts, seen })
    }

    /// Puts back what drifted: one apply by force for each, in the order of installing, without hooks.
    pub async fn correct(
        &self,
        scope: &Scope,
        drifts: &[Drift],
        observer: &dyn ProgressObserver,
    ) -> Vec<Result<Applied, Error>> {
        let objects: Vec<Object> = drifts.iter().map(|drift| drift.wanted.clone()).collect();
        self.apply_all(scope, &objects, ApplyOptions::default().conflicts(Conflicts::Force), observer).await
    }

    async fn drift_of(
        &self,
        scope: &Scope,
        object: &Object,
        live: Option<&Data>,
        rules: &DriftRules,
    ) -> Result<Option<Drift>, Error> {
        let ignored = rules.pointers(object);
        if ignored.iter().any(String::is_empty) {
            return Ok(None); // the whole object
        }
        let reference = object.reference().clone();
        let Some(live) = live else {
            let drift = Drift {
                object: reference,
                kind: DriftKind::Missing,
                changes: Vec::new(),
                wanted: object.clone(),
            };
            return Ok(Some(drift));
        };
        if is_terminating(live) {
            return Ok(None); // it can only be put back when it is gone
        }
        let masked = Masked::new(object, live, &rules.all_pointers(object, live))?;
        let found = compare(masked.compared.data(), live, self.manager());
        let found: Vec<Mismatch> = found.into_iter().filter(|one| one.wrong.is_content()).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let owned = ManagedFields::applied_by(live, self.manager()).map(|entry| entry.fields);
        let proof = found.iter().any(|one| match one.wrong {
            Wrong::Missing | Wrong::Different => {
                owned.as_ref().is_none_or(|owned| owned.below(&one.path).is_none())
            }
            _ => false,
        });
        let changes = if proof {
            changes_at(&masked.compared, live, found.into_iter().map(|one| one.path), self.manager())
        } else {
            // The release owns it and it is different all the same: the server or a webhook may have made it so.
            let dry = ApplyOptions::default().conflicts(Conflicts::Force).persistence(Persistence::DryRun);
            let answer = self.apply(scope, &masked.applied, dry).await?;
            if without_bookkeeping(&answer.live) == without_bookkeeping(live) {
                return Ok(None);
            }
            difference(&reference.gvk, Some(live), &answer.live, self.manager())
        };
        Ok(Some(Drift { object: reference, kind: DriftKind::Changed, changes, wanted: masked.applied }))
    }
}
