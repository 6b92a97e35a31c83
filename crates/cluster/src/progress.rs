//! What is told while objects are written, deleted and waited for.

use crate::{Change, Deletion, Error, ObjectRef, Status, StatusResult};

/// Something happened to one object.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// It was written, or found to be as it should be.
    Applied {
        /// The object; its name is the one that the server made, where it did.
        object: &'a ObjectRef,
        /// What was done.
        change: Change,
    },
    /// It was deleted, or there was a reason not to.
    Deleted {
        /// The object.
        object: &'a ObjectRef,
        /// What was done.
        deletion: &'a Deletion,
    },
    /// It could not be written or deleted.
    Failed {
        /// The object.
        object: &'a ObjectRef,
        /// Why.
        error: &'a Error,
    },
    /// Its status is another one than before.
    Status {
        /// The object.
        object: &'a ObjectRef,
        /// The status before; `None` for the first.
        before: Option<Status>,
        /// The status and what it means.
        now: &'a StatusResult,
    },
    /// It is gone.
    Gone {
        /// The object.
        object: &'a ObjectRef,
    },
}

/// Is told what happens to objects. It must not block.
pub trait ProgressObserver: Send + Sync {
    /// Something happened to one object.
    fn progress(&self, progress: &Progress<'_>);
}

impl<F: Fn(&Progress<'_>) + Send + Sync> ProgressObserver for F {
    fn progress(&self, progress: &Progress<'_>) {
        self(progress);
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl ProgressObserver for Unobserved {
    fn progress(&self, _: &Progress<'_>) {}
}
