//! The cluster room against real API servers.
#![expect(clippy::expect_used, reason = "the helpers of tests stop where a test does")]

mod applying;
mod bed;
mod discovering;
mod drifting;
mod installing;
mod locking;
mod storing;
mod unchanged;
mod waiting;
