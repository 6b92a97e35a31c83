//! The fuzz target `index`; what it does stands in `pintle_fuzz::targets::index`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(index);
