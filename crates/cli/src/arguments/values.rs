//! The user's values.

use clap::Args;

/// Where values come from. Files are merged first, in order; then each kind of flag, in the order of this list.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Values flags")]
pub(crate) struct ValueFlags {
    /// A file with values; `-` is standard input. Can be given many times, later files win.
    #[arg(short = 'f', long, value_name = "FILE", value_delimiter = ',')]
    pub(crate) values: Vec<String>,
    /// A file with values that plans and failures must not show; merged after the others. Can be given many times.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub(crate) sensitive_values: Vec<String>,
    /// Values as JSON: `key=JSON`, or one JSON object.
    #[arg(long, value_name = "KEY=JSON")]
    pub(crate) set_json: Vec<String>,
    /// Values: `key1=value1,key2=value2`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Values that are text whatever they look like.
    #[arg(long, value_name = "KEY=TEXT")]
    pub(crate) set_string: Vec<String>,
    /// Values that stand in files: `key=path`.
    #[arg(long, value_name = "KEY=FILE")]
    pub(crate) set_file: Vec<String>,
    /// One value, taken as it is, commas included.
    #[arg(long, value_name = "KEY=TEXT")]
    pub(crate) set_literal: Vec<String>,
}
