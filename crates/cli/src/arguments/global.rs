//! Flags that every command has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Switch;

/// Where the cluster is and how to print.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global flags")]
pub(crate) struct GlobalFlags {
    /// The namespace of the request. Default: the kubeconfig context's, else `default`.
    #[arg(short, long, global = true, env = "HELM_NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The kubeconfig file. Default: the files in KUBECONFIG, else ~/.kube/config, else the cluster this runs in.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig. Default: its current one.
    #[arg(long, global = true, env = "HELM_KUBECONTEXT", value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
    /// The file with the repositories that `helm repo add` added. Default: Helm's own.
    #[arg(long, global = true, env = "HELM_REPOSITORY_CONFIG", value_name = "FILE")]
    pub(crate) repository_config: Option<PathBuf>,
    /// Logs what happens to standard error.
    #[arg(long, global = true)]
    pub(crate) debug: Option<Switch>,
    /// Whether progress is drawn in colours.
    #[arg(long, global = true, visible_alias = "colour", default_value = "auto", value_name = "WHEN")]
    pub(crate) color: Color,
    /// Whether an error is followed by the template's line that it comes from, and by the values in it and who set
    /// them. Values are named, not shown.
    #[arg(
        long,
        global = true,
        env = "PINTLE_EXPLAIN",
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_value = "auto",
        default_missing_value = "always"
    )]
    pub(crate) explain: Explain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Explain {
    /// Never: standard error is what Helm's would be.
    Never,
    /// Where standard error is a terminal.
    Auto,
    /// Always.
    Always,
}

impl Explain {
    /// Whether errors are explained here.
    pub(crate) fn is_on(self) -> bool {
        match self {
            Self::Never => false,
            Self::Auto => std::io::IsTerminal::is_terminal(&std::io::stderr()),
            Self::Always => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Never.
    Never,
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
}
