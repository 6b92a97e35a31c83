//! The engine on real API servers, beside the real Helm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that fails panics")]

mod bad_input;
mod bed;
mod cancelling;
mod ensuring;
mod immutable;
mod interchange;
mod kinds;
mod lifecycle;
mod locking;
mod merging;
mod permissions;
mod planning;
mod post_rendering;
mod records;
mod refused;
mod requests;
mod sealing;
mod spans;
mod tenants;
mod testing;
mod waiting;
