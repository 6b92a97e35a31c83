//! The fuzz target `chart`; what it does stands in `pintle_fuzz::targets::chart`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(chart);
