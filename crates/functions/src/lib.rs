//! The functions that Helm offers to templates: Sprig, encodings, dates, cryptography, versions, regular expressions.
//!
//! [`Helm::functions`] gives all of them, with Go's types for their arguments, to a set of templates. What they need
//! from outside (time, chance, the cluster, names of hosts) is in the [`HelmHost`] that a run is given; without one
//! that says otherwise they see the system's clock and random source, an empty cluster and no name service.
//!
//! ```
//! use pintle_functions::{Helm, HelmHost, Moment, SeededRandom};
//! use pintle_template::{Execution, Output, Templates};
//! use pintle_value::Value;
//!
//! let mut templates = Templates::new("set", Helm::functions());
//! templates.parse("t", r#"{{ now | date "2006-01-02" }} {{ randAlphaNum 4 | len }} {{ list 3 1 2 | join "," }}"#)?;
//!
//! let mut host = HelmHost::new()
//!     .clock(Moment { seconds: 1_700_000_000, nanos: 0 })
//!     .random(SeededRandom::new([7; 32]));
//! let mut out = Output::new();
//! templates.finish().execute("t", &Value::Nil, &mut out, &mut Execution::new(&mut host))?;
//! assert_eq!(out.as_bytes(), b"2023-11-14 4 3,1,2");
//! # Ok::<(), pintle_template::Error>(())
//! ```
//!
//! Results and error texts are those of Helm 4.3.1, byte for byte; where Go would panic, the error is the panic's text.
//! [`Version`] and [`Constraint`] are what `semver` and `semverCompare` work with, for charts' own versions.
//!
//! The feature `crypto-functions` (on by default) brings keys, certificates, AES, `bcrypt` and `derivePassword`. Without
//! it those functions exist all the same, and their error says what is missing.

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
    Clock, HelmHost, LintFault, LintNote, Lookup, LookupRequest, Moment, NoLookup, NoResolver, OsRandom,
    Random, Resolver, SeededRandom, Strictness, SystemClock,
};
pub use json::decode_json;
pub use regex::{Regex, RegexError, Regexes};
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
