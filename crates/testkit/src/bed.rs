use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::cluster::{Cluster, Handed, Machinery, State};
use crate::error::{Error, IoContext as _};
use crate::kamaji;
use crate::launch::{self, ServerPlan};
use crate::namespace::Namespace;
use crate::ports::Port;
use crate::process::{Folder, Guarded};
use crate::tenant::{Tenant, TenantOptions};

/// The variable that hands a bed on to other processes: the path of [`Bed::handover`].
pub const BED_VARIABLE: &str = "PINTLE_BED";

/// When this variable is set and not empty, the folders of beds (logs, certificates, etcd's data) stay.
const KEEP_VARIABLE: &str = "PINTLE_KEEP_BED";

/// A management cluster and its tenants, booted the way Kamaji does it: one etcd for all, and for each cluster
/// an API server with its own prefix in etcd, its own certificate authority and RBAC. For each tenant the
/// management cluster holds a `TenantControlPlane` and a Secret with its admin kubeconfigs.
///
/// A bed ends with its last handle (the bed itself, a clone, a [`Cluster`] or a [`Tenant`] of it), and at the
/// latest with the process that booted it, also when that is killed: nothing runs on, and its folder goes away.
///
/// All calls block; that is of no harm in a test, within a tokio runtime or without.
#[derive(Debug, Clone)]
pub struct Bed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    management: Arc<State>,
    /// Each with the namespace of the management cluster that it is declared in.
    tenants: Mutex<Vec<(String, Arc<State>)>>,
    /// Held while a tenant is booted, so that two tests that ask for the same one boot one.
    booting: Mutex<()>,
    etcd: String,
    /// `None` for a bed that another process booted.
    own: Option<Own>,
    handover: PathBuf,
    /// Goes last: the processes write into it.
    folder: Mutex<Folder>,
}

#[derive(Debug)]
struct Own {
    etcd: Mutex<Guarded>,
    _port: Port,
}

/// What is in the file that `PINTLE_BED` names.
#[derive(Debug, Serialize, Deserialize)]
struct Handover {
    etcd: String,
    management: Handed,
    tenants: Vec<HandedTenant>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HandedTenant {
    namespace: String,
    cluster: Handed,
}

/// Options for a bed; see [`Bed::builder`].
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct BedBuilder {
    management: Machinery,
    tenants: Vec<TenantOptions>,
}

impl BedBuilder {
    /// How much of the management cluster runs. [`Machinery::Controllers`] unless set.
    pub fn management(mut self, machinery: Machinery) -> Self {
        self.management = machinery;
        self
    }

    /// Boots this tenant too. Without any, the bed has none until [`Bed::tenant`] or [`Bed::add_tenant`].
    pub fn tenant(mut self, tenant: TenantOptions) -> Self {
        self.tenants.push(tenant);
        self
    }

    /// Boots all of it at once and waits until it works.
    pub fn boot(self) -> Result<Bed, Error> {
        let folder = new_folder()?;
        let path = folder.path().to_owned();
        let (etcd, port, address) = launch::etcd(&path)?;
        let (management, tenants) = std::thread::scope(|scope| {
            let management =
                scope.spawn(|| boot_management(&path.join("management"), &address, self.management));
            let tenants: Vec<_> = self
                .tenants
                .iter()
                .map(|tenant| {
                    let (path, address) = (&path, &address);
                    scope.spawn(move || boot_tenant(path, address, tenant))
                })
                .collect();
            let tenants: Vec<_> = tenants.into_iter().map(joined).collect();
            (joined(management), tenants)
        });
        let management = management?;
        let mut known = Vec::new();
        for (options, tenant) in self.tenants.iter().zip(tenants) {
            let tenant = tenant?;
            kamaji::publish(management.api(), &options.namespace, &tenant)?;
            known.push((options.namespace.clone(), Arc::new(tenant)));
        }
        let inner = Inner {
            management: Arc::new(management),
            tenants: Mutex::new(known),
            booting: Mutex::new(()),
            etcd: address,
            own: Some(Own { etcd: Mutex::new(etcd), _port: port }),
            handover: path.join("bed.json"),
            folder: Mutex::new(folder),
        };
        inner.write_handover()?;
        Ok(Bed(Arc::new(inner)))
    }
}

impl Bed {
    /// The bed that tests share.
    ///
    /// Where the variable `PINTLE_BED` names the file of a bed that another process booted (`cargo xtask
    /// test` does), it is that one; else it is one that this process boots at the first call and keeps to its
    /// end. A shared bed belongs to many tests at once: work in namespaces of your own ([`Bed::namespace`],
    /// [`Cluster::namespace`]), and boot a tenant of your own ([`Bed::add_tenant`]) to stop one.
    pub fn shared() -> Result<Self, Error> {
        static SHARED: OnceLock<Result<Bed, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let bed = match std::env::var_os(BED_VARIABLE).filter(|path| !path.is_empty()) {
                Some(path) => Self::attach(Path::new(&path)),
                None => Self::builder().boot(),
            };
            bed.map_err(|error| error.to_string())
        });
        shared.clone().map_err(|reason| Error::SharedBed { reason })
    }

    /// Options for a bed of one's own.
    pub fn builder() -> BedBuilder {
        BedBuilder { management: Machinery::Controllers, tenants: Vec::new() }
    }

    /// Uses a bed that another process booted, by the file that its [`Bed::handover`] names. Its end is the
    /// business of that process; what is booted by this handle ends with this process.
    pub fn attach(handover: &Path) -> Result<Self, Error> {
        let unusable = |reason: String| Error::Handover { path: handover.to_owned(), reason };
        let text = fs::read_to_string(handover).map_err(|error| unusable(error.to_string()))?;
        let handed: Handover = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
        let management = State::attach(handed.management)?;
        management.api().get("/readyz").map_err(|error| unusable(error.to_string()))?;
        let mut tenants = Vec::new();
        for tenant in handed.tenants {
            tenants.push((tenant.namespace, Arc::new(State::attach(tenant.cluster)?)));
        }
        Ok(Self(Arc::new(Inner {
            management: Arc::new(management),
            tenants: Mutex::new(tenants),
            booting: Mutex::new(()),
            etcd: handed.etcd,
            own: None,
            handover: handover.to_owned(),
            folder: Mutex::new(new_folder()?),
        })))
    }

    /// The file by which other processes use this bed; hand its path on in the variable [`BED_VARIABLE`]. It
    /// holds private keys, and is readable by this user alone.
    pub fn handover(&self) -> &Path {
        &self.0.handover
    }

    /// The management cluster.
    pub fn management(&self) -> Cluster {
        Cluster::new(self.0.management.clone(), self.0.clone())
    }

    /// The tenant of this name in the namespace `default` of the management cluster. It is booted, with
    /// Pods, when the bed has none of that name.
    pub fn tenant(&self, name: &str) -> Result<Tenant, Error> {
        let options = TenantOptions::new(name);
        let _booting = lock(&self.0.booting);
        match self.find(&options) {
            Some(tenant) => Ok(tenant),
            None => self.boot_tenant(&options),
        }
    }

    /// Boots a tenant while the bed runs.
    ///
    /// Errors as [`Error::Refused`] when its namespace already has a tenant of that name; give it a namespace
    /// of your own ([`TenantOptions::within`]).
    pub fn add_tenant(&self, options: &TenantOptions) -> Result<Tenant, Error> {
        self.boot_tenant(options)
    }

    /// Declares a running tenant in one more namespace of the management cluster: another
    /// `TenantControlPlane` and Secret of the same names lead to the same cluster. So a test has the Secret
    /// in a namespace of its own without the cost of booting a tenant.
    pub fn publish(&self, tenant: &Tenant, namespace: &str) -> Result<(), Error> {
        kamaji::publish(self.0.management.api(), namespace, tenant.state())
    }

    /// A namespace of the management cluster that no other test has; it is deleted with the value.
    pub fn namespace(&self, prefix: &str) -> Result<Namespace, Error> {
        self.management().namespace(prefix)
    }

    /// Lets everything run on when this process ends, for somebody to look at.
    ///
    /// Returns the path of a script that ends all of it and removes its folder.
    pub fn leave_running(&self) -> Result<PathBuf, Error> {
        let mut folder = lock(&self.0.folder);
        let pids: Vec<String> = self.pids().iter().map(u32::to_string).collect();
        self.0.management.release();
        lock(&self.0.tenants).iter().for_each(|(_, tenant)| tenant.release());
        if let Some(own) = &self.0.own {
            lock(&own.etcd).release();
        }
        let script = folder.path().join("stop.sh");
        let text =
            format!("#!/bin/sh\nkill -KILL {}\nrm -rf '{}'\n", pids.join(" "), folder.path().display());
        launch::write(&script, &text)?;
        folder.release();
        Ok(script)
    }

    /// The process ids of what this process runs for the bed: etcd, API servers and what is beside them.
    pub fn pids(&self) -> Vec<u32> {
        let mut pids = self.0.management.pids();
        pids.extend(lock(&self.0.tenants).iter().flat_map(|(_, tenant)| tenant.pids()));
        pids.extend(self.0.own.as_ref().map(|own| lock(&own.etcd).pid()));
        pids
    }

    /// Looks whether all that this process runs for the bed still runs.
    ///
    /// Errors as [`Error::Ended`], with the end of its log, for a program that ended by itself: etcd on a full
    /// disk, say. What a test stopped ([`Cluster::stop`]) is not missed.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(own) = &self.0.own {
            lock(&own.etcd).check("the bed")?;
        }
        self.0.management.check()?;
        lock(&self.0.tenants).iter().try_for_each(|(_, tenant)| tenant.check())
    }

    /// The tenant of this name and namespace, if the bed has it.
    pub fn find_tenant(&self, options: &TenantOptions) -> Option<Tenant> {
        self.find(options)
    }

    fn find(&self, options: &TenantOptions) -> Option<Tenant> {
        let tenants = lock(&self.0.tenants);
        let (namespace, state) = tenants
            .iter()
            .find(|(namespace, state)| *namespace == options.namespace && state.name() == options.name)?;
        Some(self.handle(namespace, state))
    }

    fn handle(&self, namespace: &str, state: &Arc<State>) -> Tenant {
        Tenant::new(Cluster::new(state.clone(), self.0.clone()), namespace.to_owned())
    }

    fn boot_tenant(&self, options: &TenantOptions) -> Result<Tenant, Error> {
        let folder = lock(&self.0.folder).path().to_owned();
        let state = Arc::new(boot_tenant(&folder, &self.0.etcd, options)?);
        kamaji::publish(self.0.management.api(), &options.namespace, &state)?;
        lock(&self.0.tenants).push((options.namespace.clone(), state.clone()));
        if self.0.own.is_some() {
            self.0.write_handover()?;
        }
        Ok(self.handle(&options.namespace, &state))
    }
}

impl Inner {
    fn write_handover(&self) -> Result<(), Error> {
        let tenants = lock(&self.tenants);
        let handover = Handover {
            etcd: self.etcd.clone(),
            management: self.management.hand(),
            tenants: tenants
                .iter()
                .map(|(namespace, state)| HandedTenant {
                    namespace: namespace.clone(),
                    cluster: state.hand(),
                })
                .collect(),
        };
        let text = serde_json::to_string_pretty(&handover)
            .map_err(|error| Error::Handover { path: self.handover.clone(), reason: error.to_string() })?;
        // Written beside its place and moved there, so that no reader finds half of it.
        let scratch = self.handover.with_extension("new");
        launch::write(&scratch, &text)?;
        fs::rename(&scratch, &self.handover).doing("writing", &self.handover)
    }
}

fn new_folder() -> Result<Folder, Error> {
    let mut folder = Folder::new("pintle-bed-")?;
    if std::env::var_os(KEEP_VARIABLE).is_some_and(|value| !value.is_empty()) {
        folder.release();
    }
    Ok(folder)
}

fn boot_management(folder: &Path, etcd: &str, machinery: Machinery) -> Result<State, Error> {
    let plan = ServerPlan { cluster: "management", etcd, prefix: "/management", names: &[], folder };
    let state = State::boot(&plan, machinery)?;
    kamaji::install_definition(state.api())?;
    Ok(state)
}

/// Boots a tenant's control plane, without declaring it in the management cluster.
fn boot_tenant(folder: &Path, etcd: &str, options: &TenantOptions) -> Result<State, Error> {
    let TenantOptions { name, namespace, machinery } = options;
    let fits = !name.is_empty()
        && name.len() <= 40
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if !fits {
        return Err(Error::Name {
            what: "the tenant",
            name: name.clone(),
            reason: "it must have 1 to 40 lower-case letters, digits and `-`",
        });
    }
    // The random part keeps two processes apart that boot tenants of the same name into one etcd.
    let unique = format!("{namespace}-{name}-{}", uuid::Uuid::new_v4().simple());
    let plan = ServerPlan {
        cluster: name,
        etcd,
        prefix: &format!("/{unique}"),
        names: &[format!("{name}.{namespace}.svc"), format!("{name}.{namespace}.svc.cluster.local")],
        folder: &folder.join(&unique),
    };
    let state = State::boot(&plan, *machinery)?;
    kamaji::grant_admins(state.api())?;
    Ok(state)
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a test that panicked left behind is still whole: nothing is changed half-way under these locks.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
