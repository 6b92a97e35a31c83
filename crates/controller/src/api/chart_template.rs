//! `spec.chart`: which chart of which source a release is made from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::LocalReference;
use super::schema::{INTERVAL, SOURCE_TIMEOUT};
use crate::duration::GoDuration;

/// The chart of a release, and the source that it comes from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || (has(self.spec.url) && size(self.spec.url) > 0)",
        "message": "kind OCIRepository needs spec.url",
    },
    {
        "rule": "!has(self.spec.url) || (has(self.kind) && self.kind == 'OCIRepository')",
        "message": "spec.url goes with kind OCIRepository only; a HelmChart has spec.chart and spec.sourceRef",
    },
    {
        "rule": "(has(self.kind) && self.kind == 'OCIRepository') || (has(self.spec.chart) && has(self.spec.sourceRef))",
        "message": "spec.chart and spec.sourceRef are needed unless kind is OCIRepository",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.chart)",
        "message": "kind OCIRepository takes no spec.chart",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.version) || self.spec.version == '*'",
        "message": "kind OCIRepository takes no spec.version",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.sourceRef)",
        "message": "kind OCIRepository takes no spec.sourceRef",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.reconcileStrategy) || self.spec.reconcileStrategy == 'ChartVersion'",
        "message": "kind OCIRepository takes no spec.reconcileStrategy",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.valuesFiles)",
        "message": "kind OCIRepository takes no spec.valuesFiles",
    },
    {
        "rule": "!has(self.kind) || self.kind != 'OCIRepository' || !has(self.spec.ignoreMissingValuesFiles)",
        "message": "kind OCIRepository takes no spec.ignoreMissingValuesFiles",
    },
]))]
pub struct ChartTemplate {
    /// Kind of the source object that Flux would make for this chart. Default: `HelmChart`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ChartTemplateKind>,
    /// Labels and annotations for the source object that Flux would make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,
    /// The chart itself.
    pub spec: ChartSpec,
}

/// Kinds of source object that a chart template stands for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ChartTemplateKind {
    /// A chart of a repository, a Git repository or a bucket.
    HelmChart,
    /// A chart in an OCI registry.
    OCIRepository,
}

/// Labels and annotations of an object that is made from a template.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct TemplateMetadata {
    /// Annotations to set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels to set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Name, version and source of a chart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartSpec {
    /// Name of the chart in its repository, or its path in a Git repository or bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub chart: Option<String>,
    /// Version, or range of versions, of the chart. Default: `*`, the newest that is not a pre-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The source that holds the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceReference>,
    /// How often the source is looked at for a newer version. Default: the release's interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub interval: Option<GoDuration>,
    /// What counts as a new chart. Default: `ChartVersion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile_strategy: Option<ReconcileStrategy>,
    /// Files of the chart that take the place of its `values.yaml`; later files win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
    /// Whether files of `valuesFiles` that the chart does not have are passed over. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_missing_values_files: Option<bool>,
    /// How the chart's signature is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verification>,
    /// Address of the OCI artifact, without a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^oci://.*$"))]
    pub url: Option<String>,
    /// Which tag or digest of the OCI artifact is taken. Default: the tag `latest`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<OciReference>,
    /// Which layer of the OCI artifact holds the chart. Default: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_selector: Option<LayerSelector>,
    /// Where credentials for the registry come from. Default: `generic`, that is, Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// A Secret with credentials for the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// A `ServiceAccount` whose pull secrets, or workload identity, give access to the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// A Secret with the registry's CA (`ca.crt`) and a client certificate (`tls.crt`, `tls.key`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// A Secret with the address of a proxy, and credentials for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// Time limit for requests to the registry. Default: 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = SOURCE_TIMEOUT))]
    pub timeout: Option<GoDuration>,
    /// Patterns, as in a `.gitignore`, of files that are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Whether plain HTTP may be spoken with the registry. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,
    /// Whether the source is left alone. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// A source object, perhaps in another namespace.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceReference {
    /// API version of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Name of the source.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the source. Default: the release's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// Kinds of source that can hold a chart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum SourceKind {
    /// A chart repository with an index.
    HelmRepository,
    /// A Git repository.
    GitRepository,
    /// An object store.
    Bucket,
}

/// What counts as a new chart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ReconcileStrategy {
    /// A new version in `Chart.yaml`.
    ChartVersion,
    /// Any new revision of the source.
    Revision,
}

/// Where credentials come from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// From Secrets.
    Generic,
    /// From the workload identity on Amazon's cloud.
    Aws,
    /// From the workload identity on Microsoft's cloud.
    Azure,
    /// From the workload identity on Google's cloud.
    Gcp,
}

/// Which version of an OCI artifact is taken. A digest goes before a range, a range before a tag.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OciReference {
    /// Digest of the artifact, as `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Range of versions that tags are chosen by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// Regular expression that a tag must match before its version is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// Tag of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Which layer of an OCI artifact is taken, and how.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerSelector {
    /// Media type of the layer; the first layer that has it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What is done with the layer. Default: `extract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<LayerOperation>,
}

/// What is done with a layer of an OCI artifact.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerOperation {
    /// It is unpacked.
    Extract,
    /// It is kept as it is.
    Copy,
}

/// How a signature is checked.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The kind of signature.
    #[schemars(extend("default" = "cosign"))]
    pub provider: VerificationProvider,
    /// A Secret with the public keys that are trusted. Without it, signatures are keyless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Identities that are trusted to sign without a key; one of them must match.
    #[serde(default, rename = "matchOIDCIdentity", skip_serializing_if = "Vec::is_empty")]
    pub match_oidc_identity: Vec<OidcIdentity>,
    /// A Secret with the trusted roots (`trusted_root.json`) of a Sigstore of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret_ref: Option<LocalReference>,
}

/// Kinds of signature.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerificationProvider {
    /// Sigstore's cosign.
    #[default]
    Cosign,
    /// Notary Project's notation.
    Notation,
}

/// An identity that may sign without a key.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct OidcIdentity {
    /// Regular expression for the issuer of the identity's token.
    pub issuer: String,
    /// Regular expression for the identity.
    pub subject: String,
}
