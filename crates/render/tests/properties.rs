//! Readers of foreign text never panic, whatever they read.

use pintle_chart::{Chart, File, Limits};
use pintle_render::{CompiledChart, KubeVersion, RenderInput, split_manifests};
use proptest::prelude::*;

proptest! {
    #[test]
    fn documents_lie_in_the_text_in_order(text in "[-a: \\n\\t#]{0,60}") {
        let mut end = 0;
        for (offset, document) in split_manifests(&text) {
            prop_assert!(offset >= end);
            prop_assert!(text[offset..].starts_with(document));
            prop_assert!(!document.trim().is_empty());
            prop_assert!(!document.contains("\n---"));
            end = offset + document.len();
        }
    }

    #[test]
    fn versions(text in "[v0-9. a+-]{0,20}") {
        let _ = KubeVersion::parse(&text);
    }

    #[test]
    fn globs(text in "[a/*?{},\\[\\]!\\\\-]{0,30}") {
        let template = format!("{{{{ range $n, $_ := .Files.Glob {text:?} }}}}# {{{{ $n }}}}\n{{{{ end }}}}");
        let files = vec![
            File::new("Chart.yaml", "name: a\nversion: 1.0.0\n"),
            File::new("templates/a.yaml", template),
            File::new("aaa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/a", "x"),
        ];
        let chart = Chart::from_files(files, &Limits::default()).unwrap();
        let _ = CompiledChart::new(chart).render(&RenderInput::new("a", "b"));
    }
}
