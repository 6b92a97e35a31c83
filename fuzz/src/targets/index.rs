//! A repository's index, and the choice of a version from it.

use pintle_registry::Index;

use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "index", run, seeds, words: WORDS, max_len: 256 };

const WORDS: &[&str] = &[
    "apiVersion: v1\n",
    "entries:\n",
    "  web:\n",
    "  - name: web\n",
    "    version: 1.2.3\n",
    "    version: v1.0.0-rc.1+b\n",
    "    urls: [a.tgz]\n",
    "    digest: abc\n",
    "    created: 2023-11-14T22:13:20Z\n",
    "    deprecated: true\n",
    "{\"apiVersion\":\"v1\"",
    ",\"entries\":{",
    "null",
    "[]",
    "{}",
    "\n",
];

fn seeds() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.2.3\n    urls: [web-1.2.3.tgz]\n  - name: web\n    version: 1.10.0-rc.1\n    created: 2023-11-14T22:13:20Z\n",
        "{\"apiVersion\":\"v1\",\"entries\":{\"web\":[{\"name\":\"web\",\"version\":\"1.0.0\",\"urls\":[\"a\"]}]}}",
    ])
}

/// Reads an index.
pub fn run(bytes: &[u8]) {
    match Index::parse(bytes) {
        Ok(index) => {
            for name in index.names() {
                for constraint in ["", "*", ">=1", "1.2.3"] {
                    let found = index.select(name, constraint).expect("it is a constraint");
                    assert!(found.is_none_or(|entry| !entry.name.is_empty()));
                }
            }
        }
        Err(error) => assert!(!error.is_empty(), "an error has words"),
    }
}
