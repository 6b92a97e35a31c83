//! A version, and which of two is the newer one.

use std::cmp::Ordering;
use std::fmt;

use crate::strconv::{NumberError, parse_uint};

/// The most bytes of a version (Masterminds: `MaxVersionLen`).
const MAX_LEN: usize = 256;

/// A version as `Masterminds/semver` reads it: `v` in front, missing parts and leading zeros are accepted.
///
/// ```
/// use pintle_functions::Version;
///
/// let version = Version::parse("v1.30-rc.1+build5").unwrap();
/// assert_eq!(version.to_string(), "1.30.0-rc.1+build5");
/// assert!(version < Version::parse("1.30").unwrap());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

/// Why a text is no version or no constraint. Its text is the one of Masterminds' error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// Not of a version's form.
    #[error("invalid semantic version")]
    Invalid,
    /// Over 256 bytes.
    #[error("version string is too long (max {MAX_LEN} bytes)")]
    TooLong,
    /// A number over 64 bits.
    #[error("error parsing version segment: {0}")]
    Segment(String),
    /// A number inside the prerelease starts with 0.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// The prerelease has an empty or odd part.
    #[error("invalid prerelease string")]
    Prerelease,
    /// The metadata have an empty or odd part.
    #[error("invalid metadata string")]
    Metadata,
    /// A constraint over 512 bytes.
    #[error("constraint string is too long (max 512 bytes)")]
    ConstraintTooLong,
    /// A constraint of more than 32 parts between `||`.
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
    /// Not of a constraint's form.
    #[error("improper constraint: {0}")]
    Improper(String),
    /// A constraint whose version is no version.
    #[error("constraint parser error")]
    Constraint,
}

impl Version {
    /// Reads a version (Masterminds: `NewVersion`).
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > MAX_LEN {
            return Err(VersionError::TooLong);
        }
        let parts = Parts::read(text.as_bytes(), |byte| byte.is_ascii_digit())
            .filter(|parts| parts.len == text.len())
            .ok_or(VersionError::Invalid)?;
        let version = Self {
            major: segment(parts.major)?,
            minor: parts.minor.map_or(Ok(0), segment)?,
            patch: parts.patch.map_or(Ok(0), segment)?,
            prerelease: parts.prerelease.map_or_else(String::new, lossy),
            metadata: parts.metadata.map_or_else(String::new, lossy),
            original: text.to_owned(),
        };
        if !version.prerelease.is_empty() {
            check_prerelease(&version.prerelease)?;
        }
        Ok(version)
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number; 0 where the text had none.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number; 0 where the text had none.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What stood behind `-`; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stood behind `+`.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text that was read.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Which one is newer; metadata do not count (Masterminds: `Compare`).
    pub fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            },
        )
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

impl fmt::Display for Version {
    /// Writes the full form, without the `v` and with all three numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn segment(digits: &[u8]) -> Result<u64, VersionError> {
    parse_uint(digits, 10).map_err(|error: NumberError| {
        VersionError::Segment(String::from_utf8_lossy(&error.text("ParseUint", digits)).into_owned())
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Masterminds: `validatePrerelease`. The reader lets no empty or odd part through, so that leaves the zeros.
pub(crate) fn check_prerelease(text: &str) -> Result<(), VersionError> {
    for part in text.split('.') {
        if part.is_empty() {
            return Err(VersionError::Prerelease);
        }
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            if part.len() > 1 && part.starts_with('0') {
                return Err(VersionError::LeadingZero);
            }
        } else if !part.bytes().all(is_identifier) {
            return Err(VersionError::Prerelease);
        }
    }
    Ok(())
}

/// Masterminds: `validateMetadata`.
pub(crate) fn check_metadata(text: &str) -> Result<(), VersionError> {
    if text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_identifier)) {
        Ok(())
    } else {
        Err(VersionError::Metadata)
    }
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Masterminds: `comparePrerelease`.
pub(crate) fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => match compare_parts(a.unwrap_or_default(), b.unwrap_or_default()) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

/// Masterminds: `comparePrePart`: numbers before words, nothing before both.
fn compare_parts(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if a.is_empty() {
        return Ordering::Less;
    }
    if b.is_empty() {
        return Ordering::Greater;
    }
    match (parse_uint(a.as_bytes(), 10), parse_uint(b.as_bytes(), 10)) {
        (Err(_), Err(_)) => a.cmp(b),
        (Err(_), Ok(_)) => Ordering::Greater,
        (Ok(_), Err(_)) => Ordering::Less,
        (Ok(a), Ok(b)) => {
            if a > b {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
    }
}

/// The parts of a version as the regular expressions of Masterminds find them.
pub(crate) struct Parts<'a> {
    pub(crate) major: &'a [u8],
    /// Without the dot, as are the others without their mark.
    pub(crate) minor: Option<&'a [u8]>,
    pub(crate) patch: Option<&'a [u8]>,
    pub(crate) prerelease: Option<&'a [u8]>,
    pub(crate) metadata: Option<&'a [u8]>,
    /// How many bytes they take together.
    pub(crate) len: usize,
}

impl<'a> Parts<'a> {
    /// Reads the longest version at the start of `text`, whose numbers consist of what `digit` accepts.
    pub(crate) fn read(text: &'a [u8], digit: fn(u8) -> bool) -> Option<Self> {
        let mut at = usize::from(text.starts_with(b"v"));
        let run = |at: usize, accept: &dyn Fn(&u8) -> bool| {
            let rest = text.get(at..).unwrap_or_default();
            let len = rest.iter().take_while(|byte| accept(byte)).count();
            rest.get(..len).filter(|run| !run.is_empty())
        };
        let marked = |at: usize, mark: u8| (text.get(at) == Some(&mark)).then_some(at + 1);
        let major = run(at, &|byte| digit(*byte))?;
        at += major.len();
        let number = |at: &mut usize| {
            let found = run(marked(*at, b'.')?, &|byte| digit(*byte))?;
            *at += found.len() + 1;
            Some(found)
        };
        let minor = number(&mut at);
        let patch = minor.and_then(|_| number(&mut at));
        let identifiers = |at: &mut usize, mark: u8| {
            let start = marked(*at, mark)?;
            let mut end = start + run(start, &|byte| is_identifier(*byte))?.len();
            while let Some(part) = marked(end, b'.').and_then(|at| run(at, &|byte| is_identifier(*byte))) {
                end += part.len() + 1;
            }
            *at = end;
            text.get(start..end)
        };
        let prerelease = identifiers(&mut at, b'-');
        let metadata = identifiers(&mut at, b'+');
        Some(Self { major, minor, patch, prerelease, metadata, len: at })
    }
}
