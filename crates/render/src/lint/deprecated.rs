//! Versions of APIs that Kubernetes has deprecated (Helm: `pkg/chart/v2/lint/rules/deprecations.go`; the facts are those
//! that the types of Kubernetes 1.37 state: `k8s.io/api`, `zz_generated.prerelease-lifecycle.go`).

use super::object::Head;
use crate::KubeVersion;

/// Kinds that are deprecated together. All in version 1 of Kubernetes.
struct Deprecated {
    api: &'static str,
    /// The second number of the version that deprecated them.
    since: u32,
    /// The second number of the version that removed them, or will; 0 where none is planned.
    removed: u32,
    /// The API that has them now; empty for none.
    instead: &'static str,
    /// The kinds, between blanks. `Kind=Other` is called so where it is now.
    kinds: &'static str,
}

const fn deprecated(
    api: &'static str,
    since: u32,
    removed: u32,
    instead: &'static str,
    kinds: &'static str,
) -> Deprecated {
    Deprecated { api, since, removed, instead, kinds }
}

#[rustfmt::skip]
const DEPRECATED: &[Deprecated] = &[
    deprecated("v1", 19, 0, "", "ComponentStatus ComponentStatusList"),
    deprecated("v1", 33, 0, "discovery.k8s.io/v1", "Endpoints=EndpointSlice EndpointsList=EndpointSliceList"),
    deprecated("admissionregistration.k8s.io/v1alpha1", 35, 38, "",
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList \
         MutatingAdmissionPolicyList"),
    deprecated("admissionregistration.k8s.io/v1alpha1", 29, 32, "",
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList \
         ValidatingAdmissionPolicyList"),
    deprecated("admissionregistration.k8s.io/v1beta1", 37, 40, "admissionregistration.k8s.io/v1",
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList \
         MutatingAdmissionPolicyList"),
    deprecated("admissionregistration.k8s.io/v1beta1", 16, 22, "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration MutatingWebhookConfigurationList ValidatingWebhookConfiguration \
         ValidatingWebhookConfigurationList"),
    deprecated("admissionregistration.k8s.io/v1beta1", 31, 34, "",
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList \
         ValidatingAdmissionPolicyList"),
    deprecated("apps/v1beta1", 8, 16, "apps/v1",
        "ControllerRevision ControllerRevisionList Deployment DeploymentList DeploymentRollback StatefulSet \
         StatefulSetList"),
    deprecated("apps/v1beta1", 8, 16, "autoscaling/v1", "Scale"),
    deprecated("apps/v1beta2", 9, 16, "apps/v1",
        "ControllerRevision ControllerRevisionList DaemonSet DaemonSetList Deployment DeploymentList ReplicaSet \
         ReplicaSetList StatefulSet StatefulSetList"),
    deprecated("apps/v1beta2", 9, 16, "autoscaling/v1", "Scale"),
    deprecated("authentication.k8s.io/v1alpha1", 29, 32, "", "SelfSubjectReview"),
    deprecated("authentication.k8s.io/v1beta1", 30, 33, "", "SelfSubjectReview"),
    deprecated("authentication.k8s.io/v1beta1", 19, 22, "authentication.k8s.io/v1", "TokenReview"),
    deprecated("authorization.k8s.io/v1beta1", 19, 22, "authorization.k8s.io/v1",
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview"),
    deprecated("batch/v1beta1", 21, 25, "batch/v1", "CronJob CronJobList"),
    deprecated("certificates.k8s.io/v1alpha1", 34, 37, "", "ClusterTrustBundle ClusterTrustBundleList"),
    deprecated("certificates.k8s.io/v1beta1", 19, 22, "certificates.k8s.io/v1",
        "CertificateSigningRequest CertificateSigningRequestList"),
    deprecated("certificates.k8s.io/v1beta1", 37, 40, "certificates.k8s.io/v1",
        "ClusterTrustBundle ClusterTrustBundleList PodCertificateRequest PodCertificateRequestList"),
    deprecated("coordination.k8s.io/v1alpha2", 35, 38, "", "LeaseCandidate LeaseCandidateList"),
    deprecated("coordination.k8s.io/v1beta1", 19, 22, "coordination.k8s.io/v1", "Lease LeaseList"),
    deprecated("coordination.k8s.io/v1beta1", 36, 39, "", "LeaseCandidate LeaseCandidateList"),
    deprecated("discovery.k8s.io/v1beta1", 21, 25, "discovery.k8s.io/v1", "EndpointSlice"),
    deprecated("discovery.k8s.io/v1beta1", 21, 25, "discovery.k8s.io/v1", "EndpointSliceList=EndpointSlice"),
    deprecated("events.k8s.io/v1beta1", 22, 25, "", "Event EventList"),
    deprecated("extensions/v1beta1", 8, 16, "apps/v1",
        "DaemonSet DaemonSetList Deployment DeploymentList ReplicaSet ReplicaSetList"),
    deprecated("extensions/v1beta1", 8, 16, "", "DeploymentRollback"),
    deprecated("extensions/v1beta1", 14, 22, "networking.k8s.io/v1", "Ingress IngressList"),
    deprecated("extensions/v1beta1", 9, 16, "networking.k8s.io/v1", "NetworkPolicy NetworkPolicyList"),
    deprecated("extensions/v1beta1", 2, 16, "", "Scale"),
    deprecated("flowcontrol.apiserver.k8s.io/v1beta1", 23, 26, "flowcontrol.apiserver.k8s.io/v1beta3",
        "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"),
    deprecated("flowcontrol.apiserver.k8s.io/v1beta2", 26, 29, "flowcontrol.apiserver.k8s.io/v1beta3",
        "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"),
    deprecated("flowcontrol.apiserver.k8s.io/v1beta3", 29, 32, "flowcontrol.apiserver.k8s.io/v1",
        "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"),
    deprecated("lifecycle.k8s.io/v1alpha1", 40, 43, "",
        "Eviction EvictionList EvictionRequest EvictionRequestList"),
    deprecated("networking.k8s.io/v1beta1", 34, 37, "", "IPAddress IPAddressList ServiceCIDR ServiceCIDRList"),
    deprecated("networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1",
        "Ingress IngressClassList IngressList"),
    deprecated("networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1", "IngressClass=IngressClassList"),
    deprecated("node.k8s.io/v1beta1", 22, 25, "", "RuntimeClass RuntimeClassList"),
    deprecated("policy/v1beta1", 22, 25, "", "Eviction"),
    deprecated("policy/v1beta1", 21, 25, "policy/v1", "PodDisruptionBudget PodDisruptionBudgetList"),
    deprecated("rbac.authorization.k8s.io/v1beta1", 17, 22, "rbac.authorization.k8s.io/v1",
        "ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList Role RoleBinding RoleBindingList \
         RoleList"),
    deprecated("resource.k8s.io/v1alpha3", 36, 39, "", "DeviceTaintRule DeviceTaintRuleList"),
    deprecated("resource.k8s.io/v1alpha3", 39, 42, "", "ResourcePoolStatusRequest ResourcePoolStatusRequestList"),
    deprecated("resource.k8s.io/v1beta1", 35, 38, "",
        "DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate \
         ResourceClaimTemplateList ResourceSlice ResourceSliceList"),
    deprecated("resource.k8s.io/v1beta2", 36, 39, "",
        "DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate \
         ResourceClaimTemplateList ResourceSlice ResourceSliceList"),
    deprecated("resource.k8s.io/v1beta2", 39, 42, "", "DeviceTaintRule DeviceTaintRuleList"),
    deprecated("scheduling.k8s.io/v1beta1", 40, 43, "", "PodGroup PodGroupList Workload WorkloadList"),
    deprecated("scheduling.k8s.io/v1beta1", 14, 22, "scheduling.k8s.io/v1", "PriorityClass PriorityClassList"),
    deprecated("storage.k8s.io/v1alpha1", 21, 24, "storage.k8s.io/v1beta1",
        "CSIStorageCapacity CSIStorageCapacityList"),
    deprecated("storage.k8s.io/v1alpha1", 21, 24, "storage.k8s.io/v1", "VolumeAttachment VolumeAttachmentList"),
    deprecated("storage.k8s.io/v1alpha1", 32, 35, "storage.k8s.io/v1",
        "VolumeAttributesClass VolumeAttributesClassList"),
    deprecated("storage.k8s.io/v1beta1", 19, 22, "storage.k8s.io/v1",
        "CSIDriver CSIDriverList StorageClass StorageClassList VolumeAttachment VolumeAttachmentList"),
    deprecated("storage.k8s.io/v1beta1", 17, 22, "storage.k8s.io/v1", "CSINode"),
    deprecated("storage.k8s.io/v1beta1", 17, 22, "storage.k8s.io/v1", "CSINodeList=CSINode"),
    deprecated("storage.k8s.io/v1beta1", 24, 27, "storage.k8s.io/v1",
        "CSIStorageCapacity CSIStorageCapacityList"),
    deprecated("storage.k8s.io/v1beta1", 34, 37, "storage.k8s.io/v1",
        "VolumeAttributesClass VolumeAttributesClassList"),
    deprecated("storagemigration.k8s.io/v1beta1", 37, 40, "storagemigration.k8s.io/v1",
        "StorageVersionMigration StorageVersionMigrationList"),
];

/// Says that the object's version of its API is deprecated in this version of Kubernetes, and what to use instead.
pub(super) fn check(object: &Head, kube_version: &KubeVersion) -> Result<(), String> {
    let found = DEPRECATED.iter().filter(|entry| entry.api == object.api_version).find_map(|entry| {
        let kind = entry.kinds.split(' ').find(|kind| kind.split('=').next() == Some(&object.kind))?;
        Some((entry, kind.split_once('=').map_or(object.kind.as_str(), |(_, now)| now)))
    });
    let Some((entry, now)) = found else { return Ok(()) };
    let number = |text: &str| {
        text.parse::<u32>()
            .map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", pintle_value::quoted(text)))
    };
    let (major, minor) = (number(&kube_version.major)?, number(&kube_version.minor)?);
    if (major, minor) < (1, entry.since) && (major, minor) != (0, 0) {
        return Ok(());
    }
    let (api, kind) = (entry.api, &object.kind);
    let mut text = format!("{api} {kind} is deprecated in v1.{}+", entry.since);
    if entry.removed > 0 {
        text = format!("{text}, unavailable in v1.{}+", entry.removed);
    }
    if !entry.instead.is_empty() {
        text = format!("{text}; use {} {now}", entry.instead);
    }
    Err(text)
}
