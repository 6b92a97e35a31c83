//! When the next request may be sent.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The longest pause that a server can ask for. What asks for more is taken as if it asked for this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Lets a number of requests go at once, in the order in which they came, and none while the server asked to wait.
#[derive(Debug)]
pub(crate) struct Throttle {
    slots: Semaphore,
    paused_until: Mutex<Option<Instant>>,
}

impl Throttle {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            slots: Semaphore::new(concurrency.min(Semaphore::MAX_PERMITS)),
            paused_until: Mutex::new(None),
        }
    }

    /// Waits for a turn. `None` never happens: the semaphore is not closed.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.slots.acquire().await.ok();
        while let Some(until) = self.pause() {
            tokio::time::sleep_until(until).await;
        }
        permit
    }

    /// Holds back all requests for as long as the server asked for.
    pub(crate) fn hold(&self, time: Duration) {
        let until = Instant::now() + time.min(LONGEST_PAUSE);
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some(paused.map_or(until, |other| other.max(until)));
    }

    fn pause(&self) -> Option<Instant> {
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.is_some_and(|until| until <= Instant::now()) {
            *paused = None;
        }
        *paused
    }
}

/// The pause before the next try: 100 ms, doubled each time up to `longest`, and up to half of it taken off at random,
/// so that many clients do not come back at the same moment.
pub(crate) fn backoff(attempt: u32, longest: Duration) -> Duration {
    let full = Duration::from_millis(100).saturating_mul(1 << attempt.min(16)).min(longest);
    let random = RandomState::new().build_hasher().finish() % 512;
    full.saturating_sub(full.saturating_mul(u32::try_from(random).unwrap_or_default()) / 1024)
}
