//! The cluster room against real API servers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

mod applying;
mod bed;
mod discovering;
mod drifting;
mod installing;
mod locking;
mod storing;
mod unchanged;
mod waiting;
