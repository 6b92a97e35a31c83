//! Deleting objects.

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::object::annotation;
use crate::order::{in_waves, kind_waves};
use crate::path::UrlPath;
use crate::request::{Call, Repeat};
use crate::{
    Error, Object, ObjectRef, Owner, Progress, ProgressObserver, RESOURCE_POLICY, Scope, Target, Verb,
};

/// What happens to what a deleted object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    /// It is deleted afterwards (Helm's way).
    #[default]
    Background,
    /// It is deleted before.
    Foreground,
    /// It stays.
    Orphan,
}

/// How objects are deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// What happens to what the object owns. Default: it is deleted afterwards.
    pub propagation: Propagation,
    /// Only an object that belongs to this release, and that is not to be kept, is deleted. Default: every one.
    pub owner: Option<Owner>,
}

impl DeleteOptions {
    /// What happens to what the object owns.
    #[must_use]
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    /// Only objects of this release.
    #[must_use]
    pub fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }
}

/// What a deletion did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Deletion {
    /// The object is deleted, or is being deleted.
    Deleted {
        /// Its unique id, to wait for.
        uid: String,
        /// What has to be done by others before it is gone; empty where it is gone already.
        finalizers: Vec<String>,
    },
    /// There was none.
    Absent,
    /// It stays, since its annotation `helm.sh/resource-policy` says so.
    Kept,
    /// It stays, since it belongs to somebody else.
    NotOurs,
}

/// Whether an object's annotation says that it stays when its release no longer has it (Helm:
/// `pkg/action/resource_policy.go`; the value is compared without case and blanks).
pub fn is_kept(object: &Data) -> bool {
    annotation(object, RESOURCE_POLICY).is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
}

/// Whether an object is being deleted: it is there until everybody who has a finalizer in it has done what they must, and
/// nothing brings it back.
pub fn is_terminating(object: &Data) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some_and(|time| !time.is_null())
}

impl Target {
    /// Deletes one object. With an owner, the object is read before: what is not the release's, or is to be kept,
    /// stays; and only what was read is deleted (by its unique id).
    pub async fn delete(
        &self,
        scope: &Scope,
        object: &ObjectRef,
        options: &DeleteOptions,
    ) -> Result<Deletion, Error> {
        let Some(owner) = &options.owner else {
            return self.delete_now(scope, object, options.propagation, None).await;
        };
        let Some(live) = self.get(scope, object).await? else { return Ok(Deletion::Absent) };
        self.delete_live(scope, object, &live, owner, options.propagation).await
    }

    /// Deletes an object that was read, by its unique id, unless it is to be kept or belongs to somebody else.
    pub async fn delete_live(
        &self,
        scope: &Scope,
        object: &ObjectRef,
        live: &Data,
        owner: &Owner,
        propagation: Propagation,
    ) -> Result<Deletion, Error> {
        if is_kept(live) {
            return Ok(Deletion::Kept);
        }
        if !owner.owns(live) {
            return Ok(Deletion::NotOurs);
        }
        let uid = live.at(&["metadata", "uid"]).and_then(Data::as_str);
        self.delete_now(scope, object, propagation, uid).await
    }

    /// Deletes one object, with a unique id only that one.
    pub async fn delete_now(
        &self,
        scope: &Scope,
        object: &ObjectRef,
        propagation: Propagation,
        uid: Option<&str>,
    ) -> Result<Deletion, Error> {
        let resource = match self.resource(scope, &object.gvk).await {
            Ok(resource) => resource,
            Err(Error::UnknownKind { .. }) => return Ok(Deletion::Absent),
            Err(error) => return Err(error),
        };
        let policy = match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        };
        let mut body = vec![
            ("apiVersion", Data::from("v1")),
            ("kind", Data::from("DeleteOptions")),
            ("propagationPolicy", Data::from(policy)),
        ];
        if let Some(uid) = uid {
            body.push(("preconditions", [("uid", Data::from(uid))].into_iter().collect()));
        }
        let body = crate::apply::json(object, &body.into_iter().collect())?;
        let call = Call::new(Verb::Delete, UrlPath::object(&resource, object))
            .about(object)
            .body("application/json", body)
            .repeat(Repeat::Always);
        match self.object(scope, &call).await {
            Ok(answer) => Ok(Deletion::Deleted {
                uid: deleted_uid(&answer).or(uid).unwrap_or_default().to_owned(),
                finalizers: finalizers(&answer).map(str::to_owned).collect(),
            }),
            Err(error) if error.is_not_found() => Ok(Deletion::Absent),
            // Another object of that name: the one that was meant is gone.
            Err(error) if uid.is_some() && is_uid_mismatch(&error) => Ok(Deletion::Absent),
            Err(error) => Err(error),
        }
    }

    /// Deletes many objects, custom objects first and then in the order of their kinds backwards, each wave at once; the
    /// answers come in the order of the objects. An object that cannot be deleted keeps none of the others.
    pub async fn delete_all(
        &self,
        scope: &Scope,
        objects: &[Object],
        options: &DeleteOptions,
        observer: &dyn ProgressObserver,
    ) -> Vec<Result<Deletion, Error>> {
        let mut waves = kind_waves(objects);
        waves.reverse();
        in_waves(waves, objects, |object| async move {
            let object = object.reference();
            let result = self.delete(scope, object, options).await;
            match &result {
                Ok(deletion) => observer.progress(&Progress::Deleted { object, deletion }),
                Err(error) => observer.progress(&Progress::Failed { object, error }),
            }
            result
        })
        .await
    }
}

/// What has to be done by others before an object can go.
pub(crate) fn finalizers(object: &Data) -> impl Iterator<Item = &str> {
    let finalizers = object.at(&["metadata", "finalizers"]).and_then(Data::as_list);
    finalizers.into_iter().flatten().filter_map(Data::as_str)
}

/// The server answers with a `Status` that names the object's unique id, or with the object where it stays for a
/// while.
fn deleted_uid(answer: &Data) -> Option<&str> {
    let paths: [&[&str]; 2] = [&["details", "uid"], &["metadata", "uid"]];
    paths.iter().find_map(|path| answer.at(path).and_then(Data::as_str))
}

fn is_uid_mismatch(error: &Error) -> bool {
    error.is_conflict()
        && error.refusal().is_some_and(|refusal| refusal.message.contains("UID in precondition"))
}
