//! The custom resources: Flux's `HelmRelease` (v2) and `HelmRepository` (v1), field by field.
//!
//! The API server drops what a CRD's schema does not know, so the types carry every field, default and validation
//! of Flux's own, whether or not it is honoured here; [`crate::unsupported`] names those that are set and are not.

mod actions;
mod chart_template;
mod definition;
mod helm_release;
mod helm_repository;
mod post_render;
mod reference;
mod release_status;
mod schema;

pub use actions::{
    ChartNameChangeStrategy, CrdPolicy, DeletionPropagation, FailureStrategyName, Install,
    InstallRemediation, InstallStrategy, Rollback, ServerSideApplyMode, Test, TestFilter, Uninstall, Upgrade,
    UpgradeRemediation, UpgradeRemediationStrategy, UpgradeStrategy,
};
pub use chart_template::{
    ChartSpec, ChartTemplate, ChartTemplateKind, LayerOperation, LayerSelector, OciReference, OidcIdentity,
    Provider, ReconcileStrategy, SourceKind, SourceReference, TemplateMetadata, Verification,
    VerificationProvider,
};
pub use definition::definitions;
pub use helm_release::{
    ChartReference, ChartReferenceKind, CommonMetadata, DependencyReference, DriftDetection, DriftMode,
    HelmRelease, HelmReleaseSpec, IgnoreRule, ValuesKind, ValuesReference, WaitStrategy, WaitStrategyName,
};
pub use helm_repository::{
    AccessFrom, Artifact, HelmRepository, HelmRepositorySpec, HelmRepositoryStatus, NamespaceSelector,
    RepositoryType,
};
pub use post_render::{HealthCheck, Image, Kustomize, Patch, PostRenderStrategy, PostRenderer, Selector};
pub use reference::{KubeConfigReference, LocalReference, SecretKeyReference};
pub use release_status::{
    Condition, ConditionStatus, HelmReleaseStatus, Inventory, InventoryEntry, ReleaseAction, Snapshot,
    TestHook,
};
