//! The YAML writer: any data is written in both flavours, and read again as the same.

use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "yaml_values", run, seeds, words: WORDS, max_len: 160 };

const WORDS: &[&str] = &[
    "yes",
    "~",
    "null",
    "1e3",
    "0x1",
    "- a",
    "a: b",
    " #",
    "2001-01-01",
    "01:30",
    ".nan",
    "\n",
    "\n\n",
    " ",
    "\t",
    "'",
    "\"",
    "\\",
    "%",
    "@",
    "`",
    "!",
    "&",
    "*",
    "[",
    "{",
    ",",
    "?",
    "|",
    ">",
    ":",
    "<<",
    "=",
    "---",
    "...",
    "\u{e9}",
    "\u{2028}",
    "😀",
    "Lorem ipsum dolor sit amet consectetur ",
];

fn seeds() -> Vec<Vec<u8>> {
    let texts = crate::seeds::lines("yaml/values.jsonl", "value");
    texts.into_iter().map(|text| [&[5], &text[..]].concat()).collect()
}

/// Writes data made of the bytes.
pub fn run(bytes: &[u8]) {
    super::yaml::again(&Input::new(bytes).data(4));
}
