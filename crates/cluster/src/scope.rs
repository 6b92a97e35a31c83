//! How long work may go on.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::hold::Hold;

/// How long work may go on: until it is cancelled, its deadline passes, or the lock that it is done under is lost,
/// whichever comes first.
///
/// Every call of this crate takes one. A cancelled call ends at its next request; a request under way is given up.
///
/// ```
/// use std::time::Duration;
/// use pintle_cluster::Scope;
///
/// let step = Scope::unlimited().within(Duration::from_secs(300));
/// assert!(step.remaining().is_some_and(|left| left <= Duration::from_secs(300)));
/// step.cancel_token().cancel();
/// assert!(step.check().is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scope {
    cancel: CancellationToken,
    deadline: Option<Instant>,
    hold: Option<Hold>,
}

impl Scope {
    /// Without a deadline, and with a token of its own.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Ends when the token is cancelled.
    pub fn new(cancel: CancellationToken) -> Self {
        Self { cancel, deadline: None, hold: None }
    }

    /// The same, but no longer than `time` from now.
    #[must_use]
    pub fn within(&self, time: Duration) -> Self {
        // A time past the clock's end is no deadline.
        match Instant::now().checked_add(time) {
            Some(deadline) => self.until(deadline),
            None => self.clone(),
        }
    }

    /// The same, but not past `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        let deadline = self.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same limits with a token that can be cancelled without ending `self`.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { cancel: self.cancel.child_token(), ..self.clone() }
    }

    /// The same limits, and no longer than a lock is held.
    pub(crate) fn held(&self, hold: Hold) -> Self {
        Self { hold: Some(hold), ..self.clone() }
    }

    /// The lock that the work is done under.
    pub(crate) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// The token that ends it.
    pub fn cancel_token(&self) -> &CancellationToken {
        &self.cancel
    }

    /// When it ends at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time that is left; `None` where there is no deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Fails when it has ended.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match (&self.hold, self.deadline) {
            (Some(hold), _) if hold.is_over() => Err(self.lost()),
            (_, Some(deadline)) if Instant::now() >= deadline => Err(Error::DeadlinePassed),
            _ => Ok(()),
        }
    }

    /// Runs `work` until it is done or the scope ends.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        self.check()?;
        let ended = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let over = async {
            match &self.hold {
                Some(hold) => hold.over().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            done = work => Ok(done),
            () = over => Err(self.lost()),
            () = ended => Err(Error::DeadlinePassed),
        }
    }

    /// Sleeps, unless the scope ends before that.
    pub async fn sleep(&self, time: Duration) -> Result<(), Error> {
        self.run(tokio::time::sleep(time)).await
    }

    fn lost(&self) -> Error {
        let release = self.hold.as_ref().map(|hold| hold.release().to_owned()).unwrap_or_default();
        Error::LockLost { release }
    }
}
