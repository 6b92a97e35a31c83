//! Time zones: offsets and abbreviations by moment.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A time zone: UTC, a fixed offset, or one of the zone database that is built in.
#[derive(Clone, PartialEq)]
pub struct Zone(Kind);

#[derive(Clone, PartialEq)]
enum Kind {
    Utc,
    Fixed { abbreviation: Arc<str>, offset: i32 },
    Database { name: Arc<str>, zone: TimeZone },
}

/// What holds in a zone at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InEffect {
    /// Seconds east of UTC.
    pub(crate) offset: i32,
    pub(crate) abbreviation: Arc<str>,
    pub(crate) summer: bool,
}

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self(Kind::Utc)
    }

    /// A zone that is always `offset` seconds east of UTC, printed as `abbreviation` (Go: `time.FixedZone`).
    pub fn fixed(abbreviation: impl Into<Arc<str>>, offset: i32) -> Self {
        Self(Kind::Fixed { abbreviation: abbreviation.into(), offset })
    }

    /// A zone by its name in the IANA database, such as `Europe/Berlin`; `None` where it has no such zone. The
    /// database is part of the program, nothing is read from the system.
    pub fn named(name: &str) -> Option<Self> {
        if name == "UTC" {
            return Some(Self::utc());
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        // The database finds names in any case, Go's file look-up does not.
        let exact = zone.iana_name() == Some(name);
        exact.then(|| Self(Kind::Database { name: Arc::from(name), zone }))
    }

    /// The zone's name: `UTC`, the one in the database, or the abbreviation of a fixed one.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Utc => "UTC",
            Kind::Fixed { abbreviation, .. } => abbreviation,
            Kind::Database { name, .. } => name,
        }
    }

    /// What holds at this second since the epoch.
    pub(crate) fn at(&self, seconds: i64) -> InEffect {
        match &self.0 {
            Kind::Utc => InEffect { offset: 0, abbreviation: Arc::from("UTC"), summer: false },
            Kind::Fixed { abbreviation, offset } => {
                InEffect { offset: *offset, abbreviation: Arc::clone(abbreviation), summer: false }
            }
            Kind::Database { zone, .. } => {
                let info = zone.to_offset_info(timestamp(seconds));
                InEffect {
                    offset: info.offset().seconds(),
                    abbreviation: Arc::from(info.abbreviation()),
                    summer: info.dst().is_dst(),
                }
            }
        }
    }

    /// The offset that the abbreviation stands for at a local time (Go: `Location.lookupName`).
    pub(crate) fn offset_of(&self, abbreviation: &str, local_seconds: i64) -> Option<i32> {
        let here = self.at(local_seconds);
        if *here.abbreviation == *abbreviation
            && *self.at(local_seconds - i64::from(here.offset)).abbreviation == *abbreviation
        {
            return Some(here.offset);
        }
        let Kind::Database { zone, .. } = &self.0 else {
            return (*here.abbreviation == *abbreviation).then_some(here.offset);
        };
        // Transitions around the moment first, then all the older ones.
        let moment = timestamp(local_seconds);
        let around = zone.preceding(moment).take(4).chain(zone.following(moment).take(4));
        let mut fallback = None;
        for transition in around {
            if transition.abbreviation() == abbreviation {
                let offset = transition.offset().seconds();
                if *self.at(local_seconds - i64::from(offset)).abbreviation == *abbreviation {
                    return Some(offset);
                }
                fallback = fallback.or(Some(offset));
            }
        }
        fallback.or_else(|| {
            zone.preceding(Timestamp::MAX)
                .take(MAX_TRANSITIONS)
                .find(|transition| transition.abbreviation() == abbreviation)
                .map(|transition| transition.offset().seconds())
        })
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}

/// How many changes of a zone's offset are looked through for an abbreviation.
const MAX_TRANSITIONS: usize = 1_000;

fn timestamp(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}
