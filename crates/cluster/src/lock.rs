//! One writer at a time for each release.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pintle_value::Data;
use tokio::time::Instant;

use crate::apply::version;
use crate::path::UrlPath;
use crate::request::Call;
use crate::{ApplyOptions, Error, Gvk, Object, ObjectRef, Placement, Resource, Scope, Target, Verb};

/// What the names of the Leases begin with; the release's name follows.
const PREFIX: &str = "pintle.";

/// How long a holder waits before it tries again to renew.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a lock is kept and how often it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockTiming {
    /// How long a holder that does not renew is taken for alive. Default: 12 s.
    pub lease: Duration,
    /// How often the holder renews. Default: 4 s.
    pub renew: Duration,
    /// How long before its end a holder stops sending. Default: 2 s.
    pub margin: Duration,
}

impl Default for LockTiming {
    fn default() -> Self {
        Self { lease: Duration::from_secs(12), renew: Duration::from_secs(4), margin: Duration::from_secs(2) }
    }
}

/// Why a lock was not got or was lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else holds it.
    #[error("release {release} is being worked on by {holder}")]
    Held {
        /// The release.
        release: String,
        /// Who holds it.
        holder: String,
    },
    /// It was taken by somebody else, or could not be renewed in time.
    #[error("the lock of release {release} was lost{}", by.as_ref().map(|by| format!(" to {by}")).unwrap_or_default())]
    Lost {
        /// The release.
        release: String,
        /// Who has it now, where that is known.
        by: Option<String>,
    },
    /// The cluster could not be asked, or said no.
    #[error(transparent)]
    Cluster(#[from] Error),
}

impl LockError {
    /// What a caller can do about it.
    pub fn class(&self) -> crate::Class {
        match self {
            Self::Held { .. } => crate::Class::Retry,
            Self::Lost { .. } => crate::Class::Conflict,
            Self::Cluster(error) => error.class(),
        }
    }
}

/// Gives out the locks of the releases whose records lie in one namespace.
///
/// A lock is a Lease (`coordination.k8s.io/v1`) named `pintle.RELEASE` in that namespace. It names its holder, and
/// counts in `leaseTransitions` how often it went from one to another: the fencing token.
#[derive(Clone, Debug)]
pub struct Locks {
    target: Target,
    namespace: String,
    holder: String,
    timing: LockTiming,
}

/// A lock that is held. [`Lock::run`] renews it while work goes on; [`Lock::release`] gives it back.
///
/// Dropping it is like a crash: it runs out, and the next holder of the same name has it at once.
#[derive(Debug)]
pub struct Lock {
    locks: Locks,
    release: String,
    version: String,
    fence: i64,
    acquired: Timestamp,
    renewed: Instant,
    taken_from: Option<String>,
}

impl Locks {
    /// The locks of one namespace, for a holder of this name. The name has to be the holder's alone, and the same
    /// after a restart.
    pub fn new(target: Target, namespace: impl Into<String>, holder: impl Into<String>) -> Self {
        Self { target, namespace: namespace.into(), holder: holder.into(), timing: LockTiming::default() }
    }

    /// How long locks are kept and how often they are renewed.
    #[must_use]
    pub fn timing(mut self, timing: LockTiming) -> Self {
        self.timing = timing;
        self
    }

    /// Takes the lock of a release, without waiting: when nobody holds it, when the holder has this name, and when
    /// the holder did not renew for as long as its Lease says.
    ///
    /// The other holder's clock is not trusted: a Lease is watched for its whole duration before it is taken over,
    /// see [`Locks::take_when_free`]; here only its own times count.
    pub async fn take(&self, scope: &Scope, release: &str) -> Result<Lock, LockError> {
        let Some(live) = self.read(scope, release).await? else {
            return self.create(scope, release).await;
        };
        let holder = holder_of(&live).to_owned();
        if !holder.is_empty() && holder != self.holder && !has_run_out(&live) {
            return Err(LockError::Held { release: release.to_owned(), holder });
        }
        self.take_over(scope, release, &live).await
    }

    /// Takes the lock of a release, and waits for it as long as the scope allows. A holder that does not renew within
    /// its Lease's duration, by this process's clock, has lost it.
    pub async fn take_when_free(&self, scope: &Scope, release: &str) -> Result<Lock, LockError> {
        let mut seen: Option<(String, Instant)> = None;
        loop {
            match self.take(scope, release).await {
                Err(LockError::Held { .. }) => {}
                Err(LockError::Lost { .. }) => seen = None, // somebody was faster
                done => return done,
            }
            let Some(live) = self.read(scope, release).await? else { continue };
            let now = version(&live).unwrap_or_default().to_owned();
            match &seen {
                Some((before, since)) if *before == now => {
                    if since.elapsed() >= duration_of(&live) {
                        return self.take_over(scope, release, &live).await;
                    }
                }
                _ => seen = Some((now, Instant::now())),
            }
            scope.sleep(Duration::from_millis(500).min(self.timing.renew)).await?;
        }
    }

    async fn read(&self, scope: &Scope, release: &str) -> Result<Option<Data>, Error> {
        let reference = self.reference(release);
        let call = Call::new(Verb::Get, UrlPath::object(&resource(), &reference)).about(&reference);
        crate::read::found(self.target.object(scope, &call).await)
    }

    async fn create(&self, scope: &Scope, release: &str) -> Result<Lock, LockError> {
        let now = Timestamp::now();
        let lease = Object::new(self.lease(release, now, now, 0, None))?;
        let lock = |version: String| Lock {
            locks: self.clone(),
            release: release.to_owned(),
            version,
            fence: 0,
            acquired: now,
            renewed: Instant::now(),
            taken_from: None,
        };
        let url = UrlPath::collection(&resource(), Some(&self.namespace))
            .param("fieldManager", self.target.manager());
        let call = Call::new(Verb::Create, url)
            .about(lease.reference())
            .body("application/json", crate::apply::json(lease.reference(), lease.data())?);
        match self.target.object(scope, &call).await {
            Ok(live) => Ok(lock(version(&live).unwrap_or_default().to_owned())),
            Err(error) if error.is_already_exists() => {
                Err(LockError::Lost { release: release.to_owned(), by: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn take_over(&self, scope: &Scope, release: &str, live: &Data) -> Result<Lock, LockError> {
        let now = Timestamp::now();
        let before = holder_of(live).to_owned();
        let transitions = live.at(&["spec", "leaseTransitions"]).and_then(Data::as_i64).unwrap_or(0);
        let fence = transitions.saturating_add(1);
        let version = version(live).unwrap_or_default().to_owned();
        let mut lock = Lock {
            locks: self.clone(),
            release: release.to_owned(),
            version,
            fence,
            acquired: now,
            renewed: Instant::now(),
            taken_from: Some(before).filter(|before| !before.is_empty()),
        };
        lock.write(scope, now).await?;
        Ok(lock)
    }

    fn reference(&self, release: &str) -> ObjectRef {
        ObjectRef::namespaced(resource().gvk, &self.namespace, format!("{PREFIX}{release}"))
    }

    fn lease(
        &self,
        release: &str,
        acquired: Timestamp,
        renewed: Timestamp,
        fence: i64,
        expected: Option<&str>,
    ) -> Data {
        let time = |time: Timestamp| Data::from(format!("{time:.6}"));
        let seconds = i64::try_from(self.timing.lease.as_secs().max(1)).unwrap_or(i64::MAX);
        let spec: Data = [
            ("holderIdentity", Data::from(&self.holder)),
            ("leaseDurationSeconds", Data::from(seconds)),
            ("acquireTime", time(acquired)),
            ("renewTime", time(renewed)),
            ("leaseTransitions", Data::from(fence)),
        ]
        .into_iter()
        .collect();
        let mut metadata = vec![
            ("name", Data::from(format!("{PREFIX}{release}"))),
            ("namespace", Data::from(&self.namespace)),
        ];
        metadata.extend(expected.map(|version| ("resourceVersion", Data::from(version))));
        [
            ("apiVersion", Data::from("coordination.k8s.io/v1")),
            ("kind", Data::from("Lease")),
            ("metadata", metadata.into_iter().collect()),
            ("spec", spec),
        ]
        .into_iter()
        .collect()
    }
}

impl Lock {
    /// The release.
    pub fn release_name(&self) -> &str {
        &self.release
    }

    /// The fencing token: greater than that of every holder before.
    pub fn fence(&self) -> i64 {
        self.fence
    }

    /// Who held it before and did not give it back: work may be left half done. This holder's own name after a
    /// restart.
    pub fn taken_from(&self) -> Option<&str> {
        self.taken_from.as_deref()
    }

    /// When the holder must have stopped sending.
    fn end(&self) -> Instant {
        let timing = self.locks.timing;
        self.renewed + timing.lease.saturating_sub(timing.margin)
    }

    /// Runs work while the lock is renewed. The work gets a scope that ends when the lock can be renewed no more, some
    /// time before somebody else can take it; its error is then [`LockError::Lost`].
    pub async fn run<T, F: Future<Output = T>>(
        &mut self,
        scope: &Scope,
        work: impl FnOnce(Scope) -> F,
    ) -> Result<T, LockError> {
        let inner = scope.child();
        let mut work = std::pin::pin!(work(inner.clone()));
        let mut lost = None;
        loop {
            let renewal = self.locks.timing.renew;
            tokio::select! {
                biased;
                done = &mut work => return lost.map_or(Ok(done), Err),
                () = tokio::time::sleep(renewal), if lost.is_none() => {}
            }
            if lost.is_some() {
                continue;
            }
            let renewed = tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                renewed = self.renew() => renewed,
            };
            if let Err(error) = renewed {
                inner.cancel_token().cancel();
                lost = Some(error);
            }
        }
    }

    /// Renews the lock, and tries again until it must be taken for lost. It takes no scope of the caller's: who has
    /// cancelled still writes the final record under the lock.
    pub async fn renew(&mut self) -> Result<(), LockError> {
        while Instant::now() < self.end() {
            let trying = Scope::unlimited().until(self.end());
            match self.write(&trying, Timestamp::now()).await {
                Err(LockError::Cluster(error)) if error.class() == crate::Class::Retry => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
        // It may still be this holder's, but nobody can know.
        let asking = Scope::unlimited().within(self.locks.timing.margin);
        let live = self.locks.read(&asking, &self.release).await.ok().flatten();
        let by = live.map(|live| holder_of(&live).to_owned()).filter(|by| *by != self.locks.holder);
        Err(LockError::Lost { release: self.release.clone(), by })
    }

    /// Gives the lock back: its Lease is deleted, unless somebody else has taken it.
    pub async fn release(self, scope: &Scope) -> Result<(), LockError> {
        let reference = self.locks.reference(&self.release);
        let preconditions: Data = [("resourceVersion", Data::from(&self.version))].into_iter().collect();
        let body: Data = [
            ("apiVersion", Data::from("v1")),
            ("kind", Data::from("DeleteOptions")),
            ("preconditions", preconditions),
        ]
        .into_iter()
        .collect();
        let call = Call::new(Verb::Delete, UrlPath::object(&resource(), &reference))
            .about(&reference)
            .body("application/json", crate::apply::json(&reference, &body)?);
        match self.locks.target.object(scope, &call).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() || error.is_conflict() => {
                Err(LockError::Lost { release: self.release, by: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn write(&mut self, scope: &Scope, now: Timestamp) -> Result<(), LockError> {
        let started = Instant::now();
        let locks = &self.locks;
        let reference = locks.reference(&self.release);
        let lease = locks.lease(&self.release, self.acquired, now, self.fence, Some(&self.version));
        let written = locks.target.put(scope, &resource(), &reference, &lease, ApplyOptions::default()).await;
        match written {
            Ok(live) => {
                version(&live).unwrap_or_default().clone_into(&mut self.version);
                // From before the request: the server's clock started later.
                self.renewed = started;
                Ok(())
            }
            Err(error) if error.is_conflict() || error.is_not_found() => {
                self.lost_or_mine(scope, started).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// After a conflict: an answer that was cut off may have been this holder's own write.
    async fn lost_or_mine(&mut self, scope: &Scope, started: Instant) -> Result<(), LockError> {
        let live = self.locks.read(scope, &self.release).await?;
        let lost = |by: Option<String>| LockError::Lost { release: self.release.clone(), by };
        let Some(live) = live else { return Err(lost(None)) };
        let fence = live.at(&["spec", "leaseTransitions"]).and_then(Data::as_i64).unwrap_or(0);
        if holder_of(&live) != self.locks.holder || fence != self.fence {
            return Err(lost(Some(holder_of(&live).to_owned())));
        }
        version(&live).unwrap_or_default().clone_into(&mut self.version);
        self.renewed = started;
        Ok(())
    }
}

fn resource() -> Resource {
    Resource {
        gvk: Gvk::new("coordination.k8s.io", "v1", "Lease"),
        plural: "leases".to_owned(),
        singular: String::new(),
        placement: Placement::Namespaced,
        verbs: std::collections::BTreeSet::new(),
        subresources: std::collections::BTreeSet::new(),
    }
}

fn holder_of(lease: &Data) -> &str {
    lease.at(&["spec", "holderIdentity"]).and_then(Data::as_str).unwrap_or_default()
}

fn duration_of(lease: &Data) -> Duration {
    let seconds = lease.at(&["spec", "leaseDurationSeconds"]).and_then(Data::as_i64).unwrap_or(0);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(3600))
}

/// Whether a Lease has run out by its own times. A second is added for clocks that are not alike.
fn has_run_out(lease: &Data) -> bool {
    let renewed = lease.at(&["spec", "renewTime"]).and_then(Data::as_str).and_then(|time| time.parse().ok());
    let Some(renewed): Option<Timestamp> = renewed else { return true };
    let held = SignedDuration::try_from(duration_of(lease)).unwrap_or(SignedDuration::MAX);
    Timestamp::now().duration_since(renewed) > held + SignedDuration::from_secs(1)
}
