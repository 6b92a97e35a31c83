//! What versions a constraint such as `>=1.19-0, <2 || 3.x` allows.

use std::cmp::Ordering;
use std::fmt;

use super::version::{Parts, Version, VersionError, compare_prereleases};
use crate::print;

/// Masterminds: `MaxConstraintLen`.
const MAX_LEN: usize = 512;

/// Masterminds: `MaxConstraintGroups`.
const MAX_GROUPS: usize = 32;

/// A constraint as `Masterminds/semver` reads it: groups between `||`, of which one must hold with all its parts.
///
/// A version with a prerelease is allowed only by a group that names a prerelease itself (`>=1.19-0`).
///
/// ```
/// use pintle_functions::{Constraint, Version};
///
/// let constraint = Constraint::parse(">=1.19-0, <2 || 3.x").unwrap();
/// assert!(constraint.allows(&Version::parse("v1.30.1-eks-36bd2a7").unwrap()));
/// assert!(!constraint.allows(&Version::parse("2.0.0").unwrap()));
/// ```
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    rules: Vec<Rule>,
    /// Whether one of the rules names a prerelease.
    prereleases: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// How much of the rule's version is a wildcard or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wild {
    No,
    Patch,
    Minor,
    All,
}

#[derive(Clone, Debug)]
struct Rule {
    operator: Operator,
    version: Version,
    wild: Wild,
    text: String,
}

impl Constraint {
    /// Reads a constraint (Masterminds: `NewConstraint`).
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > MAX_LEN {
            return Err(VersionError::ConstraintTooLong);
        }
        let text = rewrite_ranges(text.as_bytes());
        let parts = crate::strings::split(&text, b"||", -1);
        if parts.len() > MAX_GROUPS {
            return Err(VersionError::TooManyGroups);
        }
        let groups = parts.iter().map(|part| Group::parse(part)).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether the version fits (Masterminds: `Check`).
    pub fn allows(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (version.prerelease().is_empty() || group.prereleases)
                && group.rules.iter().all(|rule| rule.allows(version))
        })
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self
            .groups
            .iter()
            .map(|group| group.rules.iter().map(|rule| rule.text.as_str()).collect::<Vec<_>>().join(" "));
        f.write_str(&groups.collect::<Vec<_>>().join(" || "))
    }
}

impl Group {
    fn parse(text: &[u8]) -> Result<Self, VersionError> {
        let improper = || VersionError::Improper(String::from_utf8_lossy(&print::quote(text)).into_owned());
        let mut found = Vec::new();
        let mut rest = skip_spaces(text);
        loop {
            let rule = RuleText::read(rest).ok_or_else(improper)?;
            let behind = rest.get(rule.len..).unwrap_or_default();
            found.push(rule);
            let spaced = skip_spaces(behind);
            if spaced.is_empty() {
                break;
            }
            rest = match spaced.strip_prefix(b",") {
                Some(behind) => skip_spaces(behind),
                None if spaced.len() < behind.len() => spaced,
                None => return Err(improper()),
            };
        }
        let rules = found.iter().map(RuleText::parse).collect::<Result<Vec<_>, _>>()?;
        let prereleases = rules.iter().any(|rule| !rule.version.prerelease().is_empty());
        Ok(Self { rules, prereleases })
    }
}

/// A rule's parts before its version is looked at.
struct RuleText<'a> {
    operator: Operator,
    operator_text: &'a [u8],
    parts: Parts<'a>,
    version_text: &'a [u8],
    len: usize,
}

impl<'a> RuleText<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let len = text.iter().take_while(|byte| b"=!<>~^".contains(byte)).count();
        let (operator_text, behind) = text.split_at_checked(len)?;
        let operator = match operator_text {
            b"" | b"=" => Operator::TildeOrEqual,
            b"!=" => Operator::NotEqual,
            b">" => Operator::Greater,
            b"<" => Operator::Less,
            b">=" | b"=>" => Operator::GreaterOrEqual,
            b"<=" | b"=<" => Operator::LessOrEqual,
            b"~" | b"~>" => Operator::Tilde,
            b"^" => Operator::Caret,
            _ => return None,
        };
        let spaced = skip_spaces(behind);
        let parts = Parts::read(spaced, is_constraint_digit)?;
        let len = text.len() - spaced.len() + parts.len;
        Some(Self { operator, operator_text, version_text: spaced.get(..parts.len)?, parts, len })
    }

    /// Masterminds: `parseConstraint`.
    fn parse(&self) -> Result<Rule, VersionError> {
        let parts = &self.parts;
        let text = |part: Option<&[u8]>| part.map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let is_wild = |part: Option<&[u8]>| matches!(part, None | Some(b"x" | b"X" | b"*"));
        let prerelease = parts.prerelease.map(|part| format!("-{}", text(Some(part)))).unwrap_or_default();
        let (major, minor) = (text(Some(parts.major)), text(parts.minor));
        let (wild, version) = if is_wild(Some(parts.major)) {
            (Wild::All, format!("0.0.0{prerelease}"))
        } else if is_wild(parts.minor) {
            (Wild::Minor, format!("{major}.0.0{prerelease}"))
        } else if is_wild(parts.patch) {
            (Wild::Patch, format!("{major}.{minor}.0{prerelease}"))
        } else {
            (Wild::No, String::from_utf8_lossy(self.version_text).into_owned())
        };
        let version = Version::parse(&version).map_err(|_| VersionError::Constraint)?;
        let text = [self.operator_text, self.version_text].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Rule { operator: self.operator, version, wild, text })
    }
}

impl Rule {
    /// Masterminds: `constraints.go`, the `constraint…` functions. Prereleases were checked for the whole group.
    fn allows(&self, version: &Version) -> bool {
        let own = &self.version;
        let order = version.compare(own);
        match self.operator {
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Greater => match self.wild {
                Wild::No => order == Ordering::Greater,
                _ if version.major() != own.major() => version.major() > own.major(),
                Wild::Minor => false,
                Wild::Patch => version.minor() > own.minor(),
                Wild::All => order == Ordering::Greater,
            },
            Operator::LessOrEqual => match self.wild {
                Wild::No => order != Ordering::Greater,
                _ if version.major() != own.major() => version.major() < own.major(),
                Wild::Minor => true,
                _ => version.minor() <= own.minor(),
            },
            Operator::NotEqual => self.differs(version),
            Operator::TildeOrEqual if self.wild == Wild::No => order == Ordering::Equal,
            Operator::Tilde | Operator::TildeOrEqual => self.allows_tilde(version, order),
            Operator::Caret => self.allows_caret(version, order),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.wild != Wild::No {
            if own.major() != version.major() {
                return true;
            }
            if self.wild == Wild::Minor {
                return false;
            }
            if own.minor() != version.minor() {
                return true;
            }
            if self.wild == Wild::Patch {
                return (!version.prerelease().is_empty() || !own.prerelease().is_empty())
                    && compare_prereleases(version.prerelease(), own.prerelease()) != Ordering::Equal;
            }
            if own.patch() != version.patch() {
                return true;
            }
        }
        version.compare(own) != Ordering::Equal
    }

    fn allows_tilde(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        let exact = matches!(self.wild, Wild::No | Wild::All);
        if exact && (own.major(), own.minor(), own.patch()) == (0, 0, 0) {
            return true;
        }
        version.major() == own.major() && (version.minor() == own.minor() || self.wild == Wild::Minor)
    }

    fn allows_caret(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order == Ordering::Less {
            return false;
        }
        if own.major() > 0 || self.wild == Wild::Minor {
            return version.major() == own.major();
        }
        if version.major() > 0 {
            return false;
        }
        if own.minor() > 0 || self.wild == Wild::Patch {
            return version.minor() == own.minor();
        }
        version.minor() == 0 && version.patch() == own.patch()
    }
}

/// Masterminds' class `[0-9|x|X|\*]`, which has a `|` in it.
fn is_constraint_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'|' | b'x' | b'X' | b'*')
}

/// RE2's `\s`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0C' | b'\r')
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| is_space(**byte)).count();
    text.get(len..).unwrap_or_default()
}

/// Masterminds: `rewriteRange`: `1.2 - 1.4` becomes `>= 1.2, <= 1.4 `.
fn rewrite_ranges(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let Some((len, low, high)) = read_range(rest) else {
            start += 1;
            continue;
        };
        let rule = [b">= ", low, b", <= ", high, b" "].concat();
        let matched = rest.get(..len).unwrap_or_default();
        if let Some(at) = memchr::memmem::find(&out, matched) {
            out.splice(at..at + len, rule);
        }
        start += len;
    }
    out
}

fn read_range(text: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let low_at = skip_spaces(text);
    let low = low_at.get(..Parts::read(low_at, is_constraint_digit)?.len)?;
    let behind = low_at.get(low.len()..)?;
    let dash =
        skip_spaces(behind).strip_prefix(b"-").filter(|_| behind.first().is_some_and(|b| is_space(*b)))?;
    let high_at = skip_spaces(dash);
    if high_at.len() == dash.len() {
        return None;
    }
    let high = high_at.get(..Parts::read(high_at, is_constraint_digit)?.len)?;
    let rest = skip_spaces(high_at.get(high.len()..)?);
    Some((text.len() - rest.len(), low, high))
}
