//! What a run did.

use pintle_release::Record;

use crate::ObjectChange;

/// What a run did, when it succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What was done.
    pub change: Change,
    /// The release's record as it stands now; after an uninstall, as it stood last.
    pub record: Record,
    /// What was done to each object, in the order in which it was done; objects that needed nothing included.
    pub objects: Vec<ObjectChange>,
    /// What people should know although nothing failed.
    pub warnings: Vec<String>,
}

/// What a run did to the release as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The release was installed.
    Installed,
    /// A new revision took the place of the old one.
    Upgraded,
    /// A revision was rolled back to.
    RolledBack {
        /// The revision that was rolled back to.
        to: u32,
    },
    /// The release was uninstalled.
    Uninstalled,
    /// Objects that had drifted were put back, or the last steps of a run that died before them were done; no new
    /// revision was made.
    Corrected,
    /// Nothing had to be done, and nothing was written.
    Unchanged,
}
