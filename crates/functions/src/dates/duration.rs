//! Lengths of time (Go: `time.Duration`).

use super::calendar::NANOS;

/// Nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duration(pub(crate) i64);

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

impl Duration {
    /// Go: `time.ParseDuration`, with its error's text.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Vec<u8>> {
        let invalid = |what: &[u8]| [b"time: ", what, b" ", &quote(text)].concat();
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if rest == b"0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid(b"invalid duration"));
        }
        let mut sum = 0_u64;
        while let Some(first) = rest.first() {
            let bad = || invalid(b"invalid duration");
            if !(first.is_ascii_digit() || *first == b'.') {
                return Err(bad());
            }
            let (whole, behind) = leading_int(rest).ok_or_else(bad)?;
            let mut digits = behind.len() != rest.len();
            rest = behind;
            let (mut fraction, mut scale) = (0, 1.0);
            if let Some(behind) = rest.strip_prefix(b".") {
                let (found, found_scale, left) = leading_fraction(behind);
                (fraction, scale) = (found, found_scale);
                digits |= left.len() != behind.len();
                rest = left;
            }
            if !digits {
                return Err(bad());
            }
            let end =
                rest.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(rest.len());
            let (unit_name, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            if unit_name.is_empty() {
                return Err(invalid(b"missing unit in duration"));
            }
            rest = behind;
            let unit = unit(unit_name).ok_or_else(|| {
                invalid(&[b"unknown unit ", &quote(unit_name)[..], b" in duration"].concat())
            })?;
            let value = whole.checked_mul(unit).filter(|value| *value <= 1 << 63).ok_or_else(bad)?;
            sum = sum
                .checked_add(value)
                .and_then(|sum| sum.checked_add(scaled(fraction, unit, scale)))
                .filter(|sum| *sum <= 1 << 63)
                .ok_or_else(bad)?;
        }
        if negative {
            return Ok(Self(0_i64.wrapping_sub_unsigned(sum)));
        }
        i64::try_from(sum).map(Self).map_err(|_| invalid(b"invalid duration"))
    }

    /// Go: `Duration.Round`: to the nearest multiple, halves away from zero.
    pub(crate) fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let down = self.0 - rest;
        let half = rest.unsigned_abs() * 2 >= unit.0.unsigned_abs();
        if !half {
            return Self(down);
        }
        let step = if self.0 < 0 { -unit.0 } else { unit.0 };
        Self(down.checked_add(step).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Go: `Duration.Truncate`: toward zero.
    pub(crate) fn truncate(self, unit: Self) -> Self {
        if unit.0 <= 0 { self } else { Self(self.0 - self.0 % unit.0) }
    }

    /// A whole part and a rest below one, summed as Go sums them.
    #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
    pub(crate) fn in_units(self, unit: u64) -> f64 {
        let unit = unit.cast_signed();
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    pub(crate) fn seconds(self) -> f64 {
        self.in_units(SECOND)
    }

    pub(crate) fn minutes(self) -> f64 {
        self.in_units(MINUTE)
    }

    pub(crate) fn hours(self) -> f64 {
        self.in_units(HOUR)
    }

    /// Go's text, such as `1h2m3.5s` (Go: `Duration.String`).
    pub(crate) fn text(self) -> String {
        let total = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if total < SECOND {
            return match total {
                0 => "0s".to_owned(),
                1..MICROSECOND => format!("{sign}{total}ns"),
                MICROSECOND..MILLISECOND => format!("{sign}{}µs", decimal(total, MICROSECOND)),
                _ => format!("{sign}{}ms", decimal(total, MILLISECOND)),
            };
        }
        let seconds = format!("{}s", decimal(total % MINUTE, SECOND));
        let (hours, minutes) = (total / HOUR, total % HOUR / MINUTE);
        match (hours, minutes) {
            (0, 0) => format!("{sign}{seconds}"),
            (0, _) => format!("{sign}{minutes}m{seconds}"),
            _ => format!("{sign}{hours}h{minutes}m{seconds}"),
        }
    }

    /// From whole seconds; wraps as Go's multiplication does.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        Self(seconds.wrapping_mul(NANOS))
    }
}

/// `total / unit` with as many decimal places as there are, at most nine.
fn decimal(total: u64, unit: u64) -> String {
    let (whole, rest) = (total / unit, total % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    format!("{whole}.{}", format!("{rest:0width$}").trim_end_matches('0'))
}

fn unit(name: &[u8]) -> Option<u64> {
    Some(match name {
        b"ns" => 1,
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => MICROSECOND, // the micro sign and the Greek letter
        b"ms" => MILLISECOND,
        b"s" => SECOND,
        b"m" => MINUTE,
        b"h" => HOUR,
        _ => return None,
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as Go computes: below one unit, and so within range"
)]
fn scaled(fraction: u64, unit: u64, scale: f64) -> u64 {
    (fraction as f64 * (unit as f64 / scale)) as u64
}

/// Go: `time.leadingInt`.
pub(super) fn leading_int(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(len)?;
    for digit in digits {
        if number > (1 << 63) / 10 {
            return None;
        }
        number = number * 10 + u64::from(digit - b'0');
        if number > 1 << 63 {
            return None;
        }
    }
    Some((number, rest))
}

/// Go: `time.leadingFraction`: digits past what fits are dropped.
fn leading_fraction(text: &[u8]) -> (u64, f64, &[u8]) {
    let (mut number, mut scale, mut full) = (0_u64, 1.0, false);
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(len).unwrap_or((text, &[]));
    for digit in digits {
        full = full || number > ((1 << 63) - 1) / 10;
        if full {
            continue;
        }
        let next = number * 10 + u64::from(digit - b'0');
        if next > 1 << 63 {
            full = true;
            continue;
        }
        number = next;
        scale *= 10.0;
    }
    (number, scale, rest)
}

/// Go: `time.quote`, which writes everything but printable ASCII as `\x` and hexadecimal digits.
pub(super) fn quote(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=0x7F => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
    out
}
