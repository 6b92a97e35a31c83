//! What Kamaji leaves in the management cluster for each tenant: a `TenantControlPlane` and a Secret.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::cluster::State;
use crate::error::Error;
use crate::parts::KUBERNETES_VERSION;

const CRD: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tenantcontrolplanes.kamaji.clastix.io";

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
    management.apply(CRD, &definition())?;
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
    let internal = format!("https://{name}.{namespace}.svc:6443");
    let admin = ("kubernetes-admin", "kubeadm:cluster-admins");
    let super_admin = ("kubernetes-super-admin", "system:masters");
    let mut data = serde_json::Map::new();
    let mut checksum = Sha256::new();
    for (key, server, (user, group)) in [
        ("admin.conf", tenant.server(), admin),
        ("admin.svc", internal.as_str(), admin),
        ("super-admin.conf", tenant.server(), super_admin),
        ("super-admin.svc", internal.as_str(), super_admin),
    ] {
        let text = tenant.kubeconfig_of(server, user, Some(group))?;
        checksum.update(text.as_bytes());
        data.insert(key.to_owned(), BASE64_STANDARD.encode(text).into());
    }
    let checksum: String = checksum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
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

/// The resource definition, with Kamaji's names and the fields of its spec and status that a reader uses.
fn definition() -> Value {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer", "format": "int32"});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let flag = || json!({"type": "boolean"});
    // What a reader hardly looks into is kept as it is written.
    let open = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let time = || json!({"type": "string", "format": "date-time"});
    let kept = || object(json!({"secretName": text(), "checksum": text(), "lastUpdate": time()}));
    let addon = || {
        json!({
            "type": "object",
            "properties": {"enabled": flag(), "lastUpdate": time()},
            "required": ["enabled"],
            "x-kubernetes-preserve-unknown-fields": true,
        })
    };
    let spec = object(json!({
        "dataStore": text(),
        "dataStoreSchema": text(),
        "dataStoreUsername": text(),
        "writePermissions": object(json!({
            "blockCreation": flag(), "blockUpdate": flag(), "blockDeletion": flag(),
        })),
        "controlPlane": open(),
        "kubernetes": {
            "type": "object",
            "properties": {"version": text(), "kubelet": open(), "admissionControllers": texts()},
            "required": ["version"],
        },
        "networkProfile": object(json!({
            "address": text(),
            "advertiseAddress": text(),
            "allowAddressAsExternalIP": flag(),
            "certSANs": texts(),
            "clusterDomain": text(),
            "dnsServiceIPs": texts(),
            "loadBalancerClass": text(),
            "loadBalancerSourceRanges": texts(),
            "podCidr": text(),
            "podCidrs": texts(),
            "port": number(),
            "serviceCidr": text(),
            "serviceCidrs": texts(),
        })),
        "addons": object(json!({"coreDNS": open(), "konnectivity": open(), "kubeProxy": open()})),
    }));
    let status = object(json!({
        "observedGeneration": {"type": "integer", "format": "int64"},
        "controlPlaneEndpoint": text(),
        "addons": object(json!({"coreDNS": addon(), "konnectivity": addon(), "kubeProxy": addon()})),
        "certificates": {
            "type": "object",
            "properties": {"ca": kept()},
            "x-kubernetes-preserve-unknown-fields": true,
        },
        "kubeadmPhase": open(),
        "kubeadmconfig": open(),
        "kubeconfig": object(json!({"admin": kept(), "controllerManager": kept(), "scheduler": kept()})),
        "kubernetesResources": object(json!({
            "version": object(json!({
                "status": {
                    "type": "string",
                    "default": "Unknown",
                    "enum": [
                        "Unknown", "Provisioning", "CertificateAuthorityRotating", "Upgrading", "Migrating",
                        "Ready", "NotReady", "Sleeping", "WriteLimited",
                    ],
                },
                "version": text(),
            })),
            "deployment": open(),
            "service": open(),
            "ingress": open(),
            "gateway": open(),
        })),
        "storage": {
            "type": "object",
            "properties": {"driver": text(), "dataStoreName": text()},
            "x-kubernetes-preserve-unknown-fields": true,
        },
    }));
    let column = |name: &str, path: &str| json!({"name": name, "type": "string", "jsonPath": path});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "tenantcontrolplanes.kamaji.clastix.io"},
        "spec": {
            "group": "kamaji.clastix.io",
            "names": {
                "kind": "TenantControlPlane",
                "listKind": "TenantControlPlaneList",
                "plural": "tenantcontrolplanes",
                "singular": "tenantcontrolplane",
                "shortNames": ["tcp"],
                "categories": ["kamaji"],
            },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    column("Version", ".spec.kubernetes.version"),
                    column("Installed Version", ".status.kubernetesResources.version.version"),
                    column("Status", ".status.kubernetesResources.version.status"),
                    column("Control-Plane endpoint", ".status.controlPlaneEndpoint"),
                    column("Kubeconfig", ".status.kubeconfig.admin.secretName"),
                    column("Datastore", ".status.storage.dataStoreName"),
                ],
                "schema": {"openAPIV3Schema": object(json!({
                    "apiVersion": text(),
                    "kind": text(),
                    "metadata": {"type": "object"},
                    "spec": spec,
                    "status": status,
                }))},
            }],
        },
    })
}
