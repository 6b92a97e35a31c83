//! The fuzz target `schema`; what it does stands in `pintle_fuzz::targets::schema`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(schema);
