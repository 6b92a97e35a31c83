//! The fuzz target `printf`; what it does stands in `pintle_fuzz::targets::printf`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(printf);
