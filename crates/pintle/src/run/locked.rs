//! Work under a release's lock, and what is left to do when the lock is given back.

use pintle_cluster::{Lock, LockError, Scope};
use pintle_release::StoreError;

use crate::ledger::{Claim, Entry, LAST_WORD};
use crate::{Error, ReleaseHandle};

/// What work under a lock needs to know of it.
pub(crate) struct Hold {
    pub(crate) claim: Claim,
    /// Ends when the caller cancels, and with the lock.
    pub(crate) work: Scope,
    /// Ends with the lock alone: for records, which are written after a cancellation too.
    pub(crate) records: Scope,
}

/// What is left to do when the lock is given back.
///
/// A record goes on naming its run until then: whoever finds the name knows that a lock may be left.
#[derive(Default)]
pub(crate) enum After {
    /// Nothing.
    #[default]
    Nothing,
    /// The record says no longer which run made it.
    Settle(Entry),
    /// The last record of the release is deleted.
    Delete(Entry),
}

/// Takes a release's lock, works under it while it is renewed, gives it back, and does what is left.
pub(crate) async fn run<T>(
    release: &ReleaseHandle,
    fence: i64,
    caller: &Scope,
    work: impl AsyncFnOnce(&Hold, &mut After) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut lock = release.lock(caller, fence).await?;
    let hold =
        Hold { claim: Claim::of(&lock), work: lock.scope(caller), records: lock.scope(&Scope::unlimited()) };
    let mut after = After::Nothing;
    let result = lock.run(work(&hold, &mut after)).await;
    close(release, lock, after, result).await
}

async fn close<T>(
    release: &ReleaseHandle,
    lock: Lock,
    after: After,
    result: Result<T, Error>,
) -> Result<T, Error> {
    let closing = Scope::unlimited().within(LAST_WORD);
    match lock.release(&closing).await {
        Ok(()) | Err(LockError::Lost { .. }) => {}
        // The record still names the run, so that the next one looks for the lock.
        Err(error) => {
            tracing::warn!(release = release.name(), %error, "the lock could not be given back");
            return match after {
                After::Delete(_) => result.and(Err(Error::lock(release.name(), error))),
                _ => result,
            };
        }
    }
    match after {
        After::Nothing => result,
        After::Settle(entry) => {
            if let Err(error) = entry.settle(&closing).await {
                tracing::debug!(release = release.name(), %error, "the record goes on naming its run");
            }
            result
        }
        After::Delete(entry) => match entry.delete(&closing).await {
            // In a conflict, somebody else has begun to work on the release, which is theirs by now.
            Ok(()) | Err(StoreError::Conflict { .. }) => result,
            Err(error) => result.and(Err(error.into())),
        },
    }
}
