//! The fuzz target `record`; what it does stands in `pintle_fuzz::targets::record`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(record);
