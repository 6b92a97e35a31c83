//! One writer at a time for each release.

mod held;
mod lease;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pintle_value::Data;
use tokio::time::Instant;

use crate::path::UrlPath;
use crate::request::Call;
use crate::{Class, Error, Scope, Target, Verb};
pub use held::Lock;
use lease::Lease;

/// How often a write whose answer did not come is looked after.
const TRIES: u32 = 5;

/// How often a Lease that somebody else holds is looked at, at most.
const LOOK: Duration = Duration::from_millis(500);

/// How long a lock is kept and how often it is renewed.
///
/// A dead holder is replaced after `lease` and at most 1.5 s. A request that writes is void to the server once what is
/// left of the lock has passed, so that none takes longer than `lease - renew - margin` for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockTiming {
    /// How long a holder that does not renew is taken for alive, in whole seconds. Default: 13 s.
    pub lease: Duration,
    /// How often the holder renews. Default: 3 s.
    pub renew: Duration,
    /// How long before its end a holder stops sending. Default: 2 s.
    pub margin: Duration,
}

impl Default for LockTiming {
    fn default() -> Self {
        Self { lease: Duration::from_secs(13), renew: Duration::from_secs(3), margin: Duration::from_secs(2) }
    }
}

impl LockTiming {
    /// Locks that are kept for this long, rounded up to whole seconds, and renewed and given up in the proportions of
    /// the defaults.
    pub fn of(lease: Duration) -> Self {
        let lease = Duration::from_secs(lease.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(3600));
        Self { lease, renew: lease * 3 / 13, margin: lease * 2 / 13 }
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
    pub fn class(&self) -> Class {
        match self {
            Self::Held { .. } | Self::Lost { .. } => Class::Retry,
            Self::Cluster(error) => error.class(),
        }
    }
}

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { release, holder } => Self::Locked { release, holder },
            LockError::Lost { release, .. } => Self::LockLost { release },
            LockError::Cluster(error) => error,
        }
    }
}

/// Who takes locks: a name, and the runs under way under it in this process.
///
/// The name has to be this process's alone among all that are alive, and may be the same after a restart: what a dead
/// process of the same name held is taken at once. Two runs of one holder exclude each other like those of two.
#[derive(Clone)]
pub struct Holder {
    name: Arc<str>,
    runs: Arc<Mutex<HashSet<String>>>,
}

impl Holder {
    /// A holder of this name. Clones are the same holder; make one for each process.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), runs: Arc::default() }
    }

    /// A holder whose name nobody else has: it waits for its own dead predecessor as for any other.
    pub fn unique() -> Self {
        Self::new(format!("pintle-{}", uuid::Uuid::new_v4().simple()))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn begin(&self) -> RunId {
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.runs().insert(id.clone());
        RunId { id, holder: self.clone() }
    }

    /// Whether a Lease is held by a run of this process that is still going on.
    fn is_running(&self, lease: &Lease) -> bool {
        lease.holder == *self.name && self.runs().contains(&lease.run)
    }

    fn runs(&self) -> MutexGuard<'_, HashSet<String>> {
        // Each change is a single insert or remove.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Holder").field(&self.name).finish()
    }
}

impl From<&str> for Holder {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// One run of a holder, for as long as it goes on.
#[derive(Debug)]
struct RunId {
    id: String,
    holder: Holder,
}

impl Drop for RunId {
    fn drop(&mut self) {
        self.holder.runs().remove(&self.id);
    }
}

/// Gives out the locks of the releases whose records lie in one namespace.
///
/// A lock is a Lease (`coordination.k8s.io/v1`) named `pintle.RELEASE` in that namespace. It names its holder, in the
/// annotation `pintle.io/run` its run, and counts in `leaseTransitions` how often it went from one to another: the
/// fencing token.
#[derive(Clone, Debug)]
pub struct Locks {
    target: Target,
    namespace: String,
    holder: Holder,
    timing: LockTiming,
    after: i64,
}

/// What becomes of a lock that somebody else has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// It is refused, unless it has run out.
    None,
    /// It is watched until its holder shows that it is alive, or is dead.
    UntilDead,
}

impl Locks {
    /// The locks of one namespace, for this holder.
    pub fn new(target: Target, namespace: impl Into<String>, holder: impl Into<Holder>) -> Self {
        let timing = LockTiming::default();
        Self { target, namespace: namespace.into(), holder: holder.into(), timing, after: 0 }
    }

    /// How long locks are kept and how often they are renewed.
    #[must_use]
    pub fn timing(mut self, timing: LockTiming) -> Self {
        self.timing = timing;
        self
    }

    /// The greatest fencing token that is known of: every lock gets a greater one, although no Lease may be left to
    /// count on from. Default: 0.
    #[must_use]
    pub fn after(mut self, fence: i64) -> Self {
        self.after = fence;
        self
    }

    /// Takes the lock of a release, without waiting: when nobody holds it, when its holder has this holder's name and
    /// is none of this process's runs, and when its holder did not renew for as long as its Lease says.
    ///
    /// No process's clock counts here, only the server's: when the Lease was written and what time it is are both its
    /// word.
    pub async fn take(&self, scope: &Scope, release: &str) -> Result<Lock, LockError> {
        self.acquire(scope, release, Patience::None).await
    }

    /// The same, but a lock that somebody else holds is watched until it is seen to be renewed or given back, or until
    /// its holder is dead: no longer than the Lease's duration.
    pub async fn take_from_the_dead(&self, scope: &Scope, release: &str) -> Result<Lock, LockError> {
        self.acquire(scope, release, Patience::UntilDead).await
    }

    /// Who has the lock of a release, alive or dead; `None` where it is free. One request.
    pub async fn holder_of(&self, scope: &Scope, release: &str) -> Result<Option<String>, LockError> {
        Ok(self.read(scope, release).await?.map(|lease| lease.holder))
    }

    async fn acquire(&self, scope: &Scope, release: &str, patience: Patience) -> Result<Lock, LockError> {
        let run = self.holder.begin();
        let mut seen: Option<(Lease, Instant)> = None;
        let mut unsure = 0;
        // Before the write that may have been done although no answer came.
        let mut sent = Instant::now();
        loop {
            let lease = self.read(scope, release).await?;
            if let Some(lease) = lease.as_ref().filter(|lease| lease.run == run.id) {
                return Ok(Lock::new(self, release, run, lease, sent, taken_from(seen.as_ref())));
            }
            let before = match lease {
                None => None,
                Some(lease) if self.is_free(&lease, seen.as_ref()) => Some(lease),
                Some(lease) => {
                    let alive = seen.as_ref().is_some_and(|(before, _)| before.version != lease.version);
                    if alive || patience == Patience::None {
                        return Err(LockError::Held { release: release.to_owned(), holder: lease.holder });
                    }
                    seen.get_or_insert((lease, Instant::now()));
                    scope.sleep(LOOK.min(self.timing.renew)).await?;
                    continue;
                }
            };
            sent = Instant::now();
            // Given up half way, it would leave a lock that nobody knows of.
            let whole = Scope::unlimited().within(self.timing.lease);
            match self.write(&whole, release, &run, before.as_ref()).await {
                Ok(lease) => {
                    let from = before.as_ref().map(|lease| lease.holder.clone());
                    let lock = Lock::new(self, release, run, &lease, sent, from);
                    return match scope.check() {
                        Ok(()) => Ok(lock),
                        Err(ended) => lock.release(&whole).await.and(Err(ended.into())),
                    };
                }
                Err(error) if is_beaten(&error) => {}
                Err(error) if error.class() == Class::Retry && unsure < TRIES => {
                    unsure += 1;
                    scope.sleep(crate::throttle::backoff(unsure, LOOK)).await?;
                }
                Err(error) => return Err(error.into()),
            }
            if let Some(before) = before {
                seen.get_or_insert((before, sent));
            }
        }
    }

    /// Whether a Lease can be taken over: nobody holds it, a dead predecessor of this holder does, or somebody who has
    /// not renewed it for its whole duration, by the server's clock or as this process has watched it.
    fn is_free(&self, lease: &Lease, seen: Option<&(Lease, Instant)>) -> bool {
        if lease.holder.is_empty() {
            return true;
        }
        if lease.holder == self.holder.name() {
            return !self.holder.is_running(lease);
        }
        let watched = seen.filter(|(before, _)| before.version == lease.version);
        lease.has_run_out() || watched.is_some_and(|(before, since)| since.elapsed() >= before.duration)
    }

    async fn read(&self, scope: &Scope, release: &str) -> Result<Option<Lease>, Error> {
        let reference = lease::reference(&self.namespace, release);
        let call = Call::new(Verb::Get, UrlPath::object(&lease::resource(), &reference)).about(&reference);
        match self.target.dated_object(scope, &call).await {
            Ok((live, now)) => Ok(Some(Lease::of(&live, now))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a Lease for a run: a new one, or over the one that was read.
    async fn write(
        &self,
        scope: &Scope,
        release: &str,
        run: &RunId,
        before: Option<&Lease>,
    ) -> Result<Lease, Error> {
        let reference = lease::reference(&self.namespace, release);
        let fence = before.map_or(0, |lease| lease.fence.saturating_add(1)).max(self.after.saturating_add(1));
        let lease = Lease::held(self.holder.name(), &run.id, fence, self.timing.lease);
        let data = lease.data(&reference, before.map(|before| before.version.as_str()));
        let call = match before {
            None => Call::new(Verb::Create, UrlPath::collection(&lease::resource(), Some(&self.namespace))),
            Some(_) => Call::new(Verb::Replace, UrlPath::object(&lease::resource(), &reference)),
        };
        let live = self.target.object(scope, &self.call(call, &reference, &data)?).await?;
        Ok(Lease::of(&live, None))
    }

    fn call(&self, mut call: Call, reference: &crate::ObjectRef, data: &Data) -> Result<Call, Error> {
        call.url = call.url.param("fieldManager", self.target.manager());
        Ok(call.about(reference).body("application/json", crate::apply::json(reference, data)?))
    }
}

/// Whether somebody else was faster.
fn is_beaten(error: &Error) -> bool {
    error.is_conflict() || error.is_already_exists()
}

fn taken_from(seen: Option<&(Lease, Instant)>) -> Option<String> {
    seen.map(|(lease, _)| lease.holder.clone()).filter(|holder| !holder.is_empty())
}
