//! What a plan builds on.

use std::time::Duration;

use jiff::Timestamp;
use pintle_release::{Status, Stored, Summary, Version};

use crate::Error;
use crate::ledger::{Past, RUN, highest_fence};

/// The release's records as a plan found them. A run that finds others does not begin.
#[derive(Clone)]
pub(crate) struct Basis {
    newest: Option<(u32, Version)>,
    /// The greatest fencing token that the records name.
    pub(crate) fence: i64,
    pub(crate) predecessor: Predecessor,
}

/// What has to become of the newest revision before a new one begins.
#[derive(Clone)]
pub(crate) enum Predecessor {
    /// Nothing: it has ended, or there is none.
    Ended,
    /// Whoever worked on it is dead, which is recorded.
    Dead(Box<Stored>),
    /// Whoever worked on it is dead, and the run goes on with it.
    Resumed(Box<Stored>),
}

impl Basis {
    pub(crate) fn of(past: Option<&Past>) -> Self {
        let Some(past) = past else {
            return Self { newest: None, fence: 0, predecessor: Predecessor::Ended };
        };
        let last = &past.last;
        let predecessor = if is_under_way(&last.record.info.status) {
            Predecessor::Dead(Box::new(last.clone()))
        } else {
            Predecessor::Ended
        };
        Self {
            newest: Some((last.record.revision, last.version.clone())),
            fence: highest_fence(&past.revisions),
            predecessor,
        }
    }

    /// The same, where the newest revision is gone on with.
    pub(crate) fn resuming(mut self, stored: &Stored) -> Self {
        self.predecessor = Predecessor::Resumed(Box::new(stored.clone()));
        self
    }

    /// Whether the release's records are still those.
    pub(crate) fn holds(&self, revisions: &[Summary]) -> bool {
        let newest = revisions.last().map(|newest| (newest.revision, &newest.version));
        newest == self.newest.as_ref().map(|(revision, version)| (*revision, version))
    }
}

/// Whether a record says that somebody works on its release, or died doing so.
pub(crate) fn is_under_way(status: &Status) -> bool {
    status.is_pending() || *status == Status::Uninstalling
}

/// Fails where whoever wrote a pending record may still be at work, and has no lock that could tell: `helm`, within
/// `timeout`.
pub(crate) fn check_pending(last: &Stored, timeout: Duration) -> Result<(), Error> {
    let info = &last.record.info;
    if !is_under_way(&info.status) || last.annotations.contains_key(RUN) {
        return Ok(());
    }
    let since = if info.status == Status::Uninstalling { info.deleted } else { info.last_deployed };
    let age = since.map(|since| Timestamp::now().duration_since(since).unsigned_abs());
    if age.is_none_or(|age| age >= timeout) {
        return Ok(());
    }
    Err(Error::Pending {
        name: last.record.name.clone(),
        revision: last.record.revision,
        status: info.status.clone(),
    })
}
