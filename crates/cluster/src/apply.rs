//! Writing objects.

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::difference::live_value_at;
use crate::fields::{Mismatch, Wrong, compare, is_unchanged};
use crate::order::{in_waves, kind_waves};
use crate::path::UrlPath;
use crate::request::{Call, Repeat};
use crate::throttle::backoff;
use crate::{Error, Object, ObjectRef, Owner, Progress, ProgressObserver, Resource, Scope, Target, Verb};

const APPLY: &str = "application/apply-patch+yaml";

/// A resource version that no object ever has, so that an apply which names it creates an object or fails: the counter that
/// versions are taken from stands at 1 before the first write (etcd), and an apply looks at the version only where there is
/// an object (Kubernetes: apiserver `registry/generic/registry/store.go`, `Update`).
const NEVER: &str = "1";

/// The longest pause before a creation is tried again.
const LONGEST_PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// What happens to fields that other managers own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflicts {
    /// The apply is refused, and the error names the owners.
    #[default]
    Refuse,
    /// They are taken over.
    Force,
}

/// What the server does with fields that the kind does not have, and with those that are given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldValidation {
    /// The object is refused (Helm's way).
    #[default]
    Strict,
    /// They are dropped with a warning.
    Warn,
    /// They are dropped.
    Ignore,
}

/// Whether a write is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Persistence {
    /// It is.
    #[default]
    Keep,
    /// The server only says what it would do.
    DryRun,
}

/// How objects are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// What happens to fields that other managers own. Default: the apply is refused.
    pub conflicts: Conflicts,
    /// What the server does with unknown fields. Default: it refuses them.
    pub validation: FieldValidation,
    /// Whether the write is kept. Default: it is.
    pub persistence: Persistence,
}

impl ApplyOptions {
    /// What happens to fields that other managers own.
    #[must_use]
    pub fn conflicts(mut self, conflicts: Conflicts) -> Self {
        self.conflicts = conflicts;
        self
    }

    /// What the server does with unknown fields.
    #[must_use]
    pub fn validation(mut self, validation: FieldValidation) -> Self {
        self.validation = validation;
        self
    }

    /// Whether the write is kept.
    #[must_use]
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.persistence = persistence;
        self
    }
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// The object was created.
    Created,
    /// The object was changed.
    Updated,
    /// The object was replaced as a whole.
    Replaced,
    /// Nothing had to be done.
    Unchanged,
}

/// An object after it was written.
#[derive(Clone)]
#[non_exhaustive]
pub struct Applied {
    /// What it is called; with the name that the server made, where it did.
    pub object: ObjectRef,
    /// What was done.
    pub change: Change,
    /// The object as the server has it now.
    pub live: Data,
}

impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Applied({}, {:?})", self.object, self.change)
    }
}

impl Applied {
    /// An object that is as it should be.
    pub fn unchanged(object: ObjectRef, live: Data) -> Self {
        Self { object, change: Change::Unchanged, live }
    }

    /// The unique id that the server gave the object.
    pub fn uid(&self) -> Option<&str> {
        self.live.at(&["metadata", "uid"]).and_then(Data::as_str)
    }
}

impl Target {
    /// Applies one object server-side: creates it or changes it (Helm: `pkg/kube/client.go`,
    /// `patchResourceServerSide`). An object whose name the server makes is created.
    ///
    /// Repeated after failures that may pass, since applying twice is applying once.
    pub async fn apply(
        &self,
        scope: &Scope,
        object: &Object,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        if object.is_generated() {
            return self.create(scope, object, options).await;
        }
        let reference = object.reference();
        let resource = self.resource(scope, &reference.gvk).await?;
        let force = if options.conflicts == Conflicts::Force { "true" } else { "false" };
        let url = self.write_parameters(UrlPath::object(&resource, reference), options).param("force", force);
        let call =
            Call::new(Verb::Apply, url).about(reference).body(APPLY, encode(object)?).repeat(Repeat::Always);
        let (status, live) = self.json(scope, &call).await?;
        let change = if status == http::StatusCode::CREATED { Change::Created } else { Change::Updated };
        Ok(Applied { object: reference.clone(), change, live })
    }

    /// Applies an object over the live one that was read before, and fails with [`Error::Moved`] where that has become
    /// another one, or what the apply would change in it is not what it was.
    ///
    /// Costs one request; where the object was written meanwhile, which happens all the time to what controllers keep a
    /// status of, another read and another try.
    pub async fn apply_over(
        &self,
        scope: &Scope,
        object: &Object,
        live: &Data,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        let reference = object.reference();
        let moved = |fields| Error::Moved { object: Box::new(reference.clone()), fields };
        let expected = Footprint::of(object, live, self.manager());
        let mut at = version(live).unwrap_or_default().to_owned();
        for _ in 0..self.inner.attempts {
            let pinned = Object::new(pinned(object.data(), live, &at))?;
            match self.apply(scope, &pinned, options).await {
                Err(error) if error.is_conflict() && error.field_conflicts().is_empty() => {}
                done => return done,
            }
            let Some(now) = self.get(scope, reference).await? else { return Err(moved(Vec::new())) };
            if is_unchanged(object.data(), &now, self.manager()) {
                // The answer to the write was lost and it was sent again, or somebody else wrote the same.
                return Ok(Applied { object: reference.clone(), change: Change::Updated, live: now });
            }
            let found = Footprint::of(object, &now, self.manager());
            if found != expected {
                return Err(moved(expected.other_fields(&found)));
            }
            version(&now).unwrap_or_default().clone_into(&mut at);
        }
        Err(moved(Vec::new()))
    }

    /// Creates an object by server-side apply that was not there when it was looked for. One that appeared meanwhile is
    /// applied over where it is this owner's, as one is whose creation was sent again since the answer was lost; without
    /// an owner, whosever it is.
    ///
    /// Costs one request, and a read where there is one meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Ownership`] where what appeared is somebody else's.
    pub async fn apply_new(
        &self,
        scope: &Scope,
        object: &Object,
        owner: Option<&Owner>,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        if object.is_generated() {
            return self.create(scope, object, options).await;
        }
        let reference = object.reference();
        let unseen = Object::new(with_version(object.data(), NEVER))?;
        let mut tries = 1;
        loop {
            let lost = match self.apply(scope, &unseen, options).await {
                Err(error) if error.is_conflict() && error.field_conflicts().is_empty() => error,
                done => return done,
            };
            match self.get(scope, reference).await? {
                Some(live) if is_unchanged(object.data(), &live, self.manager()) => {
                    return Ok(Applied { object: reference.clone(), change: Change::Created, live });
                }
                Some(live) => {
                    if let Some(owner) = owner {
                        owner.check(reference, &live)?;
                    }
                    return self.apply_over(scope, object, &live, options).await;
                }
                None if tries >= self.inner.attempts => return Err(lost),
                None => scope.sleep(backoff(tries, LONGEST_PAUSE)).await?,
            }
            tries += 1;
        }
    }

    /// Creates an object, and fails when it is there already.
    pub async fn create(
        &self,
        scope: &Scope,
        object: &Object,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        let reference = object.reference();
        let resource = self.resource(scope, &reference.gvk).await?;
        let url = UrlPath::collection(&resource, reference.namespace.as_deref());
        let call = Call::new(Verb::Create, self.write_parameters(url, options))
            .about(reference)
            .body("application/json", encode(object)?);
        let (_, live): (_, Data) = self.json(scope, &call).await?;
        let object = ObjectRef::of(&live).unwrap_or_else(|| reference.clone());
        Ok(Applied { object, change: Change::Created, live })
    }

    /// Replaces an object as a whole (Helm: `pkg/kube/client.go`, `replaceResource`, used by `--force-replace`).
    ///
    /// Where the object names no `metadata.resourceVersion`, that of the live object is taken, as kubectl's
    /// `Helper.Replace` does; then the last writer wins.
    pub async fn replace(
        &self,
        scope: &Scope,
        object: &Object,
        options: ApplyOptions,
    ) -> Result<Applied, Error> {
        let reference = object.reference();
        let resource = self.resource(scope, &reference.gvk).await?;
        let mut data = object.data().clone();
        if let (None, Some(live)) = (version(&data), self.get(scope, reference).await?) {
            data = with_version(&data, version(&live).unwrap_or_default());
        }
        let live = self.put(scope, &resource, reference, &data, options).await?;
        Ok(Applied { object: reference.clone(), change: Change::Replaced, live })
    }

    pub(crate) async fn put(
        &self,
        scope: &Scope,
        resource: &Resource,
        reference: &ObjectRef,
        data: &Data,
        options: ApplyOptions,
    ) -> Result<Data, Error> {
        let url = self.write_parameters(UrlPath::object(resource, reference), options);
        let call =
            Call::new(Verb::Replace, url).about(reference).body("application/json", json(reference, data)?);
        self.object(scope, &call).await
    }

    /// Changes an object by a patch of the given media type.
    pub(crate) async fn patch(
        &self,
        scope: &Scope,
        reference: &ObjectRef,
        media_type: &'static str,
        patch: &Data,
        options: ApplyOptions,
    ) -> Result<Data, Error> {
        let resource = self.resource(scope, &reference.gvk).await?;
        let url = self.write_parameters(UrlPath::object(&resource, reference), options);
        let call = Call::new(Verb::Patch, url).about(reference).body(media_type, json(reference, patch)?);
        self.object(scope, &call).await
    }

    /// Applies many objects, those that do not depend on each other at once, in the order of their kinds
    /// ([`order`](crate::order)). As with Helm, an object that fails keeps none of the others from being written; the
    /// answers come in the order of the objects.
    ///
    /// Ends early only when the scope ends; what was not tried then has that error.
    pub async fn apply_all(
        &self,
        scope: &Scope,
        objects: &[Object],
        options: ApplyOptions,
        observer: &dyn ProgressObserver,
    ) -> Vec<Result<Applied, Error>> {
        in_waves(kind_waves(objects), objects, |object| async move {
            let result = self.apply(scope, object, options).await;
            match &result {
                Ok(applied) => {
                    observer.progress(&Progress::Applied { object: &applied.object, change: applied.change });
                }
                Err(error) => {
                    observer.progress(&Progress::Failed { object: object.reference(), error });
                }
            }
            result
        })
        .await
    }

    fn write_parameters(&self, url: UrlPath, options: ApplyOptions) -> UrlPath {
        let validation = match options.validation {
            FieldValidation::Strict => "Strict",
            FieldValidation::Warn => "Warn",
            FieldValidation::Ignore => "Ignore",
        };
        let url = url.param("fieldManager", self.manager()).param("fieldValidation", validation);
        match options.persistence {
            Persistence::Keep => url,
            Persistence::DryRun => url.param("dryRun", "All"),
        }
    }
}

/// An object that the server takes only where the live one still has this unique id and this version. Without the id it
/// would create an object that is gone, whatever version is named (Kubernetes: apiserver `endpoints/handlers/patch.go`,
/// `applyPatcher.createNewObject`).
fn pinned(object: &Data, live: &Data, version: &str) -> Data {
    let pinned = with_version(object, version);
    let (Some(map), Some(uid)) = (pinned.as_map(), live.at(&["metadata", "uid"])) else { return pinned };
    let metadata = map.get("metadata").and_then(Data::as_map).cloned().unwrap_or_default();
    Data::Map(map.with("metadata", Data::Map(metadata.with("uid", uid.clone()))))
}

/// What an apply of an object would change, live values included, as bytes of which a digest can be made: two states of
/// the cluster that are the same to the apply give the same. Never to be shown.
pub fn footprint(object: &Object, live: Option<&Data>, manager: &str) -> Vec<u8> {
    let Some(live) = live else { return b"absent".to_vec() };
    let Footprint { uid, fields } = Footprint::of(object, live, manager);
    let fields: Vec<_> =
        fields.iter().map(|(path, wrong, value)| (path, format!("{wrong:?}"), value)).collect();
    // Texts and data are always JSON.
    serde_json::to_vec(&(uid, fields)).unwrap_or_default()
}

/// What an apply would change in a live object.
#[derive(PartialEq)]
struct Footprint {
    uid: Option<Data>,
    /// The fields that are not as wanted, with what they are.
    fields: Vec<(String, Wrong, Option<Data>)>,
}

impl Footprint {
    fn of(object: &Object, live: &Data, manager: &str) -> Self {
        let field = |one: Mismatch| {
            (one.path.to_string(), one.wrong, live_value_at(object, live, &one.path).cloned())
        };
        Self {
            uid: live.at(&["metadata", "uid"]).cloned(),
            fields: compare(object.data(), live, manager).into_iter().map(field).collect(),
        }
    }

    /// The names of the fields that only one of the two has, or that differ.
    fn other_fields(&self, other: &Self) -> Vec<String> {
        let only = |a: &Self, b: &Self| -> Vec<String> {
            a.fields.iter().filter(|field| !b.fields.contains(field)).map(|(path, ..)| path.clone()).collect()
        };
        let mut fields = only(self, other);
        fields.extend(only(other, self));
        fields.sort();
        fields.dedup();
        fields
    }
}

/// The resource version of a live object.
pub(crate) fn version(object: &Data) -> Option<&str> {
    object.at(&["metadata", "resourceVersion"]).and_then(Data::as_str)
}

pub(crate) fn with_version(object: &Data, version: &str) -> Data {
    let map = object.as_map().cloned().unwrap_or_default();
    let metadata = map.get("metadata").and_then(Data::as_map).cloned().unwrap_or_default();
    Data::Map(map.with("metadata", Data::Map(metadata.with("resourceVersion", Data::from(version)))))
}

fn encode(object: &Object) -> Result<Vec<u8>, Error> {
    json(object.reference(), object.data())
}

pub(crate) fn json(reference: &ObjectRef, data: &Data) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(data).map_err(|_| Error::InvalidObject {
        object: reference.to_string(),
        problem: "it cannot be written as json".to_owned(),
    })
}
