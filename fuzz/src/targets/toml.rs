//! TOML, both ways.

use pintle_value::{Map, Str, Value};

use super::template_of;
use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "toml", run, seeds, words: WORDS, max_len: 128 };

const WORDS: &[&str] = &[
    "a = 1\n",
    "[a]\n",
    "[[b]]\n",
    "[a.b]\n",
    "a.b = ",
    "\"",
    "'''",
    "\"\"\"",
    "\\u00e9",
    "1979-05-27T07:32:00Z",
    "07:32:00",
    "1979-05-27",
    "inf",
    "-nan",
    "0x1F",
    "0o7",
    "0b1",
    "1_000",
    "1e6",
    "true",
    "{a = 1}",
    "[1, 2]",
    "# x\n",
    "\r\n",
    "= ",
    "é",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "a = 1\nb = \"c\"\n[d]\ne = [1, 2.5, true]\n[[f]]\ng = 1979-05-27T07:32:00Z\n",
        "a.b.c = 'x'\n\"q r\" = \"\"\"\nm\n\"\"\"\nt = {u = 1, v = [{w = 2}]}\n",
    ])
}

template_of!("{{ $a := fromToml .a }}{{ toToml $a }}{{ fromToml (toToml $a) | toJson }}");

/// Reads TOML, writes what was read, and reads that.
pub fn run(bytes: &[u8]) {
    let dot: Map = [("a", Value::String(Str::from(bytes)))].into_iter().collect();
    super::run::run(&PROGRAM, "t", &Value::Map(dot));
}
