//! Every function that Helm registers is here, and no other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they share")]

use std::collections::BTreeSet;
use std::path::Path;

use pintle_functions::Helm;

#[test]
fn the_names_are_helms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/functions/names.txt");
    let recorded = std::fs::read_to_string(path).unwrap();
    let recorded: BTreeSet<String> = recorded.lines().map(str::to_owned).collect();
    let ours: BTreeSet<String> =
        Helm::functions().names().map(|name| name.to_str_lossy().into_owned()).collect();
    let missing: Vec<_> = recorded.difference(&ours).collect();
    let extra: Vec<_> = ours.difference(&recorded).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:?}; not Helm's: {extra:?}");
}
