//! What a release says about each of Helm's actions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{self, INTERVAL};
use crate::duration::GoDuration;

/// How the first revision of a release is made.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Install {
    /// Time limit for each wait of an install. Default: the release's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub timeout: Option<GoDuration>,
    /// What happens after an install that failed. Default: `RemediateOnFailure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<InstallStrategy>,
    /// How an install that failed is undone and tried again. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<InstallRemediation>,
    /// Whether an object that exists and belongs to no release, or to another, makes the action fail.
    /// Default: false, it is adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_take_ownership: Option<bool>,
    /// Whether the action is over as soon as the objects are applied. Default: false, it waits until they are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait: Option<bool>,
    /// Whether Jobs are left out of the wait. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait_for_jobs: Option<bool>,
    /// Whether hooks are left out. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_hooks: Option<bool>,
    /// Whether objects are applied without a check against the API's schema. Default: false.
    #[serde(default, rename = "disableOpenAPIValidation", skip_serializing_if = "Option::is_none")]
    pub disable_open_api_validation: Option<bool>,
    /// Whether values are used without a check against the chart's `values.schema.json`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_schema_validation: Option<bool>,
    /// Whether a name that an uninstalled release left in the storage may be used again. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<bool>,
    /// Without effect; kept so that objects that have it stay valid. See `crds`.
    #[serde(default, rename = "skipCRDs", skip_serializing_if = "Option::is_none")]
    pub skip_crds: Option<bool>,
    /// What happens to the chart's `crds/`. Default: `Create`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crds: Option<CrdPolicy>,
    /// Whether the target namespace is created when it does not exist. It is never deleted. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_namespace: Option<bool>,
    /// Whether objects are applied by the server. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<bool>,
}

/// What happens after an install that failed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
    "message": "retryInterval goes with RetryOnFailure only",
}]))]
pub struct InstallStrategy {
    /// Name of the strategy.
    pub name: FailureStrategyName,
    /// Pause before the next try of `RetryOnFailure`. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub retry_interval: Option<GoDuration>,
}

/// What happens after an upgrade that failed.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
    "message": "retryInterval goes with RetryOnFailure only",
}]))]
pub struct UpgradeStrategy {
    /// Name of the strategy.
    pub name: FailureStrategyName,
    /// Pause before the next try of `RetryOnFailure`. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub retry_interval: Option<GoDuration>,
}

/// What happens after an action that failed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum FailureStrategyName {
    /// It is undone as `remediation` says, and tried again as often as that allows.
    RemediateOnFailure,
    /// It is tried again, as an upgrade and without an end, and never undone.
    RetryOnFailure,
}

/// How an install that failed is undone: by an uninstall.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallRemediation {
    /// How often a failed action is tried again; a negative number has no end. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::integer")]
    pub retries: Option<i64>,
    /// Whether a failed test is no failure here. Default: what `test.ignoreFailures` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Whether the last failure is undone as well, when no try is left. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
}

/// How later revisions of a release are made.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Time limit for each wait of an upgrade. Default: the release's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub timeout: Option<GoDuration>,
    /// What happens after an upgrade that failed. Default: `RemediateOnFailure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<UpgradeStrategy>,
    /// How an upgrade that failed is undone and tried again. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<UpgradeRemediation>,
    /// Whether an object that exists and belongs to no release, or to another, makes the action fail.
    /// Default: false, it is adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_take_ownership: Option<bool>,
    /// Whether the action is over as soon as the objects are applied. Default: false, it waits until they are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait: Option<bool>,
    /// Whether Jobs are left out of the wait. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait_for_jobs: Option<bool>,
    /// Whether hooks are left out. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_hooks: Option<bool>,
    /// Whether objects are applied without a check against the API's schema. Default: false.
    #[serde(default, rename = "disableOpenAPIValidation", skip_serializing_if = "Option::is_none")]
    pub disable_open_api_validation: Option<bool>,
    /// Whether values are used without a check against the chart's `values.schema.json`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_schema_validation: Option<bool>,
    /// Whether objects that cannot be changed are replaced. Without effect where the server applies. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// Whether the values of the last revision are kept and the release's are laid over them. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_values: Option<bool>,
    /// Whether objects that a failed upgrade has created are deleted. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup_on_fail: Option<bool>,
    /// What happens to the chart's `crds/`. Default: `Create`, as the code of Flux has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crds: Option<CrdPolicy>,
    /// Whether objects are applied by the server. Default: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<ServerSideApplyMode>,
    /// What happens when the release gets a chart of another name. Default: `Reinstall`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart_name_change_strategy: Option<ChartNameChangeStrategy>,
}

/// How an upgrade that failed is undone.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeRemediation {
    /// How often a failed action is tried again; a negative number has no end. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::integer")]
    pub retries: Option<i64>,
    /// Whether a failed test is no failure here. Default: what `test.ignoreFailures` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_test_failures: Option<bool>,
    /// Whether the last failure is undone as well, when no try is left. Default: true when `retries` is above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediate_last_failure: Option<bool>,
    /// What undoes it. Default: `rollback`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<UpgradeRemediationStrategy>,
}

/// What undoes an upgrade that failed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UpgradeRemediationStrategy {
    /// A rollback to the last revision that was good.
    Rollback,
    /// An uninstall.
    Uninstall,
}

/// What happens to a chart's `crds/`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum CrdPolicy {
    /// Nothing.
    Skip,
    /// Those that do not exist are created; the others are left alone.
    Create,
    /// Those that do not exist are created, the others replaced.
    CreateReplace,
}

/// Whether objects are applied by the server.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerSideApplyMode {
    /// By the server.
    Enabled,
    /// By a merge on the client's side, as Helm 3 did.
    Disabled,
    /// As the release's last revision was.
    Auto,
}

/// What happens when a release gets a chart of another name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ChartNameChangeStrategy {
    /// It is upgraded to the new chart.
    InPlaceUpdate,
    /// It is uninstalled, and the new chart installed.
    Reinstall,
}

/// Whether and how the chart's tests are run.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// Whether tests are run after an install or upgrade. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable: Option<bool>,
    /// Time limit for each wait of a test. Default: the release's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub timeout: Option<GoDuration>,
    /// Whether a failed test leaves the release as good as it was. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_failures: Option<bool>,
    /// Which tests are run. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<TestFilter>>,
}

/// Chooses a test by name.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestFilter {
    /// Name of the test.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Whether the test is left out, in place of taken. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<bool>,
}

/// How a release goes back to an earlier revision.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// Time limit for each wait of a rollback. Default: the release's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub timeout: Option<GoDuration>,
    /// Whether the rollback is over as soon as the objects are applied. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait: Option<bool>,
    /// Whether Jobs are left out of the wait. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait_for_jobs: Option<bool>,
    /// Whether hooks are left out. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_hooks: Option<bool>,
    /// Without effect; kept so that objects that have it stay valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recreate: Option<bool>,
    /// Whether objects that cannot be changed are replaced. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// Whether objects that a failed rollback has created are deleted. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup_on_fail: Option<bool>,
    /// Whether objects are applied by the server. Default: `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<ServerSideApplyMode>,
}

/// How a release is removed.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uninstall {
    /// Time limit for each wait of an uninstall. Default: the release's `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INTERVAL))]
    pub timeout: Option<GoDuration>,
    /// Whether hooks are left out. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_hooks: Option<bool>,
    /// Whether the release's records stay, marked as uninstalled. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_history: Option<bool>,
    /// Whether the uninstall is over as soon as the deletions are requested. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_wait: Option<bool>,
    /// What happens to the objects that the deleted ones own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "background"))]
    pub deletion_propagation: Option<DeletionPropagation>,
}

/// What happens to the objects that a deleted object owns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeletionPropagation {
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}
