//! Times, durations, months and weekdays as a template sees them.

use std::any::Any;

use pintle_value::{Data, Kind, MethodError, Number, Object, Str, Type, Underlying, Value, types};

use super::calendar::{NANOS, Time};
use super::duration::{Duration, quote};
use super::layout::{MONTHS, WEEKDAYS};
use super::zone::Zone;

pub(crate) static TIME: Type = Type::plain("time.Time", Kind::Struct);
pub(crate) static DURATION: Type = Type::plain("time.Duration", Kind::Int64);
static MONTH: Type = Type::plain("time.Month", Kind::Int);
static WEEKDAY: Type = Type::plain("time.Weekday", Kind::Int);
static LOCATION_STRUCT: Type = Type::plain("time.Location", Kind::Struct);
static LOCATION: Type = Type::pointer("*time.Location", &LOCATION_STRUCT);

/// Go's layout of a time in JSON.
const RFC3339_NANO: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// A `time.Time`.
#[derive(Clone, Debug)]
pub(crate) struct TimeObject {
    pub(crate) time: Time,
    /// What `Local` converts to.
    pub(crate) local: Zone,
}

/// A `time.Duration`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DurationObject(pub(crate) Duration);

/// A `time.Month` or `time.Weekday`: an int with a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedInt {
    number: i64,
    go_type: &'static Type,
}

/// A `*time.Location`.
#[derive(Clone, Debug)]
struct LocationObject(Zone);

/// The `*time.Location` inside of a time in UTC: nil.
#[derive(Debug)]
struct NoLocation;

/// Seconds.
const FROM_YEAR_1_TO_1970: i64 = 62_135_596_800;

impl TimeObject {
    fn same_zone(&self, time: Time) -> Value {
        Value::object(Self { time, local: self.local.clone() })
    }
}

impl NamedInt {
    pub(crate) fn number(&self) -> i64 {
        self.number
    }
}

fn time_of(value: Option<&Value>) -> Time {
    value.and_then(Value::downcast::<TimeObject>).map_or_else(Time::zero, |object| object.time.clone())
}

/// A duration, however the executor passes one: as the object, or as a number that it converted.
pub(crate) fn duration_of(value: Option<&Value>) -> Duration {
    match value {
        Some(Value::Number(Number::Int64(nanos)) | Value::Int(nanos)) => Duration(*nanos),
        Some(value) => value.downcast::<DurationObject>().map_or(Duration(0), |object| object.0),
        None => Duration(0),
    }
}

pub(crate) fn duration_value(duration: Duration) -> Value {
    Value::object(DurationObject(duration))
}

fn int(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

fn int64(value: i64) -> Value {
    Value::int64(value)
}

impl Object for TimeObject {
    fn go_type(&self) -> &'static Type {
        &TIME
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        let params: &'static [&'static Type] = match name {
            "Year" | "Month" | "Day" | "Weekday" | "Hour" | "Minute" | "Second" | "Nanosecond"
            | "YearDay" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "String" | "GoString"
            | "IsZero" | "IsDST" | "UTC" | "Local" | "Location" | "MarshalJSON" | "MarshalText"
            | "MarshalBinary" | "GobEncode" | "Date" | "Clock" | "Zone" | "ISOWeek" | "ZoneBounds" => &[],
            "AppendText" | "AppendBinary" => const { &[&types::BYTES] },
            "After" | "Before" | "Compare" | "Equal" | "Sub" => const { &[&TIME] },
            "Add" | "Round" | "Truncate" => const { &[&DURATION] },
            "AddDate" => const { &[&types::INT, &types::INT, &types::INT] },
            "Format" => const { &[&types::STRING] },
            "AppendFormat" => const { &[&types::BYTES, &types::STRING] },
            "In" => const { &[&LOCATION] },
            _ => return None,
        };
        Some((params, false))
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let time = &self.time;
        let civil = || time.shown();
        let bytes = |text: Vec<u8>| byte_slice(&text);
        Ok(match name {
            "Year" => Value::Int(civil().year),
            "Month" => Value::object(NamedInt { number: i64::from(civil().month), go_type: &MONTH }),
            "Day" => Value::Int(civil().day.into()),
            "Weekday" => Value::object(NamedInt { number: i64::from(civil().weekday), go_type: &WEEKDAY }),
            "Hour" => Value::Int(civil().hour.into()),
            "Minute" => Value::Int(civil().minute.into()),
            "Second" => Value::Int(civil().second.into()),
            "Nanosecond" => Value::Int(time.nanos.into()),
            "YearDay" => Value::Int(civil().year_day.into()),
            "Unix" => int64(time.seconds),
            "UnixMilli" => int64(scaled_unix(time, 1_000)),
            "UnixMicro" => int64(scaled_unix(time, 1_000_000)),
            "UnixNano" => int64(scaled_unix(time, NANOS)),
            "IsZero" => Value::Bool(time.is_zero()),
            "IsDST" => Value::Bool(civil().zone.summer),
            "UTC" => self.same_zone(time.within(Zone::utc())),
            "Local" => self.same_zone(time.within(self.local.clone())),
            "Location" => Value::object(LocationObject(time.zone.clone())),
            "MarshalJSON" => bytes([b"\"", &time.format(RFC3339_NANO)[..], b"\""].concat()),
            "MarshalText" => bytes(time.format(RFC3339_NANO)),
            "After" => Value::Bool(time.moment() > time_of(args.first()).moment()),
            "Before" => Value::Bool(time.moment() < time_of(args.first()).moment()),
            "Compare" => Value::Int(time.moment().cmp(&time_of(args.first()).moment()) as i64),
            "Equal" => Value::Bool(time.moment() == time_of(args.first()).moment()),
            "Sub" => duration_value(time.minus(&time_of(args.first()))),
            "Add" => self.same_zone(time.plus(duration_of(args.first()))),
            "Round" => self.same_zone(rounded(time, duration_of(args.first()), Rounding::Nearest)),
            "Truncate" => self.same_zone(rounded(time, duration_of(args.first()), Rounding::Down)),
            "AddDate" => {
                let civil = civil();
                self.same_zone(Time::civil(
                    civil.year.wrapping_add(int(args.first())),
                    i64::from(civil.month).wrapping_add(int(args.get(1))),
                    i64::from(civil.day).wrapping_add(int(args.get(2))),
                    civil.hour.into(),
                    civil.minute.into(),
                    civil.second.into(),
                    time.nanos.into(),
                    time.zone.clone(),
                ))
            }
            "Format" => Value::from(time.format(args.first().and_then(Value::as_str).unwrap_or(&Str::EMPTY))),
            // Go: `text/template/funcs.go`, `goodFunc`.
            "Date" | "Clock" => {
                let text = format!("function {name} has 3 return values; should be 1 or 2");
                return Err(MethodError::Signature(Str::from(text)));
            }
            "Zone" | "ISOWeek" | "ZoneBounds" => {
                let second = if name == "ZoneBounds" { "time.Time" } else { "int" };
                let text = format!(
                    "invalid function signature for {name}: second return value should be error; is {second}"
                );
                return Err(MethodError::Signature(Str::from(text)));
            }
            "MarshalBinary" | "GobEncode" => bytes(binary(time)),
            "AppendBinary" => bytes([given(args), binary(time)].concat()),
            "AppendText" => bytes([given(args), time.format(RFC3339_NANO)].concat()),
            "AppendFormat" => {
                let mut text = given(args);
                text.extend(time.format(args.get(1).and_then(Value::as_str).unwrap_or(&Str::EMPTY)));
                bytes(text)
            }
            "In" => {
                let zone = args.first().and_then(Value::downcast::<LocationObject>);
                let zone = zone.ok_or_else(|| {
                    MethodError::Panic(Str::from("time: missing Location in call to Time.In"))
                })?;
                self.same_zone(time.within(zone.0.clone()))
            }
            "GoString" => Value::from(go_string(time)),
            _ => Value::String(self.print()),
        })
    }

    fn print(&self) -> Str {
        Str::from(self.time.format(b"2006-01-02 15:04:05.999999999 -0700 MST"))
    }

    fn to_data(&self) -> Data {
        Data::String(Str::from(self.time.format(RFC3339_NANO)))
    }

    /// Go: `time.Time`, without a reading of the monotonic clock.
    fn underlying(&self) -> Option<Underlying> {
        let location = match self.time.zone.name() {
            "UTC" => Value::object(NoLocation),
            _ => Value::object(LocationObject(self.time.zone.clone())),
        };
        let nanos = u64::from(self.time.nanos);
        Some(Underlying::Struct(vec![
            ("wall", Value::Number(Number::Uint64(nanos))),
            ("ext", int64(self.time.seconds.wrapping_add(FROM_YEAR_1_TO_1970))),
            ("loc", location),
        ]))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The bytes that an argument holds.
fn given(args: &[Value]) -> Vec<u8> {
    args.first().and_then(Value::as_list).map_or_else(Vec::new, |list| list.to_bytes())
}

/// Go: `Time.AppendBinary`.
fn binary(time: &Time) -> Vec<u8> {
    let offset = time.shown().zone.offset;
    // The offset is in minutes, where it is not in whole ones version 2 adds seconds; -1 stands for UTC itself.
    let (version, minutes, seconds) = match time.zone.name() {
        "UTC" => (1, -1, None),
        _ if offset % 60 == 0 => (1, offset / 60, None),
        _ => (2, offset / 60, i8::try_from(offset % 60).ok()),
    };
    let mut out = vec![version];
    out.extend(time.seconds.wrapping_add(FROM_YEAR_1_TO_1970).to_be_bytes());
    out.extend(time.nanos.to_be_bytes());
    out.extend(i16::try_from(minutes).unwrap_or_default().to_be_bytes());
    out.extend(seconds.map(i8::cast_unsigned));
    out
}

fn byte_slice(bytes: &[u8]) -> Value {
    let items = bytes.iter().map(|byte| Value::Number(Number::Uint8(*byte))).collect();
    Value::List(pintle_value::List::typed(&types::BYTES, items))
}

fn scaled_unix(time: &Time, per_second: i64) -> i64 {
    time.seconds.wrapping_mul(per_second).wrapping_add(i64::from(time.nanos) / (NANOS / per_second))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Down,
    Nearest,
}

/// Go: `Time.Round` and `Time.Truncate`, which count from the year 1.
fn rounded(time: &Time, unit: Duration, rounding: Rounding) -> Time {
    if unit.0 <= 0 {
        return time.clone();
    }
    let rest = i64::try_from(time.since_zero().rem_euclid(i128::from(unit.0))).unwrap_or_default();
    let up = rounding == Rounding::Nearest && rest.unsigned_abs() * 2 >= unit.0.unsigned_abs();
    time.plus(Duration(if up { unit.0 - rest } else { -rest }))
}

/// Go: `Time.GoString`.
fn go_string(time: &Time) -> Vec<u8> {
    let civil = time.shown();
    let month = MONTHS.get(usize::from(civil.month).wrapping_sub(1)).copied().unwrap_or_default();
    let zone: Vec<u8> = match time.zone.name() {
        "UTC" => b"time.UTC".to_vec(),
        "Local" => b"time.Local".to_vec(),
        name => [b"time.Location(", &quote(name.as_bytes())[..], b")"].concat(),
    };
    let text = format!(
        "time.Date({}, time.{month}, {}, {}, {}, {}, {}, ",
        civil.year, civil.day, civil.hour, civil.minute, civil.second, time.nanos
    );
    [text.as_bytes(), &zone, b")"].concat()
}

impl Object for DurationObject {
    fn go_type(&self) -> &'static Type {
        &DURATION
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        let params: &'static [&'static Type] = match name {
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds" | "String"
            | "Abs" => &[],
            "Round" | "Truncate" => const { &[&DURATION] },
            _ => return None,
        };
        Some((params, false))
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let duration = self.0;
        Ok(match name {
            "Hours" => Value::Float(duration.hours()),
            "Minutes" => Value::Float(duration.minutes()),
            "Seconds" => Value::Float(duration.seconds()),
            "Milliseconds" => int64(duration.0 / 1_000_000),
            "Microseconds" => int64(duration.0 / 1_000),
            "Nanoseconds" => int64(duration.0),
            "Abs" => duration_value(Duration(duration.0.checked_abs().unwrap_or(i64::MAX))),
            "Round" => duration_value(duration.round(duration_of(args.first()))),
            "Truncate" => duration_value(duration.truncate(duration_of(args.first()))),
            _ => Value::String(self.print()),
        })
    }

    fn print(&self) -> Str {
        Str::from(self.0.text())
    }

    fn to_data(&self) -> Data {
        Data::Int(self.0.0)
    }

    fn underlying(&self) -> Option<Underlying> {
        Some(Underlying::Value(int64(self.0.0)))
    }

    fn is_true(&self) -> bool {
        self.0.0 != 0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for NamedInt {
    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        (name == "String").then_some((&[], false))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::String(self.print()))
    }

    fn print(&self) -> Str {
        let name = match usize::try_from(self.number) {
            Ok(number) if self.go_type == &MONTH => MONTHS.get(number.wrapping_sub(1)),
            Ok(number) => WEEKDAYS.get(number),
            Err(_) => None,
        };
        Str::from(name.copied().unwrap_or_default())
    }

    fn to_data(&self) -> Data {
        Data::Int(self.number)
    }

    fn underlying(&self) -> Option<Underlying> {
        Some(Underlying::Value(Value::Int(self.number)))
    }

    fn is_true(&self) -> bool {
        self.number != 0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for LocationObject {
    fn go_type(&self) -> &'static Type {
        &LOCATION
    }

    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        (name == "String").then_some((&[], false))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::String(self.print()))
    }

    fn print(&self) -> Str {
        Str::from(self.0.name())
    }

    fn to_data(&self) -> Data {
        Data::Map(pintle_value::DataMap::default())
    }

    fn underlying(&self) -> Option<Underlying> {
        Some(Underlying::Pointer(Vec::new()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for NoLocation {
    fn go_type(&self) -> &'static Type {
        &LOCATION
    }

    fn print(&self) -> Str {
        Str::from("UTC")
    }

    fn to_data(&self) -> Data {
        Data::Null
    }

    fn underlying(&self) -> Option<Underlying> {
        Some(Underlying::NilPointer)
    }

    fn is_true(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
