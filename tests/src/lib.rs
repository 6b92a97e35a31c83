//! Pintle's tests that cross crates.
