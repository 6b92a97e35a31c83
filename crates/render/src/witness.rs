//! Noticing that a render depends on the moment or on chance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pintle_functions::{Clock, Moment, Random};

/// Tells whether a render asked for the time or for random bytes. One that did neither, and looked nothing up, gives the
/// same for the same input at any time.
///
/// Clones are the same witness.
#[derive(Clone, Debug, Default)]
pub struct Witness(Arc<AtomicBool>);

impl Witness {
    /// One that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the time or random bytes were asked for.
    pub fn has_seen(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn sees(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The clock or the source of chance, with this witness beside it.
    pub(crate) fn beside<T>(&self, inner: T) -> Witnessed<T> {
        Witnessed { inner, witness: self.clone() }
    }
}

/// A clock or a source of chance with a witness beside it.
pub(crate) struct Witnessed<T> {
    inner: T,
    witness: Witness,
}

impl<C: Clock> Clock for Witnessed<C> {
    fn now(&self) -> Moment {
        self.witness.sees();
        self.inner.now()
    }
}

impl<R: Random> Random for Witnessed<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.witness.sees();
        self.inner.fill(bytes)
    }
}
