//! The fuzz target `keys`; what it does stands in `pintle_fuzz::targets::keys`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(keys);
