//! The pages that belong to the tree, and what they point at.

use std::path::Path;

const PAGES: &[&str] = &[
    "CHANGELOG.md",
    "COMPATIBILITY.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "STABILITY.md",
    "docs/architecture.md",
    "docs/guide.md",
    "docs/performance.md",
    "docs/testing.md",
];

#[test]
fn every_link_between_pages_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in PAGES {
        let path = root.join(page);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(
                path.parent().unwrap().join(file).exists(),
                "{page} points at {file}, which is not there"
            );
        }
    }
}

/// Blocks of Rust that nothing compiles would rot.
#[test]
fn no_block_of_rust_is_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in PAGES {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        assert!(
            !text.contains("```rust,ignore") && !text.contains("```ignore"),
            "{page} has a block that is ignored"
        );
        let compiled = ["README.md", "docs/guide.md", "docs/testing.md"].contains(page);
        assert!(compiled || !text.contains("```rust"), "{page} has a block of Rust that no test compiles");
    }
}
