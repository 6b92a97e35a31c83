//! One declaration for many clusters: values with expressions, filled in for each tenant, in two waves.
//!
//! ```text
//! fleet RELEASE NAMESPACE CHART VALUES-FILE CONTEXT…
//! ```
//!
//! A leaf of the values file that is written `${{ … }}` is an expression over `tenant`, which has the `name` of the
//! tenant and its `number`: `host: ${{ 'app.' ~ tenant.name ~ '.example' }}`. Each context of the kubeconfig that
//! `KUBECONFIG` names is a tenant. The first one is the canary: where it fails, the others stay as they are.
//!
//! Tenants for which the same values come out have the chart rendered once, as long as it asks neither its cluster nor
//! the clock nor chance.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;
use std::path::Path;

use futures::StreamExt as _;
use pintle::chart::{Limits, Values};
use pintle::expressions::Expressions;
use pintle::value::Data;
use pintle::{Chart, Engine, Outcome};

/// How many tenants are worked on at the same time.
const AT_ONCE: usize = 8;

/// What all tenants share.
struct Declaration {
    engine: Engine,
    release: String,
    namespace: String,
    chart: Chart,
    values: Data,
}

impl Declaration {
    /// Brings one tenant to what is declared.
    async fn ensure(&self, context: &str, number: usize) -> Result<Outcome, Box<dyn Error>> {
        let options =
            kube::config::KubeConfigOptions { context: Some(context.to_owned()), ..Default::default() };
        let client = kube::Client::try_from(kube::Config::from_kubeconfig(&options).await?)?;
        let cluster = pintle::cluster::Target::builder(client).name(context).build();

        let number = i64::try_from(number)?;
        let tenant: Data =
            [("name", Data::from(context)), ("number", Data::Int(number))].into_iter().collect();
        let about: Data = [("tenant", tenant)].into_iter().collect();
        let values = Expressions::new().fill_in(&self.values, &about)?;
        let values = values.as_map().cloned().unwrap_or_default();

        let release = self.engine.target_of(cluster).release(&self.release).in_namespace(&self.namespace);
        Ok(release.ensure(&self.chart).values(values).await?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [release, namespace, chart, values, canary, others @ ..] = arguments.as_slice() else {
        return Err("usage: fleet RELEASE NAMESPACE CHART VALUES-FILE CONTEXT…".into());
    };
    let values = Values::builder().file(values.as_str(), std::fs::read(values)?).build()?;
    let declaration = Declaration {
        engine: Engine::new(),
        release: release.clone(),
        namespace: namespace.clone(),
        chart: Chart::from_path(Path::new(chart), &Limits::default())?,
        values: Data::Map(values.data().clone()),
    };

    let outcome = declaration.ensure(canary, 0).await?;
    println!("{canary}: {:?}, revision {}", outcome.change, outcome.record.revision);
    let others = others
        .iter()
        .enumerate()
        .map(async |(place, context)| (context, declaration.ensure(context, place + 1).await));
    let mut ended = futures::stream::iter(others).buffer_unordered(AT_ONCE);
    let mut failed = 0;
    while let Some((context, ended)) = ended.next().await {
        match ended {
            Ok(outcome) => println!("{context}: {:?}, revision {}", outcome.change, outcome.record.revision),
            Err(error) => {
                failed += 1;
                println!("{context}: {error}");
            }
        }
    }
    if failed > 0 { Err(format!("{failed} tenants failed").into()) } else { Ok(()) }
}
