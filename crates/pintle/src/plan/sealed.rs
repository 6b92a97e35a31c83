//! Plans that are approved in one process and run in another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pintle_cluster::{ObjectRef, footprint};
use pintle_release::{HookEvent, Record, codec};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use super::{Action, ObjectAction, Plan, Planned, Work};
use crate::{Error, Observer, Outcome};

/// Encrypts what a plan rendered, so that it can be stored with the plan: a key management service, a file of `age`, …
///
/// With one, a chart that renders otherwise each time can be approved too: it is not rendered again.
pub trait Sealing: Send + Sync {
    /// Encrypts. What comes out must say nothing about what went in.
    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

    /// Decrypts what [`seal`](Self::seal) made, and fails where it was changed.
    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// A revision that was rendered when its plan was made, instead of one to render now.
#[derive(Clone, Debug)]
pub(crate) struct Rendered(pub(crate) Record);

/// What the form of [`SealedPlan`] is called.
const FORMAT: &str = "pintle.io/plan/v1";

/// Shorter keys can be guessed.
const SHORTEST_KEY: usize = 16;

/// The key of the digests in a [`SealedPlan`]: without it, nobody who has the plan can try out which Secrets fit it, and
/// nobody can make another plan that passes for it. Both processes have to have it.
///
/// `Debug` does not show it.
#[derive(Clone)]
pub struct PlanKey(Vec<u8>);

impl PlanKey {
    /// A key of at least 16 random bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if bytes.len() < SHORTEST_KEY {
            let what = format!("its key has {} bytes, and must have {SHORTEST_KEY} at least", bytes.len());
            return Err(Error::NotApproved { what });
        }
        Ok(Self(bytes))
    }

    /// The digest of parts, each of which stands for itself.
    fn digest<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        // A key of any length will do, so there is always a digest; an empty one would equal no other.
        let Ok(mut mac) = <Hmac<Sha256>>::new_from_slice(&self.0) else { return Digest(String::new()) };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Digest(STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn digest_json(&self, value: &impl Serialize) -> Digest {
        // What is digested here always is JSON: its maps have texts for keys.
        self.digest([serde_json::to_vec(value).unwrap_or_default().as_slice()])
    }
}

impl fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanKey(…)")
    }
}

/// A keyed digest, in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Digest(String);

/// What a plan does, as something that can be approved, stored and handed on: what is done to which object, and digests of
/// everything else. It holds no content of any object and no value; whoever runs it plans again, with the same chart
/// and values, and compares ([`Plan::run_approved`]).
///
/// Renderings that differ from time to time (a random password that the chart draws anew, the time of day) fit only where
/// they are stored with the plan ([`Plan::seal_with`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SealedPlan {
    /// The form of this value.
    format: String,
    /// The release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// The namespace of its records.
    pub storage_namespace: String,
    /// What is done to the release as a whole.
    #[serde(flatten)]
    pub action: Action,
    /// The revision that is made, or the last one of a release that is uninstalled.
    pub revision: u32,
    /// The chart, as `NAME VERSION`.
    pub chart: String,
    /// What is done to each object, in order.
    pub objects: Vec<SealedObject>,
    hooks: Vec<SealedHook>,
    /// Of chart and values.
    inputs: Digest,
    /// Of how the plan is run.
    options: Digest,
    /// What was rendered, encrypted, in base64.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rendering: Option<String>,
    /// Of all the rest.
    seal: Digest,
}

/// One object of a [`SealedPlan`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SealedObject {
    /// The object.
    pub object: ObjectRef,
    /// What is done to it.
    pub action: ObjectAction,
    /// The resource version that it had; `None` where it was not there. A later one does no harm as long as what is
    /// changed is the same: controllers write the status of their objects all the time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// Of what is wanted.
    content: Digest,
    /// Of what is there and would be changed.
    state: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SealedHook {
    at: HookEvent,
    path: String,
    content: Digest,
}

impl Plan {
    /// What the plan does, to be approved and run elsewhere.
    pub fn seal(&self, key: &PlanKey) -> SealedPlan {
        let record = self.record();
        let manager = self.release.cluster().manager();
        let object = |planned: &Planned| SealedObject {
            object: planned.object.reference().clone(),
            action: planned.action,
            version: planned.version().map(str::to_owned),
            content: key.digest_json(planned.object.data()),
            state: key.digest([footprint(&planned.object, planned.live.as_ref(), manager).as_slice()]),
        };
        let hooks = self.action().hook_events().into_iter().flat_map(|at| {
            crate::run::hooks_at(record, at).map(move |hook| SealedHook {
                at,
                path: hook.path.clone(),
                content: key.digest([hook.manifest.as_bytes()]),
            })
        });
        let extra = match &self.work {
            Work::Revision(_) => String::new(),
            Work::Uninstall(uninstall) => format!("{:?} {:?}", uninstall.cascade, uninstall.history),
        };
        let mut sealed = SealedPlan {
            format: FORMAT.to_owned(),
            release: record.name.clone(),
            namespace: record.namespace.clone(),
            storage_namespace: self.release.storage_namespace().to_owned(),
            action: self.action(),
            revision: record.revision,
            chart: format!("{} {}", record.chart_name(), record.chart_version()),
            objects: self.planned_objects().map(object).collect(),
            hooks: hooks.collect(),
            inputs: key.digest_json(&(&record.chart, &record.config)),
            options: key.digest_json(&(self.settings(), extra)),
            rendering: None,
            seal: Digest(String::new()),
        };
        sealed.seal = sealed.digest(key);
        sealed
    }

    /// The same, with what was rendered in it, encrypted by the caller: whoever runs it plans with
    /// [`PlanUpgrade::rendered`](crate::PlanUpgrade::rendered) or [`PlanInstall::rendered`](crate::PlanInstall::rendered).
    pub fn seal_with(&self, key: &PlanKey, sealing: &dyn Sealing) -> Result<SealedPlan, Error> {
        let failed = |what: String| Error::NotApproved { what: format!("it cannot be sealed: {what}") };
        let record = codec::encode(self.record()).map_err(|error| failed(error.to_string()))?;
        let rendering = sealing.seal(&record).map_err(|error| failed(error.to_string()))?;
        let mut sealed = self.seal(key);
        sealed.rendering = Some(STANDARD.encode(rendering));
        sealed.seal = sealed.digest(key);
        Ok(sealed)
    }

    /// Runs the plan if it is the one that was approved, and fails before anything is written where it is not: with
    /// [`Error::NotApproved`] where chart, values or options are others, with [`Error::Moved`], which names the object,
    /// where the cluster changed.
    pub async fn run_approved(
        self,
        approved: &SealedPlan,
        key: &PlanKey,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Outcome, Error> {
        self.check_approved(approved, key)?;
        self.run(observer, cancel).await
    }

    /// Whether this is the plan that was approved; the error says what differs first.
    pub fn check_approved(&self, approved: &SealedPlan, key: &PlanKey) -> Result<(), Error> {
        let other = |what: String| Err(Error::NotApproved { what });
        if approved.format != FORMAT {
            return other(format!("its form is {:?}, and this version reads {FORMAT:?}", approved.format));
        }
        if approved.seal != approved.digest(key) {
            return other("it was changed after it was sealed, or sealed with another key".to_owned());
        }
        let own = self.seal(key);
        let name = |plan: &SealedPlan| {
            format!("{} of release {} in namespace {}", plan.action, plan.release, plan.namespace)
        };
        if (name(&own), &own.storage_namespace) != (name(approved), &approved.storage_namespace) {
            return other(format!("it is {}, approved is {}", name(&own), name(approved)));
        }
        if own.revision != approved.revision {
            let what =
                format!("release {} (revision {} was to be made or deleted)", own.release, approved.revision);
            return Err(Error::Moved { what });
        }
        if own.inputs != approved.inputs {
            return other("its chart or its values are others".to_owned());
        }
        if own.options != approved.options {
            return other("it is run with other options".to_owned());
        }
        own.compare_objects(approved)?;
        if own.hooks != approved.hooks {
            return other("its hooks are rendered differently".to_owned());
        }
        Ok(())
    }
}

impl SealedPlan {
    /// The digest of all but the seal itself.
    fn digest(&self, key: &PlanKey) -> Digest {
        key.digest_json(&Self { seal: Digest(String::new()), ..self.clone() })
    }

    /// What was rendered when the plan was made.
    pub(crate) fn open(&self, key: &PlanKey, sealing: &dyn Sealing) -> Result<Rendered, Error> {
        let failed = |what: String| Error::NotApproved { what: format!("it cannot be opened: {what}") };
        if self.seal != self.digest(key) {
            return Err(failed("it was changed after it was sealed, or sealed with another key".to_owned()));
        }
        let text = self.rendering.as_ref().ok_or_else(|| failed("it holds no rendering".to_owned()))?;
        let bytes = STANDARD.decode(text).map_err(|error| failed(error.to_string()))?;
        let plain = sealing.open(&bytes).map_err(|error| failed(error.to_string()))?;
        let record =
            codec::decode(&plain, codec::Limits::default()).map_err(|error| failed(error.to_string()))?;
        Ok(Rendered(record))
    }

    fn compare_objects(&self, approved: &Self) -> Result<(), Error> {
        let moved = |object: &ObjectRef| Err(Error::Moved { what: object.to_string() });
        for (own, approved) in self.objects.iter().zip(&approved.objects) {
            if own.object != approved.object {
                return moved(&approved.object);
            }
            if own.content != approved.content {
                let what = format!("{} is rendered differently", own.object);
                return Err(Error::NotApproved { what });
            }
            if (own.action, &own.state) != (approved.action, &approved.state) {
                return moved(&own.object);
            }
        }
        let longer = if self.objects.len() > approved.objects.len() { self } else { approved };
        match longer.objects.get(self.objects.len().min(approved.objects.len())) {
            Some(extra) => moved(&extra.object),
            None => Ok(()),
        }
    }
}
