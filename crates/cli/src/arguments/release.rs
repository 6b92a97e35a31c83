//! Names and revisions of releases.

use std::str::FromStr;

/// A release's name, which Helm limits to 53 characters of a DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReleaseName(pub(crate) String);

impl FromStr for ReleaseName {
    type Err = std::convert::Infallible;

    /// Any text: the engine says what is wrong with it, in the same words everywhere.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// The number of a revision, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revision(pub(crate) u32);

impl FromStr for Revision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || {
            format!("could not convert revision to a number: strconv.Atoi: parsing {text:?}: invalid syntax")
        };
        text.parse().map(Self).map_err(|_| invalid())
    }
}
