use std::any::Any;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Api;
use crate::audit::AuditLog;
use crate::error::{Error, IoContext as _};
use crate::kubeconfig;
use crate::launch::{self, Launch, Members, ServerPlan};
use crate::namespace::Namespace;
use crate::output::Output;
use crate::pki::{Authority, Identity};
use crate::ports::Port;
use crate::process::Guarded;
use crate::programs;

/// How long what the controllers do at the start may take.
const SETTLING: Duration = Duration::from_secs(120);

/// A user that may do everything, and its group.
const ADMIN: &str = "kubernetes-super-admin";
const ADMINS: &str = "system:masters";

/// How much of a cluster runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Machinery {
    /// The API server alone. Objects stay as they are written: no Pod appears, no namespace goes away.
    Api,
    /// The controller-manager too: garbage collection, namespace deletion, service accounts; a Deployment
    /// gets its Pods, which stay pending.
    Controllers,
    /// Scheduler and kwok too: Pods run at once on a node that does not exist, Jobs complete.
    ///
    /// A Pod with the annotation `pintle.test/outcome` fares as that says: `Succeeded` and `Failed` (it ends at
    /// once, with exit code 0 or 1), `CrashLoopBackOff`, `ImagePullBackOff`, `Pending` (on its node, without any
    /// container's state). A Pod that no node fits stays unscheduled: the node `node-1` has only the labels that
    /// every node has.
    Pods,
}

/// A running Kubernetes cluster: the management cluster of a [`crate::Bed`], or (as [`crate::Tenant`]) one of
/// its tenants.
///
/// The value is a handle: clones are the same cluster, and the bed lives as long as any of them.
#[derive(Debug, Clone)]
pub struct Cluster {
    state: Arc<State>,
    /// The bed that the cluster belongs to.
    _bed: Arc<dyn Any + Send + Sync>,
}

/// What a cluster is, apart from the bed that it belongs to.
#[derive(Debug)]
pub(crate) struct State {
    name: String,
    machinery: Machinery,
    folder: PathBuf,
    server: String,
    authority: Authority,
    kubeconfig: String,
    kubeconfig_path: PathBuf,
    api: Api,
    audit: AuditLog,
    /// The processes; `None` where another process has them.
    own: Option<Mutex<Processes>>,
}

#[derive(Debug)]
struct Processes {
    server_launch: Launch,
    server: Option<Guarded>,
    paused: bool,
    others: Vec<(Launch, Guarded)>,
    _port: Port,
}

impl Processes {
    fn all(&mut self) -> impl Iterator<Item = &mut Guarded> {
        self.server.iter_mut().chain(self.others.iter_mut().map(|(_, process)| process))
    }
}

/// What another process needs to use a cluster.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Handed {
    pub(crate) name: String,
    machinery: Machinery,
    folder: PathBuf,
    server: String,
    authority_certificate: String,
    authority_key: String,
}

impl State {
    /// Starts an API server and whatever else the machinery asks for, and waits until all of it works.
    pub(crate) fn boot(plan: &ServerPlan<'_>, machinery: Machinery) -> Result<Self, Error> {
        std::fs::create_dir_all(plan.folder).doing("making the folder", plan.folder)?;
        let port = Port::reserve()?;
        let authority = Authority::new()?;
        let server_launch = launch::api_server(plan, &authority, port.number())?;
        let server = server_launch.start()?;
        let address = format!("https://127.0.0.1:{}", port.number());
        let processes =
            Processes { server_launch, server: Some(server), paused: false, others: Vec::new(), _port: port };
        let state = Self::assemble(
            plan.cluster,
            machinery,
            plan.folder,
            &address,
            authority,
            Some(Mutex::new(processes)),
        )?;
        state.settle()?;
        Ok(state)
    }

    /// A cluster that another process booted.
    pub(crate) fn attach(handed: Handed) -> Result<Self, Error> {
        let authority = Authority::restore(handed.authority_certificate, handed.authority_key)?;
        Self::assemble(&handed.name, handed.machinery, &handed.folder, &handed.server, authority, None)
    }

    /// What another process needs to attach to this cluster.
    pub(crate) fn hand(&self) -> Handed {
        Handed {
            name: self.name.clone(),
            machinery: self.machinery,
            folder: self.folder.clone(),
            server: self.server.clone(),
            authority_certificate: self.authority.certificate.clone(),
            authority_key: self.authority.key.clone(),
        }
    }

    fn assemble(
        name: &str,
        machinery: Machinery,
        folder: &Path,
        server: &str,
        authority: Authority,
        own: Option<Mutex<Processes>>,
    ) -> Result<Self, Error> {
        let admin = authority.client(ADMIN, Some(ADMINS))?;
        let kubeconfig = kubeconfig::text(name, server, &authority.certificate, ADMIN, &admin);
        let kubeconfig_path = folder.join("super-admin.conf");
        if own.is_some() {
            launch::write(&kubeconfig_path, &kubeconfig)?;
        }
        let api = Api::new(name, server, &authority.certificate, &admin)?;
        let audit = AuditLog::new(&launch::audit_log(folder), api.clone());
        Ok(Self {
            name: name.to_owned(),
            machinery,
            folder: folder.to_owned(),
            server: server.to_owned(),
            authority,
            kubeconfig,
            kubeconfig_path,
            api,
            audit,
            own,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The kubeconfig of a user that the cluster's authority vouches for.
    pub(crate) fn kubeconfig_of(
        &self,
        server: &str,
        user: &str,
        group: Option<&str>,
    ) -> Result<String, Error> {
        let identity = self.authority.client(user, group)?;
        Ok(kubeconfig::text(&self.name, server, &self.authority.certificate, user, &identity))
    }

    /// An identity that may do everything.
    pub(crate) fn admin(&self) -> Result<Identity, Error> {
        self.authority.client(ADMIN, Some(ADMINS))
    }

    /// The ids of the processes that this process runs for the cluster.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.own.as_ref().map_or_else(Vec::new, |own| lock(own).all().map(|process| process.pid()).collect())
    }

    /// Lets the processes stay when this process ends.
    pub(crate) fn release(&self) {
        if let Some(own) = &self.own {
            lock(own).all().for_each(Guarded::release);
        }
    }

    fn processes(&self, doing: &'static str) -> Result<MutexGuard<'_, Processes>, Error> {
        match &self.own {
            Some(own) => Ok(lock(own)),
            None => Err(Error::Foreign { cluster: self.name.clone(), doing }),
        }
    }

    /// Waits for the API server, and brings up what runs beside it.
    fn settle(&self) -> Result<(), Error> {
        let mut processes = self.processes("start")?;
        if let Some(server) = &mut processes.server {
            launch::wait_for_api(&self.name, &self.api, server)?;
        }
        let members = Members {
            name: &self.name,
            server: &self.server,
            authority: &self.authority,
            folder: &self.folder,
        };
        let mut launches = Vec::new();
        if self.machinery >= Machinery::Controllers {
            launches.push(launch::controller_manager(&members)?);
        }
        if self.machinery >= Machinery::Pods {
            launches.push(launch::scheduler(&members)?);
            launches.push(launch::kwok(&members)?);
        }
        for launch in launches {
            let process = launch.start()?;
            processes.others.push((launch, process));
        }
        drop(processes);
        if self.machinery >= Machinery::Pods {
            self.make_node()?;
        }
        if self.machinery >= Machinery::Controllers {
            self.wait_for_account("default")?;
        }
        Ok(())
    }

    /// Waits for the service account without which no Pod is admitted to a namespace.
    pub(crate) fn wait_for_account(&self, namespace: &str) -> Result<(), Error> {
        if self.machinery < Machinery::Controllers {
            return Ok(());
        }
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        self.blamed(
            self.api.wait_until(&path, "the service account of a namespace", SETTLING, |seen| seen.is_some()),
        )
    }

    /// Makes the node that Pods are scheduled to, with room for whatever a chart asks for.
    fn make_node(&self) -> Result<(), Error> {
        let path = "/api/v1/nodes/node-1";
        let room = json!({"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "4Ti", "pods": "10000"});
        self.api.create(
            "/api/v1/nodes",
            &json!({
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": "node-1",
                    "labels": {
                        "kubernetes.io/arch": "amd64",
                        "kubernetes.io/hostname": "node-1",
                        "kubernetes.io/os": "linux",
                    },
                },
                "status": {"allocatable": room, "capacity": room},
            }),
        )?;
        // The admission plugin of the API server taints every new node, and the controller that would take
        // the taint off does not run.
        self.api.merge(path, &json!({"spec": {"taints": null}}))?;
        self.blamed(self.api.wait_until(path, "the node becoming ready", SETTLING, |seen| {
            let conditions = seen.and_then(|node| node.pointer("/status/conditions")?.as_array());
            conditions
                .is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
        }))
    }

    /// An error, with the end of its log, when a program that this process runs for the cluster has ended.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.own.as_ref().map_or(Ok(()), |own| lock(own).all().try_for_each(|one| one.check(&self.name)))
    }

    /// Replaces the error of a wait by that of a program that has ended, which is its reason.
    fn blamed(&self, result: Result<(), Error>) -> Result<(), Error> {
        if result.is_err() {
            self.check()?;
        }
        result
    }

    /// Whether the API server is there to answer. A cluster of another process counts as answering.
    pub(crate) fn answers(&self) -> bool {
        self.own.as_ref().is_none_or(|own| {
            let processes = lock(own);
            processes.server.is_some() && !processes.paused
        })
    }
}

impl Cluster {
    pub(crate) fn new(state: Arc<State>, bed: Arc<dyn Any + Send + Sync>) -> Self {
        Self { state, _bed: bed }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// The cluster's name: `management`, or the tenant's.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// How much of it runs.
    pub fn machinery(&self) -> Machinery {
        self.state.machinery
    }

    /// The address of the API server, `https://127.0.0.1:PORT`. It stays the same over a restart.
    pub fn server(&self) -> &str {
        &self.state.server
    }

    /// The certificate of the cluster's authority, in PEM.
    pub fn authority(&self) -> &str {
        &self.state.authority.certificate
    }

    /// The text of the kubeconfig of a user who may do everything (group `system:masters`).
    pub fn kubeconfig(&self) -> &str {
        &self.state.kubeconfig
    }

    /// A file that holds [`Cluster::kubeconfig`].
    pub fn kubeconfig_path(&self) -> &Path {
        &self.state.kubeconfig_path
    }

    /// The text of the kubeconfig of any other user, by a client certificate. Without rights of its own
    /// ([`Cluster::grant`]) such a user may nothing but look at the server's version and discovery.
    pub fn kubeconfig_of(&self, user: &str, group: Option<&str>) -> Result<String, Error> {
        self.state.kubeconfig_of(&self.state.server, user, group)
    }

    /// Gives a user the rights of a cluster role (such as `view` or `edit`) in one namespace.
    pub fn grant(&self, user: &str, role: &str, namespace: &str) -> Result<(), Error> {
        let suffix = &uuid::Uuid::new_v4().simple().to_string()[..8];
        self.api().create(
            &format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": format!("testkit-{suffix}"), "namespace": namespace},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            }),
        )?;
        Ok(())
    }

    /// The REST interface, as a user who may do everything.
    pub fn api(&self) -> &Api {
        &self.state.api
    }

    /// The audit log of this cluster.
    pub fn audit(&self) -> &AuditLog {
        &self.state.audit
    }

    /// Makes a namespace that no other test has; it is deleted when the value is dropped.
    ///
    /// The name is the prefix and a few random digits. When controllers run, the namespace is ready for Pods.
    pub fn namespace(&self, prefix: &str) -> Result<Namespace, Error> {
        Namespace::create(self.clone(), prefix)
    }

    /// Runs `kubectl` as a user who may do everything. That it fails is in the output and no error.
    ///
    /// It is of the version of the API server; an installed one is used only when the API server is too.
    pub fn kubectl<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Output, Error> {
        self.kubectl_with(arguments, "")
    }

    /// Runs `kubectl` with a text on its standard input, such as the manifests for `apply -f -`.
    pub fn kubectl_with<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Result<Output, Error> {
        let mut command = Command::new(programs::kubectl()?);
        command
            .args(arguments)
            .env("KUBECONFIG", &self.state.kubeconfig_path)
            .env("HOME", &self.state.folder)
            .env("TZ", "UTC");
        Output::of(&mut command, input)
    }

    /// Stops the API server where it is: it takes connections and never answers, until
    /// [`Cluster::resume`] is called.
    ///
    /// Errors as [`Error::Foreign`] for a cluster that other tests use too.
    pub fn pause(&self) -> Result<(), Error> {
        let mut processes = self.state.processes("pause")?;
        if let Some(server) = &processes.server {
            server.pause().doing("pausing the API server of", &self.state.folder)?;
            processes.paused = true;
        }
        Ok(())
    }

    /// Lets a paused API server go on.
    pub fn resume(&self) -> Result<(), Error> {
        let mut processes = self.state.processes("resume")?;
        if let Some(server) = &processes.server {
            server.resume().doing("resuming the API server of", &self.state.folder)?;
            processes.paused = false;
        }
        Ok(())
    }

    /// Kills the API server: connections are refused from now on. Its data stays.
    ///
    /// Errors as [`Error::Foreign`] for a cluster that other tests use too.
    pub fn stop(&self) -> Result<(), Error> {
        let mut processes = self.state.processes("stop")?;
        processes.server = None;
        processes.paused = false;
        Ok(())
    }

    /// Starts a stopped API server at the same address with the same data, and waits until it is ready.
    /// Programs beside it that did not survive its absence are started anew.
    pub fn start(&self) -> Result<(), Error> {
        let mut processes = self.state.processes("start")?;
        let processes = &mut *processes;
        if processes.server.is_none() {
            processes.server = Some(processes.server_launch.start()?);
        }
        if let Some(server) = &mut processes.server {
            launch::wait_for_api(&self.state.name, &self.state.api, server)?;
        }
        for (launch, process) in &mut processes.others {
            if process.check(&self.state.name).is_err() {
                *process = launch.start()?;
            }
        }
        Ok(())
    }
}

fn lock(processes: &Mutex<Processes>) -> MutexGuard<'_, Processes> {
    // A test that panicked while it held the lock leaves the processes as they are.
    processes.lock().unwrap_or_else(PoisonError::into_inner)
}
