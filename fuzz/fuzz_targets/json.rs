//! The fuzz target `json`; what it does stands in `pintle_fuzz::targets::json`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(json);
