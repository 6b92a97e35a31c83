//! Go's durations on the command line.

use std::str::FromStr;
use std::time::Duration;

/// A duration as Go writes it: `90s`, `1h30m`, `1.5h`, `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Duration);

impl FromStr for GoDuration {
    type Err = String;

    /// Go: `time.ParseDuration`, without negative durations, which mean nothing to a time-out.
    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("time: invalid duration {text:?}");
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let mut rest = text;
        let mut seconds = 0.0_f64;
        while !rest.is_empty() {
            let is_number = |c: char| c.is_ascii_digit() || c == '.';
            let end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
            let (number, tail) = rest.split_at_checked(end).ok_or_else(invalid)?;
            let number: f64 = number.parse().map_err(|_| invalid())?;
            let end = tail.find(is_number).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at_checked(end).ok_or_else(invalid)?;
            let unit = match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "" => return Err(format!("time: missing unit in duration {text:?}")),
                unit => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
            };
            seconds += number * unit;
            rest = tail;
        }
        if text.is_empty() {
            return Err(invalid());
        }
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let parse = |text: &str| text.parse::<GoDuration>().map(|duration| duration.0);
        assert_eq!(parse("5m0s"), Ok(Duration::from_secs(300)));
        assert_eq!(parse("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1h30m250ms"), Ok(Duration::from_millis(5_400_250)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        for wrong in ["", "5", "m", "5x", "-5s", "1..5s", "5m3"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse("5x"), Err("time: unknown unit \"x\" in duration \"5x\"".to_owned()));
        assert_eq!(parse("5"), Err("time: missing unit in duration \"5\"".to_owned()));
    }
}
