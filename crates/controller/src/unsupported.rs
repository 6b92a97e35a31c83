//! Fields that are set and not honoured: an object that sets one is refused, never half obeyed.

use serde::Serialize;
use serde_json::Value;

use crate::api::{HelmReleaseSpec, HelmRepositorySpec};

/// Fields of a `HelmRelease` that are honoured, as paths; each stands for all that is below it too.
const RELEASE: &[&str] = &[
    "chart.spec.chart",
    "chart.spec.version",
    "chart.spec.interval",
    "chart.spec.sourceRef",
    "interval",
    "kubeConfig.secretRef",
    "suspend",
    "releaseName",
    "targetNamespace",
    "storageNamespace",
    "timeout",
    "maxHistory",
    // A promise about how, not about what: clients are shared in any case.
    "persistentClient",
    "healthCheckExprs",
    "driftDetection.mode",
    "driftDetection.ignore",
    "install.timeout",
    "install.createNamespace",
    "install.crds",
    "install.disableWait",
    "install.disableWaitForJobs",
    "install.disableHooks",
    "install.remediation.retries",
    "install.remediation.remediateLastFailure",
    // Without effect in Flux too.
    "install.skipCRDs",
    "upgrade.timeout",
    "upgrade.crds",
    "upgrade.disableWait",
    "upgrade.disableWaitForJobs",
    "upgrade.disableHooks",
    "upgrade.cleanupOnFail",
    "upgrade.remediation.retries",
    "upgrade.remediation.remediateLastFailure",
    "upgrade.remediation.strategy",
    "upgrade.chartNameChangeStrategy",
    "uninstall.timeout",
    "uninstall.disableHooks",
    "uninstall.keepHistory",
    "uninstall.disableWait",
    // Without effect in Flux too.
    "rollback.recreate",
    "rollback.timeout",
    "rollback.disableWait",
    "rollback.disableWaitForJobs",
    "rollback.disableHooks",
    "rollback.cleanupOnFail",
    "values",
    "valuesFrom",
];

/// Values that say what happens anyway, of fields that are not honoured otherwise.
const RELEASE_DEFAULTS: &[(&str, &str)] = &[
    ("chart.kind", "HelmChart"),
    ("chart.spec.reconcileStrategy", "ChartVersion"),
    ("chart.spec.provider", "generic"),
    ("install.strategy.name", "RemediateOnFailure"),
    ("upgrade.strategy.name", "RemediateOnFailure"),
    ("upgrade.serverSideApply", "auto"),
    ("upgrade.serverSideApply", "enabled"),
    ("rollback.serverSideApply", "auto"),
    ("uninstall.deletionPropagation", "background"),
    ("postRenderStrategy", "combined"),
    ("waitStrategy.name", "poller"),
];

/// Fields of a `HelmRepository` that are honoured.
const REPOSITORY: &[&str] =
    &["url", "interval", "timeout", "secretRef", "certSecretRef", "passCredentials", "suspend"];

/// As [`RELEASE_DEFAULTS`], for a `HelmRepository`.
const REPOSITORY_DEFAULTS: &[(&str, &str)] = &[("type", "default"), ("provider", "generic")];

/// The fields that a release sets and that are not honoured, as paths below the object.
///
/// ```
/// use pintle_controller::api::{DriftDetection, HelmReleaseSpec, Test};
/// use pintle_controller::unsupported;
///
/// let test = Test { enable: Some(true), ..Test::default() };
/// let spec = HelmReleaseSpec { test: Some(test), service_account_name: Some("deployer".into()), ..Default::default() };
/// assert_eq!(unsupported::in_release(&spec), ["spec.serviceAccountName", "spec.test.enable"]);
/// ```
pub fn in_release(spec: &HelmReleaseSpec) -> Vec<String> {
    let mut found = unhonoured(spec, RELEASE, RELEASE_DEFAULTS);
    let source = spec.chart.as_ref().and_then(|chart| chart.spec.source_ref.as_ref());
    if source.is_some_and(|source| source.kind != crate::api::SourceKind::HelmRepository) {
        found.push("spec.chart.spec.sourceRef.kind".to_owned());
    }
    if spec.install.as_ref().and_then(|install| install.server_side_apply) == Some(false) {
        found.push("spec.install.serverSideApply".to_owned());
    }
    found.sort();
    found
}

/// The fields that a repository sets and that are not honoured, as paths below the object.
pub fn in_repository(spec: &HelmRepositorySpec) -> Vec<String> {
    let mut found = unhonoured(spec, REPOSITORY, REPOSITORY_DEFAULTS);
    if spec.url.starts_with("oci://") {
        found.push("spec.url".to_owned());
    }
    found.sort();
    found
}

/// The sentence for the condition of an object that sets such fields.
pub fn message(fields: &[String]) -> String {
    format!(
        "not supported yet, and not ignored either: {}; take it out, or leave the object to Flux",
        fields.join(", ")
    )
}

fn unhonoured(spec: &impl Serialize, honoured: &[&str], defaults: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    // The types are plain structs of JSON's own kinds, whose serialisation cannot fail.
    if let Ok(spec) = serde_json::to_value(spec) {
        walk("", &spec, honoured, defaults, &mut found);
    }
    found
}

fn walk(path: &str, value: &Value, honoured: &[&str], defaults: &[(&str, &str)], found: &mut Vec<String>) {
    if honoured.contains(&path) {
        return;
    }
    match value {
        // Go leaves out what is false, zero or empty; either form says the same.
        Value::Null | Value::Bool(false) => {}
        Value::String(text) if text.is_empty() || defaults.contains(&(path, text)) => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Bool(true) if path == "install.serverSideApply" => {}
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&below, field, honoured, defaults, found);
            }
        }
        _ => found.push(format!("spec.{path}")),
    }
}
