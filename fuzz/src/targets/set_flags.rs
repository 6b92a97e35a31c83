//! The `--set` family: the first byte chooses the flag.

use pintle_chart::Values;

use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "set_flags", run, seeds, words: WORDS, max_len: 96 };

const WORDS: &[&str] = &[
    "a",
    "b.c",
    "=",
    "[0]",
    "[65536]",
    "[1][2]",
    ",",
    "{",
    "}",
    "{a,b}",
    "\\,",
    "\\.",
    "\\[",
    "null",
    "true",
    "1.5",
    "1e3",
    "0x1f",
    "\"",
    "{\"a\":1}",
    "[1,2]",
    "é",
    ".",
    "a=b,",
    "=@x",
];

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "a=1",
        "a.b.c=x",
        "a[0]=b",
        "a[0].b=c,d=e",
        "a={b,c,d}",
        "a=",
        "a",
        "a=null",
        "a\\.b=c",
        "a=b\\,c",
        "a[2][1]=x",
        "a={}",
        "{\"a\": [1, {\"b\": null}]}",
        "a=[1,2],b={\"c\":1}",
        "a=x,y",
        "s=1,a.b=2",
    ];
    (0..5).flat_map(|flag| texts.map(|text| [&[flag], text.as_bytes()].concat())).collect()
}

/// Reads a flag, on nothing and on values.
pub fn run(bytes: &[u8]) {
    let Some((flag, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    for values in
        [Values::builder(), Values::builder().file("x", "a: {b: [1, {c: 2}], c: null}\ns: x\nl: [[1], 2]\n")]
    {
        let values = match flag % 5 {
            0 => values.set(text),
            1 => values.set_string(text),
            2 => values.set_json(text),
            3 => values.set_literal(text),
            _ => values.set_file(text).reader(|name| Ok(name.as_bytes().to_vec())),
        };
        match values.build() {
            Ok(values) => {
                let _ = (values.origin(&["a"]), values.origin(&["a", "b", "c"]));
            }
            Err(error) => assert!(!error.to_string().is_empty(), "an error has words"),
        }
    }
}
