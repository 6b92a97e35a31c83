//! Pintle's fuzz targets: each takes any bytes to one reader of foreign bytes, which must neither panic nor hang.
//!
//! A target's body is a plain function, so that it runs in three ways:
//!
//! - under libFuzzer, which looks for inputs that reach new code: `cargo xtask fuzz TARGET`;
//! - a short run over mutated seeds with a fixed sequence of chances, on any compiler, as a test: [`mutate`];
//! - once, on a file that one of them found: `cargo run --bin TARGET FILE` in this folder.
//!
//! What a target checks beside that are promises of the crate it is about: what was written is read again as the same,
//! an offset lies in its text, an error has words.

mod input;
mod mutate;
mod seeds;
mod target;
pub mod targets;

pub use mutate::mutate;
pub use target::{SEEDS_VARIABLE, Target, find, replay, targets, write_seeds};
