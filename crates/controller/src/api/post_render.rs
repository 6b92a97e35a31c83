//! `spec.postRenderers` and `spec.healthCheckExprs`: what happens to rendered objects, and when custom ones are ready.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step that changes rendered objects before they are applied.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct PostRenderer {
    /// Patches and image names in the manner of kustomize.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<Kustomize>,
}

/// The part of a kustomization that can be used as a post-renderer.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Kustomize {
    /// Strategic merge patches and JSON patches, as YAML text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// Container images to rename, retag or pin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// A patch and the objects that it is for.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Patch {
    /// Text of the patch: a strategic merge patch, or a JSON patch as a list.
    pub patch: String,
    /// The objects that the patch is for. Default: the one that a merge patch names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Selector>,
}

/// Chooses objects. Every field that is set must match.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// API group, as a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// API version, as a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Kind, as a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Namespace, as a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name, as a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Selector for annotations, written as one for labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation_selector: Option<String>,
    /// Selector for labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
}

/// A container image and what becomes of it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Name of the image, without a tag.
    pub name: String,
    /// The name to use in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// The tag to use in place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_tag: Option<String>,
    /// The digest to pin it to; goes before `newTag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Which of the rendered text a post-renderer sees.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PostRenderStrategy {
    /// Not the hooks, as in Helm 3.
    NoHooks,
    /// Hooks and other objects in one stream, as in Helm 4.
    Combined,
    /// Hooks and other objects in a stream each.
    Separate,
}

/// Expressions (CEL) that say when objects of a kind are ready.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// API version of the objects; its group alone is compared.
    pub api_version: String,
    /// Kind of the objects. Default: every kind of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// True when the object is ready.
    pub current: String,
    /// True while the object is getting there. Evaluated first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<String>,
    /// True when the object has failed. Evaluated second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}
