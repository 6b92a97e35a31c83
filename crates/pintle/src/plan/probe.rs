//! Asking the server what a write would do.

use std::collections::HashSet;

use futures::future::try_join_all;
use pintle_cluster::{
    ApplyOptions, Before, Class, Detail, Error, ExamineOptions, Foreign, Object, ObjectKey, Obstacle,
    Persistence, Scope, Target,
};

use super::{Finding, ObjectAction, Planned, Writing};
use crate::{Conflicts, Immutable, RunOptions};

/// The annotation by which an object says what happens when fields of it would change that cannot be changed: `fail`,
/// `recreate` or `orphan-and-recreate`.
const ON_IMMUTABLE: &str = "pintle.io/on-immutable";

/// The kinds that are recreated only where their own annotation says so: deleting them deletes data.
const PRECIOUS: [(&str, &str); 4] = [
    ("", "PersistentVolumeClaim"),
    ("", "PersistentVolume"),
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
];

/// What is asked, and of whom.
pub(super) struct Probing<'a> {
    pub(super) cluster: &'a Target,
    pub(super) scope: &'a Scope,
    pub(super) settings: &'a RunOptions,
    pub(super) detail: Detail,
    pub(super) writing: &'a Writing,
}

impl Probing<'_> {
    /// Asks about every object of which more should be known than can be told without asking.
    pub(super) async fn probe(&self, objects: &mut [Planned]) -> Result<(), Error> {
        let asked: Vec<&mut Planned> = objects.iter_mut().filter(|planned| self.is_asked(planned)).collect();
        try_join_all(asked.into_iter().map(|planned| self.ask(planned))).await?;
        Ok(())
    }

    fn is_asked(&self, planned: &Planned) -> bool {
        match (planned.action, self.detail) {
            (ObjectAction::Create | ObjectAction::Update, Detail::Fields) => true,
            (ObjectAction::Update, Detail::Actions) => self.policy(&planned.object) != Immutable::Fail,
            _ => false,
        }
    }

    /// What happens to an object whose fields would change though they cannot be changed.
    fn policy(&self, object: &Object) -> Immutable {
        match object.annotation(ON_IMMUTABLE) {
            Some("fail") => return Immutable::Fail,
            Some("recreate") => return Immutable::Recreate,
            Some("orphan-and-recreate") => return Immutable::OrphanAndRecreate,
            _ => {}
        }
        let gvk = &object.reference().gvk;
        let precious = PRECIOUS.iter().any(|(group, kind)| gvk.is(group, kind));
        if precious { Immutable::Fail } else { self.settings.immutable }
    }

    async fn ask(&self, planned: &mut Planned) -> Result<(), Error> {
        if self.writing.method.is_server_side() {
            self.ask_apply(planned).await
        } else {
            self.ask_merge(planned).await
        }
    }

    /// Asks by a dry run of what the client makes of it: a patch, a creation or a replacement.
    async fn ask_merge(&self, planned: &mut Planned) -> Result<(), Error> {
        let before = match &planned.live {
            Some(live) => self.writing.before(&planned.object, Some(live)),
            None => Before::default(),
        };
        let dry = ApplyOptions::default().persistence(Persistence::DryRun);
        let asked = self.cluster.bring(self.scope, &planned.object, before, self.writing.method, dry).await;
        let refusal = match asked {
            Ok(_) | Err(Error::UnknownKind { .. }) => return Ok(()),
            // The namespace is not there yet.
            Err(error) if error.is_not_found() && planned.live.is_none() => return Ok(()),
            Err(Error::Refused(refusal)) if refusal.class() != Class::Retry => refusal,
            Err(error) => return Err(error),
        };
        let (fields, message) = (refusal.immutable_fields(), refusal.to_string());
        let obstacle = if fields.is_empty() {
            Obstacle::Refused(message)
        } else {
            Obstacle::Immutable { fields, message }
        };
        planned.finding.obstacle = self.answer(planned, Some(obstacle));
        Ok(())
    }

    async fn ask_apply(&self, planned: &mut Planned) -> Result<(), Error> {
        let conflicts = match self.settings.conflicts {
            Conflicts::Fail => pintle_cluster::Conflicts::Refuse,
            Conflicts::Force => pintle_cluster::Conflicts::Force,
        };
        let options =
            ExamineOptions::default().detail(Detail::Fields).foreign(Foreign::TakeOver).conflicts(conflicts);
        let examined =
            self.cluster.examine_object(self.scope, &planned.object, planned.live.as_ref(), &options).await?;
        let mut finding =
            Finding { changes: examined.changes, conflicts: examined.conflicts, obstacle: None };
        finding.obstacle = self.answer(planned, examined.obstacle);
        if self.settings.conflicts == Conflicts::Fail && !finding.conflicts.is_empty() {
            let owners: Vec<String> = finding
                .conflicts
                .iter()
                .map(|conflict| format!("{} is owned by {}", conflict.field, conflict.manager))
                .collect();
            finding.obstacle.get_or_insert(format!(
                "{}; leave it to its owner, or take it over by force (--force-conflicts)",
                owners.join(", ")
            ));
        }
        planned.finding = finding;
        Ok(())
    }

    /// What an obstacle comes to: another action, or the reason why it cannot be done.
    fn answer(&self, planned: &mut Planned, obstacle: Option<Obstacle>) -> Option<String> {
        match (obstacle?, self.policy(&planned.object)) {
            (Obstacle::Immutable { .. }, Immutable::Recreate) => {
                planned.action = ObjectAction::Recreate;
                None
            }
            (Obstacle::Immutable { .. }, Immutable::OrphanAndRecreate) => {
                let owns_pods = planned.object.reference().gvk.is("apps", "StatefulSet");
                planned.action =
                    if owns_pods { ObjectAction::RecreateOrphaning } else { ObjectAction::Recreate };
                None
            }
            (Obstacle::Immutable { fields, message }, _) => Some(explain_immutable(&fields, &message)),
            (Obstacle::Refused(message), _) => Some(message),
            _ => None,
        }
    }

    /// Takes out, or leaves as they are, objects of an old manifest that were written in a version that is not served
    /// any more, and that the server does not take in another one.
    pub(super) async fn drop_refused(
        &self,
        objects: &mut Vec<Planned>,
        translated: &HashSet<ObjectKey>,
        warnings: &mut Vec<String>,
    ) -> Result<(), Error> {
        let mut refused = HashSet::new();
        let dry = ApplyOptions::default()
            .persistence(Persistence::DryRun)
            .conflicts(pintle_cluster::Conflicts::Force);
        for planned in objects.iter_mut().filter(|planned| translated.contains(&planned.object.key())) {
            if planned.action == ObjectAction::Nothing {
                continue;
            }
            let Err(error) = self.cluster.apply(self.scope, &planned.object, dry).await else { continue };
            if error.class() == Class::Retry {
                return Err(error);
            }
            if error.is_not_found() {
                continue; // its namespace is not there yet
            }
            let fate = if planned.live.is_some() { "stays as it is" } else { "is left out" };
            warnings.push(format!("{} {fate}: {error}", planned.object));
            planned.action = ObjectAction::Nothing;
            planned.finding = Finding::default();
            if planned.live.is_none() {
                refused.insert(planned.object.key());
            }
        }
        objects.retain(|planned| !refused.contains(&planned.object.key()));
        Ok(())
    }
}

/// What to tell of fields that cannot be changed, and what can be done about them.
pub(crate) fn explain_immutable(fields: &[String], message: &str) -> String {
    format!(
        "{} cannot be changed once the object is there: delete the object, or let it be deleted and created anew \
         (--on-immutable=recreate, or the object's annotation {ON_IMMUTABLE}: recreate); the server says: {message}",
        fields.join(", ")
    )
}
