//! Helm's commands and flags.

use clap::{Args, Parser, Subcommand};

mod chart;
mod count;
mod duration;
mod global;
mod late;
mod lint;
mod manage;
mod plan;
mod query;
mod refused;
mod release;
mod switch;
mod usage;
mod values;

pub(crate) use chart::ChartFlags;
pub(crate) use count::Count;
pub(crate) use duration::GoDuration;
pub(crate) use global::{Color, GlobalFlags};
pub(crate) use late::Late;
pub(crate) use lint::LintArguments;
pub(crate) use manage::{
    Cascade, DryRun, InstallArguments, LiveRenderFlags, NameFlags, RollbackArguments, RunFlags, ServerSide,
    TemplateArguments, TestArguments, UninstallArguments, UpgradeArguments, WaitStrategy,
};
pub(crate) use plan::{DiffCommand, DiffDriftArguments, DiffFlags, OnImmutable, PlanFlags};
pub(crate) use query::{
    GetArguments, GetCommand, GetValuesArguments, HistoryArguments, ListArguments, OutputFormat,
    PullArguments, ShowArguments, ShowCommand, StatusArguments,
};
pub(crate) use refused::{Refusal, command, parse};
pub(crate) use release::{ReleaseName, Revision};
pub(crate) use switch::Switch;
pub(crate) use values::ValueFlags;

/// A Helm-compatible release engine, as a command line.
///
/// Commands and flags are Helm's. What Helm has and this program has not yet is refused by name.
#[derive(Debug, Parser)]
#[command(name = "pintle", version, args_override_self = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Installs a chart.
    Install(Late<InstallArguments>),
    /// Upgrades a release to another version of its chart, or to other values.
    Upgrade(Late<UpgradeArguments>),
    /// Renders a chart's templates and prints them.
    Template(Late<TemplateArguments>),
    /// Checks charts for what is wrong with them.
    Lint(Late<LintArguments>),
    /// Rolls a release back to an earlier revision.
    Rollback(Late<RollbackArguments>),
    /// Runs the tests of a release.
    Test(Late<TestArguments>),
    /// Uninstalls releases.
    #[command(visible_aliases = ["del", "delete", "un"])]
    Uninstall(Late<UninstallArguments>),
    /// Shows what an action would do, field by field, and does nothing.
    #[command(subcommand)]
    Diff(Late<DiffCommand>),
    /// Lists releases.
    #[command(visible_alias = "ls")]
    List(Late<ListArguments>),
    /// Shows the revisions of a release.
    #[command(visible_alias = "hist")]
    History(Late<HistoryArguments>),
    /// Shows the state of a release.
    Status(Late<StatusArguments>),
    /// Shows what a release's record holds.
    #[command(subcommand)]
    Get(Late<GetCommand>),
    /// Shows what a chart holds.
    #[command(subcommand, visible_alias = "inspect")]
    Show(Late<ShowCommand>),
    /// Downloads a chart.
    #[command(visible_alias = "fetch")]
    Pull(Late<PullArguments>),
    /// Prints a script that completes this program's commands in a shell.
    Completion(Late<CompletionArguments>),
    /// Prints the version.
    Version(Late<VersionArguments>),
}

/// Which shell to complete for.
#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// The shell.
    pub(crate) shell: Shell,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// How to print the version.
#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    /// Prints the version alone.
    #[arg(long)]
    pub(crate) short: Option<Switch>,
}
