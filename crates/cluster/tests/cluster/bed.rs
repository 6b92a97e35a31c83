//! A real cluster for each test.

use std::sync::Arc;

use kube::config::{KubeConfigOptions, Kubeconfig};
use pintle_cluster::{Object, ObjectRef, Scope, Target, TargetBuilder};
use pintle_testkit::{Bed, Cluster, Helm, Namespace, Tenant};
use pintle_value::Data;

/// A tenant, a namespace of the test's own in it, and a target on it.
pub(crate) struct Place {
    pub(crate) tenant: Tenant,
    pub(crate) namespace: Namespace,
    pub(crate) target: Target,
    pub(crate) scope: Scope,
}

impl Place {
    pub(crate) async fn new(prefix: &str) -> Self {
        let prefix = prefix.to_owned();
        let (tenant, namespace) = tokio::task::spawn_blocking(move || {
            let bed = Bed::shared().expect("a bed");
            let tenant = bed.tenant("tenant1").expect("a tenant");
            let namespace = tenant.namespace(&prefix).expect("a namespace");
            (tenant, namespace)
        })
        .await
        .expect("no panic");
        let target = builder(&tenant).await.build();
        let scope = Scope::unlimited().within(std::time::Duration::from_secs(120));
        Self { tenant, namespace, target, scope }
    }

    /// An object of the test's namespace.
    pub(crate) fn object(&self, json: serde_json::Value) -> Object {
        Object::new(data(json)).expect("an object").in_namespace(&self.namespace)
    }

    /// The live object.
    pub(crate) async fn live(&self, object: &ObjectRef) -> Data {
        self.target.get(&self.scope, object).await.expect("an answer").expect("the object")
    }

    /// Runs kubectl in the test's namespace.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let tenant = self.tenant.clone();
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        arguments.extend(["-n".to_owned(), self.namespace.to_string()]);
        tokio::task::spawn_blocking(move || {
            tenant.kubectl(&arguments).expect("kubectl runs").success().expect("kubectl succeeds").clone()
        })
        .await
        .expect("no panic")
    }

    /// Runs the real Helm 4 in the test's namespace.
    pub(crate) async fn helm(&self, arguments: &[&str]) -> String {
        let tenant = self.tenant.clone();
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        arguments.extend(["-n".to_owned(), self.namespace.to_string()]);
        tokio::task::spawn_blocking(move || {
            let helm = Helm::v4().expect("helm").on(&tenant);
            helm.run(&arguments).expect("helm runs").success().expect("helm succeeds").clone()
        })
        .await
        .expect("no panic")
    }
}

/// A target's builder on a cluster, as its administrator.
pub(crate) async fn builder(cluster: &Cluster) -> TargetBuilder {
    Target::builder(client(cluster.kubeconfig()).await).name(cluster.name())
}

/// A client by a kubeconfig's text.
pub(crate) async fn client(kubeconfig: &str) -> kube::Client {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .expect("a config");
    kube::Client::try_from(config).expect("a client")
}

pub(crate) fn data(json: serde_json::Value) -> Data {
    serde_json::from_value(json).expect("json is data")
}

/// Collects what is told.
pub(crate) fn listener() -> (Arc<std::sync::Mutex<Vec<String>>>, impl pintle_cluster::ProgressObserver) {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let observer = move |progress: &pintle_cluster::Progress<'_>| {
        sink.lock().expect("no panic").push(format!("{progress:?}"));
    };
    (told, observer)
}
