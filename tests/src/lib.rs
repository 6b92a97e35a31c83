//! Pintle's tests that cross crates.

/// The guide's blocks, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
struct Guide;
