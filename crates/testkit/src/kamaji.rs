//! What Kamaji leaves in the management cluster for each tenant: a `TenantControlPlane` and a Secret.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::cluster::State;
use crate::digest::sha256;
use crate::error::Error;
use crate::parts::KUBERNETES_VERSION;

const CRD: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tenantcontrolplanes.kamaji.clastix.io";

/// The resource definition, with Kamaji's names and the fields of spec and status that a reader uses.
const DEFINITION: &str = include_str!("tenantcontrolplane.yaml");

/// The path of the `TenantControlPlane` objects of a namespace.
pub(crate) fn collection(namespace: &str) -> String {
    format!("/apis/kamaji.clastix.io/v1alpha1/namespaces/{namespace}/tenantcontrolplanes")
}

/// The name of the Secret that holds a tenant's admin kubeconfigs.
pub(crate) fn secret_name(tenant: &str) -> String {
    format!("{tenant}-admin-kubeconfig")
}

/// Installs the `TenantControlPlane` resource definition and waits until it is served.
pub(crate) fn install_definition(management: &Api) -> Result<(), Error> {
    management.apply_text(CRD, DEFINITION)?;
    management.wait_until(CRD, "the definition being served", Duration::from_secs(60), |seen| {
        let conditions = seen.and_then(|crd| crd.pointer("/status/conditions")?.as_array());
        conditions
            .is_some_and(|all| all.iter().any(|one| one["type"] == "Established" && one["status"] == "True"))
    })
}

/// Gives the group of kubeadm's `admin.conf` its rights in a tenant, as kubeadm does.
pub(crate) fn grant_admins(tenant: &Api) -> Result<(), Error> {
    let name = "kubeadm:cluster-admins";
    tenant.apply(
        &format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}"),
        &json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}],
        }),
    )?;
    Ok(())
}

/// Writes a tenant's `TenantControlPlane` and its Secret into a namespace of the management cluster.
///
/// Errors as [`Error::Refused`] with status 409 when the namespace has a tenant of that name.
pub(crate) fn publish(management: &Api, namespace: &str, tenant: &State) -> Result<(), Error> {
    let name = tenant.name();
    let port: u16 = tenant.server().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    let object = management.create(
        &collection(namespace),
        &json!({
            "apiVersion": "kamaji.clastix.io/v1alpha1",
            "kind": "TenantControlPlane",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "dataStore": "default",
                "kubernetes": {"version": KUBERNETES_VERSION, "kubelet": {"cgroupfs": "systemd"}},
                "controlPlane": {
                    "deployment": {"replicas": 1},
                    "service": {"serviceType": "ClusterIP"},
                },
                "networkProfile": {
                    "address": "127.0.0.1",
                    "port": port,
                    "certSANs": ["127.0.0.1"],
                    "clusterDomain": "cluster.local",
                    "serviceCidr": "10.96.0.0/16",
                    "podCidr": "10.244.0.0/16",
                    "dnsServiceIPs": ["10.96.0.10"],
                },
                "addons": {},
            },
        }),
    )?;
    let (data, checksum) = kubeconfigs(namespace, tenant)?;
    let secret = secret_name(name);
    management.create(
        &format!("/api/v1/namespaces/{namespace}/secrets"),
        &json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": secret,
                "namespace": namespace,
                "labels": {
                    "kamaji.clastix.io/project": "kamaji",
                    "kamaji.clastix.io/name": name,
                    "kamaji.clastix.io/component": "admin-kubeconfig",
                    "kamaji.clastix.io/certificate_lifecycle_controller": "kubeconfig",
                },
                "annotations": {"kamaji.clastix.io/checksum": checksum},
                "ownerReferences": [{
                    "apiVersion": "kamaji.clastix.io/v1alpha1",
                    "kind": "TenantControlPlane",
                    "name": name,
                    "uid": object.pointer("/metadata/uid").cloned().unwrap_or_default(),
                    "controller": true,
                    "blockOwnerDeletion": true,
                }],
            },
            "type": "Opaque",
            "data": data,
        }),
    )?;
    let generation = object.pointer("/metadata/generation").cloned().unwrap_or_default();
    let created = object.pointer("/metadata/creationTimestamp").cloned().unwrap_or_default();
    management.merge(
        &format!("{}/{name}/status", collection(namespace)),
        &json!({"status": {
            "observedGeneration": generation,
            "controlPlaneEndpoint": format!("127.0.0.1:{port}"),
            "kubernetesResources": {
                "version": {"status": "Ready", "version": KUBERNETES_VERSION},
                "deployment": {
                    "name": name, "namespace": namespace, "selector": format!("kamaji.clastix.io/name={name}"),
                    "replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1,
                },
                "service": {"name": name, "namespace": namespace, "port": port},
            },
            "kubeconfig": {
                "admin": {"secretName": secret, "checksum": checksum, "lastUpdate": created},
            },
            "certificates": {
                "ca": {"secretName": format!("{name}-ca"), "checksum": checksum, "lastUpdate": created},
            },
            "storage": {"driver": "etcd", "dataStoreName": "default"},
            "addons": {
                "coreDNS": {"enabled": false},
                "kubeProxy": {"enabled": false},
                "konnectivity": {"enabled": false},
            },
        }}),
    )?;
    Ok(())
}

/// The keys of the Secret, encoded, and the checksum of all of them.
fn kubeconfigs(namespace: &str, tenant: &State) -> Result<(Map<String, Value>, String), Error> {
    let internal = format!("https://{}.{namespace}.svc:6443", tenant.name());
    let admin = ("kubernetes-admin", "kubeadm:cluster-admins");
    let super_admin = ("kubernetes-super-admin", "system:masters");
    let mut data = Map::new();
    let mut all = String::new();
    for (key, server, (user, group)) in [
        ("admin.conf", tenant.server(), admin),
        ("admin.svc", internal.as_str(), admin),
        ("super-admin.conf", tenant.server(), super_admin),
        ("super-admin.svc", internal.as_str(), super_admin),
    ] {
        let text = tenant.kubeconfig_of(server, user, Some(group))?;
        all.push_str(&text);
        data.insert(key.to_owned(), BASE64_STANDARD.encode(text).into());
    }
    Ok((data, sha256(all.as_bytes())))
}
