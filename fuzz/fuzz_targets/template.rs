//! The fuzz target `template`; what it does stands in `pintle_fuzz::targets::template`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(template);
