//! A rendered file into its documents.

use memchr::memmem;

/// The documents of a rendered file, each with the offset at which it begins: split at every `---` at the start of a
/// line, whatever follows it; documents of blanks are dropped, blanks before a document too
/// (Helm: `pkg/release/v1/util/manifest.go`, `SplitManifests`).
pub fn split_manifests(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let mut start = text.len() - text.trim_start().len();
    let mut keep = |from: usize, to: usize| {
        let document = text.get(from..to).unwrap_or_default();
        let trimmed = document.trim_start();
        if !trimmed.is_empty() {
            documents.push((to - trimmed.len(), trimmed));
        }
    };
    let mut line = Some(start);
    while let Some(at) = line {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(behind) = rest.strip_prefix("---") {
            keep(start, at);
            start = at + 3 + behind.len() - behind.trim_start_matches([' ', '\t']).len();
        }
        let from = at.max(start);
        line =
            memmem::find(text.get(from..).unwrap_or_default().as_bytes(), b"\n---").map(|end| from + end + 1);
    }
    keep(start, text.len());
    documents
}

#[cfg(test)]
mod tests {
    use super::split_manifests;

    #[test]
    fn splits_as_helm_does() {
        for (text, expected) in [
            ("", vec![]),
            ("---\n\n--- \n", vec![]),
            ("a: 1", vec!["a: 1"]),
            ("\n \na: 1\n", vec!["a: 1\n"]),
            ("---\na: 1\n---\nb: 2\n", vec!["a: 1\n", "b: 2\n"]),
            ("a: 1\n--- # x\nb: 2\n", vec!["a: 1\n", "# x\nb: 2\n"]),
            ("---apiVersion: v1\n", vec!["apiVersion: v1\n"]),
            ("a: |\n  ---\n  x\n", vec!["a: |\n  ---\n  x\n"]),
            ("  ---\na: 1", vec!["a: 1"]),
            ("a: 1\n------\nb: 2", vec!["a: 1\n", "---\nb: 2"]),
        ] {
            let found: Vec<&str> = split_manifests(text).into_iter().map(|(_, document)| document).collect();
            assert_eq!(found, expected, "{text:?}");
            for (offset, document) in split_manifests(text) {
                assert!(text[offset..].starts_with(document));
            }
        }
    }
}
