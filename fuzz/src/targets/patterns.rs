//! Patterns of names: ignore rules, globs, Kubernetes' versions, names of releases; a pattern, a zero byte, a name.

use pintle_chart::{IgnoreRules, PathKind, PathPattern, validate_release_name};
use pintle_render::KubeVersion;

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "patterns", run, seeds, words: WORDS, max_len: 64 };

const WORDS: &[&str] =
    &["*", "?", "[a-z]", "[^a]", "\\*", "/", "!", "#", "**", "\n", "v1.34.0", "-", "a", "{a,b}", "]"];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "*.bak\n!a.bak\n/x\nd/\0d/a.bak",
        "[a-c]?/*\0b1/xyz",
        "a*b*c*d*e*f\0aaaaabbbbbcccccdddddeeeee",
        "v1.34.0\0web-1",
    ])
}

/// Matches a name.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (pattern, name) = (input.text(), String::from_utf8_lossy(input.rest()));
    if let Ok(rules) = IgnoreRules::parse(pattern) {
        let _ = (rules.ignores(&name, PathKind::File), rules.ignores(&name, PathKind::Directory));
    }
    let pattern = String::from_utf8_lossy(pattern);
    if let Ok(pattern) = PathPattern::new(&pattern) {
        let _ = pattern.matches(&name);
    }
    let _ = (KubeVersion::parse(&pattern), validate_release_name(&name));
}
