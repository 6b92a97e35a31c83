//! Installs a chart, or upgrades the release that is there, and tells what happens as it happens.
//!
//! ```text
//! install RELEASE NAMESPACE CHART [VALUES-FILE]
//! ```
//!
//! The cluster is the one that `KUBECONFIG` names. Ctrl-C cancels: the record then says so.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use pintle::chart::{Limits, Values};
use pintle::{CancellationToken, Chart, CreateNamespace, Engine, Event, Wait};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, namespace, chart, values) = match arguments.as_slice() {
        [name, namespace, chart] => (name, namespace, chart, None),
        [name, namespace, chart, values] => (name, namespace, chart, Some(values)),
        _ => return Err("usage: install RELEASE NAMESPACE CHART [VALUES-FILE]".into()),
    };
    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    let release = Engine::new().target(client).release(name).in_namespace(namespace);
    let chart = Chart::from_path(Path::new(chart), &Limits::default())?;
    let mut given = Values::builder();
    if let Some(file) = values {
        given = given.file(file.as_str(), std::fs::read(file)?);
    }

    let cancel = CancellationToken::new();
    let on_interrupt = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_interrupt.cancel();
        }
    });

    let plan = release
        .plan_upgrade(&chart)
        .values(given.build()?.data().clone())
        .install_if_absent()
        .create_namespace(CreateNamespace::IfMissing)
        .wait(Wait::Ready)
        .timeout(Duration::from_secs(120))
        .await?;
    println!("{plan}");
    let tell = |event: &Event| println!("{event:?}");
    let outcome = plan.run(&tell, &cancel).await?;
    println!("revision {} is {}", outcome.record.revision, outcome.record.info.status);
    Ok(())
}
