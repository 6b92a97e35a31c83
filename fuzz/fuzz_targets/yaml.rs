//! The fuzz target `yaml`; what it does stands in `pintle_fuzz::targets::yaml`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(yaml);
