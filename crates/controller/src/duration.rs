//! Go's durations (`1h30m`), as Kubernetes' `metav1.Duration` carries them.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A duration as it was written.
///
/// The text is kept, and read only when it is asked for: an object whose duration is out of range must still be
/// readable, so that its status can say so.
///
/// ```
/// use pintle_controller::duration::GoDuration;
/// use std::time::Duration;
///
/// let interval = GoDuration::from("1h30m");
/// assert_eq!(interval.get()?, Duration::from_secs(90 * 60));
/// assert_eq!(interval.to_string(), "1h30m");
/// # Ok::<(), pintle_controller::duration::DurationError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct GoDuration(String);

/// Why a text is no duration.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// The text is not numbers with units.
    #[error(
        "{0:?} is no duration; write numbers with units, such as 1h30m or 500ms (units: ns, us, ms, s, m, h)"
    )]
    Malformed(String),
    /// The duration is negative.
    #[error("{0:?} is a negative duration")]
    Negative(String),
    /// The duration does not fit in Go's 64 bits of nanoseconds, about 292 years.
    #[error("{0:?} is longer than a duration can be, about 292 years")]
    TooLong(String),
}

impl GoDuration {
    /// The duration.
    pub fn get(&self) -> Result<Duration, DurationError> {
        parse(&self.0)
    }

    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for GoDuration {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Duration> for GoDuration {
    /// Written as Go's `time.Duration` prints itself: `1h0m0s`, `1.5s`, `0s`.
    fn from(duration: Duration) -> Self {
        Self(print(duration))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl JsonSchema for GoDuration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Go's largest duration, in nanoseconds.
const LONGEST: u128 = i64::MAX as u128;

/// Go: `time/format.go`, `ParseDuration`; negative durations are refused, because nothing here can use one.
fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed(text.to_owned());
    let too_long = || DurationError::TooLong(text.to_owned());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(malformed());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(malformed());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end).ok_or_else(malformed)?;
        let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(malformed)?.1;
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_long())? };
        let part = whole.checked_mul(scale).ok_or_else(too_long)?;
        total = total
            .checked_add(part)
            .and_then(|sum| sum.checked_add(share(fraction, scale)))
            .ok_or_else(too_long)?;
        if total > LONGEST {
            return Err(too_long());
        }
        rest = next;
    }
    if negative && total > 0 {
        return Err(DurationError::Negative(text.to_owned()));
    }
    u64::try_from(total).map(Duration::from_nanos).map_err(|_| too_long())
}

/// The digits that a text starts with, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `0.fraction` of a unit, cut off below the nanosecond. Digits past the fifteenth are worth less than one.
fn share(fraction: &str, scale: u128) -> u128 {
    let (mut numerator, mut denominator) = (0, 1);
    for digit in fraction.bytes().take(15) {
        numerator = numerator * 10 + u128::from(digit - b'0');
        denominator *= 10;
    }
    numerator * scale / denominator
}

/// Go: `time/time.go`, `Duration.String`.
fn print(duration: Duration) -> String {
    let nanos = duration.as_nanos().min(LONGEST);
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}\u{b5}s", decimal(nanos, 1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(nanos, 1_000_000)),
        _ => {
            let minutes = nanos / 60_000_000_000;
            let seconds = format!("{}s", decimal(nanos % 60_000_000_000, 1_000_000_000));
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    }
}

/// `value / unit`, with as many decimals as it takes.
fn decimal(value: u128, unit: u128) -> String {
    let places = unit.ilog10() as usize;
    let text = format!("{}.{:0places$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
