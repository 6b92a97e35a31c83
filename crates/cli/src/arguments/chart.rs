//! Where a chart comes from.

use std::path::PathBuf;

use clap::Args;

use super::Switch;

/// Which version of a chart, and from which repository.
#[derive(Debug, Args)]
#[command(next_help_heading = "Chart flags")]
pub(crate) struct ChartFlags {
    /// The version, or a range of versions. Default: the newest stable one.
    #[arg(long, value_name = "CONSTRAINT")]
    pub(crate) version: Option<String>,
    /// Takes development versions too; the same as `--version '>0.0.0-0'`. Ignored if `--version` is given.
    #[arg(long)]
    pub(crate) devel: Option<Switch>,
    /// The address of the chart's repository.
    #[arg(long, value_name = "URL")]
    pub(crate) repo: Option<String>,
    /// The user name for the repository.
    #[arg(long)]
    pub(crate) username: Option<String>,
    /// The password for the repository.
    #[arg(long)]
    pub(crate) password: Option<String>,
    /// Sends user name and password to all hosts that the repository names.
    #[arg(long)]
    pub(crate) pass_credentials: Option<Switch>,
    /// Trusts the authorities in this file when it connects to the repository.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Presents this certificate to the repository.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(crate) cert_file: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    pub(crate) key_file: Option<PathBuf>,
}
