//! Go's `fmt`: a format, a zero byte, and arguments of any kind.

use pintle_template::{sprint, sprintf, sprintln};
use pintle_value::Value;

use crate::input::Input;
use crate::{Target, seeds};

/// The target.
pub const TARGET: Target = Target { name: "printf", run, seeds, words: WORDS, max_len: 64 };

const WORDS: &[&str] = &[
    "%v",
    "%+v",
    "%#v",
    "%T",
    "%d",
    "%5.2f",
    "%-8q",
    "%x",
    "% x",
    "%#x",
    "%08b",
    "%c",
    "%U",
    "%#U",
    "%e",
    "%g",
    "%s",
    "%p",
    "%t",
    "%%",
    "%[1]d",
    "%[3]*.[2]*[1]f",
    "%*d",
    "%.*f",
    "%!",
    "%w",
    "%99999999d",
    "%.1000000f",
    "%+.3e",
    "%o",
    "%O",
    "%X",
];

fn seeds() -> Vec<Vec<u8>> {
    let formats = seeds::lines("template/printf-formats.jsonl", "t");
    let between = |text: Vec<u8>| text.split(|byte| *byte == b'`').nth(1).map(<[u8]>::to_vec);
    let arguments = b"\0\x02\x05\x09abc\0\x05\0\0\0\0\0\0\xf8\x3f";
    formats.into_iter().filter_map(between).map(|format| [&format[..], arguments].concat()).collect()
}

/// Formats.
pub fn run(bytes: &[u8]) {
    const LIMIT: usize = 1 << 12;
    let mut input = Input::new(bytes);
    let format = input.text();
    let args: Vec<Value> = (0..4).map(|_| input.value(2)).collect();
    for count in [0, 1, 4] {
        if let Ok(text) = sprintf(format, &args[..count], LIMIT) {
            assert!(text.len() <= LIMIT, "no text is longer than the limit");
        }
    }
    let _ = (sprint(&args, LIMIT), sprintln(&args, LIMIT));
}
