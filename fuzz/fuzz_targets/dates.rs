//! The fuzz target `dates`; what it does stands in `pintle_fuzz::targets::dates`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(dates);
