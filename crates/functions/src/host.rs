//! What a run gives to the functions: the time, chance, the cluster and names of hosts.

use std::fmt;

use pintle_template::{Call, CallError};
use pintle_value::Data;
use sha2::{Digest, Sha256};

use crate::dates::Zone;
use crate::regex::{Kept, Regexes};

/// A moment: seconds and nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Whole seconds since the epoch, negative before it.
    pub seconds: i64,
    /// Nanoseconds past that second, below 1,000,000,000.
    pub nanos: u32,
}

/// Tells the time to `now`, `date`, `ago` and the certificate functions.
pub trait Clock {
    /// The current moment.
    fn now(&self) -> Moment;
}

impl<F: Fn() -> Moment> Clock for F {
    fn now(&self) -> Moment {
        self()
    }
}

impl Clock for Moment {
    /// A clock that stands still makes a render reproducible.
    fn now(&self) -> Moment {
        *self
    }
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = |duration: std::time::Duration| {
            (i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), duration.subsec_nanos())
        };
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => {
                let (seconds, nanos) = since(after);
                Moment { seconds, nanos }
            }
            Err(before) => {
                let (seconds, nanos) = since(before.duration());
                match nanos {
                    0 => Moment { seconds: -seconds, nanos: 0 },
                    _ => Moment { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
                }
            }
        }
    }
}

/// Where random bytes come from: passwords, keys, serial numbers, shuffles.
pub trait Random {
    /// Fills `bytes` with random ones. An error's text ends the render.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String>;
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| error.to_string())
    }
}

/// A source whose output is fixed by its seed: SHA-256 of the seed and a counter.
///
/// Two renders with equal seeds make equal passwords and keys, so the seed is as secret as they are.
#[derive(Clone)]
pub struct SeededRandom {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl SeededRandom {
    /// A source that starts at this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, block: [0; 32], used: 32 }
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeededRandom").finish_non_exhaustive()
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        for byte in bytes {
            if self.used >= self.block.len() {
                let hash = Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes());
                self.block = hash.finalize().into();
                self.counter = self.counter.wrapping_add(1);
                self.used = 0;
            }
            *byte = self.block.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
        Ok(())
    }
}

/// What `lookup` asks the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupRequest<'a> {
    /// The `apiVersion`, such as `apps/v1`.
    pub api_version: &'a str,
    /// The `kind`, such as `Deployment`.
    pub kind: &'a str,
    /// The namespace; empty for all, and for objects that have none.
    pub namespace: &'a str,
    /// The name; empty asks for the list of all objects.
    pub name: &'a str,
}

/// Looks objects up in the cluster for the function `lookup`.
pub trait Lookup {
    /// The object, or a list object with `items`; [`Data::Null`] where there is no such object. An error's text
    /// ends the render, as Helm's does for everything but "not found".
    fn lookup(&mut self, request: LookupRequest<'_>) -> Result<Data, String>;
}

/// A cluster without objects, which is what Helm has without a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLookup;

impl Lookup for NoLookup {
    fn lookup(&mut self, _request: LookupRequest<'_>) -> Result<Data, String> {
        Ok(Data::Null)
    }
}

/// Resolves names of hosts for the function `getHostByName`.
pub trait Resolver {
    /// An address of the host; empty where there is none.
    fn resolve(&mut self, name: &str) -> String;
}

/// Resolves nothing, which is what Helm does without `--enable-dns`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&mut self, _name: &str) -> String {
        String::new()
    }
}

/// Whether `required` and `fail` end the render.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strictness {
    /// They do.
    #[default]
    Fail,
    /// They give an empty string and leave a note (Helm's `LintMode`); see [`HelmHost::take_notes`].
    Lint,
}

/// What `required` or `fail` would have said under [`Strictness::Fail`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintNote {
    /// What it would have been.
    pub fault: LintFault,
    /// The template's message.
    pub message: String,
}

/// What a [`LintNote`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LintFault {
    /// `required` was given nothing.
    Missing,
    /// `required` was given an empty text.
    Empty,
    /// `fail` was called.
    Failed,
}

/// The state of one run that the functions reach through [`Call::host`].
///
/// ```
/// use pintle_functions::{HelmHost, Moment, SeededRandom};
///
/// let host = HelmHost::new()
///     .clock(Moment { seconds: 1_700_000_000, nanos: 0 })
///     .random(SeededRandom::new([7; 32]));
/// # let _ = host;
/// ```
pub struct HelmHost {
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) zone: Zone,
    pub(crate) random: Box<dyn Random>,
    pub(crate) lookup: Box<dyn Lookup>,
    pub(crate) resolver: Box<dyn Resolver>,
    pub(crate) strictness: Strictness,
    notes: Vec<LintNote>,
    /// Expressions that the run has met already, and paid for.
    pub(crate) met: Kept,
    /// Those that earlier runs have met too.
    pub(crate) regexes: Regexes,
}

impl HelmHost {
    /// The system's clock and random source, UTC as the local zone, no cluster, no name resolution.
    pub fn new() -> Self {
        Self {
            clock: Box::new(SystemClock),
            zone: Zone::utc(),
            random: Box::new(OsRandom),
            lookup: Box::new(NoLookup),
            resolver: Box::new(NoResolver),
            strictness: Strictness::Fail,
            notes: Vec::new(),
            met: Kept::default(),
            regexes: Regexes::default(),
        }
    }

    /// Takes the time from this clock; a [`Moment`] is one that stands still.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The zone that Go calls `Local`. The default is UTC.
    #[must_use]
    pub fn local_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Takes random bytes from this source.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Answers `lookup` from this cluster.
    #[must_use]
    pub fn lookup(mut self, lookup: impl Lookup + 'static) -> Self {
        self.lookup = Box::new(lookup);
        self
    }

    /// Answers `getHostByName` from this resolver.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Box::new(resolver);
        self
    }

    /// What `required` and `fail` do.
    #[must_use]
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Takes compiled expressions from here, and leaves new ones.
    #[must_use]
    pub fn regexes(mut self, regexes: Regexes) -> Self {
        self.regexes = regexes;
        self
    }

    /// The notes that `required` and `fail` left under [`Strictness::Lint`], at most 1,000; they are gone from the
    /// host then.
    pub fn take_notes(&mut self) -> Vec<LintNote> {
        std::mem::take(&mut self.notes)
    }

    pub(crate) fn note(&mut self, fault: LintFault, message: String) {
        const MAX_NOTES: usize = 1_000;
        if self.notes.len() < MAX_NOTES {
            self.notes.push(LintNote { fault, message });
        }
    }
}

impl Default for HelmHost {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HelmHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelmHost")
            .field("zone", &self.zone)
            .field("strictness", &self.strictness)
            .finish_non_exhaustive()
    }
}

/// The host of the call. A run whose host is no [`HelmHost`] has no clock and no chance to give.
pub(crate) fn host(call: &mut dyn Call) -> Result<&mut HelmHost, CallError> {
    call.host()
        .downcast_mut::<HelmHost>()
        .ok_or_else(|| CallError::new("this run was started without a HelmHost: give one to the execution"))
}

/// Fills `bytes` from the run's random source.
pub(crate) fn fill(call: &mut dyn Call, bytes: &mut [u8]) -> Result<(), CallError> {
    host(call)?.random.fill(bytes).map_err(CallError::new)
}

/// A random number below `bound`, each equally likely; 0 where `bound` is 0.
pub(crate) fn below(call: &mut dyn Call, bound: u64) -> Result<u64, CallError> {
    if bound < 2 {
        return Ok(0);
    }
    let fair = u64::MAX - u64::MAX % bound; // numbers from here on would favour the small remainders
    loop {
        let mut bytes = [0; 8];
        fill(call, &mut bytes)?;
        let number = u64::from_le_bytes(bytes);
        if number < fair {
            return Ok(number % bound);
        }
    }
}
