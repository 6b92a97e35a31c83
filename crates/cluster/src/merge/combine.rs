//! Two strategic merge patches made into one.
//!
//! Kubernetes: apimachinery `util/strategicpatch/patch.go`, `mergeMap` as `CreateThreeWayMergePatch` calls it: nulls
//! and directives stay, since the result is a patch and not an object.

use pintle_value::{Data, DataList, Str};

use super::kinds::{ListRule, Schema};
use super::list::{Items, arrange, deduplicated, items_of, key_of};
use super::strategic::{DELETE, DELETED_SCALARS, DIRECTIVE, ORDER, RETAIN_KEYS};
use super::{Members, MergeError};

/// `first` with `second` laid over it.
pub(super) fn combine(first: Members, mut second: Members, schema: Schema) -> Result<Members, MergeError> {
    if let Some(directive) = second.remove(&Str::from(DIRECTIVE)) {
        return match directive.as_str() {
            Some("replace") => Ok(second),
            Some(DELETE) => Ok(Members::new()),
            _ => Err(MergeError::Directive),
        };
    }
    let mut merged = first;
    if let Some(names) = second.remove(&Str::from(RETAIN_KEYS)) {
        same_or_new(&mut merged, Str::from(RETAIN_KEYS), names)?;
    }
    ordered_lists(&mut merged, &mut second, schema)?;
    for (name, value) in second {
        if name.starts_with(DELETED_SCALARS.as_bytes()) || value.is_null() {
            merged.insert(name, value);
            continue;
        }
        let value = match (merged.remove(&name), value) {
            (Some(Data::Map(first)), Data::Map(second)) => {
                let rule = schema.map(&name.to_str_lossy());
                if rule.replace {
                    Some(Data::Map(second))
                } else {
                    Some(combine(members(&first), members(&second), rule.schema)?.into_iter().collect())
                }
            }
            (Some(Data::List(first)), Data::List(second)) => match schema.list(&name.to_str_lossy()) {
                Some(rule) => Some(lists(&first, &second, &rule)?.into()),
                None => Some(Data::List(second)),
            },
            (_, value) => without_directives(value),
        };
        if let Some(value) = value {
            merged.insert(name, value);
        }
    }
    Ok(merged)
}

pub(super) fn members(map: &pintle_value::DataMap) -> Members {
    map.iter().cloned().collect()
}

/// Merges the lists whose order the second patch names (Kubernetes: `mergePatchIntoOriginal`).
fn ordered_lists(first: &mut Members, second: &mut Members, schema: Schema) -> Result<(), MergeError> {
    let orders: Vec<Str> = second.keys().filter(|name| name.starts_with(ORDER.as_bytes())).cloned().collect();
    for directive in orders {
        let Some(order) = second.remove(&directive) else { continue };
        let Some(ordered) = order.as_list().cloned() else { return Err(MergeError::Items) };
        same_or_new(first, directive.clone(), order)?;
        let text = directive.to_str_lossy();
        let Some((_, name)) = text.split_once('/') else { return Err(MergeError::Directive) };
        let name = Str::from(name);
        let (before, patch) = (list(first.get(&name))?, list(second.remove(&name).as_ref())?);
        let Some(rule) = schema.list(&name.to_str_lossy()) else { return Err(MergeError::Directive) };
        let merged: Vec<Data> = match (&before, &patch) {
            (None, None) => continue,
            (Some(before), None) => before.as_slice().to_vec(),
            (None, Some(patch)) => patch.iter().filter_map(|item| without_directives(item.clone())).collect(),
            (Some(before), Some(patch)) => lists(before, patch, &rule)?,
        };
        let before = before.unwrap_or_default();
        let merged = arrange(merged, ordered.as_slice(), before.as_slice(), rule.key)?;
        first.insert(name, merged.into());
    }
    Ok(())
}

fn list(value: Option<&Data>) -> Result<Option<DataList>, MergeError> {
    match value {
        None => Ok(None),
        Some(Data::List(list)) => Ok(Some(list.clone())),
        Some(_) => Err(MergeError::Items),
    }
}

/// A directive that both patches have must be the same in both.
fn same_or_new(patch: &mut Members, name: Str, value: Data) -> Result<(), MergeError> {
    if patch.get(&name).is_some_and(|own| *own != value) {
        return Err(MergeError::Directive);
    }
    patch.insert(name, value);
    Ok(())
}

/// Kubernetes: `mergeSlice`.
fn lists(first: &DataList, second: &DataList, rule: &ListRule) -> Result<Vec<Data>, MergeError> {
    if first.is_empty() && second.is_empty() {
        return Ok(Vec::new());
    }
    if items_of([first.as_slice(), second.as_slice()])? == Items::Scalars {
        let merged = deduplicated(first.iter().chain(second).cloned());
        return arrange(merged, second.as_slice(), first.as_slice(), rule.key);
    }
    let key = rule.key.ok_or_else(|| MergeError::NoKey { key: String::new() })?;
    let mut merged = first.as_slice().to_vec();
    let mut patch = Vec::new();
    let mut replace = false;
    for item in second {
        match item.get(DIRECTIVE).map(|directive| directive.as_str()) {
            None => patch.push(item.clone()),
            Some(Some(DELETE)) => {
                let gone = key_of(item, key)?;
                merged.retain(|other| other.get(key) != Some(gone));
            }
            Some(Some("replace")) => replace = true,
            Some(_) => return Err(MergeError::Directive),
        }
    }
    if replace {
        merged = std::mem::take(&mut patch);
    }
    let before = merged.clone();
    for item in &patch {
        let wanted = key_of(item, key)?;
        let place = merged.iter().position(|other| other.get(key) == Some(wanted));
        let known = place.and_then(|place| merged.get_mut(place));
        match (known, item.as_map()) {
            (Some(known), Some(item)) => {
                let below = known.as_map().map(members).unwrap_or_default();
                *known = combine(below, members(item), rule.schema)?.into_iter().collect();
            }
            _ => merged.push(item.clone()),
        }
    }
    arrange(merged, &patch, &before, Some(key))
}

/// The value to take where there is nothing to merge it with; `None` where it is a directive itself.
fn without_directives(value: Data) -> Option<Data> {
    match value {
        Data::Map(map) if map.contains_key(DIRECTIVE) => None,
        Data::Map(map) => {
            let members = map.iter().cloned();
            Some(members.filter_map(|(name, value)| Some((name, without_directives(value)?))).collect())
        }
        Data::List(list) => {
            Some(list.iter().cloned().filter_map(without_directives).collect::<Vec<_>>().into())
        }
        other => Some(other),
    }
}
