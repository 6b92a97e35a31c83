//! The fuzz target `patterns`; what it does stands in `pintle_fuzz::targets::patterns`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(patterns);
