//! The program `pintle-controller`.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use pintle_controller::api;
use pintle_controller::flags::{Command, Flags, LogFormat, RunFlags};
use pintle_controller::run::Controller;
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    let done = match Flags::parse().command {
        Command::Crds => crds(),
        Command::Run(flags) => run(*flags),
        _ => Err("this command is not known here".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "pintle-controller: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Each definition as a document.
fn crds() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for definition in api::definitions() {
        write!(out, "---\n{}", pintle_yaml::to_string(&definition)?)?;
    }
    Ok(())
}

fn run(flags: RunFlags) -> Result<(), Box<dyn Error>> {
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(flags.log_level);
    match flags.log_format {
        LogFormat::Json => log.json().init(),
        _ => log.with_ansi(false).init(),
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let stop = CancellationToken::new();
        let controller = Controller::start(flags).await?;
        if let Some(address) = controller.metrics_address() {
            tracing::info!("metrics: http://{address}/metrics");
        }
        if let Some(address) = controller.health_address() {
            tracing::info!("health: http://{address}/healthz, http://{address}/readyz");
        }
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let signalled = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: runs that are going on write their final records");
            signalled.cancel();
        });
        controller.run(stop).await;
        Ok(())
    })
}
