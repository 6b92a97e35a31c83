//! What a controller does with a release, again and again: `ensure`, and then what the outcome asks for.
//!
//! ```text
//! reconcile RELEASE NAMESPACE CHART [SECONDS]
//! ```
//!
//! A real controller is woken by its objects and by [`DriftWatch`](pintle::cluster::DriftWatch) instead of a clock; see
//! the crate `pintle-controller`. The cluster is the one that `KUBECONFIG` names.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use pintle::chart::Limits;
use pintle::{CancellationToken, Change, Chart, Class, Engine, RunOptions, Wait};

/// How long to wait after a failure that may pass, at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, namespace, chart, seconds) = match arguments.as_slice() {
        [name, namespace, chart] => (name, namespace, chart, 30),
        [name, namespace, chart, seconds] => (name, namespace, chart, seconds.parse()?),
        _ => return Err("usage: reconcile RELEASE NAMESPACE CHART [SECONDS]".into()),
    };
    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    // One engine for the program, one target for each cluster: they hold what passes have in common.
    let tenant = Engine::new().target(client);
    let release = tenant.release(name).in_namespace(namespace);
    let chart = Chart::from_path(Path::new(chart), &Limits::default())?;

    let mut back_off = BACK_OFF.0;
    loop {
        let mut upgrade = RunOptions::upgrade();
        upgrade.wait = Wait::Ready;
        let pass = release.ensure(&chart).upgrade(upgrade).run(&(), &CancellationToken::new()).await;
        let pause = match pass {
            Ok(outcome) => {
                back_off = BACK_OFF.0;
                match outcome.change {
                    Change::Unchanged => println!("as it should be; nothing was written"),
                    change => println!("{change:?}: revision {}", outcome.record.revision),
                }
                Duration::from_secs(seconds)
            }
            Err(error) => match error.class() {
                // It may pass by itself.
                Class::Retry | Class::Conflict => {
                    println!("{error}; again in {} s", back_off.as_secs());
                    let pause = back_off;
                    back_off = (back_off * 2).min(BACK_OFF.1);
                    pause
                }
                // Somebody has to change chart, values or cluster first.
                _ => return Err(error.into()),
            },
        };
        tokio::time::sleep(pause).await;
    }
}
