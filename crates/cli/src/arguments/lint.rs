//! What `lint` is told.

use std::path::PathBuf;

use clap::Args;

use super::{Switch, ValueFlags};

/// Which charts to check, and with what.
#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// The charts: folders or archives.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) values: ValueFlags,
    /// Fails for warnings too.
    #[arg(long)]
    pub(crate) strict: Option<Switch>,
    /// Checks the charts inside as well.
    #[arg(long)]
    pub(crate) with_subcharts: Option<Switch>,
    /// Prints warnings and errors alone.
    #[arg(long)]
    pub(crate) quiet: Option<Switch>,
    /// Does not check values against the chart's schema.
    #[arg(long)]
    pub(crate) skip_schema_validation: Option<Switch>,
    /// The Kubernetes version that templates find, and whose deprecated APIs are told of.
    #[arg(long, value_name = "VERSION")]
    pub(crate) kube_version: Option<String>,
}
