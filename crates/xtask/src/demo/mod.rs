//! `cargo xtask demo`: the scenario that the project exists for, from end to end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

mod chart;
mod controller;
mod place;
mod scenes;
mod story;

use chart::ChartSource;
use controller::Controller;
use place::Place;
use scenes::Scenes;

/// What `cargo xtask demo` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Leaves everything running at the end, and prints where.
    #[arg(long)]
    keep: bool,
    /// Uses the cluster of this kubeconfig, as management cluster and as tenant, instead of booting some.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How many seconds of rest are listened to for requests.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    rest: u64,
}

/// Plays all scenes; any that does not come out as told ends the demo with an error.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    story::title("what this shows");
    story::say(
        "An admin declares in a management cluster that cert-manager shall run in the cluster of tenant1. The controller \
         installs it there, puts back what the tenant's user breaks, upgrades it, rolls a failed upgrade back and \
         uninstalls it; the real Helm reads the record all the while.",
    );
    let program = controller::build()?;
    let place = match &arguments.kubeconfig {
        Some(kubeconfig) => Place::existing(kubeconfig)?,
        None => Place::boot()?,
    };
    let chart = ChartSource::find()?;
    let controller = Controller::start(&program, &place)?;
    let scenes = Scenes::new(&place, &chart, &controller);
    scenes.install()?;
    scenes.break_and_mend()?;
    scenes.rest(Duration::from_secs(arguments.rest))?;
    scenes.upgrade()?;
    scenes.fail_an_upgrade()?;
    if arguments.keep {
        story::title("everything keeps running");
        controller.leave_running();
        place.leave_running()?;
        chart.leave_running();
        return Ok(ExitCode::SUCCESS);
    }
    scenes.uninstall()?;
    story::title("the same with clusters of your own");
    story::say(
        "1. pintle-controller crds | kubectl apply -f -        (unless Flux is installed)\n\
         2. pintle-controller run --kubeconfig FILE            (in the management cluster: without --kubeconfig)\n\
         3. kubectl apply the two objects above, with the name of your tenant's Secret\n\
         `cargo xtask demo --keep` leaves this demo's clusters running to play with.",
    );
    Ok(ExitCode::SUCCESS)
}
