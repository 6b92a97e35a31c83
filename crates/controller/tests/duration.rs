//! Durations are read and printed as Go's `time` does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use pintle_controller::duration::{DurationError, GoDuration};
use proptest::prelude::*;

fn read(text: &str) -> Result<Duration, DurationError> {
    GoDuration::from(text).get()
}

#[test]
fn what_go_reads_is_read() {
    // Go: time/time_test.go names the same rules; the numbers were computed by hand.
    for (text, nanos) in [
        ("0", 0),
        ("+0s", 0),
        ("-0s", 0),
        ("5m", 300_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1m0.5s", 60_500_000_000),
        (".5s", 500_000_000),
        ("5.s", 5_000_000_000),
        ("100ms", 100_000_000),
        ("3\u{b5}s", 3_000),
        ("3\u{3bc}s", 3_000),
        ("1us2ns", 1_002),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("9223372036854775807ns", i64::MAX as u64),
    ] {
        assert_eq!(read(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for text in ["", "3", "-", "s", ".", "-.", ".s", "+.s", "1d", "\u{85}\u{85}", "5m ", "1h-2m", "1e3s"] {
        assert_eq!(read(text), Err(DurationError::Malformed(text.to_owned())), "{text}");
    }
    for text in ["9223372036854775808ns", "3000000h", "99999999999999999999999999999999999999999999h"] {
        assert_eq!(read(text), Err(DurationError::TooLong(text.to_owned())), "{text}");
    }
    assert_eq!(read("-1s"), Err(DurationError::Negative("-1s".to_owned())));
}

#[test]
fn durations_are_printed_as_go_prints_them() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1\u{b5}s"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (245_000_000_000, "4m5s"),
        (245_001_000_000, "4m5.001s"),
        (18_367_001_000_000, "5h6m7.001s"),
        (3_600_000_000_000, "1h0m0s"),
        (480_000_000_001, "8m0.000000001s"),
    ] {
        assert_eq!(GoDuration::from(Duration::from_nanos(nanos)).as_str(), text);
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(nanos in 0..i64::MAX as u64) {
        let duration = Duration::from_nanos(nanos);
        prop_assert_eq!(GoDuration::from(duration).get(), Ok(duration));
    }

    #[test]
    fn no_text_is_too_much(text in "[-+]?([0-9.]{0,40}(ns|us|ms|s|m|h|x)?){0,4}") {
        let _ = read(&text);
    }
}
