use std::ops::Deref;

use crate::cluster::{Cluster, Machinery};
use crate::error::Error;
use crate::kamaji;

/// Which tenant is booted, and how much of it.
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct TenantOptions {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) machinery: Machinery,
}

impl TenantOptions {
    /// A tenant of this name in the namespace `default` of the management cluster, with Pods.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: "default".to_owned(), machinery: Machinery::Pods }
    }

    /// The namespace of the management cluster that holds its `TenantControlPlane` and its Secret. It must
    /// exist. `default` unless set.
    pub fn within(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// How much of it runs. [`Machinery::Pods`] unless set.
    pub fn machinery(mut self, machinery: Machinery) -> Self {
        self.machinery = machinery;
        self
    }
}

/// A tenant's cluster. It can be used as a [`Cluster`], and knows where the management cluster keeps its
/// kubeconfig.
#[derive(Debug, Clone)]
pub struct Tenant {
    cluster: Cluster,
    namespace: String,
}

impl Tenant {
    pub(crate) fn new(cluster: Cluster, namespace: String) -> Self {
        Self { cluster, namespace }
    }

    /// The namespace of the management cluster that has the tenant's `TenantControlPlane` and Secret.
    pub fn management_namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the Secret with the keys `admin.conf`, `admin.svc`, `super-admin.conf` and
    /// `super-admin.svc`: the tenant's name and `-admin-kubeconfig`.
    pub fn secret_name(&self) -> String {
        kamaji::secret_name(self.cluster.name())
    }

    /// A kubeconfig like that in the Secret's key `admin.conf`: user `kubernetes-admin` of the group
    /// `kubeadm:cluster-admins`, which may do everything.
    pub fn admin_conf(&self) -> Result<String, Error> {
        self.cluster.kubeconfig_of("kubernetes-admin", Some("kubeadm:cluster-admins"))
    }
}

impl Deref for Tenant {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}
