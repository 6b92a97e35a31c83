//! References to objects in the release's own namespace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names an object in the namespace of the referring object.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct LocalReference {
    /// Name of the object.
    pub name: String,
}

/// Names a key of a Secret in the namespace of the referring object.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct SecretKeyReference {
    /// Name of the Secret.
    pub name: String,
    /// Key in the Secret's data. Without it, the reader's own default keys are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Says how to reach the cluster that a release is installed into, when it is not the one that holds the release.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.configMapRef) != has(self.secretRef)",
    "message": "set one of configMapRef and secretRef, and not both",
}]))]
pub struct KubeConfigReference {
    /// A ConfigMap in the release's namespace that describes the cluster and the cloud provider whose workload
    /// identity gives access to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<LocalReference>,
    /// A Secret in the release's namespace that holds a kubeconfig. Without a key, `value` and then `value.yaml`
    /// are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeyReference>,
}
