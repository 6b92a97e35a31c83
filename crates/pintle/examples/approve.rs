//! Plans an upgrade, writes it down, and runs it when it was approved; each is a process of its own.
//!
//! ```text
//! approve plan RELEASE NAMESPACE CHART PLAN-FILE KEY-FILE    # prints the plan and writes PLAN-FILE
//! approve run  RELEASE NAMESPACE CHART PLAN-FILE KEY-FILE    # runs it, if it still is that plan
//! ```
//!
//! The cluster is the one that `KUBECONFIG` names.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;
use std::path::Path;

use pintle::chart::Limits;
use pintle::{CancellationToken, Chart, Detail, Engine, PlanKey, SealedPlan};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, name, namespace, chart, file, key] = arguments.as_slice() else {
        return Err("usage: approve plan|run RELEASE NAMESPACE CHART PLAN-FILE KEY-FILE".into());
    };
    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    let release = Engine::new().target(client).release(name).in_namespace(namespace);
    let chart = Chart::from_path(Path::new(chart), &Limits::default())?;
    let key = PlanKey::new(std::fs::read(key)?)?;

    // Whoever approves and whoever runs makes the same plan, from the same chart, values and options.
    let plan = release.plan_upgrade(&chart).install_if_absent().detail(Detail::Fields).await?;
    match what.as_str() {
        "plan" => {
            println!("{plan}");
            std::fs::write(file, serde_json::to_vec_pretty(&plan.seal(&key))?)?;
        }
        "run" => {
            let approved: SealedPlan = serde_json::from_slice(&std::fs::read(file)?)?;
            let outcome = plan.run_approved(&approved, &key, &(), &CancellationToken::new()).await?;
            println!("revision {} is {}", outcome.record.revision, outcome.record.info.status);
        }
        other => return Err(format!("{other} is neither plan nor run").into()),
    }
    Ok(())
}
