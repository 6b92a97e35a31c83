//! What README and `docs/` show is what works.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that fails panics")]

mod readme;
mod tree;
