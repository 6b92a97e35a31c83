//! Says where the objects of a release are not as the release made them, and puts them back when asked to.
//!
//! ```text
//! drift RELEASE NAMESPACE          # says
//! drift RELEASE NAMESPACE correct  # puts back
//! ```
//!
//! The cluster is the one that `KUBECONFIG` names.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;

use pintle::cluster::IgnoreRule;
use pintle::{CancellationToken, DriftRules, Engine};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, namespace, correct) = match arguments.as_slice() {
        [name, namespace] => (name, namespace, false),
        [name, namespace, what] if what == "correct" => (name, namespace, true),
        _ => return Err("usage: drift RELEASE NAMESPACE [correct]".into()),
    };
    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    let release = Engine::new().target(client).release(name).in_namespace(namespace);

    // What an autoscaler set is left alone anyway; here tolerations are somebody else's, too.
    let rules = DriftRules::default().ignore(IgnoreRule::new(["/spec/template/spec/tolerations"]));
    let report = release.drift(&rules).await?;
    for drift in &report.drifts {
        println!("{drift}"); // without the contents of Secrets
    }
    if correct {
        let corrected = release.correct(&report.drifts, &(), &CancellationToken::new()).await?;
        for change in &corrected.objects {
            println!("{}: {}", change.object, change.action);
        }
        if let Some((drift, error)) = corrected.failed.into_iter().next() {
            return Err(format!("{drift}: {error}").into());
        }
    }
    Ok(())
}
