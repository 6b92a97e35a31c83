//! Go's layouts: dates written and read by the example of `Mon Jan 2 15:04:05 MST 2006`.

use super::calendar::{Civil, Time, days_in, is_leap};
use super::duration::{leading_int, quote};
use super::zone::Zone;

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// How a zone's offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any of these may be there or not")]
struct OffsetForm {
    /// `Z` for UTC.
    zulu: bool,
    colons: bool,
    minutes: bool,
    seconds: bool,
}

/// An element of a layout (Go: the `std…` constants).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    Abbreviation,
    Offset(OffsetForm),
    /// `.000`: that many digits.
    Fraction {
        separator: u8,
        digits: usize,
    },
    /// `.999`: up to that many digits, no zeros at the end.
    TrimmedFraction {
        separator: u8,
        digits: usize,
    },
}

/// The first element of a layout: where it starts, where it ends, what it is (Go: `nextStdChunk`).
fn next_element(layout: &[u8]) -> Option<(usize, usize, Element)> {
    (0..layout.len()).find_map(|at| {
        let (skip, len, element) = element_at(layout.get(at..)?)?;
        Some((at + skip, at + skip + len, element))
    })
}

/// The element that this text starts with, behind some bytes that are none, and its length.
fn element_at(text: &[u8]) -> Option<(usize, usize, Element)> {
    use Element as E;
    let lower = |at: usize| text.get(at).is_some_and(u8::is_ascii_lowercase);
    let here = |len, element| Some((0, len, element));
    match text {
        [b'J', b'a', b'n', b'u', b'a', b'r', b'y', ..] => here(7, E::LongMonth),
        [b'J', b'a', b'n', ..] if !lower(3) => here(3, E::Month),
        [b'M', b'o', b'n', b'd', b'a', b'y', ..] => here(6, E::LongWeekday),
        [b'M', b'o', b'n', ..] if !lower(3) => here(3, E::Weekday),
        [b'M', b'S', b'T', ..] => here(3, E::Abbreviation),
        [b'0', b'1', ..] => here(2, E::ZeroMonth),
        [b'0', b'2', ..] => here(2, E::ZeroDay),
        [b'0', b'3', ..] => here(2, E::ZeroHour12),
        [b'0', b'4', ..] => here(2, E::ZeroMinute),
        [b'0', b'5', ..] => here(2, E::ZeroSecond),
        [b'0', b'6', ..] => here(2, E::Year),
        [b'0', b'0', b'2', ..] => here(3, E::ZeroYearDay),
        [b'1', b'5', ..] => here(2, E::Hour),
        [b'1', ..] => here(1, E::NumberMonth),
        [b'2', b'0', b'0', b'6', ..] => here(4, E::LongYear),
        [b'2', ..] => here(1, E::Day),
        [b'_', b'2', b'0', b'0', b'6', ..] => Some((1, 4, E::LongYear)),
        [b'_', b'2', ..] => here(2, E::UnderDay),
        [b'_', b'_', b'2', ..] => here(3, E::UnderYearDay),
        [b'3', ..] => here(1, E::Hour12),
        [b'4', ..] => here(1, E::Minute),
        [b'5', ..] => here(1, E::Second),
        [b'P', b'M', ..] => here(2, E::UpperHalf),
        [b'p', b'm', ..] => here(2, E::LowerHalf),
        [sign @ (b'-' | b'Z'), rest @ ..] => {
            let zulu = *sign == b'Z';
            let forms: [(&[u8], bool, bool, bool); 5] = [
                (b"070000", false, true, true),
                (b"07:00:00", true, true, true),
                (b"0700", false, true, false),
                (b"07:00", true, true, false),
                (b"07", false, false, false),
            ];
            forms.iter().find(|form| rest.starts_with(form.0)).and_then(|(text, colons, minutes, seconds)| {
                let form = OffsetForm { zulu, colons: *colons, minutes: *minutes, seconds: *seconds };
                here(text.len() + 1, E::Offset(form))
            })
        }
        [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
            let digits = text.iter().skip(1).take_while(|byte| *byte == digit).count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None; // only digits of one kind are a fraction
            }
            let separator = *separator;
            let element = match digit {
                b'0' => E::Fraction { separator, digits },
                _ => E::TrimmedFraction { separator, digits },
            };
            here(1 + digits, element)
        }
        _ => None,
    }
}

impl Time {
    /// Go: `Time.Format`.
    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        let civil = self.shown();
        let mut out = Vec::with_capacity(layout.len() + 16);
        let mut rest = layout;
        while let Some((start, end, element)) = next_element(rest) {
            out.extend_from_slice(rest.get(..start).unwrap_or_default());
            write_element(&mut out, element, &civil, self.nanos);
            rest = rest.get(end..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out
    }
}

fn write_element(out: &mut Vec<u8>, element: Element, civil: &Civil, nanos: u32) {
    use Element as E;
    let month = MONTHS.get(usize::from(civil.month).wrapping_sub(1)).copied().unwrap_or_default();
    let weekday = WEEKDAYS.get(usize::from(civil.weekday)).copied().unwrap_or_default();
    let hour12 = match civil.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let afternoon = civil.hour >= 12;
    let text = match element {
        E::LongMonth => month.to_owned(),
        E::Month => month.get(..3).unwrap_or_default().to_owned(),
        E::NumberMonth => civil.month.to_string(),
        E::ZeroMonth => format!("{:02}", civil.month),
        E::LongWeekday => weekday.to_owned(),
        E::Weekday => weekday.get(..3).unwrap_or_default().to_owned(),
        E::Day => civil.day.to_string(),
        E::UnderDay => format!("{:2}", civil.day),
        E::ZeroDay => format!("{:02}", civil.day),
        E::UnderYearDay => format!("{:3}", civil.year_day),
        E::ZeroYearDay => format!("{:03}", civil.year_day),
        E::Hour => format!("{:02}", civil.hour),
        E::Hour12 => hour12.to_string(),
        E::ZeroHour12 => format!("{hour12:02}"),
        E::Minute => civil.minute.to_string(),
        E::ZeroMinute => format!("{:02}", civil.minute),
        E::Second => civil.second.to_string(),
        E::ZeroSecond => format!("{:02}", civil.second),
        E::LongYear if civil.year < 0 => format!("-{:04}", civil.year.unsigned_abs()),
        E::LongYear => format!("{:04}", civil.year),
        E::Year => format!("{:02}", civil.year.unsigned_abs() % 100),
        E::UpperHalf => if afternoon { "PM" } else { "AM" }.to_owned(),
        E::LowerHalf => if afternoon { "pm" } else { "am" }.to_owned(),
        E::Abbreviation if civil.zone.abbreviation.is_empty() => offset(
            civil.zone.offset,
            OffsetForm { zulu: false, colons: false, minutes: true, seconds: false },
        ),
        E::Abbreviation => civil.zone.abbreviation.to_string(),
        E::Offset(form) => offset(civil.zone.offset, form),
        E::Fraction { separator, digits } => format!("{}{}", char::from(separator), fraction(nanos, digits)),
        E::TrimmedFraction { digits, .. } if digits == 0 || nanos == 0 => String::new(),
        E::TrimmedFraction { separator, digits } => {
            let text = fraction(nanos, digits);
            match text.trim_end_matches('0') {
                "" => String::new(),
                trimmed => format!("{}{trimmed}", char::from(separator)),
            }
        }
    };
    out.extend_from_slice(text.as_bytes());
}

fn fraction(nanos: u32, digits: usize) -> String {
    let mut text = format!("{nanos:09}");
    text.truncate(digits);
    text
}

fn offset(seconds: i32, form: OffsetForm) -> String {
    use std::fmt::Write as _;
    if seconds == 0 && form.zulu {
        return "Z".to_owned();
    }
    let minutes = seconds / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if form.colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}", minutes.abs() / 60);
    if form.minutes {
        let _ = write!(text, "{colon}{:02}", minutes.abs() % 60); // a String takes everything
    }
    if form.seconds {
        let seconds = if minutes < 0 { -seconds } else { seconds };
        let _ = write!(text, "{colon}{:02}", seconds % 60);
    }
    text
}

/// Why a value does not fit its layout (Go: `time.ParseError`).
struct Misfit<'a> {
    layout: &'a [u8],
    value: &'a [u8],
}

impl Misfit<'_> {
    fn cannot(&self, element: &[u8], rest: &[u8]) -> Vec<u8> {
        let parts: [&[u8]; 8] = [
            b"parsing time ",
            &quote(self.value),
            b" as ",
            &quote(self.layout),
            b": cannot parse ",
            &quote(rest),
            b" as ",
            &quote(element),
        ];
        parts.concat()
    }

    fn message(&self, message: &str) -> Vec<u8> {
        [b"parsing time ", &quote(self.value)[..], message.as_bytes()].concat()
    }
}

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    abbreviation: Vec<u8>,
}

/// Why an element was not read.
enum Fault {
    Bad,
    Range(&'static str),
}

/// Go: `time.ParseInLocation`, with its error's text.
pub(crate) fn parse(layout: &[u8], value: &[u8], zone: &Zone) -> Result<Time, Vec<u8>> {
    let misfit = Misfit { layout, value };
    let mut fields = Fields::default();
    let (mut layout, mut rest) = (layout, value);
    loop {
        let next = next_element(layout);
        let prefix = layout.get(..next.map_or(layout.len(), |(start, ..)| start)).unwrap_or_default();
        rest = skip(rest, prefix).map_err(|rest| misfit.cannot(prefix, rest))?;
        let Some((start, end, element)) = next else {
            if !rest.is_empty() {
                let text = [b": extra text: ", &quote(rest)[..]].concat();
                return Err(misfit.message(&String::from_utf8_lossy(&text)));
            }
            return fields.finish(zone).map_err(|message| misfit.message(message));
        };
        let element_text = layout.get(start..end).unwrap_or_default();
        layout = layout.get(end..).unwrap_or_default();
        let held = rest;
        match fields.read(element, layout, &mut rest) {
            Ok(()) => {}
            Err(Fault::Bad) => return Err(misfit.cannot(element_text, held)),
            Err(Fault::Range(what)) => return Err(misfit.message(&format!(": {what} out of range"))),
        }
    }
}

/// Go: `time.skip`: spaces match any number of spaces.
fn skip<'a>(mut value: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    let without_spaces = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    while let Some(first) = prefix.first() {
        if *first == b' ' {
            if value.first().is_some_and(|byte| *byte != b' ') {
                return Err(value);
            }
            prefix = prefix.get(without_spaces(prefix)..).unwrap_or_default();
            value = value.get(without_spaces(value)..).unwrap_or_default();
            continue;
        }
        if value.first() != Some(first) {
            return Err(value);
        }
        prefix = prefix.get(1..).unwrap_or_default();
        value = value.get(1..).unwrap_or_default();
    }
    Ok(value)
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], Fault> {
    let (taken, behind) = rest.split_at_checked(len).ok_or(Fault::Bad)?;
    *rest = behind;
    Ok(taken)
}

/// Go: `getnum`: one or two digits, always two where `fixed`.
fn number(rest: &mut &[u8], fixed: bool) -> Result<i64, Fault> {
    digits(rest, 2, fixed)
}

fn digits(rest: &mut &[u8], most: usize, fixed: bool) -> Result<i64, Fault> {
    let count = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || fixed && count < most {
        return Err(Fault::Bad);
    }
    let digits = take(rest, count)?;
    Ok(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn name(rest: &mut &[u8], names: &[&str], len: usize) -> Result<i64, Fault> {
    let found = names.iter().position(|name| {
        let name = name.get(..len.min(name.len())).unwrap_or_default().as_bytes();
        rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
    });
    let index = found.ok_or(Fault::Bad)?;
    take(rest, names.get(index).map_or(0, |name| name.len().min(len)))?;
    i64::try_from(index).map_err(|_| Fault::Bad)
}

fn within(number: i64, range: std::ops::RangeInclusive<i64>, what: &'static str) -> Result<i64, Fault> {
    if range.contains(&number) { Ok(number) } else { Err(Fault::Range(what)) }
}

impl Fields {
    fn read(&mut self, element: Element, layout: &[u8], rest: &mut &[u8]) -> Result<(), Fault> {
        use Element as E;
        match element {
            E::Year => {
                let year = whole(take(rest, 2)?)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            E::LongYear => {
                if !rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Fault::Bad);
                }
                self.year = whole(take(rest, 4)?)?;
            }
            E::Month => self.month = Some(name(rest, &MONTHS, 3)? + 1),
            E::LongMonth => self.month = Some(name(rest, &MONTHS, 9)? + 1),
            E::NumberMonth | E::ZeroMonth => {
                self.month = Some(within(number(rest, element == E::ZeroMonth)?, 1..=12, "month")?);
            }
            E::Weekday => drop(name(rest, &WEEKDAYS, 3)?),
            E::LongWeekday => drop(name(rest, &WEEKDAYS, 9)?),
            E::Day | E::UnderDay | E::ZeroDay => {
                if element == E::UnderDay && rest.starts_with(b" ") {
                    take(rest, 1)?;
                }
                self.day = Some(number(rest, element == E::ZeroDay)?);
            }
            E::UnderYearDay | E::ZeroYearDay => {
                for _ in 0..2 {
                    if element == E::UnderYearDay && rest.starts_with(b" ") {
                        take(rest, 1)?;
                    }
                }
                self.year_day = Some(digits(rest, 3, element == E::ZeroYearDay)?);
            }
            E::Hour => self.hour = within(number(rest, false)?, 0..=23, "hour")?,
            E::Hour12 | E::ZeroHour12 => {
                self.hour = within(number(rest, element == E::ZeroHour12)?, 0..=12, "hour")?;
            }
            E::Minute | E::ZeroMinute => {
                self.minute = within(number(rest, element == E::ZeroMinute)?, 0..=59, "minute")?;
            }
            E::Second | E::ZeroSecond => {
                self.second = within(number(rest, element == E::ZeroSecond)?, 0..=59, "second")?;
                self.unannounced_fraction(layout, rest)?;
            }
            E::UpperHalf | E::LowerHalf => {
                let upper = element == E::UpperHalf;
                self.afternoon = match (take(rest, 2)?, upper) {
                    (b"PM", true) | (b"pm", false) => Some(true),
                    (b"AM", true) | (b"am", false) => self.afternoon.or(Some(false)),
                    _ => return Err(Fault::Bad),
                };
            }
            E::Offset(form) => self.read_offset(form, rest)?,
            E::Abbreviation if rest.starts_with(b"UTC") => {
                self.utc = true;
                take(rest, 3)?;
            }
            E::Abbreviation => {
                let len = abbreviation_len(rest).ok_or(Fault::Bad)?;
                self.abbreviation = take(rest, len)?.to_vec();
            }
            E::Fraction { digits, .. } => self.nanos = nanoseconds(take(rest, digits + 1)?)?,
            E::TrimmedFraction { .. } => self.optional_fraction(rest)?,
        }
        Ok(())
    }

    /// A fraction of a second is read behind the seconds even where the layout has none.
    fn unannounced_fraction(&mut self, layout: &[u8], rest: &mut &[u8]) -> Result<(), Fault> {
        let announced = matches!(
            next_element(layout),
            Some((_, _, Element::Fraction { .. } | Element::TrimmedFraction { .. }))
        );
        if announced { Ok(()) } else { self.optional_fraction(rest) }
    }

    fn optional_fraction(&mut self, rest: &mut &[u8]) -> Result<(), Fault> {
        if let [b'.' | b',', digits @ ..] = *rest {
            let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if count > 0 {
                self.nanos = nanoseconds(take(rest, count + 1)?)?;
            }
        }
        Ok(())
    }

    fn read_offset(&mut self, form: OffsetForm, rest: &mut &[u8]) -> Result<(), Fault> {
        if form.zulu && rest.starts_with(b"Z") {
            take(rest, 1)?;
            self.utc = true;
            return Ok(());
        }
        let colon = |rest: &mut &[u8]| {
            if form.colons && take(rest, 1)? != b":" { Err(Fault::Bad) } else { Ok(()) }
        };
        let sign = take(rest, 1)?;
        let hours = take(rest, 2)?;
        let (mut minutes, mut seconds): (&[u8], &[u8]) = (b"00", b"00");
        if form.minutes {
            colon(rest)?;
            minutes = take(rest, 2)?;
        }
        if form.seconds {
            colon(rest)?;
            seconds = take(rest, 2)?;
        }
        let part = |mut text: &[u8]| number(&mut text, true);
        let (hours, minutes, seconds) = (part(hours), part(minutes), part(seconds));
        for (part, most, what) in [
            (&hours, 24, "time zone offset hour"),
            (&minutes, 60, "time zone offset minute"),
            (&seconds, 60, "time zone offset second"),
        ] {
            if part.as_ref().is_ok_and(|part| *part > most) {
                return Err(Fault::Range(what));
            }
        }
        let total = (hours? * 60 + minutes?) * 60 + seconds?;
        let total = i32::try_from(total).map_err(|_| Fault::Bad)?;
        self.offset = match sign {
            b"+" => Some(total),
            b"-" => Some(-total),
            _ => return Err(Fault::Bad),
        };
        Ok(())
    }

    fn finish(mut self, zone: &Zone) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = match self.year_day {
            Some(year_day) => self.month_and_day(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(month, self.year) {
            return Err(": day out of range");
        }
        let at = |zone: Zone| {
            Time::civil(self.year, month, day, self.hour, self.minute, self.second, self.nanos, zone)
        };
        let abbreviation = String::from_utf8_lossy(&self.abbreviation).into_owned();
        if self.utc {
            return Ok(at(Zone::utc()));
        }
        // Go marks "no offset" with -1, so an offset of one second west counts as none.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            let mut time = at(Zone::utc());
            time.seconds -= i64::from(offset);
            let here = zone.at(time.seconds);
            let fits =
                here.offset == offset && (abbreviation.is_empty() || *here.abbreviation == *abbreviation);
            time.zone = if fits { zone.clone() } else { Zone::fixed(abbreviation, offset) };
            return Ok(time);
        }
        if !abbreviation.is_empty() {
            let mut time = at(Zone::utc());
            if let Some(offset) = zone.offset_of(&abbreviation, time.seconds) {
                time.seconds -= i64::from(offset);
                time.zone = zone.clone();
                return Ok(time);
            }
            // An unknown abbreviation counts as UTC; only what `GMT+3` says goes into the zone.
            let hours = abbreviation.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok());
            time.zone = Zone::fixed(abbreviation, hours.unwrap_or(0).wrapping_mul(3600));
            return Ok(time);
        }
        Ok(at(zone.clone()))
    }

    /// The month and day of a day of the year, which must agree with those that were read.
    fn month_and_day(&self, year_day: i64) -> Result<(i64, i64), &'static str> {
        let last = if is_leap(self.year) { 366 } else { 365 };
        if year_day < 1 || year_day > last {
            return Err(": day-of-year out of range");
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|read| read != month) {
            return Err(": day-of-year does not match month");
        }
        if self.day.is_some_and(|read| read != day) {
            return Err(": day-of-year does not match day");
        }
        Ok((month, day))
    }
}

/// Go: `time.atoi`.
fn whole(text: &[u8]) -> Result<i64, Fault> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    match leading_int(digits) {
        Some((number, [])) => {
            let number = i64::try_from(number).map_err(|_| Fault::Bad)?;
            Ok(if negative { -number } else { number })
        }
        _ => Err(Fault::Bad),
    }
}

/// Go: `parseNanoseconds`: the separator and digits, of which nine count.
fn nanoseconds(text: &[u8]) -> Result<i64, Fault> {
    let [b'.' | b',', digits @ ..] = text else { return Err(Fault::Bad) };
    let digits = digits.get(..9).unwrap_or(digits);
    let number = whole(digits)?;
    if number < 0 {
        return Err(Fault::Range("fractional second"));
    }
    let missing = u32::try_from(9_usize.saturating_sub(digits.len())).unwrap_or_default();
    Ok(number * 10_i64.pow(missing))
}

/// Go: `parseTimeZone`: how many bytes look like a zone's abbreviation.
fn abbreviation_len(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(behind) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_len(behind));
    }
    if matches!(text.first(), Some(b'+' | b'-')) {
        return Some(signed_offset_len(text)).filter(|len| *len > 0);
    }
    let upper = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match upper {
        5 if text.get(4) == Some(&b'T') => Some(5),
        4 if text.get(3) == Some(&b'T') || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Go: `parseSignedOffset`.
fn signed_offset_len(text: &[u8]) -> usize {
    let [b'-' | b'+', digits @ ..] = text else { return 0 };
    match leading_int(digits) {
        Some((number, rest)) if rest.len() < digits.len() && number <= 23 => text.len() - rest.len(),
        _ => 0,
    }
}
