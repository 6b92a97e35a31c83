//! What has to be done to each object.

use std::collections::HashSet;

use futures::future::try_join_all;
use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::difference::{FieldChange, difference, expected_difference};
use crate::drift::{DriftRules, Masked};
use crate::fields::is_unchanged;
use crate::{
    ApplyOptions, Conflicts, Error, Expect, FieldConflict, FieldValidation, Live, Object, ObjectRef, Owner,
    OwnershipError, Persistence, Scope, Target, is_kept,
};

/// What has to be done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// It is not there and has to be created.
    Create,
    /// It has to be changed.
    Update,
    /// It has to be replaced as a whole.
    Replace,
    /// It is not wanted any more and has to be deleted.
    Delete,
    /// It is not wanted any more and stays, since its annotation says so or it belongs to somebody else.
    Keep,
    /// It is as it should be, or not there as it should not.
    Nothing,
}

/// How objects that are there are changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Means {
    /// By server-side apply.
    #[default]
    Apply,
    /// By replacing them.
    Replace,
}

/// How much is found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// What has to be done and which fields change, as far as that can be told without asking the server: no write, dry
    /// runs included.
    #[default]
    Actions,
    /// Each field that changes and each that others own, by a dry run of every object that has to be created or
    /// changed.
    Fields,
}

/// What objects are examined for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExamineOptions {
    /// The release. Objects that exist and belong to somebody else are an obstacle; those to delete are kept.
    /// Default: nobody is asked.
    pub owner: Option<Owner>,
    /// Whether objects of others may be taken over. Default: no.
    pub foreign: Foreign,
    /// How objects that are there are changed. Default: by server-side apply.
    pub means: Means,
    /// How much is found out. Default: only what has to be done.
    pub detail: Detail,
    /// What happens to fields that other managers own; the dry run's too. Default: refuse.
    pub conflicts: Conflicts,
    /// What is most likely true of the objects. Default: they are there.
    pub expect: Expect,
    /// What others may keep, such as the replicas that an autoscaler set. Default: nothing, as Helm.
    pub leave: Option<DriftRules>,
}

/// What happens to objects that exist and belong to somebody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Foreign {
    /// They are an obstacle (Helm's `existingResourceConflict`).
    #[default]
    Refuse,
    /// They are taken over (Helm's `--take-ownership`).
    TakeOver,
}

impl Default for ExamineOptions {
    fn default() -> Self {
        Self {
            owner: None,
            foreign: Foreign::Refuse,
            means: Means::Apply,
            detail: Detail::Actions,
            conflicts: Conflicts::Refuse,
            expect: Expect::Ours,
            leave: None,
        }
    }
}

impl ExamineOptions {
    /// The release.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Whether objects of others may be taken over.
    #[must_use]
    pub fn foreign(mut self, foreign: Foreign) -> Self {
        self.foreign = foreign;
        self
    }

    /// How objects that are there are changed.
    #[must_use]
    pub fn means(mut self, means: Means) -> Self {
        self.means = means;
        self
    }

    /// How much is found out.
    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// What happens to fields that other managers own.
    #[must_use]
    pub fn conflicts(mut self, conflicts: Conflicts) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// What others may keep.
    #[must_use]
    pub fn leave(mut self, rules: DriftRules) -> Self {
        self.leave = Some(rules);
        self
    }

    /// What is most likely true of the objects.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }
}

/// Why an object cannot be written as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// It exists and belongs to somebody else.
    Foreign(Box<OwnershipError>),
    /// The server refuses it in a dry run.
    Refused(String),
    /// Fields would change that cannot be changed: it has to be deleted and created anew.
    Immutable {
        /// The fields (`spec.selector`).
        fields: Vec<String>,
        /// What the server says.
        message: String,
    },
}

/// What has to be done to one object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Examined {
    /// The object.
    pub object: ObjectRef,
    /// What has to be done.
    pub action: Action,
    /// Whether the server was not asked since the kind or the namespace is not there yet.
    pub unchecked: bool,
    /// The fields that change.
    pub changes: Vec<FieldChange>,
    /// The fields that others own and that the apply would change.
    pub conflicts: Vec<FieldConflict>,
    /// Why it cannot be written.
    pub obstacle: Option<Obstacle>,
    /// The resource version that it was examined at; `None` where it is not there.
    pub version: Option<String>,
    /// What has to be written instead of the object, where others may keep some of it.
    pub instead: Option<Object>,
}

impl Target {
    /// Finds out what has to be done so that `desired` is in the cluster and what only `previous` has is not.
    ///
    /// Reads one list for each kind; with [`Detail::Fields`] one dry run for each object that changes beside that.
    /// `desired` comes first in the answer, then what is deleted. The live objects are handed out too, for the run.
    pub async fn examine(
        &self,
        scope: &Scope,
        desired: &[Object],
        previous: &[Object],
        options: &ExamineOptions,
    ) -> Result<(Vec<Examined>, Live), Error> {
        let wanted: HashSet<_> = desired.iter().map(Object::key).collect();
        let gone: Vec<&Object> = previous.iter().filter(|object| !wanted.contains(&object.key())).collect();
        let references = desired.iter().chain(gone.iter().copied()).map(Object::reference);
        let live = self.read(scope, references, options.expect).await?;
        let examined =
            desired.iter().map(|object| self.examine_object(scope, object, live.of(object), options));
        let mut examined = try_join_all(examined).await?;
        examined.extend(gone.into_iter().map(|object| unwanted(object, live.of(object), options)));
        Ok((examined, live))
    }

    /// Finds out what has to be done to one object whose live state is known: without requests, or with
    /// [`Detail::Fields`] by one dry run where it changes.
    pub async fn examine_object(
        &self,
        scope: &Scope,
        object: &Object,
        live: Option<&Data>,
        options: &ExamineOptions,
    ) -> Result<Examined, Error> {
        let mut examined = Examined::new(object, live);
        if let (Some(rules), Some(live)) = (&options.leave, live) {
            let masked = Masked::new(object, live, &rules.all_pointers(object, live))?.applied;
            examined.instead = (masked != *object).then_some(masked);
        }
        let instead = examined.instead.clone();
        let object = instead.as_ref().unwrap_or(object);
        examined.action = match (live, options.means) {
            (None, _) => Action::Create,
            (Some(_), Means::Replace) => Action::Replace,
            (Some(live), Means::Apply) if is_unchanged(object.data(), live, self.manager()) => {
                Action::Nothing
            }
            (Some(_), Means::Apply) => Action::Update,
        };
        if let (Some(owner), Some(live), Foreign::Refuse) = (&options.owner, live, options.foreign)
            && let Err(error) = owner.check(object.reference(), live)
        {
            examined.obstacle = Some(Obstacle::Foreign(error));
        }
        if examined.action == Action::Nothing {
            return Ok(examined);
        }
        if options.detail == Detail::Actions {
            examined.changes = expected_difference(object, live, self.manager());
            return Ok(examined);
        }
        if object.is_generated() || options.means == Means::Replace {
            examined.changes = expected_difference(object, live, self.manager());
            return Ok(examined);
        }
        self.dry_run(scope, object, live, options, &mut examined).await?;
        Ok(examined)
    }

    async fn dry_run(
        &self,
        scope: &Scope,
        object: &Object,
        live: Option<&Data>,
        options: &ExamineOptions,
        examined: &mut Examined,
    ) -> Result<(), Error> {
        let gvk = &object.reference().gvk;
        let dry = ApplyOptions::default()
            .persistence(Persistence::DryRun)
            .validation(FieldValidation::Strict)
            .conflicts(options.conflicts);
        let mut answer = self.apply(scope, object, dry).await;
        if let Err(error) = &answer {
            let conflicts = error.field_conflicts();
            if !conflicts.is_empty() {
                // What would change if the conflicts were overcome.
                examined.conflicts = conflicts;
                answer = self.apply(scope, object, dry.conflicts(Conflicts::Force)).await;
            }
        }
        match answer {
            Ok(applied) => {
                examined.changes = difference(gvk, live, &applied.live, self.manager());
                if examined.action == Action::Update && examined.changes.is_empty() {
                    // The content is right and only the ownership is not: the apply still has to be sent.
                    examined.unchecked = false;
                }
            }
            Err(Error::UnknownKind { .. }) => {
                examined.unchecked = true;
                examined.changes = expected_difference(object, live, self.manager());
            }
            // The namespace is not there yet.
            Err(error) if error.is_not_found() && live.is_none() => {
                examined.unchecked = true;
                examined.changes = expected_difference(object, live, self.manager());
            }
            Err(Error::Refused(refusal)) if refusal.class() != crate::Class::Retry => {
                examined.changes = expected_difference(object, live, self.manager());
                let (fields, message) = (refusal.immutable_fields(), refusal.to_string());
                examined.obstacle.get_or_insert(if fields.is_empty() {
                    Obstacle::Refused(message)
                } else {
                    Obstacle::Immutable { fields, message }
                });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Examined {
    fn new(object: &Object, live: Option<&Data>) -> Self {
        Self {
            object: object.reference().clone(),
            action: Action::Nothing,
            unchecked: false,
            changes: Vec::new(),
            conflicts: Vec::new(),
            obstacle: None,
            version: live.and_then(crate::apply::version).map(str::to_owned),
            instead: None,
        }
    }
}

/// What has to be done to an object that is not wanted any more.
fn unwanted(object: &Object, live: Option<&Data>, options: &ExamineOptions) -> Examined {
    let mut examined = Examined::new(object, live);
    examined.action = match live {
        None => Action::Nothing,
        Some(live) if is_kept(live) => Action::Keep,
        Some(live) if options.owner.as_ref().is_some_and(|owner| !owner.owns(live)) => Action::Keep,
        Some(_) => Action::Delete,
    };
    examined
}
