//! The YAML reader in all its forms; what it read is written and read again.

use pintle_value::Data;
use pintle_yaml::{
    Flavour, Limits, documents, emit_data, parse, parse_list, parse_map, parse_spanned, parse_strict,
    parse_typed,
};

use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "yaml", run, seeds, words: WORDS, max_len: 128 };

const WORDS: &[&str] = &[
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "!!int ",
    "!!binary ",
    "!!merge ",
    "!<tag:yaml.org,2002:str> ",
    "|\n ",
    ">-\n ",
    "|2+\n",
    "'",
    "\"",
    "\\x41",
    "\\U0001F600",
    " #",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! a\n",
    "<<: ",
    "\t",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "😀",
    "~",
    "0x1F",
    "0b1",
    "1_0",
    "1e3",
    ".inf",
    ".nan",
    "yes",
    "2001-01-01",
    "01:30",
    "=",
    "\n  ",
    "a: b\n",
    "a: &a [*a]",
    "{? a}",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut all = seeds::lines("yaml/texts.jsonl", "text");
    all.extend(seeds::lines("expressions/yaml.jsonl", "in"));
    all
}

/// Reads the bytes.
pub fn run(bytes: &[u8]) {
    let limits = Limits::default().max_nodes(20_000);
    let _ = (parse_map(bytes, &limits), parse_list(bytes, &limits), parse_typed(bytes, &limits));
    if let Ok(Some(document)) = parse_spanned(bytes, &limits) {
        let mut open = vec![document.root()];
        for _ in 0..1_000 {
            let Some(node) = open.pop() else { break };
            assert!(node.position().line > 0, "lines are counted from 1");
            open.extend(node.items());
            open.extend(node.members().flat_map(|(_, key, value)| [key, value]));
        }
        let _ = document.to_data();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let mut end = 0;
        for chunk in documents(text) {
            let start = chunk.text.as_ptr().addr() - text.as_ptr().addr();
            assert!(
                start >= end && start + chunk.text.len() <= text.len(),
                "documents lie in the text in order"
            );
            end = start + chunk.text.len();
        }
        let _ = pintle_yaml::from_str::<serde_json::Value>(text);
    }
    let read = parse(bytes, &limits);
    match parse_strict(bytes, &limits) {
        Ok(strict) => assert_eq!(Ok(&strict), read.as_ref(), "strict reading only refuses more"),
        Err(error) => assert!(!error.to_string().is_empty(), "an error has words"),
    }
    if let Ok(data) = read {
        again(&data);
    }
}

/// What both flavours write is read as the same.
pub(super) fn again(data: &Data) {
    let limits = Limits::default();
    for flavour in [Flavour::V2, Flavour::V3] {
        let Ok(text) = emit_data(data, flavour) else {
            assert!(flavour == Flavour::V2 && is_odd(data), "only what is odd cannot be written");
            continue;
        };
        if is_odd(data) || flavour == Flavour::V3 && text.contains('\t') {
            continue; // YAML folds or refuses what go-yaml writes of them
        }
        assert_eq!(parse(text.as_bytes(), &limits).as_ref(), Ok(data), "{flavour:?} wrote {text:?}");
    }
}

/// Whether there is in it what go-yaml writes so that it is not read as the same: characters that YAML refuses or folds,
/// a key that looks like a merge, a key that is longer than go-yaml looks ahead.
fn is_odd(data: &Data) -> bool {
    const LOOKED_AHEAD: usize = 100;
    let odd = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.contains(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
    };
    match data {
        Data::String(text) => odd(text),
        Data::List(list) => list.iter().any(is_odd),
        Data::Map(map) => map
            .iter()
            .any(|(key, value)| odd(key) || &**key == b"<<" || key.len() > LOOKED_AHEAD || is_odd(value)),
        _ => false,
    }
}
