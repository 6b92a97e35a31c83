//! The engine on real API servers, beside the real Helm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that fails panics")]

mod bad_input;
mod bed;
mod ensuring;
mod interchange;
mod lifecycle;
