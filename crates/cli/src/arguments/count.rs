//! Numbers of things on the command line.

use std::str::FromStr;

/// How many of something; what 0 means is the flag's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u32);

impl Count {
    /// As a number of things in memory.
    pub(crate) fn items(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self(number));
        }
        match text.parse::<i64>() {
            Ok(_) => Err(format!("{text} is not between 0 and {}", u32::MAX)),
            Err(_) => Err(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")),
        }
    }
}
