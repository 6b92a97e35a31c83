//! The fuzz target `versions`; what it does stands in `pintle_fuzz::targets::versions`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(versions);
