//! The strategic merge patch that a client makes of three states of an object.
//!
//! Kubernetes: apimachinery `util/strategicpatch/patch.go`, `CreateThreeWayMergePatch` with `overwrite`, and
//! `diffMaps` below it. Deletions come from what the client wanted before, everything else from the live object; both
//! are [combined](super::combine).

use pintle_value::{Data, DataList, DataMap, Str};

use super::combine::combine;
use super::kinds::{ListRule, Schema};
use super::list::{Items, in_order, items_of, key_of, text};
use super::{Members, MergeError};

pub(super) const DIRECTIVE: &str = "$patch";
pub(super) const DELETE: &str = "delete";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const DELETED_SCALARS: &str = "$deleteFromPrimitiveList";
pub(super) const ORDER: &str = "$setElementOrder";

/// The patch that brings `live` to `wanted` where `original` was wanted before.
pub(super) fn three_way(
    original: &DataMap,
    wanted: &DataMap,
    live: &DataMap,
    schema: Schema,
) -> Result<Members, MergeError> {
    let changes = Side::Changes.maps(live, wanted, schema, false)?;
    let deletions = Side::Deletions.maps(original, wanted, schema, false)?;
    combine(deletions, changes, schema)
}

/// Which half of the patch is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// What is added and what changes.
    Changes,
    /// What is taken away.
    Deletions,
}

/// The parts of a list's patch.
#[derive(Default)]
struct ListPatch {
    items: Vec<Data>,
    deleted_scalars: Vec<Data>,
    order: Vec<Data>,
}

impl Side {
    fn maps(
        self,
        before: &DataMap,
        wanted: &DataMap,
        schema: Schema,
        retain_keys: bool,
    ) -> Result<Members, MergeError> {
        let mut patch = Members::new();
        for (name, value) in wanted {
            match (before.get_bytes(name), value) {
                (None, _) => {
                    if self == Self::Changes {
                        patch.insert(name.clone(), value.clone());
                    }
                }
                (Some(Data::String(old)), Data::String(new)) if *name == DIRECTIVE => {
                    if old != new {
                        patch.insert(name.clone(), value.clone());
                    }
                }
                (Some(_), _) if *name == DIRECTIVE => return Err(MergeError::Directive),
                (Some(Data::Map(old)), Data::Map(new)) => {
                    let rule = schema.map(&name.to_str_lossy());
                    if rule.replace {
                        if self == Self::Changes {
                            patch.insert(name.clone(), value.clone());
                        }
                        continue;
                    }
                    let below = self.maps(old, new, rule.schema, rule.retain_keys)?;
                    if !below.is_empty() {
                        patch.insert(name.clone(), below.into_iter().collect());
                    }
                }
                (Some(Data::List(old)), Data::List(new)) => match schema.list(&name.to_str_lossy()) {
                    Some(rule) => self.list(old, new, &rule)?.put(name, &mut patch),
                    None if self == Self::Changes && old != new => {
                        patch.insert(name.clone(), value.clone());
                    }
                    None => {}
                },
                (Some(old), _) => {
                    if self == Self::Changes && old != value {
                        patch.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        if self == Self::Deletions {
            for name in before.keys().filter(|name| wanted.get_bytes(name).is_none()) {
                patch.insert(name.clone(), Data::Null);
            }
        }
        if retain_keys {
            retained(before, wanted, &mut patch);
        }
        Ok(patch)
    }

    fn list(self, before: &DataList, wanted: &DataList, rule: &ListRule) -> Result<ListPatch, MergeError> {
        if before.is_empty() {
            let items = if self == Self::Changes { wanted.as_slice().to_vec() } else { Vec::new() };
            return Ok(ListPatch { items, ..ListPatch::default() });
        }
        match items_of([before.as_slice(), wanted.as_slice()])? {
            Items::Maps => self.list_of_maps(before, wanted, rule),
            Items::Scalars => Ok(self.list_of_scalars(before, wanted)),
        }
    }

    fn list_of_maps(
        self,
        before: &DataList,
        wanted: &DataList,
        rule: &ListRule,
    ) -> Result<ListPatch, MergeError> {
        let key = rule.key.unwrap_or_default();
        let (items, deletions) = self.items(before, wanted, rule, key)?;
        let mut items = in_order(items, wanted.as_slice(), Some(key))?;
        let same_order = before.len() == wanted.len()
            && before.iter().zip(wanted).all(|(a, b)| key_of(a, key).ok() == key_of(b, key).ok());
        items.extend(deletions);
        let ordered = match self {
            Self::Changes => !items.is_empty() || !same_order,
            Self::Deletions => !items.is_empty(),
        };
        let mut order = Vec::new();
        if ordered {
            for item in wanted {
                order.push([(key, key_of(item, key)?.clone())].into_iter().collect());
            }
        }
        Ok(ListPatch { items, deleted_scalars: Vec::new(), order })
    }

    /// The items to add and change, and those to delete; both sides are walked in the order of their keys' texts.
    fn items(
        self,
        before: &DataList,
        wanted: &DataList,
        rule: &ListRule,
        key: &str,
    ) -> Result<(Vec<Data>, Vec<Data>), MergeError> {
        let (mut changed, mut deleted) = (Vec::new(), Vec::new());
        let before = by_key(before, key)?;
        let wanted = by_key(wanted, key)?;
        let (mut old, mut new) = (before.iter().peekable(), wanted.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let before = if order.is_le() { old.next() } else { None };
            let wanted = if order.is_ge() { new.next() } else { None };
            match (before, wanted) {
                (Some((_, before)), Some((_, wanted))) => {
                    let (Some(old), Some(new)) = (before.as_map(), wanted.as_map()) else { continue };
                    let mut below = self.maps(old, new, rule.schema, rule.retain_keys)?;
                    if !below.is_empty() {
                        below.insert(Str::from(key), key_of(wanted, key)?.clone());
                        changed.push(below.into_iter().collect());
                    }
                }
                (None, Some((_, wanted))) if self == Self::Changes => changed.push((*wanted).clone()),
                (Some((_, before)), None) if self == Self::Deletions => {
                    let gone = [(key, key_of(before, key)?.clone()), (DIRECTIVE, Data::from(DELETE))];
                    deleted.push(gone.into_iter().collect());
                }
                _ => {}
            }
        }
        Ok((changed, deleted))
    }

    fn list_of_scalars(self, before: &DataList, wanted: &DataList) -> ListPatch {
        let mut sorted = before.as_slice().to_vec();
        sorted.sort_by_key(text);
        let missing = |list: &[Data], item: &Data| !list.iter().any(|other| text(other) == text(item));
        let mut patch = ListPatch::default();
        match self {
            Self::Changes => {
                let added = wanted.iter().filter(|item| missing(before.as_slice(), item));
                patch.items = added.cloned().collect();
                // Compared with the sorted list, as Kubernetes does, which sorts it in place on the way.
                if sorted != wanted.as_slice() {
                    patch.order = wanted.as_slice().to_vec();
                }
            }
            Self::Deletions => {
                let gone = sorted.into_iter().filter(|item| missing(wanted.as_slice(), item));
                patch.deleted_scalars = gone.collect();
                patch.deleted_scalars.dedup();
                if !patch.deleted_scalars.is_empty() {
                    patch.order = wanted.as_slice().to_vec();
                }
            }
        }
        patch
    }
}

impl ListPatch {
    fn put(self, name: &Str, patch: &mut Members) {
        let directive = |prefix: &str| Str::from(format!("{prefix}/{}", name.to_str_lossy()));
        if !self.items.is_empty() {
            patch.insert(name.clone(), self.items.into());
        }
        if !self.deleted_scalars.is_empty() {
            patch.insert(directive(DELETED_SCALARS), self.deleted_scalars.into());
        }
        if !self.order.is_empty() {
            patch.insert(directive(ORDER), self.order.into());
        }
    }
}

/// Adds the directive that clears what the patch does not name, where there is anything to do.
fn retained(before: &DataMap, wanted: &DataMap, patch: &mut Members) {
    let mut names: Vec<Data> = wanted
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| Data::String(name.clone()))
        .collect();
    names.sort_by_key(text);
    let more = before.iter().any(|(name, value)| !value.is_null() && wanted.get_bytes(name).is_none());
    if !names.is_empty() && (!patch.is_empty() || more) {
        patch.insert(Str::from(RETAIN_KEYS), names.into());
    }
}

/// The items with their keys' texts, sorted by these.
fn by_key<'a>(list: &'a DataList, key: &str) -> Result<Vec<(String, &'a Data)>, MergeError> {
    let items = list.iter().map(|item| Ok((text(key_of(item, key)?), item)));
    let mut items: Vec<(String, &Data)> = items.collect::<Result<_, MergeError>>()?;
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(items)
}
