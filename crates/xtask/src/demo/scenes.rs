//! What happens, scene by scene. Each checks what it tells.

use std::time::{Duration, Instant};

use super::chart::ChartSource;
use super::controller::{AGENT, Controller};
use super::place::{DECLARED_IN, Place};
use super::story;
use crate::Fault;

/// The release, and the prefix of its Deployments.
const RELEASE: &str = "tenant1-cert-manager";
/// Where it runs.
const NAMESPACE: &str = "default";

/// The scenes and what they play with.
pub(super) struct Scenes<'a> {
    place: &'a Place,
    chart: &'a ChartSource,
    controller: &'a Controller,
}

impl<'a> Scenes<'a> {
    pub(super) fn new(place: &'a Place, chart: &'a ChartSource, controller: &'a Controller) -> Self {
        Self { place, chart, controller }
    }

    /// The guide's two objects are applied, and the release becomes ready.
    pub(super) fn install(&self) -> Result<(), Fault> {
        story::title("the admin declares cert-manager for tenant1");
        let text = self.declaration("replicaCount: 2", "");
        story::command("kubectl apply -f - <<EOF", &text);
        story::say(
            "(The guide's text, and two lines more: without releaseName and storageNamespace Flux's defaults would be \
             default-tenant1-cert-manager and tenants.)",
        );
        let started = Instant::now();
        self.place.apply(&text)?;
        self.ready(1)?;
        story::say(&format!("ready after {}", story::seconds(started.elapsed())));
        self.expect_deployments(&[("", "2/2"), ("-cainjector", "1/1"), ("-webhook", "1/1")])?;
        self.show("deployed")
    }

    /// The tenant's user deletes a Deployment and scales another.
    pub(super) fn break_and_mend(&self) -> Result<(), Fault> {
        story::title("the tenant's user breaks it");
        let injector = format!("{RELEASE}-cainjector");
        let deleted = Instant::now();
        self.place.show_tenant(&["delete", "deployment", &injector, "-n", NAMESPACE])?;
        until(Duration::from_secs(30), "the deleted Deployment is back", || {
            let found =
                self.place.in_tenant(&["get", "deployment", &injector, "-n", NAMESPACE, "-o", "name"]);
            Ok(found.is_ok())
        })?;
        story::say(&format!("{injector} is back after {}", story::seconds(deleted.elapsed())));

        let webhook = format!("{RELEASE}-webhook");
        let scaled = Instant::now();
        self.place.show_tenant(&["scale", "deployment", &webhook, "-n", NAMESPACE, "--replicas=3"])?;
        let replicas = ["get", "deployment", &webhook, "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}"];
        until(Duration::from_secs(30), "the scaled Deployment is back", || {
            Ok(self.place.in_tenant(&replicas)? == "1")
        })?;
        story::say(&format!("{webhook} has 1 replica again after {}", story::seconds(scaled.elapsed())));
        until(Duration::from_secs(60), "all Deployments are ready", || self.all_ready())?;
        self.show("deployed")
    }

    /// Nothing happens, and nobody asks.
    pub(super) fn rest(&self, time: Duration) -> Result<(), Fault> {
        let Some(audit) = self.place.audit() else { return Ok(()) };
        story::title(&format!("{} of rest", story::seconds(time)));
        std::thread::sleep(Duration::from_secs(3)); // what the mended Deployments still say of themselves
        let mark = audit.mark()?;
        std::thread::sleep(time);
        let events = audit.since(&mark)?.by_agent(AGENT);
        let (watches, others): (Vec<_>, Vec<_>) = events.iter().partition(|event| event.verb == "watch");
        story::say(&format!(
            "the tenant's audit log: {} requests of the controller, and {} watches that were renewed",
            others.len(),
            watches.len()
        ));
        match others.first() {
            None => Ok(()),
            Some(event) => Err(format!("the controller asked at rest: {} {}", event.verb, event.uri).into()),
        }
    }

    /// The admin changes a value.
    pub(super) fn upgrade(&self) -> Result<(), Fault> {
        story::title("the admin upgrades: three replicas");
        let started = Instant::now();
        self.place.apply(&self.declaration("replicaCount: 3", ""))?;
        self.ready(2)?;
        story::say(&format!("ready after {}", story::seconds(started.elapsed())));
        self.expect_deployments(&[("", "3/3"), ("-cainjector", "1/1"), ("-webhook", "1/1")])?;
        self.show("deployed")
    }

    /// An upgrade that cannot work: a node that does not exist, and little patience.
    pub(super) fn fail_an_upgrade(&self) -> Result<(), Fault> {
        story::title("an upgrade fails: a nodeSelector that no node has, and a timeout of 15 s");
        self.place.apply(&self.declaration(
            "replicaCount: 3\n    nodeSelector:\n      pintle.example/no-such: node",
            "  timeout: 15s\n  upgrade:\n    remediation:\n      retries: 0\n      remediateLastFailure: true\n",
        ))?;
        until(Duration::from_secs(120), "the failed upgrade is rolled back", || {
            let history = self.place.helm(&["history", RELEASE, "-n", NAMESPACE])?;
            Ok(history.contains("Rollback to 2")
                && history.lines().last().is_some_and(|last| last.contains("deployed")))
        })?;
        story::say("the report, as the release's conditions and events have it:");
        let conditions =
            "jsonpath={range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{\"\\n\"}{end}";
        self.place.show_management(&["get", "helmrelease", RELEASE, "-n", DECLARED_IN, "-o", conditions])?;
        let events = "custom-columns=TYPE:.type,REASON:.reason,MESSAGE:.message";
        let field = format!("involvedObject.name={RELEASE}");
        self.place.show_management(&[
            "get",
            "events",
            "-n",
            DECLARED_IN,
            "--field-selector",
            &field,
            "-o",
            events,
        ])?;
        until(Duration::from_secs(60), "all Deployments are ready again", || self.all_ready())?;
        self.expect_deployments(&[("", "3/3"), ("-cainjector", "1/1"), ("-webhook", "1/1")])?;
        self.show("deployed")
    }

    /// The admin takes the declaration away.
    pub(super) fn uninstall(&self) -> Result<(), Fault> {
        story::title("the admin deletes the HelmRelease");
        self.place.manage(&["delete", "helmrelease", RELEASE, "-n", DECLARED_IN, "--timeout=120s"])?;
        let kinds = "deployments,services,serviceaccounts,configmaps,secrets,roles,rolebindings,\
                     clusterroles,clusterrolebindings,crds,mutatingwebhookconfigurations,\
                     validatingwebhookconfigurations";
        let mut left = String::new();
        until(Duration::from_secs(60), "nothing is left in the tenant", || {
            let all = self.place.in_tenant(&["get", kinds, "-A", "-o", "name"])?;
            let ours =
                all.lines().filter(|line| line.contains("cert-manager") || line.contains("helm.release"));
            left = ours.collect::<Vec<_>>().join("\n");
            Ok(left.is_empty())
        })
        .map_err(|error| format!("{error}; left:\n{left}"))?;
        story::say("nothing of it is left in the tenant");
        self.place.show_helm(&["list", "-A"])?;
        Ok(())
    }

    fn declaration(&self, values: &str, more: &str) -> String {
        let ChartSource { url, name, version, crds_value, .. } = self.chart;
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\n\
             kind: HelmRepository\n\
             metadata:\n\
             \x20 name: jetstack\n\
             \x20 namespace: {DECLARED_IN}\n\
             spec:\n\
             \x20 interval: 24h\n\
             \x20 url: {url}\n\
             ---\n\
             apiVersion: helm.toolkit.fluxcd.io/v2\n\
             kind: HelmRelease\n\
             metadata:\n\
             \x20 name: {RELEASE}\n\
             \x20 namespace: {DECLARED_IN}\n\
             spec:\n\
             \x20 interval: 10m\n\
             \x20 releaseName: {RELEASE}\n\
             \x20 storageNamespace: {NAMESPACE}\n\
             \x20 targetNamespace: {NAMESPACE}\n\
             \x20 kubeConfig:\n\
             \x20   secretRef:\n\
             \x20     name: tenant1-admin-kubeconfig\n\
             \x20     key: admin.conf\n\
             \x20 chart:\n\
             \x20   spec:\n\
             \x20     chart: {name}\n\
             \x20     version: {version}\n\
             \x20     sourceRef:\n\
             \x20       kind: HelmRepository\n\
             \x20       name: jetstack\n\
             \x20 driftDetection:\n\
             \x20   mode: enabled\n\
             {more}\
             \x20 values:\n\
             \x20   {crds_value}: true\n\
             \x20   {values}\n"
        )
    }

    /// Waits until the controller calls this revision ready.
    fn ready(&self, revision: u32) -> Result<(), Fault> {
        let state = "jsonpath={.status.history[0].version} {.status.conditions[?(@.type=='Ready')].status} \
                     {.metadata.generation}={.status.observedGeneration}";
        let mut seen = String::new();
        until(Duration::from_secs(180), "the release is ready", || {
            seen = self.place.manage(&["get", "helmrelease", RELEASE, "-n", DECLARED_IN, "-o", state])?;
            let mut words = seen.split(' ');
            let version = words.next().and_then(|word| word.parse().ok());
            let ready = words.next() == Some("True");
            let observed = words.next().and_then(|word| word.split_once('=')).is_some_and(|(a, b)| a == b);
            Ok(version == Some(revision) && ready && observed)
        })
        .map_err(|error| {
            let conditions =
                self.place.manage(&["get", "helmrelease", RELEASE, "-n", DECLARED_IN, "-o", "yaml"]);
            format!(
                "{error}; last seen: {seen}\n{}\nthe controller's last words:\n{}",
                conditions.unwrap_or_default(),
                self.controller.last_words()
            )
            .into()
        })
    }

    fn expect_deployments(&self, wanted: &[(&str, &str)]) -> Result<(), Fault> {
        let output = self.place.show_tenant(&["get", "deploy", "-n", NAMESPACE])?;
        for (suffix, ready) in wanted {
            let name = format!("{RELEASE}{suffix}");
            let found = output.lines().any(|line| {
                let mut words = line.split_whitespace();
                words.next() == Some(&name) && words.next() == Some(ready)
            });
            if !found {
                return Err(format!("the Deployment {name} is not {ready}").into());
            }
        }
        Ok(())
    }

    fn all_ready(&self) -> Result<bool, Fault> {
        let output = self.place.in_tenant(&["get", "deploy", "-n", NAMESPACE, "--no-headers"])?;
        let ready = |line: &str| {
            let counts = line.split_whitespace().nth(1).and_then(|counts| counts.split_once('/'));
            counts.is_some_and(|(ready, wanted)| ready == wanted)
        };
        Ok(output.lines().count() == 3 && output.lines().all(ready))
    }

    /// Tells what Helm says, which must know the newest revision to be in this state.
    fn show(&self, state: &str) -> Result<(), Fault> {
        self.place.show_helm(&["list", "-n", NAMESPACE])?;
        let history = self.place.show_helm(&["history", RELEASE, "-n", NAMESPACE])?;
        match history.lines().last() {
            Some(last) if last.contains(state) => Ok(()),
            _ => Err(format!("helm does not call the newest revision {state}").into()),
        }
    }
}

/// Checks again and again until it is so, or patience ends.
fn until(
    patience: Duration,
    what: &str,
    mut check: impl FnMut() -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let started = Instant::now();
    loop {
        let reason = match check() {
            Ok(true) => return Ok(()),
            Ok(false) => String::new(),
            Err(error) => format!(" ({error})"),
        };
        if started.elapsed() > patience {
            return Err(format!("within {}: not {what}{reason}", story::seconds(patience)).into());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
