//! Keeps Flux's `HelmRelease` objects installed in the clusters that they name, and their objects as declared.
//!
//! This is the library behind the program `pintle-controller`; it is linked against the engine like any other
//! controller would be.

pub mod api;
pub mod duration;
