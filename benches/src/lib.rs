//! Pintle's benches that cross crates.
