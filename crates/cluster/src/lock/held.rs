//! A lock that is held.

use std::time::Duration;

use pintle_value::Data;
use tokio::time::Instant;

use super::lease::{self, Lease};
use super::{LockError, Locks, RunId, TRIES};
use crate::hold::Hold;
use crate::path::UrlPath;
use crate::request::Call;
use crate::{Class, Error, Scope, Verb};

/// How long a holder waits before it tries again to renew.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a deletion of a Lease may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A lock that is held. [`Lock::run`] renews it while work goes on; [`Lock::release`] gives it back.
///
/// Dropping it is like a crash: it runs out, and the next run of the same holder has it at once.
#[derive(Debug)]
pub struct Lock {
    locks: Locks,
    release: String,
    run: RunId,
    lease: Lease,
    renewed: Instant,
    hold: Hold,
    taken_from: Option<String>,
}

impl Lock {
    /// A lock whose Lease was written, by a request that was sent at `sent`.
    pub(super) fn new(
        locks: &Locks,
        release: &str,
        run: RunId,
        lease: &Lease,
        sent: Instant,
        taken_from: Option<String>,
    ) -> Self {
        let mut lease = lease.clone();
        // What the Lease says of the time of its taking is a server's text.
        lease.duration = locks.timing.lease;
        let mut lock = Self {
            locks: locks.clone(),
            release: release.to_owned(),
            run,
            lease,
            renewed: sent,
            hold: Hold::new(release, sent),
            taken_from,
        };
        lock.renewed_at(sent);
        lock
    }

    /// The release.
    pub fn release_name(&self) -> &str {
        &self.release
    }

    /// The fencing token: greater than that of every holder before.
    pub fn fence(&self) -> i64 {
        self.lease.fence
    }

    /// The run that holds it: a name that nothing else ever has.
    pub fn run_id(&self) -> &str {
        &self.run.id
    }

    /// Who held it before and did not give it back: work may be left half done. This holder's own name after a
    /// restart.
    pub fn taken_from(&self) -> Option<&str> {
        self.taken_from.as_deref()
    }

    /// The same scope, but no longer than the lock is held: what it runs ends with [`Error::LockLost`] some time
    /// before somebody else can take the lock.
    pub fn scope(&self, scope: &Scope) -> Scope {
        scope.held(self.hold.clone())
    }

    /// Whether the lock was lost, or has run out.
    pub fn is_lost(&self) -> bool {
        self.hold.is_over()
    }

    /// Runs work while the lock is renewed. The work has to send its requests in a [`scope`](Self::scope) of the lock;
    /// it goes on when the lock is lost, so that it can tell how far it came, but cannot send any more.
    pub async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = Box::pin(work);
        loop {
            let renewal = self.renewed + self.locks.timing.renew;
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep_until(renewal) => {}
            }
            let renewed = tokio::select! {
                biased;
                done = &mut work => return done,
                renewed = self.renew() => renewed,
            };
            if let Err(error) = renewed {
                tracing::warn!(release = %self.release, %error, "the lock cannot be renewed");
                return work.await;
            }
        }
    }

    /// Renews the lock, and tries again until it must be taken for lost. It takes no scope of the caller's: who has
    /// cancelled still writes the final record under the lock.
    pub async fn renew(&mut self) -> Result<(), LockError> {
        let by = self.renew_in_time().await;
        if let Err(by) = by {
            self.hold.lose();
            return Err(LockError::Lost { release: self.release.clone(), by });
        }
        Ok(())
    }

    /// Gives who has the lock now, where it is lost and that is known.
    async fn renew_in_time(&mut self) -> Result<(), Option<String>> {
        while !self.hold.is_over() {
            let trying = Scope::unlimited().until(self.hold.end());
            match self.write(&trying).await {
                Ok(()) => return Ok(()),
                // Whatever the answer was: the lock is this run's while its Lease says so.
                Err(_) => match self.look(&trying).await {
                    Ok(Found::Mine) | Err(_) => tokio::time::sleep(PAUSE).await,
                    Ok(Found::Nobodys) => return Err(None),
                    Ok(Found::Anothers(holder)) => return Err(Some(holder)),
                },
            }
        }
        // It may still be this run's, but nobody can know.
        let asking = Scope::unlimited().within(self.locks.timing.margin);
        match self.look(&asking).await {
            Ok(Found::Anothers(holder)) => Err(Some(holder)),
            _ => Err(None),
        }
    }

    /// Gives the lock back: its Lease is deleted, unless somebody else has taken it.
    pub async fn release(mut self, scope: &Scope) -> Result<(), LockError> {
        let mut tries = 0;
        loop {
            let error = match self.delete(scope).await {
                Ok(()) => return Ok(()),
                // A deletion whose answer did not come may have been done.
                Err(error) if error.is_not_found() && tries > 0 => return Ok(()),
                Err(error) => error,
            };
            let again = error.is_conflict() || error.class() == Class::Retry;
            if !again && !error.is_not_found() {
                return Err(error.into());
            }
            match self.look(scope).await {
                Ok(Found::Mine) | Err(_) => {}
                Ok(Found::Nobodys) if tries > 0 || error.class() == Class::Retry => return Ok(()),
                Ok(Found::Nobodys) => return Err(LockError::Lost { release: self.release, by: None }),
                Ok(Found::Anothers(holder)) => {
                    return Err(LockError::Lost { release: self.release, by: Some(holder) });
                }
            }
            tries += 1;
            if tries > TRIES {
                return Err(error.into());
            }
            scope.sleep(crate::throttle::backoff(tries, PAUSE)).await?;
        }
    }

    async fn delete(&self, scope: &Scope) -> Result<(), Error> {
        let reference = lease::reference(&self.locks.namespace, &self.release);
        let preconditions: Data =
            [("resourceVersion", Data::from(&self.lease.version))].into_iter().collect();
        let body: Data = [
            ("apiVersion", Data::from("v1")),
            ("kind", Data::from("DeleteOptions")),
            ("preconditions", preconditions),
        ]
        .into_iter()
        .collect();
        let call = Call::new(Verb::Delete, UrlPath::object(&lease::resource(), &reference))
            .about(&reference)
            .body("application/json", crate::apply::json(&reference, &body)?)
            .urgent(PATIENCE);
        self.locks.target.send(scope, &call).await.map(drop)
    }

    async fn write(&mut self, scope: &Scope) -> Result<(), Error> {
        let sent = Instant::now();
        let reference = lease::reference(&self.locks.namespace, &self.release);
        let data = self.lease.data(&reference, Some(&self.lease.version));
        let call = Call::new(Verb::Replace, UrlPath::object(&lease::resource(), &reference));
        let call = self.locks.call(call, &reference, &data)?.urgent(self.locks.timing.renew);
        let live = self.locks.target.object(scope, &call).await?;
        self.lease.version = Lease::of(&live, None).version;
        // From before the request: the server's clock started later.
        self.renewed_at(sent);
        Ok(())
    }

    /// Reads whose the Lease is.
    async fn look(&mut self, scope: &Scope) -> Result<Found, Error> {
        let Some(live) = self.locks.read(scope, &self.release).await? else { return Ok(Found::Nobodys) };
        if live.run != self.run.id || live.fence != self.lease.fence {
            return Ok(Found::Anothers(live.holder));
        }
        self.lease.version = live.version;
        Ok(Found::Mine)
    }

    fn renewed_at(&mut self, sent: Instant) {
        self.renewed = sent;
        let timing = self.locks.timing;
        self.hold.extend(sent + timing.lease.saturating_sub(timing.margin));
    }
}

/// Whose a Lease is.
enum Found {
    Mine,
    Nobodys,
    Anothers(String),
}
