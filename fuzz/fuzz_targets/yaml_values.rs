//! The fuzz target `yaml_values`; what it does stands in `pintle_fuzz::targets::yaml_values`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(yaml_values);
