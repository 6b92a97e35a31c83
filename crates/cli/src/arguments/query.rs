//! Commands that only read.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ChartFlags, Count, ReleaseName, Switch};

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Table,
    /// JSON on one line.
    Json,
    /// YAML.
    Yaml,
}

/// What `list` is told.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Lists the releases of all namespaces.
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: Option<Switch>,
    /// Sorts by the time of the last change.
    #[arg(short, long)]
    pub(crate) date: Option<Switch>,
    /// Lists releases that are deployed.
    #[arg(long)]
    pub(crate) deployed: Option<Switch>,
    /// Lists releases that failed.
    #[arg(long)]
    pub(crate) failed: Option<Switch>,
    /// Lists releases with an action under way.
    #[arg(long)]
    pub(crate) pending: Option<Switch>,
    /// Lists releases whose newest revision is superseded.
    #[arg(long)]
    pub(crate) superseded: Option<Switch>,
    /// Lists releases that were uninstalled with their history kept.
    #[arg(long)]
    pub(crate) uninstalled: Option<Switch>,
    /// Lists releases that are being uninstalled.
    #[arg(long)]
    pub(crate) uninstalling: Option<Switch>,
    /// Lists releases whose name matches this regular expression.
    #[arg(short, long, value_name = "REGEX")]
    pub(crate) filter: Option<String>,
    /// Lists at most so many; 0 for all.
    #[arg(short, long, value_name = "COUNT", default_value = "256")]
    pub(crate) max: Count,
    /// Begins behind so many.
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub(crate) offset: Count,
    /// Prints no headings.
    #[arg(long)]
    pub(crate) no_headers: Option<Switch>,
    /// Sorts the other way round.
    #[arg(short, long)]
    pub(crate) reverse: Option<Switch>,
    /// Lists releases whose labels match.
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Prints the names alone.
    #[arg(short = 'q', long)]
    pub(crate) short: Option<Switch>,
    /// How to print.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `history` is told.
#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// Shows at most so many revisions, the newest ones.
    #[arg(long, value_name = "COUNT", default_value = "256")]
    pub(crate) max: Count,
    /// Shows which revision a rollback went back to.
    #[arg(long)]
    pub(crate) show_rollback_revision: Option<Switch>,
    /// How to print.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `status` is told.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// The revision. Default: the newest.
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<u32>,
    /// How to print.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// Which part of a record to show.
#[derive(Debug, Subcommand)]
pub(crate) enum GetCommand {
    /// Everything.
    All(GetArguments),
    /// The hooks.
    Hooks(GetArguments),
    /// The objects.
    Manifest(GetArguments),
    /// Chart, version, state and times.
    Metadata(GetMetadataArguments),
    /// The notes.
    Notes(GetArguments),
    /// The values.
    Values(GetValuesArguments),
}

/// Which revision of a release.
#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// The revision. Default: the newest.
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<u32>,
}

/// What `get metadata` is told.
#[derive(Debug, Args)]
pub(crate) struct GetMetadataArguments {
    #[command(flatten)]
    pub(crate) release: GetArguments,
    /// How to print.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `get values` is told.
#[derive(Debug, Args)]
pub(crate) struct GetValuesArguments {
    #[command(flatten)]
    pub(crate) release: GetArguments,
    /// Shows the chart's defaults too.
    #[arg(short, long)]
    pub(crate) all: Option<Switch>,
    /// How to print.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// Which part of a chart to show.
#[derive(Debug, Subcommand)]
pub(crate) enum ShowCommand {
    /// Everything.
    All(ShowArguments),
    /// Chart.yaml.
    Chart(ShowArguments),
    /// The objects in `crds/`.
    Crds(ShowArguments),
    /// The README.
    Readme(ShowArguments),
    /// values.yaml.
    Values(ShowArguments),
}

/// Which chart.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The chart: a folder, an archive, a URL, or with `--repo` a name.
    #[arg(value_name = "CHART")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) chart: ChartFlags,
}

/// What `pull` is told.
#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// The charts: URLs, or with `--repo` names.
    #[arg(value_name = "CHART", required = true)]
    pub(crate) references: Vec<String>,
    #[command(flatten)]
    pub(crate) chart: ChartFlags,
    /// The folder to write to.
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    pub(crate) destination: PathBuf,
    /// Unpacks the chart.
    #[arg(long)]
    pub(crate) untar: Option<Switch>,
    /// With `--untar`: the folder to unpack into.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(crate) untardir: PathBuf,
}
