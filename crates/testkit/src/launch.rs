//! How each program of a bed is started, and how it is known to be ready.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::audit;
use crate::error::{Error, IoContext as _};
use crate::kubeconfig;
use crate::pki::{self, Authority, Identity};
use crate::ports::Port;
use crate::process::Guarded;
use crate::programs;

/// How long a program may take to become ready. A quiet machine needs five seconds for an API server; this
/// is for one that compiles at the same time.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often it is looked whether it is.
const POLL: Duration = Duration::from_millis(50);

/// A program with its command line, which can be started more than once.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Launch {
    pub(crate) fn new(name: &'static str, program: PathBuf, folder: &Path, arguments: Vec<String>) -> Self {
        Self { name, program, arguments, folder: folder.to_owned() }
    }

    pub(crate) fn start(&self) -> Result<Guarded, Error> {
        Guarded::start(&self.program, &self.arguments, &self.folder, &self.log())
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }
}

/// Writes a file that only this user reads.
pub(crate) fn write(path: &Path, text: &str) -> Result<String, Error> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .doing("writing", path)?;
    Ok(path.display().to_string())
}

/// Starts etcd and waits until it answers; returns its address too.
pub(crate) fn etcd(folder: &Path) -> Result<(Guarded, Port, String), Error> {
    let port = Port::reserve()?;
    let address = format!("http://127.0.0.1:{}", port.number());
    let arguments = [
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={address}"),
        format!("--advertise-client-urls={address}"),
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        // Nothing here outlives a power cut, so nothing has to reach the disk.
        "--unsafe-no-fsync=true".to_owned(),
        "--log-level=warn".to_owned(),
        // A suite with many tenants writes more than the 2 GiB that are the default.
        "--quota-backend-bytes=8589934592".to_owned(),
    ];
    let launch = Launch::new("etcd", programs::control_plane("etcd")?, folder, arguments.into());
    let mut etcd = launch.start()?;
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .proxy(None)
        .build()
        .new_agent();
    wait("etcd", "the bed", &mut etcd, || {
        let mut answer = agent.get(format!("{address}/health")).call().map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        if text.contains("\"true\"") { Ok(()) } else { Err(text) }
    })?;
    Ok((etcd, port, address))
}

/// What an API server is made from.
pub(crate) struct ServerPlan<'a> {
    /// The cluster's name.
    pub(crate) cluster: &'a str,
    /// The address of etcd.
    pub(crate) etcd: &'a str,
    /// The prefix of the cluster's keys in etcd, which no other cluster has.
    pub(crate) prefix: &'a str,
    /// Further DNS names in the serving certificate.
    pub(crate) names: &'a [String],
    /// A folder of the cluster's own.
    pub(crate) folder: &'a Path,
}

/// The command line of an API server, after all its files are written.
pub(crate) fn api_server(plan: &ServerPlan<'_>, authority: &Authority, port: u16) -> Result<Launch, Error> {
    let folder = plan.folder;
    let mut names =
        vec!["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    names.extend(plan.names.iter().map(String::as_str));
    let serving = authority.server(&names)?;
    let (private, public) = pki::signing_key()?;
    let ca = write(&folder.join("ca.crt"), &authority.certificate)?;
    let certificate = write(&folder.join("apiserver.crt"), &serving.certificate)?;
    let key = write(&folder.join("apiserver.key"), &serving.key)?;
    let signing = write(&folder.join("sa.key"), &private)?;
    let verifying = write(&folder.join("sa.pub"), &public)?;
    let policy = write(&folder.join("audit-policy.yaml"), audit::POLICY)?;
    let audit = write(&audit_log(folder), "")?;
    let arguments = vec![
        format!("--etcd-servers={}", plan.etcd),
        format!("--etcd-prefix={}", plan.prefix),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--cert-dir={}", folder.join("certificates").display()),
        format!("--tls-cert-file={certificate}"),
        format!("--tls-private-key-file={key}"),
        format!("--client-ca-file={ca}"),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        format!("--service-account-key-file={verifying}"),
        format!("--service-account-signing-key-file={signing}"),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        // Loopback addresses are refused in endpoints; nothing reads those of `kubernetes` here.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--audit-log-path={audit}"),
        format!("--audit-policy-file={policy}"),
        "--audit-log-format=json".to_owned(),
        // In megabytes. A rotated log would lose what a mark points to.
        "--audit-log-maxsize=1000000".to_owned(),
        "--profiling=false".to_owned(),
    ];
    Ok(Launch::new("kube-apiserver", programs::control_plane("kube-apiserver")?, folder, arguments))
}

/// The file that the API server of this folder writes its audit log to.
pub(crate) fn audit_log(folder: &Path) -> PathBuf {
    folder.join("audit.jsonl")
}

/// Waits until an API server is ready for requests.
pub(crate) fn wait_for_api(cluster: &str, api: &Api, server: &mut Guarded) -> Result<(), Error> {
    wait("kube-apiserver", cluster, server, || {
        api.get("/readyz").map(drop).map_err(|error| error.to_string())
    })
}

/// The controller-manager of a cluster.
pub(crate) fn controller_manager(cluster: &Members<'_>) -> Result<Launch, Error> {
    let folder = cluster.folder;
    let kubeconfig = cluster.kubeconfig("system:kube-controller-manager", None)?;
    let arguments = vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--service-account-private-key-file={}", folder.join("sa.key").display()),
        format!("--root-ca-file={}", folder.join("ca.crt").display()),
        // As kubeadm has it: each controller is a user of its own, with no more rights than it needs.
        "--use-service-account-credentials=true".to_owned(),
        // On a busy machine these mark kwok's node as not ready and evict its Pods.
        "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller".to_owned(),
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ];
    let program = programs::control_plane("kube-controller-manager")?;
    Ok(Launch::new("kube-controller-manager", program, folder, arguments))
}

/// The scheduler of a cluster.
pub(crate) fn scheduler(cluster: &Members<'_>) -> Result<Launch, Error> {
    let kubeconfig = cluster.kubeconfig("system:kube-scheduler", None)?;
    let arguments = vec![
        format!("--kubeconfig={kubeconfig}"),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ];
    Ok(Launch::new("kube-scheduler", programs::control_plane("kube-scheduler")?, cluster.folder, arguments))
}

/// kwok for a cluster.
pub(crate) fn kwok(cluster: &Members<'_>) -> Result<Launch, Error> {
    let kubeconfig = cluster.kubeconfig("kwok", Some("system:masters"))?;
    let (program, stages) = programs::kwok()?;
    let outcomes = write(&cluster.folder.join("outcomes.yaml"), include_str!("outcomes.yaml"))?;
    let arguments = vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--config={}", stages.display()),
        format!("--config={outcomes}"),
        "--manage-all-nodes=true".to_owned(),
    ];
    Ok(Launch::new("kwok", program, cluster.folder, arguments))
}

/// What the programs beside an API server need to know of it.
pub(crate) struct Members<'a> {
    pub(crate) name: &'a str,
    pub(crate) server: &'a str,
    pub(crate) authority: &'a Authority,
    pub(crate) folder: &'a Path,
}

impl Members<'_> {
    /// Writes the kubeconfig of a program and returns its path.
    fn kubeconfig(&self, user: &str, group: Option<&str>) -> Result<String, Error> {
        let identity: Identity = self.authority.client(user, group)?;
        let text = kubeconfig::text(self.name, self.server, &self.authority.certificate, user, &identity);
        write(&self.folder.join(format!("{}.kubeconfig", user.trim_start_matches("system:"))), &text)
    }
}

/// Waits until a look at a program succeeds; ends early, with the end of its log, when the program ends.
pub(crate) fn wait(
    program: &str,
    owner: &str,
    process: &mut Guarded,
    mut look: impl FnMut() -> Result<(), String>,
) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        let last = match look() {
            Ok(()) => return Ok(()),
            Err(last) => last,
        };
        process.check(owner)?;
        if started.elapsed() > PATIENCE {
            return Err(Error::TimedOut {
                what: format!("{program} of {owner} becoming ready"),
                waited: PATIENCE,
                last,
                tail: process.tail(),
            });
        }
        std::thread::sleep(POLL);
    }
}
