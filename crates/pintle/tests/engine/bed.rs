//! A cluster, a chart and the engine, ready to use.

use std::sync::{Arc, Mutex};

use pintle::cluster::{RequestObserver, Sent, Verb};
use pintle::value::{Data, DataMap};
use pintle::{CancellationToken, Chart, Engine, Event, Observer, ReleaseHandle, Target};
use pintle_testkit::{Bed, Helm, Namespace, Tenant, fixtures};

/// A tenant with a namespace of the test's own, and the engine with a client of it.
pub(crate) struct Stage {
    pub(crate) tenant: Tenant,
    pub(crate) namespace: Namespace,
    pub(crate) target: Target,
}

impl Stage {
    pub(crate) async fn new(prefix: &str) -> Self {
        let bed = Bed::shared().unwrap();
        let tenant = bed.tenant("tenant1").unwrap();
        let namespace = tenant.namespace(prefix).unwrap();
        let target = Engine::new().target(client(tenant.kubeconfig()).await);
        Self { tenant, namespace, target }
    }

    pub(crate) fn release(&self, name: &str) -> ReleaseHandle {
        self.target.release(name).in_namespace(self.namespace.name())
    }

    pub(crate) fn helm(&self) -> Helm {
        Helm::v4().unwrap().on(&self.tenant)
    }

    /// Runs the real Helm in the test's namespace; it must succeed.
    pub(crate) fn run_helm(&self, helm: &Helm, arguments: &[&str]) -> String {
        let mut all = arguments.to_vec();
        all.extend(["--namespace", self.namespace.name()]);
        helm.run(all).unwrap().success().unwrap()
    }

    /// The record of a revision as it is stored, decoded, and the object that it is stored in.
    pub(crate) fn stored(&self, name: &str, revision: u32) -> (Data, serde_json::Value) {
        let path =
            format!("/api/v1/namespaces/{}/secrets/sh.helm.release.v1.{name}.v{revision}", self.namespace);
        let secret = self.tenant.api().get(&path).unwrap();
        let text = secret["data"]["release"].as_str().unwrap();
        let outer = decode_base64(text);
        let record =
            pintle::release::codec::decode(&outer, pintle::release::codec::Limits::default()).unwrap();
        let json = serde_json::to_vec(&record).unwrap();
        (serde_json::from_slice(&json).unwrap(), secret)
    }

    /// A target of an engine of its own, which tells `observer` of each request.
    pub(crate) async fn target(&self, engine: &Engine, observer: Arc<dyn RequestObserver>) -> Target {
        let client = client(self.tenant.kubeconfig()).await;
        engine.target_of(pintle::cluster::Target::builder(client).observer(observer).build())
    }

    /// The Leases in the test's namespace, by name.
    pub(crate) fn leases(&self) -> Vec<String> {
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace);
        let list = self.tenant.api().get(&path).unwrap();
        let name = |lease: &serde_json::Value| lease["metadata"]["name"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(name).collect()
    }

    /// A live object, or `None`.
    pub(crate) fn find(&self, path: &str) -> Option<serde_json::Value> {
        self.tenant.api().find(&path.replace("{ns}", self.namespace.name())).unwrap()
    }
}

/// A client without anything process-wide.
pub(crate) async fn client(kubeconfig: &str) -> kube::Client {
    let kubeconfig = kube::config::Kubeconfig::from_yaml(kubeconfig).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options);
    kube::Client::try_from(config.await.unwrap()).unwrap()
}

/// A chart of `fixtures/charts`.
pub(crate) fn chart(name: &str) -> Chart {
    let folder = fixtures::root().join("charts").join(name);
    Chart::from_path(folder, &pintle::chart::Limits::default()).unwrap()
}

/// The folder of a chart of `fixtures/charts`, for Helm.
pub(crate) fn chart_folder(name: &str) -> String {
    fixtures::root().join("charts").join(name).display().to_string()
}

/// A chart from files in memory.
pub(crate) fn chart_of(files: &[(&str, &str)]) -> Chart {
    let files = files.iter().map(|(name, text)| pintle::chart::File::new(*name, text.as_bytes())).collect();
    Chart::from_files(files, &pintle::chart::Limits::default()).unwrap()
}

pub(crate) fn values(json: &str) -> DataMap {
    serde_json::from_str(json).unwrap()
}

/// Runs whatever the test is not about: nobody watches, nobody cancels.
pub(crate) fn nobody() -> CancellationToken {
    CancellationToken::new()
}

/// Cancels a token when a request has been answered: the first for which `look` says so.
pub(crate) struct Tripwire<F> {
    pub(crate) token: CancellationToken,
    look: F,
}

impl<F: Fn(&Sent<'_>) -> bool + Send + Sync> Tripwire<F> {
    pub(crate) fn new(look: F) -> Arc<Self> {
        Arc::new(Self { token: CancellationToken::new(), look })
    }
}

impl<F: Fn(&Sent<'_>) -> bool + Send + Sync> RequestObserver for Tripwire<F> {
    fn sent(&self, request: &Sent<'_>) {
        if (self.look)(request) {
            self.token.cancel();
        }
    }
}

/// Whether a request wrote an object whose path ends so.
pub(crate) fn wrote(request: &Sent<'_>, verb: Verb, path: &str) -> bool {
    request.verb == verb && request.path.ends_with(path)
}

/// Keeps all events.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Recorder {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
