//! The cluster room against real API servers.

mod applying;
mod bed;
mod discovering;
mod storing;
mod unchanged;
mod waiting;
