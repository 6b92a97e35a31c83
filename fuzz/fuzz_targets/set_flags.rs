//! The fuzz target `set_flags`; what it does stands in `pintle_fuzz::targets::set_flags`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(set_flags);
