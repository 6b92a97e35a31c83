//! Changes what a chart renders before it is planned: every object gets a label that the chart knows nothing of.
//!
//! ```text
//! post_renderer RELEASE NAMESPACE CHART KEY=VALUE
//! ```
//!
//! What a post-renderer makes of the documents is what the record holds, so that `helm` and a later rollback see the
//! same objects. [`CommandPostRenderer`](pintle::CommandPostRenderer) is one that runs a program, such as Kustomize.
//! The cluster is the one that `KUBECONFIG` names.

#![allow(clippy::print_stdout, reason = "an example tells what it did")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use pintle::chart::Limits;
use pintle::render::{PostDocument, PostRenderStrategy, PostRenderer};
use pintle::value::{Data, DataMap};
use pintle::{CancellationToken, Chart, Engine};

/// Sets a label of every object.
struct Label {
    key: String,
    value: String,
}

impl PostRenderer for Label {
    fn run(&self, documents: Vec<PostDocument>) -> Result<Vec<PostDocument>, String> {
        documents.into_iter().map(|document| self.label(document)).collect()
    }
}

impl Label {
    /// `Data` is shared and never changes: `with` makes a map that differs in one member. A new document has no text of
    /// its own, so its YAML is written anew.
    fn label(&self, document: PostDocument) -> Result<PostDocument, String> {
        let object = document.object.as_map().ok_or_else(|| format!("{} is no object", document.source))?;
        let member =
            |map: &DataMap, key: &str| map.get(key).and_then(Data::as_map).cloned().unwrap_or_default();
        let metadata = member(object, "metadata");
        let labels = member(&metadata, "labels").with(self.key.as_str(), Data::from(self.value.as_str()));
        let object = object.with("metadata", Data::Map(metadata.with("labels", Data::Map(labels))));
        Ok(PostDocument::new(document.source, Data::Map(object)))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, namespace, chart, label] = arguments.as_slice() else {
        return Err("usage: post_renderer RELEASE NAMESPACE CHART KEY=VALUE".into());
    };
    let (key, value) = label.split_once('=').ok_or("the label is not KEY=VALUE")?;
    let label = Arc::new(Label { key: key.to_owned(), value: value.to_owned() });

    let client = kube::Client::try_from(kube::Config::infer().await?)?;
    let release = Engine::new().target(client).release(name).in_namespace(namespace);
    let chart = Chart::from_path(Path::new(chart), &Limits::default())?;
    // Combined: hooks go through it too, together with the other documents.
    let plan = release.plan_upgrade(&chart).install_if_absent();
    let plan = plan.post_renderer(label, PostRenderStrategy::Combined).await?;
    println!("{plan}");
    let outcome = plan.run(&(), &CancellationToken::new()).await?;
    println!("revision {} is {}", outcome.record.revision, outcome.record.info.status);
    Ok(())
}
