//! Go's dates: a layout, a text, another layout, with a zero byte between them.

use pintle_value::{Map, Str, Value};

use super::template_of;
use crate::Target;
use crate::input::Input;

/// The target.
pub const TARGET: Target = Target { name: "dates", run, seeds, words: WORDS, max_len: 96 };

const WORDS: &[&str] = &[
    "2006",
    "06",
    "01",
    "1",
    "Jan",
    "January",
    "02",
    "_2",
    "2",
    "002",
    "__2",
    "15",
    "03",
    "3",
    "04",
    "4",
    "05",
    "5",
    ".000",
    ",999",
    "PM",
    "pm",
    "MST",
    "Z0700",
    "-07:00",
    "Z07:00:00",
    "Mon",
    "Monday",
    "+0000",
    "GMT+3",
    "UTC",
    "America/New_York",
    "1h2m3s",
    "-5ms",
    "9999",
    "-1",
];

fn seeds() -> Vec<Vec<u8>> {
    crate::seeds::texts(&[
        "2006-01-02\x002023-11-14\0Monday, 02-Jan-06 15:04:05 MST",
        "2006-01-02T15:04:05.999999999Z07:00\x002023-11-14T22:13:20.5+05:30\0_2 Jan 3:04PM .000",
        "1h30m\x0090s\x002006",
    ])
}

template_of!(
    "{{ toDate .a .b }}{{ date .c (toDate .a .b) }}{{ dateInZone .a .c \"America/New_York\" }}{{ date .c now }}\
     {{ dateModify .b now | date .a }}{{ mustDateModify .a now }}",
    "{{ (toDate .a .b).AddDate 1000 1 -400 }}{{ durationRound .b }}{{ durationSeconds .b }}{{ duration .c }}{{ ago .c }}\
     {{ (toDate .a .b).Unix }}{{ mustToDate .a .b }}{{ htmlDate .b }}{{ unixEpoch now }}"
);

/// Reads and writes dates.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let dot: Map = [("a", input.text()), ("b", input.text()), ("c", input.rest())]
        .map(|(name, text)| (name, Value::String(Str::from(text))))
        .into_iter()
        .collect();
    let dot = Value::Map(dot);
    super::run::run(&PROGRAM, "t", &dot);
    super::run::run(&PROGRAM, "u", &dot);
}
