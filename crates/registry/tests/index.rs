//! The index takes any bytes, and chooses as Helm does.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::fmt::Write as _;

use pintle_registry::Index;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_end_in_an_index_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Index::parse(&bytes);
    }

    #[test]
    fn any_text_behind_the_right_beginning_ends_too(text in "(- |  |\\{|\\}|\\[|\\]|:|,|\n|a|name|version|1.0.0|\"|&x|\\*x){0,80}") {
        let _ = Index::parse(format!("apiVersion: v1\nentries:\n  web: {text}").as_bytes());
        let _ = Index::parse(format!("{{\"apiVersion\": \"v1\", \"entries\": {text}").as_bytes());
    }

    #[test]
    fn the_newest_version_that_passes_is_chosen(versions in proptest::collection::vec((0_u8..4, 0_u8..30, 0_u8..30), 1..12)) {
        let mut text = "apiVersion: v1\nentries:\n  web:\n".to_owned();
        for (major, minor, patch) in &versions {
            let _ = writeln!(text, "  - name: web\n    version: {major}.{minor}.{patch}");
        }
        let index = Index::parse(text.as_bytes()).expect("is an index");
        let newest = |passes: &dyn Fn(&(u8, u8, u8)) -> bool| {
            versions.iter().filter(|version| passes(version)).max().map(|(a, b, c)| format!("{a}.{b}.{c}"))
        };
        let chosen = |constraint: &str| {
            index.select("web", constraint).expect("is a constraint").map(|entry| entry.version.clone())
        };
        prop_assert_eq!(chosen(""), newest(&|_| true));
        prop_assert_eq!(chosen("^1"), newest(&|version| version.0 == 1));
        prop_assert_eq!(chosen(">=1.5.0, <3"), newest(&|version| *version >= (1, 5, 0) && version.0 < 3));
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let yaml = format!("apiVersion: v1\nentries: {}", "[".repeat(200_000));
    assert!(Index::parse(yaml.as_bytes()).is_err());
    let json = format!("{{\"apiVersion\":\"v1\",\"entries\":{}", "[".repeat(200_000));
    assert!(Index::parse(json.as_bytes()).is_err());
}

#[test]
fn a_version_that_is_written_the_same_wins() {
    let index = Index::parse(
        b"apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.2.3+b}\n  - {name: web, version: v1.2.3}\n  \
          - {name: web, version: 1.2.4, deprecated: true, appVersion: '9', created: '2026-01-01T00:00:00Z'}\n",
    )
    .expect("is an index");
    let chosen =
        |constraint: &str| index.select("web", constraint).map(|entry| entry.map(|entry| &*entry.version));
    assert_eq!(chosen("v1.2.3"), Ok(Some("v1.2.3")));
    assert_eq!(chosen("1.2.3+b"), Ok(Some("1.2.3+b")));
    assert_eq!(chosen("~1.2"), Ok(Some("1.2.4")));
    assert_eq!(chosen("2"), Ok(None));
    assert!(chosen("not a range").is_err());
    assert_eq!(index.select("other", "1"), Ok(None));
    let newest = &index.versions("web").expect("is there")[0];
    assert!(newest.deprecated && newest.created.is_some() && newest.app_version == "9");
}
