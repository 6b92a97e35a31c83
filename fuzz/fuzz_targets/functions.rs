//! The fuzz target `functions`; what it does stands in `pintle_fuzz::targets::functions`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(functions);
