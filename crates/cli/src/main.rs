//! The pintle program: Helm's commands and flags over the pintle library.

fn main() {}
