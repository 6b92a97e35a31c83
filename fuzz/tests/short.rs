//! A short run of each target over changed seeds, the same each time.

use pintle_fuzz::{mutate, targets};

/// Enough to notice that a target is broken, and few enough to run before each change lands.
const RUNS: usize = 2_000;

#[test]
fn each_target_runs() {
    let failed: Vec<String> = targets().iter().filter_map(|target| mutate(target, 1, RUNS).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A target that no program runs would never be fuzzed, and a program that is no target has no seeds.
#[test]
fn each_target_has_its_program() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut programs: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of the programs")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    programs.sort();
    let names: Vec<&str> = targets().iter().map(|target| target.name).collect();
    assert_eq!(programs, names);
}
