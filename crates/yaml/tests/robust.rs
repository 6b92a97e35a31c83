//! Any input ends, in an answer or an error, on a small stack and within limits.

#![allow(clippy::expect_used, clippy::format_push_string, reason = "tests, and what they share")]

use pintle_value::{Data, List, Map, Number, Str, Value, types};
use pintle_yaml::{
    Emitter, ErrorKind, Flavour, Limits, documents, emit_data, emit_value, parse, parse_spanned,
    parse_strict, parse_typed,
};
use proptest::prelude::*;

/// Runs on a stack of 2 MiB, as an engine's worker has it.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .expect("a thread starts")
        .join()
        .expect("no panic");
}

#[test]
fn depth_ends_in_an_error() {
    on_small_stack(|| {
        let limits = Limits::default();
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("[a: ", "]"), ("? ", ""), ("{? ", "}")]
        {
            let text = open.repeat(20_000) + "x" + &close.repeat(20_000);
            let error = parse(text.as_bytes(), &limits).expect_err(open);
            assert!(error.message().contains("exceeded max depth of 10000"), "{open}: {error}");
        }
        for (text, message) in [
            (
                "a: ".to_owned() + &"[".repeat(10_000) + &"]".repeat(10_000),
                "error unmarshaling JSON: while decoding JSON: exceeded max depth",
            ),
            ("[a: ".repeat(5_001) + &"]".repeat(5_001), "error converting YAML to JSON: exceeded max depth"),
        ] {
            assert_eq!(parse(text.as_bytes(), &limits).expect_err("too deep for JSON").to_string(), message);
        }
        let text = "[".repeat(200_000);
        assert!(parse(text.as_bytes(), &limits).is_err());
        assert!(parse_strict(text.as_bytes(), &limits).is_err());
    });
}

#[test]
fn go_yamls_whole_depth_is_read_and_written() {
    on_small_stack(|| {
        let text = "[".repeat(9_999) + "x" + &"]".repeat(9_999);
        let data = parse(text.as_bytes(), &Limits::default()).expect("deep, but not too deep");
        let yaml = emit_data(&data, Flavour::V2).expect("as deep to write");
        assert_eq!(yaml, "- ".repeat(9_999) + "x\n");
        drop(data);
    });
}

#[test]
fn limits_are_kept() {
    let refused = |text: &str, limits: &Limits| parse(text.as_bytes(), limits).expect_err(text).kind();
    assert_eq!(refused("a: b", &Limits::default().max_bytes(3)), ErrorKind::Limit);
    assert_eq!(refused("[a, b, c]", &Limits::default().max_nodes(3)), ErrorKind::Limit);
    assert!(parse(b"[a, b, c]", &Limits::default().max_nodes(4)).is_ok());
    assert!(parse(b"[[a]]", &Limits::default().max_depth(2)).is_ok());
    assert!(parse(b"[[[a]]]", &Limits::default().max_depth(2)).is_err());
    assert!(parse(b"- - - a", &Limits::default().max_depth(2)).is_err());
}

#[test]
fn aliases_share_what_they_stand_for() {
    // Each level holds the one before it nine times: go-yaml refuses what would be 9^9 nodes.
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let error = parse(text.as_bytes(), &Limits::default()).expect_err("too many aliases");
    assert_eq!(error.message(), "yaml: document contains excessive aliasing");
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn values_that_hold_themselves_end_in_gos_error() {
    on_small_stack(|| {
        let map = Map::new();
        map.insert("a", Value::Map(map.clone()));
        let value = Value::Map(map.clone());
        assert_eq!(
            emit_value(&value, Flavour::V2).expect_err("a cycle").to_string(),
            "error marshaling into JSON: json: unsupported value: encountered a cycle via map[string]interface {}",
        );
        assert!(emit_value(&value, Flavour::V3).is_err());
        map.remove("a");

        let list = List::new(vec![Value::Nil]);
        list.set(0, Value::List(list.clone()));
        let error = emit_value(&Value::List(list.clone()), Flavour::V2).expect_err("a cycle").to_string();
        assert!(error.contains("encountered a cycle via []interface {}"), "{error}");
        list.set(0, Value::Nil);
    });
}

#[test]
fn small_values_may_be_large_texts() {
    let mut value = Value::List(List::new(vec![Value::from("x"); 10]));
    for _ in 0..12 {
        value = Value::List(List::new(vec![value; 10]));
    }
    let mut out = b"kept".to_vec();
    let error = Emitter::new(Flavour::V2).max_bytes(1 << 20).emit(&value, &mut out).expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(out, b"kept");
}

#[test]
fn gos_types_are_written_as_go_writes_them() {
    let both = |value: &Value| [Flavour::V2, Flavour::V3].map(|flavour| emit_value(value, flavour).ok());
    let some = |v2: &str, v3: &str| [Some(v2.to_owned()), Some(v3.to_owned())];
    assert_eq!(
        both(&Value::Number(Number::Uint64(u64::MAX))),
        some("18446744073709551615\n", "18446744073709551615\n")
    );
    assert_eq!(both(&Value::Number(Number::Float32(0.1))), some("0.1\n", "0.1\n"));
    assert_eq!(both(&Value::Float(1e6)), some("1000000\n", "1e+06\n"));
    assert_eq!(both(&Value::List(List::nil(&types::ANY_SLICE))), some("null\n", "[]\n"));
    assert_eq!(both(&Value::Map(Map::nil(&types::ANY_MAP))), some("null\n", "{}\n"));
    let bytes = List::typed(
        &types::BYTES,
        vec![Value::Number(Number::Uint8(104)), Value::Number(Number::Uint8(105))],
    );
    assert_eq!(both(&Value::List(bytes)), some("aGk=\n", "- 104\n- 105\n"));
    assert_eq!(both(&Value::from(&b"\xff\xfe"[..])), some("\u{FFFD}\u{FFFD}\n", "!!binary //4=\n"));
    assert_eq!(both(&Value::Float(f64::NAN)), [None, Some(".nan\n".to_owned())]);
    assert_eq!(both(&Value::from("\u{7f}")), [None, Some("\"\\x7F\"\n".to_owned())]);
    let long = Value::from(vec![0xFF_u8; 60]);
    let base64 = "/".repeat(80);
    let (first, second) = base64.split_at(70);
    let expected = format!("k: !!binary |\n  {first}\n  {second}\n");
    let map: Map = [("k", long)].into_iter().collect();
    assert_eq!(emit_value(&Value::Map(map), Flavour::V3).expect("binary"), expected);
}

#[test]
fn keys_without_an_order_are_sorted_without_panic() {
    let names = ["a12", "a1b", "a2", "a1", "a1c", "a11", "a2b", "a3"];
    let data: Data = (0..200).map(|at| (format!("{}{}", names[at % 8], at / 8), Data::Null)).collect();
    let count = data.as_map().expect("a map").len();
    for flavour in [Flavour::V2, Flavour::V3] {
        assert_eq!(emit_data(&data, flavour).expect("it is written").lines().count(), count);
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -~]{0,12}",
        2 => prop::sample::select(vec![
            "\n", "  ", "\n  ", ": ", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "!!int ", "!!binary ", "|\n ",
            ">-\n ", "'", "\"", "#", "---\n", "...\n", "%YAML 1.1\n", "<<: ", "\t", "\r\n", "\u{85}", "\u{2028}",
            "\u{feff}", "😀", "~", "0x", "1_0", ".inf", "2001-01-01",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn data() -> impl Strategy<Value = Data> {
    let string = prop_oneof![
        Just(String::new()),
        "[a-z0-9]{1,8}",
        "[ -~\n\t]{0,40}",
        "(\\PC| |\n){0,30}",
        prop::sample::select(vec![
            "yes",
            "~",
            "1e3",
            "0x1",
            "- a",
            "a: b",
            "#",
            "2001-01-01",
            "01:30",
            "\u{feff}a"
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i32>().prop_map(|number| Data::Float(f64::from(number))),
        any::<f64>().prop_filter("JSON has it", |number| number.is_finite()).prop_map(Data::Float),
        string.clone().prop_map(Data::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Data::from),
            prop::collection::vec((string.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<Data>()),
        ]
    })
}

/// What only one of the two writers can hand on: characters that YAML refuses or folds.
fn is_unwritable(data: &Data) -> bool {
    let odd = |text: &Str| {
        text.to_str_lossy().contains(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
    };
    match data {
        Data::String(text) => odd(text),
        Data::List(list) => list.iter().any(is_unwritable),
        Data::Map(map) => map.iter().any(|(key, value)| odd(key) || is_unwritable(value)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let limits = Limits::default();
        let _ = parse(&bytes, &limits);
        let _ = parse_strict(&bytes, &limits);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in text()) {
        let limits = Limits::default();
        let _ = parse_strict(text.as_bytes(), &limits);
        let _ = pintle_yaml::from_str::<serde_json::Value>(&text);
        if let Ok(Some(document)) = parse_spanned(text.as_bytes(), &limits) {
            let mut open = vec![document.root()];
            for _ in 0..1_000 {
                let Some(node) = open.pop() else { break };
                prop_assert!(node.position().line > 0);
                open.extend(node.items());
                open.extend(node.members().map(|(_, _, value)| value));
            }
        }
        let chunks: String = documents(&text).map(|chunk| chunk.text).collect();
        prop_assert!(chunks.len() <= text.len());
        if let Ok(data) = parse(text.as_bytes(), &limits) {
            let _ = emit_data(&data, Flavour::V2);
            let _ = emit_data(&data, Flavour::V3);
        }
    }

    #[test]
    fn what_is_written_is_read_again(data in data()) {
        for flavour in [Flavour::V2, Flavour::V3] {
            let Ok(text) = emit_data(&data, flavour) else {
                prop_assert!(flavour == Flavour::V2 && is_unwritable(&data));
                continue;
            };
            if flavour == Flavour::V2 && is_unwritable(&data) {
                continue; // NEL is folded on the way through JSON
            }
            if flavour == Flavour::V3 && text.contains('\t') {
                continue; // go-yaml v3 writes literal scalars that start with a tab, which no YAML reader takes
            }
            let again = parse(text.as_bytes(), &Limits::default());
            prop_assert_eq!(again.as_ref(), Ok(&data), "{}", text);
            let typed = parse_typed(text.as_bytes(), &Limits::default()).map(|data| emit_data(&data, flavour));
            prop_assert!(flavour == Flavour::V3 || typed == Ok(Ok(text)));
        }
    }
}
