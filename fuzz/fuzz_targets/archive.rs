//! The fuzz target `archive`; what it does stands in `pintle_fuzz::targets::archive`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(archive);
