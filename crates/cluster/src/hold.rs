//! Until when the holder of a lock may send.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Until when the holder of a lock may send: its renewals move the end, and its loss is the end.
#[derive(Clone, Debug)]
pub(crate) struct Hold(Arc<State>);

#[derive(Debug)]
struct State {
    release: String,
    end: Mutex<Instant>,
    lost: CancellationToken,
}

impl Hold {
    pub(crate) fn new(release: impl Into<String>, end: Instant) -> Self {
        let state = State { release: release.into(), end: Mutex::new(end), lost: CancellationToken::new() };
        Self(Arc::new(state))
    }

    /// The release that is locked.
    pub(crate) fn release(&self) -> &str {
        &self.0.release
    }

    /// When the holder must have stopped sending, as things stand.
    pub(crate) fn end(&self) -> Instant {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that is left until then.
    pub(crate) fn left(&self) -> Duration {
        if self.0.lost.is_cancelled() {
            return Duration::ZERO;
        }
        self.end().saturating_duration_since(Instant::now())
    }

    /// The lock was renewed.
    pub(crate) fn extend(&self, end: Instant) {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    /// Somebody else has the lock, or nobody can know who has it.
    pub(crate) fn lose(&self) {
        self.0.lost.cancel();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Waits until the holder may send no more.
    pub(crate) async fn over(&self) {
        while !self.is_over() {
            tokio::select! {
                () = self.0.lost.cancelled() => return,
                () = tokio::time::sleep_until(self.end()) => {}
            }
        }
    }
}
