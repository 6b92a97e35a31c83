//! Merging objects in the client, as Helm 3 did and Helm 4 does with `--server-side=false`.
//!
//! Built-in kinds are merged by the tags of their Go types, every other kind as plain JSON (Helm:
//! `pkg/kube/client.go`, `createPatch`).

mod combine;
mod json;
mod kinds;
mod list;
mod strategic;

use std::collections::BTreeMap;

use pintle_value::{Data, DataMap, Str};

use crate::Gvk;
use kinds::Schema;

const STRATEGIC_MERGE: &str = "application/strategic-merge-patch+json";
const JSON_MERGE: &str = "application/merge-patch+json";

/// The members of a patch while it is made.
type Members = BTreeMap<Str, Data>;

/// How kinds without Go types are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomMerge {
    /// By what was wanted before and what is wanted now: what others changed in the cluster stays, as Helm does in
    /// upgrades and rollbacks.
    #[default]
    TwoWay,
    /// By the live object too, as Helm does where it takes objects over.
    ThreeWay,
}

/// A patch that a client made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MergePatch {
    /// The media type that it is sent with.
    pub media_type: &'static str,
    /// The patch; empty where nothing has to change.
    pub body: DataMap,
}

/// Why a patch could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// An item of a list lacks what tells it apart.
    #[error("an item of a list lacks the member {key:?} by which its items are merged")]
    NoKey {
        /// The member.
        key: String,
    },
    /// The items of a list are not all of one type.
    #[error("the items of a list are not all of one type")]
    Items,
    /// A list holds lists.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// The object itself holds directives of patches that cannot be followed.
    #[error(
        "the object holds a patch directive ($patch, $setElementOrder or $retainKeys) that cannot be followed"
    )]
    Directive,
}

/// The patch that brings `live` to `wanted`, where `original` was wanted before: what `original` has and `wanted` has
/// not is removed, and what others set stays.
pub fn merge_patch(
    gvk: &Gvk,
    original: &Data,
    wanted: &Data,
    live: &Data,
    custom: CustomMerge,
) -> Result<MergePatch, MergeError> {
    let empty = DataMap::default();
    let map = |data: &Data| whole_numbers(data).as_map().cloned().unwrap_or_else(|| empty.clone());
    let (original, wanted, live) = (map(original), map(wanted), map(live));
    let (media_type, members) = match (Schema::of(gvk), custom) {
        (Some(schema), _) => (STRATEGIC_MERGE, strategic::three_way(&original, &wanted, &live, schema)?),
        (None, CustomMerge::TwoWay) => (JSON_MERGE, json::two_way(&original, &wanted)),
        (None, CustomMerge::ThreeWay) => (JSON_MERGE, json::three_way(&original, &wanted, &live)),
    };
    Ok(MergePatch { media_type, body: members.into_iter().collect() })
}

/// The same with every whole number as an integer, as Kubernetes' Go libraries read them: a manifest's `80` and the
/// server's are one number, whoever read them.
fn whole_numbers(data: &Data) -> Data {
    match data {
        Data::Float(_) => data.as_i64().map_or_else(|| data.clone(), Data::Int),
        Data::List(list) => list.iter().map(whole_numbers).collect(),
        Data::Map(map) => map.iter().map(|(name, value)| (name.clone(), whole_numbers(value))).collect(),
        data => data.clone(),
    }
}
