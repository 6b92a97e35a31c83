//! The engine as a process of its own, to be killed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pintle::chart::{File, Limits};
use pintle::cluster::LockTiming;
use pintle::value::DataMap;
use pintle::{
    CancellationToken, Chart, Class, Engine, Error, OnFailure, Outcome, ReleaseHandle, Remedy, RunOptions,
    Wait,
};

/// The group in the fixture's files, instead of which each place has its own: CRDs belong to the whole cluster.
const GROUP: &str = "faults.pintle.test";

/// What the process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    /// Installs.
    Install,
    /// Upgrades.
    Upgrade,
    /// Upgrades to something that the API server refuses, and rolls back.
    Fail,
    /// Rolls back.
    Rollback,
    /// Uninstalls; that there is nothing is as good.
    Uninstall,
    /// Ensures.
    Ensure,
}

/// What the process is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to do.
    #[arg(long)]
    pub(crate) action: Action,
    /// A kubeconfig.
    #[arg(long)]
    pub(crate) kubeconfig: PathBuf,
    /// The folder of the chart.
    #[arg(long)]
    pub(crate) chart: PathBuf,
    /// The release's namespace.
    #[arg(long)]
    pub(crate) namespace: String,
    /// The API group of the chart's kinds.
    #[arg(long)]
    pub(crate) group: String,
    /// The chart's variant.
    #[arg(long, default_value = "a")]
    pub(crate) variant: String,
    /// The revision to roll back to.
    #[arg(long, default_value_t = 1)]
    pub(crate) to: u32,
    /// Who takes the lock.
    #[arg(long)]
    pub(crate) holder: String,
    /// How many seconds the lock outlives a crash.
    #[arg(long)]
    pub(crate) lease: u64,
}

/// The exit code where the same again may work.
pub(crate) const RETRY: i32 = 75;

/// The exit code of an upgrade that failed and was rolled back.
pub(crate) const ROLLED_BACK: i32 = 3;

/// The name of the release.
pub(crate) const RELEASE: &str = "web";

#[expect(clippy::print_stderr, reason = "a command line tells its user what failed")]
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    // Somebody else's is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(match runtime.block_on(act(arguments))? {
        Ok(_) => ExitCode::SUCCESS,
        Err(Error::NotFound { .. }) if arguments.action == Action::Uninstall => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let code = match &error {
                Error::Failed(failed) if matches!(failed.remedy, Remedy::RolledBack { .. }) => ROLLED_BACK,
                error if error.class() == Class::Retry => RETRY,
                _ => 1,
            };
            ExitCode::from(u8::try_from(code)?)
        }
    })
}

async fn act(arguments: &Arguments) -> Result<Result<Outcome, Error>, crate::Fault> {
    let kubeconfig = kube::config::Kubeconfig::read_from(&arguments.kubeconfig)?;
    let options = kube::config::KubeConfigOptions::default();
    let client = kube::Client::try_from(kube::Config::from_custom_kubeconfig(kubeconfig, &options).await?)?;
    let engine = Engine::builder()
        .holder(arguments.holder.as_str())
        .lock_timing(LockTiming::of(Duration::from_secs(arguments.lease)))
        .build();
    let cluster = pintle::cluster::Target::builder(client).request_timeout(Duration::from_secs(15)).build();
    let release = engine.target_of(cluster).release(RELEASE).in_namespace(&arguments.namespace);
    let chart = chart(arguments)?;
    Ok(match arguments.action {
        Action::Ensure => ensure(&release, &chart, arguments).await,
        _ => match plan(&release, &chart, arguments).await {
            Ok(plan) => plan.run(&(), &CancellationToken::new()).await,
            Err(error) => Err(error),
        },
    })
}

async fn ensure(release: &ReleaseHandle, chart: &Chart, arguments: &Arguments) -> Result<Outcome, Error> {
    let mut install = RunOptions::install();
    install.wait = Wait::Ready;
    let mut upgrade = RunOptions::upgrade();
    upgrade.wait = Wait::Ready;
    release.ensure(chart).values(values(arguments)).install(install).upgrade(upgrade).await
}

async fn plan(release: &ReleaseHandle, chart: &Chart, arguments: &Arguments) -> Result<pintle::Plan, Error> {
    let values = values(arguments);
    match arguments.action {
        Action::Install => release.plan_install(chart).values(values).wait(Wait::Ready).await,
        Action::Fail => release.plan_upgrade(chart).values(values).on_failure(OnFailure::RollBack).await,
        Action::Rollback => release.plan_rollback().to(arguments.to).wait(Wait::Ready).await,
        Action::Uninstall => release.plan_uninstall().wait(Wait::Ready).await,
        Action::Upgrade | Action::Ensure => {
            release.plan_upgrade(chart).values(values).wait(Wait::Ready).await
        }
    }
}

fn values(arguments: &Arguments) -> DataMap {
    let values = serde_json::json!({
        "variant": arguments.variant,
        "group": arguments.group,
        "broken": arguments.action == Action::Fail,
    });
    serde_json::from_value(values).unwrap_or_default()
}

/// The chart, with the group of this place.
fn chart(arguments: &Arguments) -> Result<Chart, crate::Fault> {
    let mut files = Vec::new();
    for path in
        ["Chart.yaml", "values.yaml", "crds/kinds.yaml", "templates/hooks.yaml", "templates/objects.yaml"]
    {
        let text = std::fs::read_to_string(arguments.chart.join(path))?;
        files.push(File::new(path, text.replace(GROUP, &arguments.group).into_bytes()));
    }
    Ok(Chart::from_files(files, &Limits::default())?)
}
