//! Results in Helm's formats.

mod colour;
mod encode;
mod history;
mod list;
mod metadata;
mod release;
mod resources;
mod table;
mod time;

pub(crate) use colour::Palette;
pub(crate) use encode::{json, yaml};
pub(crate) use history::history;
pub(crate) use list::list;
pub(crate) use metadata::metadata;
pub(crate) use release::{Shown, given, hooks, release, without_secrets};
pub(crate) use resources::resources;

use std::io::Write;

use serde::Serialize;

use crate::Failure;
use crate::arguments::OutputFormat;

/// Prints a value as JSON or YAML, and everything else as `table` prints it.
pub(crate) fn formatted(
    out: &mut dyn Write,
    format: OutputFormat,
    value: &impl Serialize,
    table: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match format {
        OutputFormat::Json => json(out, value),
        OutputFormat::Yaml => yaml(out, value),
        OutputFormat::Table => table(out),
    }
}
