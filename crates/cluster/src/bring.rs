//! Bringing objects to their wanted state, by the server's merge or by the client's.

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::apply::{version, with_version};
use crate::fields::{is_unchanged, migration};
use crate::merge::{CustomMerge, MergePatch, merge_patch};
use crate::{
    Applied, ApplyOptions, Change, Error, FieldValidation, Object, ObjectRef, Persistence, Scope, Target,
};

/// How often a write that lost against another one is tried.
const TRIES: u32 = 5;

/// How objects are brought to their wanted state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// By the server (server-side apply).
    #[default]
    ServerSide,
    /// By the server, after what the target's manager owns by client-side writes was turned into what it owns by
    /// server-side apply (Helm: `ClientUpdateOptionUpgradeClientSideFieldManager`).
    Migrate,
    /// By a merge in the client, as Helm 3 does. What nobody has yet is created.
    ClientSide,
    /// The same, with custom objects merged by what the cluster has too, as Helm does where it takes objects over.
    ClientSideAdopting,
    /// What exists is replaced as a whole, what does not is created (Helm: `--force-replace`).
    Replace,
}

/// What is known of an object before it is written.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Before<'a> {
    /// What was wanted last: what it has and the object has not is removed. Without it nothing is removed.
    pub original: Option<&'a Data>,
    /// What the cluster has; `None` where it has none.
    pub live: Option<&'a Data>,
}

impl<'a> Before<'a> {
    /// What was wanted last, and what the cluster has.
    pub fn new(original: Option<&'a Data>, live: Option<&'a Data>) -> Self {
        Self { original, live }
    }
}

impl Method {
    /// Whether the server merges.
    pub fn is_server_side(self) -> bool {
        matches!(self, Self::ServerSide | Self::Migrate)
    }

    fn custom(self) -> CustomMerge {
        match self {
            Self::ClientSideAdopting => CustomMerge::ThreeWay,
            _ => CustomMerge::TwoWay,
        }
    }
}

impl Target {
    /// Whether an object would be written, as far as that can be told without asking the server. An object that cannot
    /// be merged would be, and fails then.
    pub fn would_write(&self, object: &Object, before: Before<'_>, method: Method) -> bool {
        let Some(live) = before.live else { return true };
        match method {
            Method::ServerSide => !is_unchanged(object.data(), live, self.manager()),
            Method::Migrate => {
                !is_unchanged(object.data(), live, self.manager())
                    || migration(live, self.manager()).is_some()
            }
            Method::ClientSide | Method::ClientSideAdopting => {
                patch_of(object, before.original, live, method).map_or(true, |patch| !patch.body.is_empty())
            }
            Method::Replace => true,
        }
    }

    /// Brings one object to its wanted state.
    ///
    /// A merge in the client is made of the live state that was read before and sent with its resource version; where
    /// somebody else wrote the object meanwhile, it is read and merged again.
    pub async fn bring(
        &self,
        scope: &Scope,
        object: &Object,
        before: Before<'_>,
        method: Method,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        if method.is_server_side() {
            if let (Method::Migrate, Some(live)) = (method, before.live) {
                self.migrate_from(scope, object.reference(), live.clone(), options.persistence).await?;
            }
            return self.apply(scope, object, options).await;
        }
        let Some(live) = before.live.filter(|_| !object.is_generated()) else {
            // As Helm, which leaves the check of unknown fields to the server where it creates.
            return self.create(scope, object, options.validation(FieldValidation::Warn)).await;
        };
        if method == Method::Replace {
            return self.replace(scope, object, options).await;
        }
        self.merge(scope, object, before.original, live, method, options).await
    }

    async fn merge(
        &self,
        scope: &Scope,
        object: &Object,
        original: Option<&Data>,
        live: &Data,
        method: Method,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        let reference = object.reference();
        let options = options.validation(FieldValidation::Warn);
        let mut live = live.clone();
        let mut tries = 1;
        loop {
            let MergePatch { media_type, body } = patch_of(object, original, &live, method)?;
            if body.is_empty() {
                return Ok(Applied::unchanged(reference.clone(), live));
            }
            let pinned = with_version(&Data::Map(body), version(&live).unwrap_or_default());
            match self.patch(scope, reference, media_type, &pinned, options).await {
                Ok(live) => return Ok(Applied { object: reference.clone(), change: Change::Updated, live }),
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
            let gone = || Error::InvalidObject {
                object: reference.to_string(),
                problem: "it was deleted while it was being changed; run again".to_owned(),
            };
            live = self.get(scope, reference).await?.ok_or_else(gone)?;
        }
    }

    /// Turns what the target's manager owns of an object by client-side writes into what it owns by server-side
    /// apply, so that the next apply can remove fields (Helm: `pkg/kube/client.go`,
    /// `upgradeClientSideFieldManager`). `true` where something had to be done.
    pub async fn migrate_managed_fields(&self, scope: &Scope, object: &ObjectRef) -> Result<bool, Error> {
        match self.get(scope, object).await? {
            Some(live) => self.migrate_from(scope, object, live, Persistence::Keep).await,
            None => Ok(false),
        }
    }

    async fn migrate_from(
        &self,
        scope: &Scope,
        object: &ObjectRef,
        live: Data,
        persistence: Persistence,
    ) -> Result<bool, Error> {
        let options = ApplyOptions::default().persistence(persistence);
        let mut live = live;
        let mut tries = 1;
        while let Some(patch) = migration(&live, self.manager()) {
            match self.patch(scope, object, "application/json-patch+json", &patch, options).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
            let Some(now) = self.get(scope, object).await? else { return Ok(false) };
            live = now;
        }
        Ok(false)
    }
}

fn patch_of(
    object: &Object,
    original: Option<&Data>,
    live: &Data,
    method: Method,
) -> Result<MergePatch, Error> {
    let gvk = &object.reference().gvk;
    merge_patch(gvk, original.unwrap_or(object.data()), object.data(), live, method.custom()).map_err(
        |error| Error::InvalidObject {
            object: object.reference().to_string(),
            problem: format!("failed to create patch: {error}"),
        },
    )
}
