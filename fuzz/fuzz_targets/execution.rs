//! The fuzz target `execution`; what it does stands in `pintle_fuzz::targets::execution`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(execution);
