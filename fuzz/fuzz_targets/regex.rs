//! The fuzz target `regex`; what it does stands in `pintle_fuzz::targets::regex`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(regex);
