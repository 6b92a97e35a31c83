//! Lists that are merged item by item.

use pintle_value::Data;

use super::MergeError;
use super::strategic::{DELETE, DIRECTIVE};

/// What the items of a list are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Items {
    Maps,
    Scalars,
}

/// What the items of all these lists are; they must be of one type (Kubernetes: `sliceElementType`).
pub(super) fn items_of<'a>(lists: impl IntoIterator<Item = &'a [Data]>) -> Result<Items, MergeError> {
    let mut items = lists.into_iter().flatten();
    let first = items.next().ok_or(MergeError::Items)?;
    let kind = std::mem::discriminant(first);
    if items.any(|item| std::mem::discriminant(item) != kind) {
        return Err(MergeError::Items);
    }
    match first {
        Data::List(_) => Err(MergeError::ListOfLists),
        Data::Map(_) => Ok(Items::Maps),
        _ => Ok(Items::Scalars),
    }
}

/// What tells an item apart.
pub(super) fn key_of<'a>(item: &'a Data, key: &str) -> Result<&'a Data, MergeError> {
    let map = item.as_map().ok_or(MergeError::Items)?;
    map.get(key).ok_or_else(|| MergeError::NoKey { key: key.to_owned() })
}

/// A scalar as Go prints it (`%v`): by these texts Kubernetes sorts and compares.
pub(super) fn text(scalar: &Data) -> String {
    match scalar {
        Data::String(text) => text.to_str_lossy().into_owned(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Where an item stands in a list: maps are compared by their key, scalars as they are.
fn place(list: &[Data], item: &Data, key: Option<&str>) -> Option<usize> {
    list.iter().position(|other| match key {
        Some(key) => match (item.get(key), other.get(key)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
        None => item == other,
    })
}

fn is_deletion(item: &Data) -> bool {
    item.get(DIRECTIVE).and_then(Data::as_str) == Some(DELETE)
}

/// The items in the order of another list, deletions last (Kubernetes: `normalizeSliceOrder`).
pub(super) fn in_order(items: Vec<Data>, order: &[Data], key: Option<&str>) -> Result<Vec<Data>, MergeError> {
    if let Some(key) = key {
        for item in items.iter().chain(order) {
            key_of(item, key)?;
        }
    }
    let (deletions, mut items): (Vec<Data>, Vec<Data>) =
        items.into_iter().partition(|item| key.is_some() && is_deletion(item));
    items.sort_by_key(|item| place(order, item, key));
    items.extend(deletions);
    Ok(items)
}

/// Puts what a list of merged items has of its own between what the patch orders (Kubernetes:
/// `normalizeElementOrder`): each item of `merged` that `ordered` names comes in that order, the others as near to
/// their places in `before` as that allows.
pub(super) fn arrange(
    merged: Vec<Data>,
    ordered: &[Data],
    before: &[Data],
    key: Option<&str>,
) -> Result<Vec<Data>, MergeError> {
    let (patch, own): (Vec<Data>, Vec<Data>) =
        merged.into_iter().partition(|item| place(ordered, item, key).is_some());
    let patch = in_order(patch, ordered, key)?;
    let own = in_order(own, before, key)?;
    let (mut patch, mut own) = (patch.into_iter().peekable(), own.into_iter().peekable());
    let mut all = Vec::new();
    while let (Some(next), Some(other)) = (patch.peek(), own.peek()) {
        let first = match (place(before, other, key), place(before, next, key)) {
            (Some(other), Some(next)) => other < next,
            _ => false,
        };
        all.extend(if first { own.next() } else { patch.next() });
    }
    all.extend(patch);
    all.extend(own);
    Ok(all)
}

/// Scalars, each once.
pub(super) fn deduplicated(items: impl IntoIterator<Item = Data>) -> Vec<Data> {
    let mut all: Vec<Data> = Vec::new();
    for item in items {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all
}
