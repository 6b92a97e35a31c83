//! Moments and the civil calendar (Go: `time.Time`).

use super::duration::Duration;
use super::zone::{InEffect, Zone};
use crate::host::Moment;

pub(crate) const NANOS: i64 = 1_000_000_000;

const DAY: i64 = 86_400;

/// Seconds from year 1, where Go's zero time is, to 1970.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// A moment and the zone that it is shown in (Go: `time.Time` without the monotonic clock).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Time {
    /// Since 1970.
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    pub(crate) zone: Zone,
}

/// A moment as calendar and clock show it.
#[derive(Clone, Debug)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: u8,
    /// From 1.
    pub(crate) day: u8,
    /// From 1.
    pub(crate) year_day: u16,
    /// 0 is Sunday.
    pub(crate) weekday: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) zone: InEffect,
}

impl Time {
    /// Go's zero time: midnight of January 1 of the year 1, UTC.
    pub(crate) fn zero() -> Self {
        Self { seconds: ZERO_SECONDS, nanos: 0, zone: Zone::utc() }
    }

    pub(crate) fn new(moment: Moment, zone: Zone) -> Self {
        Self { seconds: moment.seconds, nanos: moment.nanos.min(999_999_999), zone }
    }

    /// Go: `time.Unix(seconds, 0)`.
    pub(crate) fn unix(seconds: i64, zone: Zone) -> Self {
        Self { seconds, nanos: 0, zone }
    }

    /// The moment of a civil date and time in a zone; parts past their range carry over (Go: `time.Date`).
    #[expect(clippy::too_many_arguments, reason = "a date has that many parts")]
    pub(crate) fn civil(
        year: i64,
        month: i64,
        day: i64,
        hour: i64,
        minute: i64,
        second: i64,
        nanos: i64,
        zone: Zone,
    ) -> Self {
        let seconds = days_from_civil(year, month)
            .wrapping_add(day)
            .wrapping_sub(1)
            .wrapping_mul(DAY)
            .wrapping_add(hour.wrapping_mul(3600))
            .wrapping_add(minute.wrapping_mul(60))
            .wrapping_add(second)
            .wrapping_add(nanos.div_euclid(NANOS));
        // Go looks the offset up twice: with the local time taken as UTC, and again with the first guess.
        let guess = i64::from(zone.at(seconds).offset);
        let offset = if guess == 0 { 0 } else { i64::from(zone.at(seconds.wrapping_sub(guess)).offset) };
        let nanos = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or_default();
        Self { seconds: seconds.wrapping_sub(offset), nanos, zone }
    }

    pub(crate) fn within(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == ZERO_SECONDS && self.nanos == 0
    }

    /// Go: `Time.Add`.
    pub(crate) fn plus(&self, duration: Duration) -> Self {
        let nanos = i64::from(self.nanos) + duration.0 % NANOS;
        let seconds = self.seconds.wrapping_add(duration.0 / NANOS).wrapping_add(nanos.div_euclid(NANOS));
        let nanos = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or_default();
        Self { seconds, nanos, zone: self.zone.clone() }
    }

    /// Go: `Time.Sub`, which stops at the longest duration.
    pub(crate) fn minus(&self, other: &Self) -> Duration {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let nanos = seconds * i128::from(NANOS) + i128::from(self.nanos) - i128::from(other.nanos);
        let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
        Duration(i64::try_from(nanos).unwrap_or(limit))
    }

    /// Nanoseconds since the year 1, which `Round` and `Truncate` count from.
    pub(crate) fn since_zero(&self) -> i128 {
        (i128::from(self.seconds) - i128::from(ZERO_SECONDS)) * i128::from(NANOS) + i128::from(self.nanos)
    }

    /// Whether both are the same moment (Go: `Time.Equal`).
    pub(crate) fn moment(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }

    pub(crate) fn shown(&self) -> Civil {
        let zone = self.zone.at(self.seconds);
        let (days, second) = local_days(self.seconds, zone.offset);
        let (year, month, day) = civil_from_days(days);
        let part = |number: i64| u8::try_from(number).unwrap_or_default();
        Civil {
            year,
            month: part(month),
            day: part(day),
            year_day: u16::try_from(days - days_from_civil(year, 1) + 1).unwrap_or_default(),
            weekday: part((days + 4).rem_euclid(7)), // 1970 began on a Thursday
            hour: part(second / 3600),
            minute: part(second / 60 % 60),
            second: part(second % 60),
            zone,
        }
    }
}

/// Days since 1970 and seconds of the day. Go counts in 64 bits from its absolute zero, March 1 of the year
/// -292277022400, and starts there again past the end.
fn local_days(seconds: i64, offset: i32) -> (i64, i64) {
    const ZERO_TO_1970: i128 = (730_692_556 * 146_097 + 306 + 719_162) * DAY as i128;
    let absolute = (i128::from(seconds) + i128::from(offset) + ZERO_TO_1970).rem_euclid(1 << 64);
    let local = absolute - ZERO_TO_1970;
    let part = |number: i128| i64::try_from(number).unwrap_or_default();
    (part(local.div_euclid(i128::from(DAY))), part(local.rem_euclid(i128::from(DAY))))
}

/// Days from 1970 to the first of the month, which may be past December or before January.
fn days_from_civil(year: i64, month: i64) -> i64 {
    // Years from March, so that the leap day comes last.
    let months = month.wrapping_sub(3);
    let year = year.wrapping_add(months.div_euclid(12));
    let month = months.rem_euclid(12);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era).wrapping_sub(719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.wrapping_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era.wrapping_mul(400);
    if month < 10 { (year, month + 3, day) } else { (year.wrapping_add(1), month - 9, day) }
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
