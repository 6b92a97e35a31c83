//! The fuzz target `toml`; what it does stands in `pintle_fuzz::targets::toml`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(toml);
