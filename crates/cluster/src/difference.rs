//! What differs between two states of an object, without showing secrets.

use std::collections::BTreeSet;
use std::fmt;

use pintle_value::{Data, DataList};
use serde::{Deserialize, Serialize};

use crate::fields::{FieldPath, ManagedFields, Step, compare, owners_of};
use crate::{FieldConflict, Gvk, Object};

/// What is shown instead of a Secret's value.
pub const REDACTED: &str = "(redacted)";

/// One field that differs.
///
/// Values of Secrets are [`REDACTED`] from the beginning: what is not held cannot be shown, logged or written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// The field (`.spec.template.spec.containers[name="web"].image`).
    pub path: String,
    /// The value before; `None` where there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Data>,
    /// The value after; `None` where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Data>,
    /// The other managers that own the field, where that is known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub owners: Vec<FieldConflict>,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |data: &Data| serde_json::to_string(data).unwrap_or_default();
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{}: {} -> {}", self.path, json(before), json(after))?,
            (None, Some(after)) => write!(f, "{}: + {}", self.path, json(after))?,
            (Some(before), None) => write!(f, "{}: - {}", self.path, json(before))?,
            (None, None) => write!(f, "{}", self.path)?,
        }
        let owners: BTreeSet<&str> = self.owners.iter().map(|owner| owner.manager.as_str()).collect();
        if owners.is_empty() {
            return Ok(());
        }
        write!(f, " (owned by {})", owners.into_iter().collect::<Vec<_>>().join(", "))
    }
}

/// What differs between a live object and what it is to become. With `None` for before, all of it is new.
///
/// The server's bookkeeping (`managedFields`, `resourceVersion`, `generation`, `uid`, …) and `status` are left out.
pub fn difference(gvk: &Gvk, before: Option<&Data>, after: &Data, manager: &str) -> Vec<FieldChange> {
    let others: Vec<ManagedFields> = before
        .map(ManagedFields::of)
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| entry.manager != manager)
        .collect();
    let mut walk = Walk { secret: gvk.is_secret(), others: &others, changes: Vec::new() };
    let before = before.map(crate::fields::without_bookkeeping);
    let after = crate::fields::without_bookkeeping(after);
    walk.any(before.as_ref(), Some(&after), &FieldPath::default());
    walk.changes
}

/// What an apply of an object would change, as far as that can be told without asking the server: the fields that the
/// live object lacks or has otherwise, and those that the manager owns and no longer wants. Without a live object, all
/// of it is new.
pub fn expected_difference(object: &Object, live: Option<&Data>, manager: &str) -> Vec<FieldChange> {
    let gvk = &object.reference().gvk;
    let Some(live) = live else { return difference(gvk, None, object.data(), manager) };
    let found = compare(object.data(), live, manager);
    let content = found.into_iter().filter(|one| one.wrong.is_content());
    changes_at(object, live, content.map(|one| one.path), manager)
        .into_iter()
        .filter(|change| change.before != change.after || change.before.as_ref().is_some_and(is_redacted))
        .collect()
}

fn is_redacted(data: &Data) -> bool {
    data.as_str() == Some(REDACTED)
}

/// The live and the wanted values of fields.
pub(crate) fn changes_at(
    object: &Object,
    live: &Data,
    paths: impl IntoIterator<Item = FieldPath>,
    manager: &str,
) -> Vec<FieldChange> {
    let others: Vec<ManagedFields> =
        ManagedFields::of(live).into_iter().filter(|entry| entry.manager != manager).collect();
    let secret = object.reference().gvk.is_secret();
    let show = |data: Option<&Data>, path: &FieldPath| match data {
        Some(_) if secret && is_hidden(path) => Some(Data::from(REDACTED)),
        data => data.cloned(),
    };
    let change = |path: FieldPath| FieldChange {
        before: show(live_value_at(object, live, &path), &path),
        after: show(value_at(object.data(), &path), &path),
        owners: owners_of(&others, &path),
        path: path.to_string(),
    };
    paths.into_iter().map(change).collect()
}

/// The value of a field that an object wants in the live one.
pub(crate) fn live_value_at<'a>(object: &Object, live: &'a Data, path: &FieldPath) -> Option<&'a Data> {
    match path.0.split_first() {
        // The server puts what a Secret's `stringData` says into its `data`.
        Some((Step::Field(name), rest)) if name == "stringData" && object.reference().gvk.is_secret() => {
            let steps = std::iter::once(Step::Field("data".to_owned())).chain(rest.iter().cloned());
            value_at(live, &FieldPath(steps.collect()))
        }
        _ => value_at(live, path),
    }
}

/// The value of a field.
fn value_at<'a>(data: &'a Data, path: &FieldPath) -> Option<&'a Data> {
    path.0.iter().try_fold(data, |data, step| match step {
        Step::Field(name) => data.get(name),
        Step::Index(index) => data.as_list()?.get(*index),
        Step::Value(value) => data.as_list()?.iter().find(|item| *item == value),
        Step::Key(keys) => data.as_list()?.iter().find(|item| {
            keys.iter().all(|(name, value)| item.get(&name.to_str_lossy()).is_none_or(|own| own == value))
        }),
    })
}

struct Walk<'a> {
    secret: bool,
    others: &'a [ManagedFields],
    changes: Vec<FieldChange>,
}

impl Walk<'_> {
    fn any(&mut self, before: Option<&Data>, after: Option<&Data>, path: &FieldPath) {
        let (before, after) = (before.filter(|data| !data.is_null()), after.filter(|data| !data.is_null()));
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Data::Map(_)) | None, Some(Data::Map(_)) | None) => self.map(before, after, path),
            (Some(Data::List(before)), Some(Data::List(after))) => self.list(before, after, path),
            _ => self.note(before, after, path),
        }
    }

    fn map(&mut self, before: Option<&Data>, after: Option<&Data>, path: &FieldPath) {
        let sides = || [before, after].into_iter().flatten().filter_map(Data::as_map);
        if sides().all(pintle_value::DataMap::is_empty) {
            return self.note(before, after, path);
        }
        let names: BTreeSet<_> = sides().flat_map(pintle_value::DataMap::keys).collect();
        for name in names {
            let name = name.to_str_lossy();
            let below = path.then(Step::Field(name.clone().into_owned()));
            self.any(before.and_then(|map| map.get(&name)), after.and_then(|map| map.get(&name)), &below);
        }
    }

    /// Items are matched by their names where all have one, else by their places.
    fn list(&mut self, before: &DataList, after: &DataList, path: &FieldPath) {
        let (Some(old), Some(new)) = (names(before), names(after)) else {
            if before.iter().chain(after).any(|item| item.as_map().is_none()) {
                return self.note(Some(&Data::List(before.clone())), Some(&Data::List(after.clone())), path);
            }
            for index in 0..before.len().max(after.len()) {
                self.any(before.get(index), after.get(index), &path.then(Step::Index(index)));
            }
            return;
        };
        let find = |names: &[&str], list: &DataList, name: &str| {
            names.iter().position(|own| *own == name).and_then(|place| list.get(place)).cloned()
        };
        let all = old.iter().chain(new.iter().filter(|name| !old.contains(name)));
        for name in all {
            let key = [("name", Data::from(*name))].into_iter().collect();
            let (before, after) = (find(&old, before, name), find(&new, after, name));
            self.any(before.as_ref(), after.as_ref(), &path.then(Step::Key(key)));
        }
    }

    fn note(&mut self, before: Option<&Data>, after: Option<&Data>, path: &FieldPath) {
        let hidden = self.secret && is_hidden(path);
        let show = |data: Option<&Data>| match data {
            Some(_) if hidden => Some(Data::from(REDACTED)),
            data => data.cloned(),
        };
        self.changes.push(FieldChange {
            path: path.to_string(),
            before: show(before),
            after: show(after),
            owners: owners_of(self.others, path),
        });
    }
}

/// Whether a field of a Secret must not be shown: its data, and copies of it that tools keep in annotations.
pub(crate) fn is_hidden(path: &FieldPath) -> bool {
    let mut names = path.names();
    match names.next() {
        Some("data" | "stringData") => true,
        Some("metadata") => names.next() == Some("annotations"),
        _ => false,
    }
}

/// The names of all items, where each has one of its own.
fn names(list: &DataList) -> Option<Vec<&str>> {
    let names: Vec<&str> =
        list.iter().map(|item| item.get("name").and_then(Data::as_str)).collect::<Option<_>>()?;
    let unique: BTreeSet<_> = names.iter().collect();
    (unique.len() == names.len()).then_some(names)
}
