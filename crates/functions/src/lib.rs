//! The functions that Helm offers to templates: Sprig, encodings, dates, cryptography, versions, regular expressions.

mod case;
mod cast;
mod certificate;
mod crypto;
mod dates;
mod decimal;
mod depth;
mod dicts;
mod encodings;
mod flow;
mod host;
mod json;
mod kinds;
mod lists;
mod merge;
mod numbers;
mod paths;
mod print;
mod random;
mod regex;
mod runes;
mod semver;
mod strconv;
mod strings;
mod table;
mod toml;
mod url;
mod wrap;
mod yaml;

use pintle_template::Functions;

pub use dates::Zone;
pub use flow::{MESSAGE_END, MESSAGE_START};
pub use host::{
    Clock, HelmHost, LintNote, Lookup, LookupRequest, Moment, NoLookup, NoResolver, OsRandom, Random,
    Resolver, SeededRandom, Strictness, SystemClock,
};
pub use semver::{Constraint, Version, VersionError};

/// The functions that Helm 4.3.1 registers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helm;

impl Helm {
    /// All of them, under Helm's names; a caller may insert its own, or replace some.
    pub fn functions() -> Functions {
        let mut functions = Functions::new();
        let themes = [
            strings::TABLE,
            lists::TABLE,
            dicts::TABLE,
            numbers::TABLE,
            kinds::TABLE,
            paths::TABLE,
            encodings::TABLE,
            dates::TABLE,
            semver::TABLE,
            random::TABLE,
            regex::TABLE,
            json::TABLE,
            yaml::TABLE,
            toml::TABLE,
            url::TABLE,
            crypto::TABLE,
            flow::TABLE,
        ];
        for entry in themes.into_iter().flatten() {
            entry.register(&mut functions);
        }
        functions
    }
}
