//! The controller with real clusters and a real Helm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod bad_inputs;
mod bed;
mod drift;
mod health;
mod isolation;
mod life;
mod repositories;
