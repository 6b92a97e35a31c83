//! Go's boolean flags.

use std::any::TypeId;
use std::str::FromStr;

use clap::Command;

/// A flag that can be given as `--x`, `--x=true` or `--x=false`, as Go's `pflag` reads it.
///
/// Fields of this type are optional: `None` is a flag that was not given. [`Switch::is_on`] reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch(bool);

impl Switch {
    /// Lets all flags of this type be given without a value, which then is `true`; a value of their own needs the `=`
    /// (Go: `pflag`, `NoOptDefVal`).
    pub(crate) fn without_values(command: Command) -> Command {
        let command = command.mut_args(|arg| {
            if arg.get_value_parser().type_id() != TypeId::of::<Self>() {
                return arg;
            }
            arg.num_args(0..=1).require_equals(true).default_missing_value("true")
        });
        command.mut_subcommands(Self::without_values)
    }

    /// Whether the flag was given and not as `false`.
    pub(crate) fn is_on(flag: Option<Self>) -> bool {
        flag.is_some_and(|flag| flag.0)
    }
}

impl FromStr for Switch {
    type Err = String;

    /// Go: `strconv.ParseBool`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Self(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Self(false)),
            _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
        }
    }
}
