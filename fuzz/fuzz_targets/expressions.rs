//! The fuzz target `expressions`; what it does stands in `pintle_fuzz::targets::expressions`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(expressions);
