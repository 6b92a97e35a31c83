//! Commands that change releases, and `template`, which has their flags.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{
    ChartFlags, Count, GoDuration, OnImmutable, OutputFormat, PlanFlags, ReleaseName, Revision, Switch,
    ValueFlags,
};

/// What `install` is told.
#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    #[command(flatten)]
    pub(crate) name: NameFlags,
    #[command(flatten)]
    pub(crate) chart: ChartFlags,
    #[command(flatten)]
    pub(crate) values: ValueFlags,
    #[command(flatten)]
    pub(crate) render: RenderFlags,
    #[command(flatten)]
    pub(crate) live: LiveRenderFlags,
    #[command(flatten)]
    pub(crate) run: RunFlags,
    /// Whether changes are merged in the server. Default: they are.
    #[arg(long)]
    pub(crate) server_side: Option<Switch>,
    /// Creates the release's namespace if it is missing.
    #[arg(long)]
    pub(crate) create_namespace: Option<Switch>,
    /// A description of the revision instead of `Install complete`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Labels of the release's record.
    #[arg(short = 'l', long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub(crate) labels: Vec<String>,
    /// Uses a name again whose release was uninstalled with its history kept, or failed.
    #[arg(long)]
    pub(crate) replace: Option<Switch>,
    /// Uninstalls the release if its installation fails. Implies `--wait`.
    #[arg(long, alias = "atomic")]
    pub(crate) rollback_on_failure: Option<Switch>,
    /// Leaves the objects in `crds/` out.
    #[arg(long)]
    pub(crate) skip_crds: Option<Switch>,
    /// Takes over objects that exist and belong to no release or to another one.
    #[arg(long)]
    pub(crate) take_ownership: Option<Switch>,
    /// Does not print the notes.
    #[arg(long)]
    pub(crate) hide_notes: Option<Switch>,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `upgrade` is told.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// The chart: a folder, an archive, a URL, or with `--repo` a name.
    pub(crate) chart_reference: String,
    #[command(flatten)]
    pub(crate) chart: ChartFlags,
    #[command(flatten)]
    pub(crate) values: ValueFlags,
    #[command(flatten)]
    pub(crate) render: RenderFlags,
    #[command(flatten)]
    pub(crate) live: LiveRenderFlags,
    #[command(flatten)]
    pub(crate) run: RunFlags,
    /// Where changes are merged: in the server (`true`), here (`false`), or as the last revision did (`auto`).
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub(crate) server_side: ServerSide,
    /// How old a pending revision of helm's must be before whoever made it is taken for dead. Those of this program have
    /// a lock, which tells within 15 s.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) pending_timeout: GoDuration,
    /// Installs the release if there is none of that name.
    #[arg(short, long)]
    pub(crate) install: Option<Switch>,
    /// With `--install`: creates the release's namespace if it is missing.
    #[arg(long)]
    pub(crate) create_namespace: Option<Switch>,
    /// A description of the revision instead of `Upgrade complete`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Labels of the release's record; an empty value takes a label away.
    #[arg(short = 'l', long, value_name = "KEY=VALUE", value_delimiter = ',')]
    pub(crate) labels: Vec<String>,
    /// Rolls the release back if its upgrade fails. Implies `--wait`.
    #[arg(long, alias = "atomic")]
    pub(crate) rollback_on_failure: Option<Switch>,
    /// Deletes objects that this upgrade created if it fails.
    #[arg(long)]
    pub(crate) cleanup_on_fail: Option<Switch>,
    /// How many revisions are kept; 0 for all.
    #[arg(long, value_name = "COUNT", default_value = "10", env = "HELM_MAX_HISTORY")]
    pub(crate) history_max: Count,
    /// Starts from the chart's values alone.
    #[arg(long)]
    pub(crate) reset_values: Option<Switch>,
    /// Starts from the last revision's values, chart defaults included.
    #[arg(long)]
    pub(crate) reuse_values: Option<Switch>,
    /// Starts from the chart's values with the last revision's over them.
    #[arg(long)]
    pub(crate) reset_then_reuse_values: Option<Switch>,
    /// With `--install`: leaves the objects in `crds/` out.
    #[arg(long)]
    pub(crate) skip_crds: Option<Switch>,
    /// Takes over objects that exist and belong to no release or to another one.
    #[arg(long)]
    pub(crate) take_ownership: Option<Switch>,
    /// Does not print the notes.
    #[arg(long)]
    pub(crate) hide_notes: Option<Switch>,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// What `template` is told.
#[derive(Debug, Args)]
pub(crate) struct TemplateArguments {
    #[command(flatten)]
    pub(crate) name: NameFlags,
    #[command(flatten)]
    pub(crate) chart: ChartFlags,
    #[command(flatten)]
    pub(crate) values: ValueFlags,
    #[command(flatten)]
    pub(crate) render: RenderFlags,
    /// Versions and kinds of the API that templates find in `.Capabilities.APIVersions`, beside the usual ones.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    pub(crate) api_versions: Vec<String>,
    /// The Kubernetes version that templates find in `.Capabilities.KubeVersion`.
    #[arg(long, value_name = "VERSION")]
    pub(crate) kube_version: Option<String>,
    /// Prints the objects in `crds/` too.
    #[arg(long)]
    pub(crate) include_crds: Option<Switch>,
    /// Leaves the objects in `crds/` out.
    #[arg(long)]
    pub(crate) skip_crds: Option<Switch>,
    /// Sets `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    #[arg(long)]
    pub(crate) is_upgrade: Option<Switch>,
    /// Where the chart is rendered: `client`, without a cluster, or `server`, with what the cluster can do and holds.
    /// Default: `client`.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    pub(crate) dry_run: Option<DryRun>,
    /// The same as `--dry-run=server`, which is to be used instead.
    #[arg(long)]
    pub(crate) validate: Option<Switch>,
    /// Writes what was rendered into files of this folder instead of printing it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output_dir: Option<PathBuf>,
    /// With `--output-dir`: into a folder of the release's name in it.
    #[arg(long)]
    pub(crate) release_name: Option<Switch>,
    /// Leaves hooks out.
    #[arg(long)]
    pub(crate) no_hooks: Option<Switch>,
    /// Leaves test hooks out.
    #[arg(long)]
    pub(crate) skip_tests: Option<Switch>,
    /// Prints only what these templates made (`templates/web.yaml`).
    #[arg(short, long, value_name = "TEMPLATE")]
    pub(crate) show_only: Vec<String>,
}

/// What `rollback` is told.
#[derive(Debug, Args)]
pub(crate) struct RollbackArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// The revision to go back to; 0 or none for the one before the newest.
    pub(crate) revision: Option<Revision>,
    #[command(flatten)]
    pub(crate) run: RunFlags,
    /// Where changes are merged: in the server (`true`), here (`false`), or as the last revision did (`auto`).
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub(crate) server_side: ServerSide,
    /// How old a pending revision of helm's must be before whoever made it is taken for dead. Those of this program have
    /// a lock, which tells within 15 s.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) pending_timeout: GoDuration,
    /// A description of the revision instead of `Rollback to N`; at most 256 characters.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Deletes objects that this rollback created if it fails.
    #[arg(long)]
    pub(crate) cleanup_on_fail: Option<Switch>,
    /// How many revisions are kept; 0 for all.
    #[arg(long, value_name = "COUNT", default_value = "10", env = "HELM_MAX_HISTORY")]
    pub(crate) history_max: Count,
}

/// What `uninstall` is told.
#[derive(Debug, Args)]
pub(crate) struct UninstallArguments {
    /// The releases.
    #[arg(required = true)]
    pub(crate) releases: Vec<ReleaseName>,
    /// How old a pending revision of helm's must be before whoever made it is taken for dead. Those of this program have
    /// a lock, which tells within 15 s.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) pending_timeout: GoDuration,
    /// What becomes of the dependents of deleted objects.
    #[arg(long, default_value = "background")]
    pub(crate) cascade: Cascade,
    /// A description of the last record instead of `Uninstallation complete`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Changes nothing.
    #[arg(long)]
    pub(crate) dry_run: Option<Switch>,
    /// Takes a release that is not there for uninstalled.
    #[arg(long)]
    pub(crate) ignore_not_found: Option<Switch>,
    /// Keeps the release's records, the last one as uninstalled.
    #[arg(long)]
    pub(crate) keep_history: Option<Switch>,
    /// Runs no hooks.
    #[arg(long)]
    pub(crate) no_hooks: Option<Switch>,
    #[command(flatten)]
    pub(crate) plan: PlanFlags,
    /// How long a single wait may take.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) timeout: GoDuration,
    /// Waits until everything is gone; `hookOnly` waits for hooks alone, `legacy` for them by Helm 3's rules.
    #[arg(
        long,
        value_name = "STRATEGY",
        num_args = 0..=1,
        require_equals = true,
        default_value = "hookOnly",
        default_missing_value = "watcher"
    )]
    pub(crate) wait: WaitStrategy,
}

/// The release's name and the chart, or the chart and a way to make a name.
#[derive(Debug, Args)]
pub(crate) struct NameFlags {
    /// The release's name, then the chart: a folder, an archive, a URL, or with `--repo` a name. With
    /// `--generate-name` or `--name-template` the chart alone.
    #[arg(value_name = "NAME CHART", num_args = 1.., required = true)]
    pub(crate) name_and_chart: Vec<String>,
    /// Makes a name from the chart's name and the time.
    #[arg(short, long)]
    pub(crate) generate_name: Option<Switch>,
    /// Makes the name from this template.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) name_template: Option<String>,
}

/// How a chart is rendered.
#[derive(Debug, Args)]
pub(crate) struct RenderFlags {
    /// Renders the notes of subcharts too.
    #[arg(long)]
    pub(crate) render_subchart_notes: Option<Switch>,
    /// Does not check values against the chart's schema.
    #[arg(long)]
    pub(crate) skip_schema_validation: Option<Switch>,
}

/// How a chart is rendered for a cluster.
#[derive(Debug, Args)]
pub(crate) struct LiveRenderFlags {
    /// Does not check objects against the cluster's schemas; servers from Kubernetes 1.25 on check them all the same.
    #[arg(long)]
    pub(crate) disable_openapi_validation: Option<Switch>,
    /// Lets `getHostByName` ask the network.
    #[arg(long)]
    pub(crate) enable_dns: Option<Switch>,
    /// With `--dry-run`: prints no Secrets.
    #[arg(long)]
    pub(crate) hide_secret: Option<Switch>,
    /// Sends what was rendered through this program, as YAML from its standard input to its standard output.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) post_renderer: Option<String>,
    /// An argument for that program; can be given many times.
    #[arg(long, value_name = "ARGUMENT", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) post_renderer_args: Vec<String>,
}

/// What `test` is told.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The release.
    pub(crate) release: ReleaseName,
    /// Runs only the tests of these names (`name=NAME`), or all but these (`!name=NAME`).
    #[arg(long, value_name = "ATTRIBUTE=VALUE", value_delimiter = ',')]
    pub(crate) filter: Vec<String>,
    /// Prints what the tests' containers wrote.
    #[arg(long)]
    pub(crate) logs: Option<Switch>,
    /// How long a single wait may take.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) timeout: GoDuration,
    /// How to print the result.
    #[arg(short, long, default_value = "table")]
    pub(crate) output: OutputFormat,
}

/// How a change of the cluster is run.
#[derive(Debug, Args)]
pub(crate) struct RunFlags {
    /// Changes nothing; the cluster is read either way.
    #[arg(
        long,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_value = "none",
        default_missing_value = "client"
    )]
    pub(crate) dry_run: DryRun,
    /// Takes fields over that others manage.
    #[arg(long)]
    pub(crate) force_conflicts: Option<Switch>,
    /// Replaces objects as a whole instead of changing them; only where changes are not merged in the server.
    #[arg(long, alias = "force")]
    pub(crate) force_replace: Option<Switch>,
    /// Runs no hooks.
    #[arg(long)]
    pub(crate) no_hooks: Option<Switch>,
    /// How long a single wait may take.
    #[arg(long, value_name = "DURATION", default_value = "5m0s")]
    pub(crate) timeout: GoDuration,
    /// Waits until everything is ready; `hookOnly` waits for hooks alone, `legacy` by Helm 3's rules.
    #[arg(
        long,
        value_name = "STRATEGY",
        num_args = 0..=1,
        require_equals = true,
        default_value = "hookOnly",
        default_missing_value = "watcher"
    )]
    pub(crate) wait: WaitStrategy,
    /// What happens to objects whose fields would change though they cannot be changed: `fail`, `recreate`, or
    /// `orphan-and-recreate`, by which a `StatefulSet` keeps its Pods.
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub(crate) on_immutable: OnImmutable,
    #[command(flatten)]
    pub(crate) plan: PlanFlags,
    /// With `--wait`: until Jobs are complete, too.
    #[arg(long)]
    pub(crate) wait_for_jobs: Option<Switch>,
}

/// Helm's `--dry-run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DryRun {
    None,
    Client,
    Server,
}

impl FromStr for DryRun {
    type Err = String;

    /// Helm: `pkg/cmd/helpers.go`, `cmdGetDryRunFlagStrategy`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" | "false" => Ok(Self::None),
            "client" | "true" | "unset" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            _ => {
                Err(format!("invalid dry-run value ({text:?}). Must be \"none\", \"server\", or \"client\""))
            }
        }
    }
}

/// Helm's `--wait`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitStrategy {
    HookOnly,
    Watcher,
    Legacy,
}

impl FromStr for WaitStrategy {
    type Err = String;

    /// Helm: `pkg/cmd/flags.go`, `waitValue.Set`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "hookOnly" | "false" => Ok(Self::HookOnly),
            "watcher" | "true" => Ok(Self::Watcher),
            "legacy" => Ok(Self::Legacy),
            _ => Err(format!("invalid wait input {text:?}. Valid inputs are watcher, hookOnly, and legacy")),
        }
    }
}

/// Helm's `--server-side`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerSide {
    True,
    False,
    Auto,
}

impl FromStr for ServerSide {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(Self::True),
            "false" => Ok(Self::False),
            "auto" => Ok(Self::Auto),
            _ => Err(format!("invalid/unknown release server-side apply method: {text}")),
        }
    }
}

/// Helm's `--cascade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cascade {
    Background,
    Foreground,
    Orphan,
}

impl FromStr for Cascade {
    type Err = String;

    /// Helm: `pkg/cmd/uninstall.go`, `validateCascadeFlag`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "background" => Ok(Self::Background),
            "foreground" => Ok(Self::Foreground),
            "orphan" => Ok(Self::Orphan),
            _ => Err(format!(
                "invalid cascade value ({text}). Must be \"background\", \"foreground\", or \"orphan\""
            )),
        }
    }
}
