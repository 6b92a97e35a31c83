//! Versions and constraints as Masterminds' library reads them: both, with a zero byte between them.

use std::cmp::Ordering;

use pintle_functions::{Constraint, Version};

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "versions", run, seeds, words: WORDS, max_len: 48 };

const WORDS: &[&str] = &[
    "1.2.3",
    "v1",
    "-alpha.1",
    "+build",
    " - ",
    " || ",
    ", ",
    ">=",
    "<=",
    "!=",
    "=>",
    "~>",
    "^",
    "~",
    "*",
    "x",
    "X",
    "99999999999999999999",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "1.2.3\0>=1.0, <2",
        "v1.2.3-rc.1+b\0^1.2.3-0 || ~2.1",
        "1.2\0 1.0 - 2.x",
        "1\0*",
        "1.0.0\0!=1.0.0 =>1",
    ])
}

/// Reads and compares.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (version, constraint) =
        (String::from_utf8_lossy(input.text()), String::from_utf8_lossy(input.rest()));
    let (version, constraint) = (Version::parse(&version), Constraint::parse(&constraint));
    if let Ok(version) = &version {
        let again = Version::parse(&version.to_string()).expect("what was written is a version");
        assert_eq!(version.compare(&again), Ordering::Equal, "and the same");
        if let Ok(constraint) = &constraint {
            let _ = constraint.allows(version);
        }
    }
}
