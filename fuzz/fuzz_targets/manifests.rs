//! The fuzz target `manifests`; what it does stands in `pintle_fuzz::targets::manifests`.
#![cfg_attr(fuzzing, no_main)]

pintle_fuzz::main!(manifests);
