//! A namespace with a release that is worked on, and what has to be true of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pintle_testkit::{Api, Cluster, Error, FaultProxy, Helm, Mishap, Namespace};
use serde_json::Value;

use super::engine::{Action, RELEASE, RETRY};
use crate::Fault;

/// How long one process may take: something hangs when it takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whose name the lock has, unless a stranger heals.
pub(super) const HOLDER: &str = "faults";

/// How long a lock outlives a crash, as it is by default, where a stranger heals.
const LEASE: Duration = Duration::from_secs(13);

/// The same for all others, who need not wait for that: a holder on a busy machine does not lose its lock.
const LONG_LEASE: Duration = Duration::from_secs(60);

/// How often a reconciler calls, where it is told that the same again may work.
const CALLS: u32 = 8;

/// A namespace of its own with one release, behind a proxy of its own.
pub(super) struct Place {
    pub(super) cluster: Cluster,
    namespace: Namespace,
    proxy: FaultProxy,
    helm: Helm,
    group: String,
    folder: tempfile::TempDir,
    chart: PathBuf,
}

/// How a process of the engine ended.
pub(super) struct Ended {
    /// The request that a mishap met; `None` where the process sent fewer.
    pub(super) struck: Option<String>,
    /// How many requests it sent.
    pub(super) requests: usize,
    /// Its exit code; `None` for one that was killed.
    pub(super) code: Option<i32>,
    pub(super) stderr: String,
}

impl Ended {
    fn success(self) -> Result<(), Fault> {
        match self.code {
            Some(0) => Ok(()),
            code => Err(format!("exit code {code:?}: {}", self.stderr.trim()).into()),
        }
    }
}

impl Place {
    pub(super) fn new(cluster: &Cluster, number: usize) -> Result<Self, Fault> {
        let namespace = cluster.namespace("faults")?;
        let proxy = FaultProxy::start(cluster)?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("kubeconfig"), proxy.kubeconfig())?;
        Ok(Self {
            cluster: cluster.clone(),
            namespace,
            proxy,
            helm: Helm::v4()?.on(cluster),
            group: format!("n{number}.faults.pintle.test"),
            folder,
            chart: crate::corpus::workspace().join("fixtures/crash-matrix"),
        })
    }

    /// Lets the engine do something without any mishap, whatever comes of it.
    pub(super) fn count(&self, action: Action, variant: &str, to: u32) -> Result<Ended, Fault> {
        self.proxy.disarm();
        self.finish(self.start(action, variant, to, HOLDER, LONG_LEASE)?)
    }

    /// Heals what a mishap left, as a process of this name, and gives how many calls it took: as a reconciler, it calls
    /// again where the engine says that this may help, such as where a machine is so busy that the server does not
    /// answer in time.
    pub(super) fn heal(&self, action: Action, variant: &str, holder: &str) -> Result<u32, Fault> {
        self.proxy.disarm();
        let mut calls = 1;
        loop {
            let ended = self.finish(self.start(action, variant, 1, holder, LONG_LEASE)?)?;
            if ended.code != Some(RETRY) || calls == CALLS {
                return ended.success().map(|()| calls);
            }
            calls += 1;
        }
    }

    /// Lets the engine do something, and kills it at a request; `healer` heals.
    pub(super) fn kill_at(
        &self,
        request: usize,
        after: bool,
        (action, variant, to): (Action, &str, u32),
        healer: &str,
    ) -> Result<Ended, Fault> {
        let victim: Arc<Mutex<Option<Child>>> = Arc::default();
        let kill = {
            let victim = Arc::clone(&victim);
            Arc::new(move || {
                // The process may send its first request before it stands here.
                for _ in 0..1000 {
                    let mut victim = victim.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(child) = victim.as_mut() {
                        let _ = child.kill();
                        let _ = child.wait();
                        return;
                    }
                    drop(victim);
                    std::thread::sleep(Duration::from_millis(2));
                }
            })
        };
        self.proxy.arm(request, if after { Mishap::After(kill) } else { Mishap::Before(kill) });
        let mut child = self.start(action, variant, to, HOLDER, lease_until(healer))?;
        let stderr = child.stderr.take();
        *victim.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let started = std::time::Instant::now();
        let code = loop {
            let mut victim = victim.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(child) = victim.as_mut() {
                if let Some(status) = child.try_wait()? {
                    break status.code();
                }
                if started.elapsed() > PATIENCE {
                    let _ = child.kill();
                    return Err("the process hangs".into());
                }
            }
            drop(victim);
            std::thread::sleep(Duration::from_millis(10));
        };
        self.proxy.drain();
        Ok(Ended { struck: self.proxy.struck(), requests: self.proxy.count(), code, stderr: read(stderr) })
    }

    /// Lets the engine do something, and lets one request go wrong; `healer` heals.
    pub(super) fn hinder_at(
        &self,
        request: usize,
        mishap: Mishap,
        (action, variant, to): (Action, &str, u32),
        healer: &str,
    ) -> Result<Ended, Fault> {
        self.proxy.arm(request, mishap);
        let ended = self.finish(self.start(action, variant, to, HOLDER, lease_until(healer))?)?;
        Ok(Ended { struck: self.proxy.struck(), ..ended })
    }

    fn start(
        &self,
        action: Action,
        variant: &str,
        to: u32,
        holder: &str,
        lease: Duration,
    ) -> Result<Child, Fault> {
        let name = format!("{action:?}").to_lowercase();
        Ok(Command::new(std::env::current_exe()?)
            .args(["faults-engine", "--action", &name, "--variant", variant, "--holder", holder])
            .args(["--to", &to.to_string(), "--lease", &lease.as_secs().to_string(), "--group", &self.group])
            .args(["--namespace", self.namespace.name()])
            .arg("--kubeconfig")
            .arg(self.folder.path().join("kubeconfig"))
            .arg("--chart")
            .arg(&self.chart)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?)
    }

    fn finish(&self, mut child: Child) -> Result<Ended, Fault> {
        let started = std::time::Instant::now();
        let stderr = child.stderr.take();
        while child.try_wait()?.is_none() {
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                return Err("the process hangs".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let code = child.wait()?.code();
        self.proxy.drain();
        Ok(Ended { struck: None, requests: self.proxy.count(), code, stderr: read(stderr) })
    }

    /// The revision that is deployed, by the real Helm; all that must be true of a deployed release is checked.
    pub(super) fn check_deployed(&self, variant: &str) -> Result<u32, Fault> {
        let history: Vec<Value> = self.ask_helm(&["history", RELEASE])?;
        let deployed: Vec<&Value> = history.iter().filter(|one| text(one, "/status") == "deployed").collect();
        let unfinished = history.iter().any(|one| {
            one["status"]
                .as_str()
                .is_some_and(|status| status.starts_with("pending") || status == "uninstalling")
        });
        let newest = history.last().ok_or("helm shows no history")?;
        if unfinished || deployed.len() != 1 || text(newest, "/status") != "deployed" {
            return Err(format!("helm history: {}", Value::from(history)).into());
        }
        let list: Vec<Value> = self.ask_helm(&["list"])?;
        if list.len() != 1 || list.first().is_none_or(|one| text(one, "/status") != "deployed") {
            return Err(format!("helm list: {}", Value::from(list)).into());
        }
        let revision = newest.get("revision").and_then(Value::as_u64).unwrap_or_default();

        let mut expected: BTreeSet<String> = BTreeSet::new();
        let mut expect = |kind: &str, count: usize, name: &str| {
            expected.extend((0..count).map(|number| format!("{kind}/{name}-{number}")));
        };
        expect("configmaps", 13, "config");
        expect("secrets", 4, "secret");
        expect("serviceaccounts", 3, "account");
        expect("services", 3, "service");
        expect("roles", 2, "role");
        expect("rolebindings", 2, "binding");
        let single = [format!("configmaps/only-{variant}"), "deployments/deployment".to_owned()];
        expected.extend(single);
        expected.extend(["jobs/before".to_owned(), "widgets/widget".to_owned()]);
        self.check_objects(&expected)?;
        let path = format!("/api/v1/namespaces/{}/configmaps/config-0", self.namespace);
        let config = self.patiently(|api| api.get(&path))?;
        if text(&config, "/data/variant") != variant {
            return Err(format!("config-0 is {config}").into());
        }
        Ok(u32::try_from(revision)?)
    }

    /// Checks that nothing is left but what Helm leaves too: a hook without a policy, and CRDs.
    pub(super) fn check_gone(&self) -> Result<(), Fault> {
        let list: Vec<Value> = self.ask_helm(&["list"])?;
        if !list.is_empty() {
            return Err(format!("helm list: {}", Value::from(list)).into());
        }
        self.check_objects(&BTreeSet::from(["jobs/before".to_owned()]))
    }

    /// Deletes the hook that an uninstall leaves.
    pub(super) fn sweep_hook(&self) -> Result<(), Fault> {
        let path = format!("/apis/batch/v1/namespaces/{}/jobs/before", self.namespace);
        self.patiently(|api| api.delete(&path))
    }

    /// Deletes the CRDs that an uninstall leaves, so that the next install meets nothing.
    pub(super) fn sweep_crds(&self) -> Result<(), Fault> {
        for plural in ["widgets", "gadgets"] {
            let name = format!("{plural}.{}", self.group);
            let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
            self.patiently(|api| api.delete(&path))?;
            self.cluster.api().wait_until(&path, "the crd going away", PATIENCE, |seen| seen.is_none())?;
        }
        Ok(())
    }

    fn check_objects(&self, expected: &BTreeSet<String>) -> Result<(), Fault> {
        let mut found = BTreeSet::new();
        let widgets = format!("/apis/{}/v1", self.group);
        for (group, kind) in [
            ("/api/v1", "configmaps"),
            ("/api/v1", "secrets"),
            ("/api/v1", "serviceaccounts"),
            ("/api/v1", "services"),
            ("/apis/apps/v1", "deployments"),
            ("/apis/batch/v1", "jobs"),
            ("/apis/rbac.authorization.k8s.io/v1", "roles"),
            ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
            ("/apis/coordination.k8s.io/v1", "leases"),
            (&widgets, "widgets"),
            (&widgets, "gadgets"),
        ] {
            // A kind whose CRD is gone has no objects.
            let path = format!("{group}/namespaces/{}/{kind}", self.namespace);
            let Some(list) = self.patiently(|api| api.find(&path))? else { continue };
            for object in list.get("items").and_then(Value::as_array).into_iter().flatten() {
                let name = text(object, "/metadata/name");
                let anybodys = ["kube-root-ca.crt", "default"].contains(&name)
                    || text(object, "/type") == "helm.sh/release.v1";
                if !anybodys && text(object, "/metadata/deletionTimestamp").is_empty() {
                    found.insert(format!("{kind}/{name}"));
                }
            }
        }
        let (missing, surplus): (Vec<_>, Vec<_>) =
            (expected.difference(&found).collect(), found.difference(expected).collect());
        if missing.is_empty() && surplus.is_empty() {
            return Ok(());
        }
        Err(format!("missing: {missing:?}, orphaned: {surplus:?}").into())
    }

    /// Asks the server; one that is busy with a new kind, or on a busy machine, is asked again.
    fn patiently<T>(&self, ask: impl Fn(&Api) -> Result<T, Error>) -> Result<T, Fault> {
        let started = std::time::Instant::now();
        loop {
            match ask(self.cluster.api()) {
                Err(Error::Refused { status: 429, .. } | Error::Unanswered { .. })
                    if started.elapsed() < PATIENCE =>
                {
                    std::thread::sleep(Duration::from_millis(200));
                }
                answered => return Ok(answered?),
            }
        }
    }

    fn ask_helm(&self, command: &[&str]) -> Result<Vec<Value>, Fault> {
        let arguments = command.iter().copied().chain(["-o", "json", "-n", self.namespace.name()]);
        let text = self.helm.run(arguments)?.success()?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// How long the lock lasts of one whose work is healed by `healer`.
fn lease_until(healer: &str) -> Duration {
    if healer == HOLDER { LONG_LEASE } else { LEASE }
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn read(stream: Option<std::process::ChildStderr>) -> String {
    let mut text = String::new();
    if let Some(mut stream) = stream {
        // What cannot be read is missing in a message.
        let _ = std::io::Read::read_to_string(&mut stream, &mut text);
    }
    text
}
