//! Times as Go prints them, in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Go's `time.ANSIC`: `Mon Jan  2 15:04:05 2006`.
pub(crate) fn ansi_c(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// Go's `Time.String`: `2006-01-02 15:04:05.999999999 +0000 UTC`, the fraction without its last zeros.
pub(crate) fn go_string(time: Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::UTC);
    let fraction = format!("{:09}", zoned.subsec_nanosecond());
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!("{}{fraction} +0000 UTC", zoned.strftime("%Y-%m-%d %H:%M:%S"))
}

/// Go's `time.RFC3339`; Go's zero time where there is none.
pub(crate) fn rfc3339(time: Option<Timestamp>) -> String {
    match time {
        Some(time) => time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        None => "0001-01-01T00:00:00Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_as_in_go() {
        let time: Timestamp = "2026-01-02T03:04:05.120Z".parse().unwrap();
        assert_eq!(ansi_c(time), "Fri Jan  2 03:04:05 2026");
        assert_eq!(go_string(time), "2026-01-02 03:04:05.12 +0000 UTC");
        assert_eq!(rfc3339(Some(time)), "2026-01-02T03:04:05Z");
        assert_eq!(rfc3339(None), "0001-01-01T00:00:00Z");
        assert_eq!(go_string("2026-01-02T03:04:05Z".parse().unwrap()), "2026-01-02 03:04:05 +0000 UTC");
    }
}
