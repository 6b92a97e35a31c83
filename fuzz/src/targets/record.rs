//! Release records: the bytes as they are stored, and as the JSON inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_release::codec::{self, Limits};
use pintle_release::{Record, Status};

use crate::Target;

/// The target.
pub const TARGET: Target = Target { name: "record", run, seeds, words: WORDS, max_len: 400 };

const WORDS: &[&str] = &[
    "\"name\":",
    "\"info\":",
    "\"status\":\"deployed\"",
    "\"first_deployed\":\"2023-11-14T22:13:20Z\"",
    "\"chart\":",
    "\"config\":",
    "\"manifest\":\"\"",
    "\"hooks\":[",
    "\"version\":1",
    "\"namespace\":\"a\"",
    "\"events\":[\"pre-install\"]",
    "\"weight\":0",
    "\"delete_policies\":[\"hook-succeeded\"]",
    "\"last_run\":{}",
    "\"labels\":{}",
    "null",
    "{",
    "}",
    "[",
    "]",
    ",",
    "H4sI",
    "\"apply_method\":\"ssa\"",
    "-1",
    "1e99",
    "\\u0000",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut record = Record::new("web", "shop", 1);
    record.info.status = Status::Deployed;
    let json = serde_json::to_vec(&record).expect("a record is JSON");
    vec![codec::encode(&record).expect("a record can be stored"), json]
}

/// Reads a record.
pub fn run(bytes: &[u8]) {
    let mut limits = Limits::default();
    limits.decoded_bytes = 1 << 16;
    again(bytes, limits);
    if bytes.starts_with(b"{") {
        again(STANDARD.encode(bytes).as_bytes(), limits);
    }
}

fn again(stored: &[u8], limits: Limits) {
    match codec::decode(stored, limits) {
        Ok(record) => {
            let stored = codec::encode(&record).expect("what was read can be stored");
            let again = codec::decode(&stored, Limits::default()).expect("what was stored is read");
            // Not the records: a number of the chart's may come back as an integer, `1e0` as `1`.
            assert_eq!(codec::encode(&again).expect("it can be stored"), stored, "and stored as the same");
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error has words"),
    }
}
