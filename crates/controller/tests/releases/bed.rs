//! A controller in this process, the clusters that it works with, and a repository.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser as _;
use pintle_controller::api;
use pintle_controller::flags::{Command, Flags};
use pintle_controller::run::Controller;
use pintle_testkit::{Bed, ChartServer, Cluster, Namespace, Tenant};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What a test ends with.
pub(crate) type Tested = Result<(), Box<dyn Error>>;

/// How long a test waits for what has to come; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A namespace of the management cluster with a controller for it alone, and a repository.
pub(crate) struct Place {
    pub(crate) bed: Bed,
    pub(crate) namespace: Namespace,
    pub(crate) charts: ChartServer,
    running: Option<Running>,
}

/// A controller that runs until it is dropped.
pub(crate) struct Running {
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the controller shows in what the test waits for in vain.
            let _ = thread.join();
        }
    }
}

impl Place {
    /// A place with a running controller.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        Self::with(&[])
    }

    /// The same with more flags for the controller.
    pub(crate) fn with(flags: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut place = Self::quiet()?;
        place.start(flags)?;
        Ok(place)
    }

    /// A place without a controller.
    pub(crate) fn quiet() -> Result<Self, Box<dyn Error>> {
        let bed = Bed::shared()?;
        install_definitions(&bed.management())?;
        let namespace = bed.namespace("releases")?;
        Ok(Self { bed, namespace, charts: ChartServer::start()?, running: None })
    }

    /// Starts a controller.
    pub(crate) fn start(&mut self, flags: &[&str]) -> Tested {
        let kubeconfig = self.bed.management().kubeconfig_path().to_owned();
        let kubeconfig = kubeconfig.to_str().ok_or("the kubeconfig's path is no text")?.to_owned();
        let own = [
            "pintle-controller",
            "run",
            "--kubeconfig",
            &kubeconfig,
            "--namespace",
            &self.namespace,
            "--metrics-addr",
            "0",
            "--health-addr",
            "0",
            "--retry-interval",
            "1s",
        ];
        let Command::Run(flags) = Flags::try_parse_from(own.iter().chain(flags))?.command else {
            return Err("`run` was given".into());
        };
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async { Controller::start(*flags).await.unwrap().run(stopped).await });
        });
        self.running = Some(Running { stop, thread: Some(thread) });
        Ok(())
    }

    /// Stops the controller, and waits until it has stopped.
    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// The shared tenant, whose Secret lies in this place's namespace.
    pub(crate) fn tenant(&self) -> Result<Tenant, Box<dyn Error>> {
        let tenant = self.bed.tenant("controlled")?;
        self.bed.publish(&tenant, &self.namespace)?;
        Ok(tenant)
    }

    /// Serves a version of the chart `web`: a ConfigMap, and a Deployment where the values ask for one.
    pub(crate) fn serve(&self, version: &str) -> Tested {
        let chart = format!("apiVersion: v2\nname: web\nversion: {version}\nappVersion: \"7\"\n");
        self.charts.add_files("web", &[
            ("Chart.yaml", &chart),
            ("values.yaml", "text: default\nnode: \"\"\nreplicas: 0\n"),
            (
                "templates/map.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  \
                 text: {{ required \"text is needed\" .Values.text | quote }}\n  version: {{ .Chart.Version }}\n",
            ),
            (
                "templates/deployment.yaml",
                "{{- if .Values.replicas }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  \
                 name: {{ .Release.Name }}\nspec:\n  replicas: {{ .Values.replicas }}\n  selector:\n    \
                 matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      \
                 {{- with .Values.node }}\n      nodeSelector: {node: {{ . }}}\n      {{- end }}\n      \
                 containers:\n      - name: web\n        image: example.com/web:1\n{{- end }}\n",
            ),
        ])?;
        Ok(())
    }

    /// Declares the repository.
    pub(crate) fn declare_repository(&self) -> Tested {
        self.apply(
            "source.toolkit.fluxcd.io/v1",
            "HelmRepository",
            "charts",
            &json!({
                "url": self.charts.url(), "interval": "1s",
            }),
        )
    }

    /// Declares a release of the chart `web` in a namespace of the tenant; `more` is laid over the spec.
    pub(crate) fn declare(&self, name: &str, target: &str, more: &Value) -> Tested {
        let mut spec = json!({
            "interval": "10m",
            "releaseName": name,
            "targetNamespace": target,
            "storageNamespace": target,
            "timeout": "60s",
            "kubeConfig": {"secretRef": {"name": "controlled-admin-kubeconfig", "key": "admin.conf"}},
            "chart": {"spec": {
                "chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": "charts"},
            }},
        });
        lay_over(&mut spec, more);
        self.apply("helm.toolkit.fluxcd.io/v2", "HelmRelease", name, &spec)
    }

    /// Creates an object, or puts its spec in the place of the old one.
    pub(crate) fn apply(&self, version: &str, kind: &str, name: &str, spec: &Value) -> Tested {
        let path = self.path(version, kind, name);
        let metadata = json!({"name": name, "namespace": &*self.namespace});
        let object = json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
        self.bed.management().api().apply(&path, &object)?;
        Ok(())
    }

    /// Creates or changes a Secret.
    pub(crate) fn secret(&self, name: &str, data: &BTreeMap<&str, &str>) -> Tested {
        let data: BTreeMap<_, _> = data.iter().map(|(key, text)| (key, STANDARD.encode(text))).collect();
        let path = format!("/api/v1/namespaces/{}/secrets/{name}", self.namespace);
        let metadata = json!({"name": name, "namespace": &*self.namespace});
        let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data});
        self.bed.management().api().apply(&path, &object)?;
        Ok(())
    }

    pub(crate) fn path(&self, version: &str, kind: &str, name: &str) -> String {
        let plural = if kind == "HelmRepository" { "helmrepositories" } else { "helmreleases" };
        format!("/apis/{version}/namespaces/{}/{plural}/{name}", self.namespace)
    }

    /// The path of a release.
    pub(crate) fn release_path(&self, name: &str) -> String {
        self.path("helm.toolkit.fluxcd.io/v2", "HelmRelease", name)
    }

    /// The release as it is.
    pub(crate) fn release(&self, name: &str) -> Result<Value, Box<dyn Error>> {
        Ok(self.bed.management().api().get(&self.release_path(name))?)
    }

    /// Waits until the release, as declared last, is ready at this revision.
    pub(crate) fn ready(&self, name: &str, revision: u32) -> Result<Value, Box<dyn Error>> {
        self.until(name, &format!("revision {revision} being ready"), |release| {
            release["status"]["history"][0]["version"] == revision
                && release["status"]["observedGeneration"] == release["metadata"]["generation"]
                && condition(release, "Ready")["status"] == "True"
        })
    }

    /// Waits until the release is not ready for this reason.
    pub(crate) fn blocked(&self, name: &str, reason: &str) -> Result<String, Box<dyn Error>> {
        let release = self.until(name, reason, |release| {
            let ready = condition(release, "Ready");
            ready["status"] == "False" && ready["reason"] == reason
        })?;
        Ok(condition(&release, "Ready")["message"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the release looks so.
    pub(crate) fn until(
        &self,
        name: &str,
        what: &str,
        look: impl Fn(&Value) -> bool,
    ) -> Result<Value, Box<dyn Error>> {
        let path = self.release_path(name);
        let api = self.bed.management().api().clone();
        api.wait_until(&path, what, PATIENCE, |seen| seen.is_some_and(&look))?;
        Ok(api.get(&path)?)
    }

    /// Reasons and notes of the events about a release.
    pub(crate) fn events(&self, name: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.namespace);
        let list = self.bed.management().api().get(&path)?;
        let events = list["items"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(events
            .filter(|event| event["regarding"]["name"] == name)
            .map(|event| (text(&event["reason"]), text(&event["note"])))
            .collect())
    }
}

/// A condition of an object, or null.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// Waits until a question is answered with yes.
pub(crate) fn eventually(what: &str, mut ask: impl FnMut() -> Result<bool, Box<dyn Error>>) -> Tested {
    let began = Instant::now();
    while !ask()? {
        if began.elapsed() > PATIENCE {
            return Err(format!("in vain waited for: {what}").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A name that no other test has.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The definitions that the program prints, on a real API server.
fn install_definitions(management: &Cluster) -> Tested {
    for definition in api::definitions() {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        management.api().apply(&path, &definition)?;
        management.api().wait_until(&path, "the definition being served", PATIENCE, |seen| {
            seen.is_some_and(|definition| condition(definition, "Established")["status"] == "True")
        })?;
    }
    Ok(())
}

fn lay_over(below: &mut Value, over: &Value) {
    match (below, over) {
        (Value::Object(below), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    below.remove(key);
                    continue;
                }
                lay_over(below.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (below, over) => *below = over.clone(),
    }
}
