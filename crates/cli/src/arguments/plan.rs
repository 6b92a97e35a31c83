//! Plans that are shown, approved and run.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::{
    InstallArguments, OutputFormat, ReleaseName, RollbackArguments, Switch, UninstallArguments,
    UpgradeArguments,
};

/// What `diff` is told: which action to plan.
#[derive(Debug, Subcommand)]
pub(crate) enum DiffCommand {
    /// Shows what `install` would do.
    Install(Box<DiffInstallArguments>),
    /// Shows what `upgrade` would do.
    Upgrade(Box<DiffUpgradeArguments>),
    /// Shows what `rollback` would do.
    Rollback(Box<DiffRollbackArguments>),
    /// Shows what `uninstall` would do.
    Uninstall(Box<DiffUninstallArguments>),
    /// Shows what the cluster has otherwise than a release's deployed revision says.
    Drift(DiffDriftArguments),
}

/// What `diff install` is told.
#[derive(Debug, Args)]
pub(crate) struct DiffInstallArguments {
    #[command(flatten)]
    pub(crate) action: InstallArguments,
    #[command(flatten)]
    pub(crate) diff: DiffFlags,
}

/// What `diff upgrade` is told.
#[derive(Debug, Args)]
pub(crate) struct DiffUpgradeArguments {
    #[command(flatten)]
    pub(crate) action: UpgradeArguments,
    #[command(flatten)]
    pub(crate) diff: DiffFlags,
}

/// What `diff rollback` is told.
#[derive(Debug, Args)]
pub(crate) struct DiffRollbackArguments {
    #[command(flatten)]
    pub(crate) action: RollbackArguments,
    #[command(flatten)]
    pub(crate) diff: DiffFlags,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `diff uninstall` is told.
#[derive(Debug, Args)]
pub(crate) struct DiffUninstallArguments {
    #[command(flatten)]
    pub(crate) action: UninstallArguments,
    #[command(flatten)]
    pub(crate) diff: DiffFlags,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `diff drift` is told.
#[derive(Debug, Args)]
pub(crate) struct DiffDriftArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// Ends with exit code 2 where something differs.
    #[arg(long)]
    pub(crate) detailed_exitcode: Option<Switch>,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// How a plan is shown and kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Plan flags")]
pub(crate) struct DiffFlags {
    /// Prints the fields of new objects too.
    #[arg(long)]
    pub(crate) all_fields: Option<Switch>,
    /// Asks the server nothing by dry runs: what it would make of the objects, and refuse, is not known then.
    #[arg(long)]
    pub(crate) no_server: Option<Switch>,
    /// Ends with exit code 2 where anything would change.
    #[arg(long)]
    pub(crate) detailed_exitcode: Option<Switch>,
    /// Writes the plan to this file, to be approved and run by `--plan` of the action itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Which plan to run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Plan flags")]
pub(crate) struct PlanFlags {
    /// Runs only if it does what this plan says, which `diff --out` wrote.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The file with the key that plans are sealed with: 16 random bytes or more.
    #[arg(long, value_name = "FILE", env = "PINTLE_PLAN_KEY")]
    pub(crate) plan_key: Option<PathBuf>,
}

/// What happens to objects whose fields would change though they cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnImmutable {
    Fail,
    Recreate,
    OrphanAndRecreate,
}

impl FromStr for OnImmutable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "fail" => Ok(Self::Fail),
            "recreate" => Ok(Self::Recreate),
            "orphan-and-recreate" => Ok(Self::OrphanAndRecreate),
            _ => Err(format!(
                "invalid on-immutable value ({text:?}). Must be \"fail\", \"recreate\", or \"orphan-and-recreate\""
            )),
        }
    }
}
