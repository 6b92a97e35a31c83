//! The program's command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::duration::GoDuration;

/// Keeps Flux's HelmRelease objects installed in the clusters that they name.
#[derive(Clone, Debug, Parser)]
#[command(name = "pintle-controller", version, max_term_width = 100)]
pub struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Watch the HelmRelease and HelmRepository objects of a cluster, and keep the releases as they declare.
    ///
    /// Runs until it gets SIGTERM or SIGINT, and then brings the work that is going on to an end.
    Run(Box<RunFlags>),
    /// Print the custom resource definitions, for `kubectl apply -f -`.
    ///
    /// They say the same as Flux's own; where Flux is installed, they are there already.
    Crds,
}

/// The flags of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunFlags {
    /// Kubeconfig of the management cluster, the one that holds the HelmRelease objects.
    ///
    /// Without it, the program takes itself to run in that cluster, as its Pod's service account.
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig. Default: its current one.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub context: Option<String>,

    /// Namespace whose objects are watched. Default: all namespaces.
    #[arg(long, value_name = "NAME", conflicts_with = "watch_all_namespaces")]
    pub namespace: Option<String>,

    /// Watch the objects of all namespaces; the default, for manifests that say so.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub watch_all_namespaces: Option<bool>,

    /// Watch only HelmRelease and HelmRepository objects that have these labels, as `key=value,other in (a,b)`.
    ///
    /// Two controllers with selectors that exclude each other can share a cluster: Flux and this one, or several of
    /// this one.
    #[arg(long, value_name = "SELECTOR")]
    pub watch_label_selector: Option<String>,

    /// How many releases of one tenant are worked on at a time.
    ///
    /// Tenants do not share this: one that does not answer holds up nobody else.
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrent: u16,

    /// The name under which releases are locked while they are worked on: one that no other process has at the same
    /// time. Where it is the same after a restart, what a crash left is taken over at once, else within 15 s.
    ///
    /// Default: the name of the program's Pod, else one made anew at each start.
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    pub holder: Option<String>,

    /// Refuse a HelmRelease whose sourceRef names another namespace.
    #[arg(long)]
    pub no_cross_namespace_refs: bool,

    /// How long to wait before a release is tried again whose tenant, repository or chart could not be had.
    ///
    /// Each failure in a row doubles it, up to five minutes. What is missing in the management cluster (a kubeconfig
    /// Secret, a HelmRepository, values) is watched, and tried as soon as it is there.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub retry_interval: Duration,

    /// Most bytes of a repository's index.
    #[arg(long, value_name = "BYTES", default_value_t = 50 << 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub helm_index_max_size: u64,

    /// Most bytes of a chart's archive.
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub helm_chart_max_size: u64,

    /// Most bytes of one file in a chart.
    #[arg(long, value_name = "BYTES", default_value_t = 5 << 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub helm_chart_file_max_size: u64,

    /// How long the templates of one chart may run, all together.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub render_timeout: Duration,

    /// Most bytes that the templates of one chart may print, all together.
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub render_max_output: u64,

    /// How long a tenant's API server may take to begin an answer.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub tenant_timeout: Duration,

    /// How long a connection to a tenant's API server may take.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub tenant_connect_timeout: Duration,

    /// Field managers whose changes to the scale of an object are left alone, besides those that a release ignores.
    ///
    /// May be given several times, or as a list with commas. The default is what horizontal autoscalers write as.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "kube-controller-manager")]
    pub scale_managers: Vec<String>,

    /// Address of the endpoint `/metrics`, in Prometheus' text format. `0` switches it off.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080", value_parser = address)]
    pub metrics_addr: Address,

    /// Address of the endpoints `/healthz` (the program lives) and `/readyz` (it has read what it watches).
    /// `0` switches them off.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9440", value_parser = address)]
    pub health_addr: Address,

    /// Most detailed kind of messages that are logged: error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: tracing::Level,

    /// How log lines are written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// An address to serve on, or nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Address {
    /// Serve here; port 0 takes a free one.
    On(SocketAddr),
    /// Do not serve.
    Off,
}

impl RunFlags {
    /// What repositories may send.
    pub fn source_limits(&self) -> pintle::registry::Limits {
        let mut limits = pintle::registry::Limits::default();
        limits.index_bytes = self.helm_index_max_size;
        limits.archive_bytes = self.helm_chart_max_size;
        limits.chart = limits.chart.with_file_bytes(self.helm_chart_file_max_size);
        limits
    }

    /// How far templates may go. What functions make on the way is bounded by sixteen times the output.
    pub fn render_limits(&self) -> pintle::render::Limits {
        let output = usize::try_from(self.render_max_output).unwrap_or(usize::MAX);
        let memory = self.render_max_output.saturating_mul(16).max(1 << 30);
        pintle::render::Limits::new().time(self.render_timeout).output(output).memory(memory)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    GoDuration::from(text).get().map_err(|error| error.to_string())
}

/// `host:port`, `:port` as Go's programs take it, or `0`.
fn address(text: &str) -> Result<Address, String> {
    if text == "0" {
        return Ok(Address::Off);
    }
    let full = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    full.parse().map(Address::On).map_err(|_| {
        format!("{text:?} is no address; write an IP and a port such as 127.0.0.1:8080, a port such as :8080, or 0")
    })
}
