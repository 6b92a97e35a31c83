//! Dates and durations: Sprig's `date.go` and Helm's duration functions.

mod calendar;
mod duration;
mod layout;
mod object;
mod zone;

use pintle_template::{Call, CallError};
use pintle_value::{Number, Str, Value};

pub(crate) use calendar::Time;
use duration::Duration;
pub(crate) use layout::parse as parse_date;
pub(crate) use object::{DURATION, NamedInt, TIME, TimeObject};
use object::{DurationObject, duration_value};
pub use zone::Zone;

use crate::host::host;
use crate::print;
use crate::strconv::{NumberError, parse_float, parse_int};
use crate::table::{Int64, functions};

functions! {
    TABLE;
    pure {
        "unixEpoch" (time) => |time: &TimeObject| time.time.seconds.to_string();
        "date_modify" | "dateModify" (string time) => |text: &Str, time: &TimeObject| {
            modified(text, time).unwrap_or_else(|_| Value::object(time.clone()))
        };
        "must_date_modify" | "mustDateModify" (string time) => |text: &Str, time: &TimeObject| {
            modified(text, time).map_err(CallError::new)
        };
        "duration" (any) => seconds_text;
        "mustToDuration" (any) => |value: &Value| as_duration(value).map(duration_value).map_err(CallError::panic);
        "durationSeconds" (any) => |value: &Value| duration_or_zero(value).seconds();
        "durationMilliseconds" (any) => |value: &Value| Int64(duration_or_zero(value).0 / 1_000_000);
        "durationMicroseconds" (any) => |value: &Value| Int64(duration_or_zero(value).0 / 1_000);
        "durationNanoseconds" (any) => |value: &Value| Int64(duration_or_zero(value).0);
        "durationMinutes" (any) => |value: &Value| duration_or_zero(value).minutes();
        "durationHours" (any) => |value: &Value| duration_or_zero(value).hours();
        "durationDays" (any) => |value: &Value| duration_or_zero(value).hours() / 24.0;
        "durationWeeks" (any) => |value: &Value| duration_or_zero(value).hours() / 24.0 / 7.0;
        "durationRoundTo" (any any) => |value: &Value, unit: &Value| to_unit(value, unit, Duration::round);
        "durationTruncateTo" (any any) => |value: &Value, unit: &Value| to_unit(value, unit, Duration::truncate);
    }
    hosted {
        "now" () => |call: &mut dyn Call| {
            let now = now(call)?;
            time_value(call, now)
        };
        "date" (string any) => |call: &mut dyn Call, layout: &Str, date: &Value| {
            in_zone(call, layout, date, b"Local")
        };
        "date_in_zone" | "dateInZone" (string any string) => |call: &mut dyn Call, layout: &Str, date: &Value, zone: &Str| {
            in_zone(call, layout, date, zone)
        };
        "htmlDate" (any) => |call: &mut dyn Call, date: &Value| in_zone(call, b"2006-01-02", date, b"Local");
        "htmlDateInZone" (any string) => |call: &mut dyn Call, date: &Value, zone: &Str| {
            in_zone(call, b"2006-01-02", date, zone)
        };
        "ago" (any) => ago;
        "durationRound" (any) => duration_round;
        "toDate" (string string) => |call: &mut dyn Call, layout: &Str, text: &Str| {
            let time = parse(call, layout, text)?.unwrap_or_else(|_| Time::zero());
            time_value(call, time)
        };
        "mustToDate" (string string) => |call: &mut dyn Call, layout: &Str, text: &Str| {
            let time = parse(call, layout, text)?.map_err(CallError::new)?;
            time_value(call, time)
        };
    }
}

/// The `time.Time` that the executor checked.
pub(crate) fn argument(value: Option<&Value>) -> TimeObject {
    value
        .and_then(Value::downcast::<TimeObject>)
        .cloned()
        .unwrap_or_else(|| TimeObject { time: Time::zero(), local: Zone::utc() })
}

fn time_value(call: &mut dyn Call, time: Time) -> Result<Value, CallError> {
    let local = host(call)?.zone.clone();
    Ok(Value::object(TimeObject { time, local }))
}

/// The run's time in its local zone (Go: `time.Now`).
pub(crate) fn now(call: &mut dyn Call) -> Result<Time, CallError> {
    let host = host(call)?;
    Ok(Time::new(host.clock.now(), host.zone.clone()))
}

/// The moment that many times 24 hours later; wraps as Go's durations do.
#[cfg(feature = "crypto-functions")]
pub(crate) fn plus_days(time: &Time, days: i64) -> Time {
    time.plus(Duration::from_seconds(days.wrapping_mul(86_400)))
}

fn parse(call: &mut dyn Call, layout: &[u8], text: &[u8]) -> Result<Result<Time, Vec<u8>>, CallError> {
    let zone = host(call)?.zone.clone();
    Ok(layout::parse(layout, text, &zone))
}

/// What Sprig takes for a date: a time, or seconds since 1970 in an `int64`, `int` or `int32`; anything else is now.
fn date_of(call: &mut dyn Call, date: &Value, narrow: bool) -> Result<Time, CallError> {
    let seconds = match date {
        Value::Int(seconds) | Value::Number(Number::Int64(seconds)) => *seconds,
        Value::Number(Number::Int32(seconds)) if narrow => i64::from(*seconds),
        _ => {
            return match date.downcast::<TimeObject>() {
                Some(object) => Ok(object.time.clone()),
                None => now(call),
            };
        }
    };
    Ok(Time::unix(seconds, host(call)?.zone.clone()))
}

/// Sprig: `date.go`, `dateInZone`; an unknown zone counts as UTC.
fn in_zone(call: &mut dyn Call, layout: &[u8], date: &Value, zone: &[u8]) -> Result<Vec<u8>, CallError> {
    let time = date_of(call, date, true)?;
    let zone = match zone {
        b"Local" => host(call)?.zone.clone(),
        name => std::str::from_utf8(name).ok().and_then(Zone::named).unwrap_or_else(Zone::utc),
    };
    Ok(time.within(zone).format(layout))
}

fn modified(text: &Str, time: &TimeObject) -> Result<Value, Vec<u8>> {
    let duration = Duration::parse(text)?;
    Ok(Value::object(TimeObject { time: time.time.plus(duration), local: time.local.clone() }))
}

/// Sprig: `date.go`, `dateAgo`.
fn ago(call: &mut dyn Call, date: &Value) -> Result<String, CallError> {
    let time = date_of(call, date, false)?;
    Ok(now(call)?.minus(&time).round(Duration::from_seconds(1)).text())
}

/// Sprig: `date.go`, `duration`: seconds of a string or an `int64`; anything else is 0.
fn seconds_text(value: &Value) -> String {
    let seconds = match value {
        Value::String(text) => match parse_int(text, 10) {
            Ok(seconds) => seconds,
            Err(NumberError::Syntax) => 0,
            Err(NumberError::Range) if text.starts_with(b"-") => i64::MIN,
            Err(NumberError::Range) => i64::MAX,
        },
        Value::Number(Number::Int64(seconds)) => *seconds,
        _ => 0,
    };
    Duration::from_seconds(seconds).text()
}

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

/// Sprig: `date.go`, `durationRound`.
fn duration_round(call: &mut dyn Call, value: &Value) -> Result<String, CallError> {
    let duration = match value {
        Value::String(text) => Duration::parse(text).unwrap_or_default(),
        Value::Number(Number::Int64(nanos)) => Duration(*nanos),
        other => match other.downcast::<TimeObject>() {
            Some(object) => now(call)?.minus(&object.time),
            None => Duration(0),
        },
    };
    let units = [
        (365 * DAY, "y"),
        (30 * DAY, "mo"),
        (DAY, "d"),
        (3600 * SECOND, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    let nanos = duration.0.unsigned_abs();
    let fitting = units.iter().find(|(unit, _)| nanos > *unit);
    Ok(fitting.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", nanos / unit)))
}

fn duration_or_zero(value: &Value) -> Duration {
    as_duration(value).unwrap_or_default()
}

/// Helm: `pkg/engine/funcs.go`, `durationRoundTo`, `durationTruncateTo`.
fn to_unit(value: &Value, unit: &Value, operation: fn(Duration, Duration) -> Duration) -> Value {
    let Ok(duration) = as_duration(value) else { return duration_value(Duration(0)) };
    match as_duration(unit) {
        Ok(unit) => duration_value(operation(duration, unit)),
        Err(_) => duration_value(duration),
    }
}

/// Helm: `pkg/engine/funcs.go`, `asDuration`: a duration, its text, or seconds in any kind of number.
fn as_duration(value: &Value) -> Result<Duration, Vec<u8>> {
    if let Some(duration) = value.downcast::<DurationObject>() {
        return Ok(duration.0);
    }
    match value {
        Value::Nil => Err(b"invalid duration".to_vec()),
        Value::String(text) => {
            let trimmed = crate::strings::trim_space(text);
            if trimmed.is_empty() {
                return Err(b"empty duration".to_vec());
            }
            if let Ok(duration) = Duration::parse(trimmed) {
                return Ok(duration);
            }
            match parse_float(trimmed) {
                Ok(seconds) => from_float(seconds),
                Err(_) => Err([b"could not parse duration ", &print::quote(text)[..]].concat()),
            }
        }
        Value::Int(seconds) => from_seconds(i128::from(*seconds)),
        Value::Float(seconds) => from_float(*seconds),
        Value::Number(Number::Float32(seconds)) => from_float(f64::from(*seconds)),
        Value::Number(number) => match (number.as_int(), number.as_uint()) {
            (Some(seconds), _) => from_seconds(i128::from(seconds)),
            (None, seconds) => from_seconds(i128::from(seconds.unwrap_or_default())),
        },
        other => {
            let name = crate::kinds::type_name(other);
            let number = other.downcast::<NamedInt>();
            let number = number.ok_or_else(|| format!("unsupported duration type {name}").into_bytes())?;
            from_seconds(i128::from(number.number()))
        }
    }
}

fn from_seconds(seconds: i128) -> Result<Duration, Vec<u8>> {
    match i64::try_from(seconds * 1_000_000_000) {
        // Go compares whole seconds, so that the last second of the range is in it only as far as it fits.
        Ok(nanos) if nanos / 1_000_000_000 == i64::try_from(seconds).unwrap_or_default() => {
            Ok(Duration(nanos))
        }
        _ => Err(format!("duration seconds overflow: {seconds}").into_bytes()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "Helm compares with the limit as a float64")]
fn from_float(seconds: f64) -> Result<Duration, Vec<u8>> {
    let text = |what: &str, number: f64| [what.as_bytes(), &print::sprint(&Value::Float(number))].concat();
    if !seconds.is_finite() {
        return Err(text("invalid duration seconds: ", seconds));
    }
    let (most, least) = (i64::MAX as f64, i64::MIN as f64);
    if seconds > most / 1e9 || seconds < least / 1e9 {
        return Err(text("duration seconds overflow: ", seconds));
    }
    let nanos = seconds * 1e9;
    if nanos > most || nanos < least {
        return Err(text("duration nanoseconds overflow: ", nanos));
    }
    Ok(Duration(crate::cast::truncate(nanos)))
}
