//! Readers of foreign bytes never panic, whatever they read.

use pintle_chart::{Chart, File, IgnoreRules, Limits, PathKind, PathPattern, Values};
use pintle_value::Data;
use proptest::prelude::*;

proptest! {
    #[test]
    fn archives(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = Chart::from_archive(&bytes, &Limits::default());
        let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zip, &bytes).unwrap();
        let _ = Chart::from_archive(&zip.finish().unwrap(), &Limits::default());
    }

    #[test]
    fn chart_files(name in "(charts/)?[a-z./]{0,12}", metadata in "[ -~\\n]{0,60}", values in "[ -~\\n]{0,60}") {
        let files = vec![
            File::new("Chart.yaml", format!("name: a\nversion: 1.0.0\n{metadata}")),
            File::new("values.yaml", values),
            File::new(name, "x"),
        ];
        let _ = Chart::from_files(files, &Limits::default());
    }

    #[test]
    fn ignore_rules(rules in "[a-z*?!/#\\[\\]\\\\\\n -]{0,40}", path in "[a-z/.]{0,20}") {
        if let Ok(rules) = IgnoreRules::parse(rules.as_bytes()) {
            let _ = rules.ignores(&path, PathKind::File);
            let _ = rules.ignores(&path, PathKind::Directory);
        }
    }

    #[test]
    fn a_pattern_without_signs_matches_itself(path in "[a-z/.]{0,20}") {
        prop_assert!(PathPattern::new(&path).unwrap().matches(&path));
        let star = PathPattern::new("*").unwrap().matches(&path);
        prop_assert_eq!(star, !path.contains('/'));
    }

    #[test]
    fn flags(text in "[ab0-9.,={}\\[\\]\\\\\"ü-]{0,40}") {
        let _ = Values::builder().set(&text).build();
        let _ = Values::builder().set_string(&text).build();
        let _ = Values::builder().set_json(&text).build();
        let _ = Values::builder().set_literal(&text).build();
        let _ = Values::builder().file("x", "a: {b: [1, {c: 2}]}\n").set(&text).build();
    }

    #[test]
    fn schemas(schema in "[\\[\\]{}\":,a-z$#/0-9]{0,60}", kind in "(type|enum|\\$ref|allOf|items|if|pattern|not)") {
        let files = vec![
            File::new("Chart.yaml", "name: a\nversion: 1.0.0\n"),
            File::new("values.schema.json", format!("{{\"{kind}\": {schema}}}")),
        ];
        if let Ok(chart) = Chart::from_files(files, &Limits::default()) {
            let _ = pintle_chart::validate_schema(&chart, &pintle_value::DataMap::default());
        }
    }
}

/// Whatever a schema does with JSON that is as deep as one may be, or deeper, ends in an answer on a small stack.
#[test]
fn deep_schemas_end() {
    for levels in [60, 125, 9_990] {
        let deep = |open: &str, inside: &str, close: &str| {
            format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
        };
        let lists = deep("[", "1", "]");
        let schemas = [
            deep("{\"not\": ", "{}", "}"),
            deep("{\"properties\": {\"a\": ", "{}", "}}"),
            format!("{{\"default\": {lists}}}"),
            format!("{{\"enum\": [{lists}, {lists}]}}"),
            format!("{{\"const\": {lists}}}"),
            format!("{{\"properties\": {{\"a\": {{\"const\": {lists}}}}}}}"),
            deep("[", "1", "]"),
        ];
        for schema in schemas {
            let judged = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
                let files = vec![
                    File::new("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
                    File::new("values.schema.json", schema),
                ];
                let chart = Chart::from_files(files, &Limits::default()).unwrap();
                let values = pintle_value::DataMap::from_iter([(pintle_value::Str::from("a"), Data::Int(1))]);
                let _ = pintle_chart::validate_schema(&chart, &values);
            });
            judged.unwrap().join().unwrap();
        }
    }
}
