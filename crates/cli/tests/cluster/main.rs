//! Commands on a real control plane, compared with what the real Helm prints there.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on panics")]

mod cancelled;
mod changes;
mod plans;
mod reads;
mod stage;
