//! Whether an object is in the cluster as it was applied, without asking the server.
//!
//! The server alone knows the schema; but `managedFields` shows what it made of the last apply: which lists it merges
//! by keys, which maps and lists it takes as a whole. Where even that does not decide, the answer is
//! [`Wrong::Unclear`], and the caller asks the server.

use std::collections::HashSet;

use pintle_value::{Data, DataList, DataMap};

use super::defaults::{default_of, defaulted, is_default};
use super::quantity::{is_zero, same, same_scalar};
use super::{FieldPath, FieldSet, ManagedFields, Step};
use crate::Gvk;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Wrong {
    /// It is not in the live object.
    Missing,
    /// It has another value in the live object.
    Different,
    /// It has the right value, but the manager does not own it.
    Unowned,
    /// The manager owns it, and it is not wanted any more.
    Surplus,
    /// Only the server can tell.
    Unclear,
}

impl Wrong {
    /// Whether the live object has another content than what is wanted, or may have.
    pub fn is_content(&self) -> bool {
        !matches!(self, Self::Unowned)
    }
}

/// A field that is not as it was applied.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The field.
    pub path: FieldPath,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// Compares what is wanted with a live object, and with what a manager owns of it by server-side apply. Nothing is
/// found where an apply would change nothing.
///
/// Fields of the live object that are not wanted are of no interest, unless the manager owns them.
pub fn compare(desired: &Data, live: &Data, manager: &str) -> Vec<Mismatch> {
    let entries = ManagedFields::of(live);
    let mut shape = FieldSet::default();
    for entry in &entries {
        shape.merge(&entry.fields);
    }
    let owned = ManagedFields::applied_by(live, manager);
    let api_version = desired.get("apiVersion").and_then(Data::as_str).unwrap_or_default();
    let kind = desired.get("kind").and_then(Data::as_str).unwrap_or_default();
    let gvk = Gvk::from_api_version(api_version, kind);
    let mut comparison = Comparison {
        // The groups of the built-in kinds have no domain, or Kubernetes' own.
        built_in: !gvk.group.contains('.') || gvk.group.ends_with(".k8s.io"),
        secret: gvk.is_secret(),
        found: Vec::new(),
    };
    let none = FieldSet::default();
    let fields = owned.as_ref().map_or(&none, |entry| &entry.fields);
    if owned.as_ref().is_some_and(|entry| entry.api_version != api_version) {
        comparison.note(&FieldPath::default(), Wrong::Unclear);
    }
    let desired = defaulted(&gvk, body(desired, fields));
    let live = body(live, &shape);
    comparison.map(
        &desired,
        Some(&live),
        Place { owned: Some(fields), shape: Some(&shape) },
        &FieldPath::default(),
    );
    comparison.found
}

/// Whether an apply of what is wanted would change nothing.
pub fn is_unchanged(desired: &Data, live: &Data, manager: &str) -> bool {
    !crate::is_terminating(live) && compare(desired, live, manager).is_empty()
}

/// The part of an object that can be owned (Kubernetes: `managedfields/internal/stripmeta.go`), with a Secret's
/// `stringData` where the server puts it. A status is written through its subresource.
fn body(object: &Data, owned: &FieldSet) -> DataMap {
    let mut map = object.as_map().cloned().unwrap_or_default().without("apiVersion").without("kind");
    if owned.member("status").is_none() {
        map = map.without("status");
    }
    if let Some(metadata) = map.get("metadata").and_then(Data::as_map) {
        let names = [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        ];
        let metadata = names.iter().fold(metadata.clone(), |metadata, name| metadata.without(name));
        map = if metadata.is_empty() {
            map.without("metadata")
        } else {
            map.with("metadata", Data::Map(metadata))
        };
    }
    map
}

/// What is known of the ownership at one place.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// What the manager owns at and below it.
    owned: Option<&'a FieldSet>,
    /// What anybody owns at and below it.
    shape: Option<&'a FieldSet>,
}

impl<'a> Place<'a> {
    fn member(self, name: &str) -> Self {
        Self {
            owned: self.owned.and_then(|set| set.member(name)),
            shape: self.shape.and_then(|set| set.member(name)),
        }
    }

    fn child(self, step: &Step) -> Self {
        Self {
            owned: self.owned.and_then(|set| set.child(step)),
            shape: self.shape.and_then(|set| set.child(step)),
        }
    }

    /// Whether the server takes what stands here as a whole.
    fn is_atomic(self) -> bool {
        self.owned.or(self.shape).is_some_and(FieldSet::is_leaf)
    }

    /// The steps below that lead to items of lists.
    fn items(self) -> impl Iterator<Item = &'a Step> {
        let owned = self.owned.into_iter().flat_map(FieldSet::children);
        let shape = self.shape.into_iter().flat_map(FieldSet::children);
        owned.chain(shape).map(|(step, _)| step)
    }
}

struct Comparison {
    built_in: bool,
    secret: bool,
    found: Vec<Mismatch>,
}

impl Comparison {
    fn note(&mut self, path: &FieldPath, wrong: Wrong) {
        self.found.push(Mismatch { path: path.clone(), wrong });
    }

    fn any(&mut self, desired: &Data, live: Option<&Data>, place: Place<'_>, path: &FieldPath) {
        let live = live.filter(|live| !live.is_null());
        match desired {
            // The server drops what is null, or makes the zero value of the type of it; anything else may be a default.
            Data::Null if live.is_none_or(|live| self.built_in && is_zero(live)) => {}
            Data::Null => self.note(path, Wrong::Unclear),
            Data::Map(map) if map.is_empty() => self.empty_map(live, place, path),
            Data::Map(map) if place.is_atomic() => self.whole(&Data::Map(map.clone()), live, place, path),
            Data::Map(map) => match live {
                Some(Data::Map(live)) => self.map(map, Some(live), place, path),
                Some(_) => self.note(path, Wrong::Different),
                None => self.map(map, None, place, path),
            },
            Data::List(list) => self.list(list, live, place, path),
            scalar => self.scalar(scalar, live, place, path),
        }
    }

    fn map(&mut self, desired: &DataMap, live: Option<&DataMap>, place: Place<'_>, path: &FieldPath) {
        for (name, value) in desired {
            let name = name.to_str_lossy();
            if self.secret && path.0.is_empty() && name == "stringData" {
                self.string_data(value, live, place);
                continue;
            }
            let below = path.then(Step::Field(name.clone().into_owned()));
            let live = live.and_then(|live| live.get(&name));
            let wish = self.built_in && is_zero(value) && place.member(&name).owned.is_some();
            if wish && live.is_some() && live == default_of(&name, desired).as_ref() {
                continue;
            }
            self.any(value, live, place.member(&name), &below);
        }
        for (step, below) in place.owned.into_iter().flat_map(FieldSet::children) {
            let wanted = match step {
                Step::Field(name) => desired.contains_key(name),
                _ => false,
            };
            if !wanted {
                self.surplus(&path.then(step.clone()), below);
            }
        }
    }

    /// What a Secret's `stringData` holds stands in its `data`, and is owned under its own name.
    fn string_data(&mut self, desired: &Data, live: Option<&DataMap>, place: Place<'_>) {
        use base64::Engine as _;
        let data = live.and_then(|live| live.get("data"));
        let path = FieldPath(vec![Step::Field("stringData".to_owned())]);
        for (name, value) in desired.as_map().into_iter().flatten() {
            let name = name.to_str_lossy();
            let encoded =
                value.as_str().map(|text| Data::from(base64::engine::general_purpose::STANDARD.encode(text)));
            let below = path.then(Step::Field(name.clone().into_owned()));
            match (encoded, data.and_then(|data| data.get(&name))) {
                (Some(encoded), Some(live)) if encoded == *live => {
                    if place.member("stringData").member(&name).owned.is_none() {
                        self.note(&below, Wrong::Unowned);
                    }
                }
                (_, Some(_)) => self.note(&below, Wrong::Different),
                (_, None) => self.note(&below, Wrong::Missing),
            }
        }
        let owned = place.member("stringData").owned;
        for (step, below) in owned.into_iter().flat_map(FieldSet::children) {
            let wanted = matches!(step, Step::Field(name) if desired.get(name).is_some());
            if !wanted {
                self.surplus(&path.then(step.clone()), below);
            }
        }
    }

    fn surplus(&mut self, path: &FieldPath, set: &FieldSet) {
        for below in set.paths() {
            let path = FieldPath(path.0.iter().cloned().chain(below.0).collect());
            self.note(&path, Wrong::Surplus);
        }
    }

    fn empty_map(&mut self, live: Option<&Data>, place: Place<'_>, path: &FieldPath) {
        match live {
            _ if place.owned.is_none() => {
                self.note(path, if live.is_some() { Wrong::Unowned } else { Wrong::Missing });
            }
            None => {}
            Some(Data::Map(map)) if map.is_empty() => {}
            // Others' fields and defaults, unless the map is one that is taken as a whole.
            Some(Data::Map(_)) => {
                let below = place.shape.is_some_and(|shape| shape.children().next().is_some());
                let name = path.names().last().unwrap_or_default();
                let whole = name.ends_with("elector") || name.ends_with("Ref");
                if !below && (whole || !self.built_in) {
                    self.note(path, Wrong::Unclear);
                }
            }
            Some(_) => self.note(path, Wrong::Different),
        }
    }

    fn scalar(&mut self, desired: &Data, live: Option<&Data>, place: Place<'_>, path: &FieldPath) {
        let wrong = match live {
            None if self.built_in && is_zero(desired) => None,
            None => Some(Wrong::Missing),
            Some(live) if same(desired, live, path, self.secret) => None,
            // An empty text in a built-in kind is often a wish for the default.
            Some(_) if self.built_in && is_zero(desired) => Some(Wrong::Unclear),
            Some(_) => Some(Wrong::Different),
        };
        match wrong {
            Some(wrong) => self.note(path, wrong),
            None if place.owned.is_none() => self.note(path, Wrong::Unowned),
            None => {}
        }
    }

    fn list(&mut self, desired: &DataList, live: Option<&Data>, place: Place<'_>, path: &FieldPath) {
        let whole = Data::List(desired.clone());
        if place.is_atomic() {
            return self.whole(&whole, live, place, path);
        }
        let none = DataList::default();
        let live_items = match live {
            None => &none,
            Some(Data::List(live)) => live,
            Some(_) => return self.note(path, Wrong::Different),
        };
        let keyed = place.items().any(|step| matches!(step, Step::Key(_)));
        let valued = place.items().any(|step| matches!(step, Step::Value(_)));
        match (keyed, valued) {
            (true, false) => self.keyed(desired, live_items, place, path),
            (false, true) => self.valued(desired, live_items, place, path),
            _ if desired.is_empty() && place.owned.is_none() => {}
            _ => self.whole(&whole, live, place, path),
        }
    }

    /// A list whose items are told apart by keys.
    fn keyed(&mut self, desired: &DataList, live: &DataList, place: Place<'_>, path: &FieldPath) {
        let mut seen = HashSet::new();
        let mut last = None;
        for item in desired {
            let Some(Step::Key(keys)) = key_of(item, place) else {
                self.note(path, Wrong::Missing);
                continue;
            };
            let step = Step::Key(keys.clone());
            let below = path.then(step.clone());
            if !seen.insert(step.to_string()) {
                self.note(&below, Wrong::Unclear); // the server takes items of the same key as a whole
                continue;
            }
            let found = live.iter().enumerate().find(|(_, live)| has_keys(live, keys));
            let Some((index, live_item)) = found else {
                self.note(&below, Wrong::Missing);
                continue;
            };
            if last.is_some_and(|last| last > index) {
                self.note(path, Wrong::Unclear); // the order is another one
            }
            last = Some(index);
            self.any(item, Some(live_item), place.child(&step), &below);
        }
        self.surplus_items(place, path, &seen);
    }

    /// A list that is a set of scalars.
    fn valued(&mut self, desired: &DataList, live: &DataList, place: Place<'_>, path: &FieldPath) {
        let mut seen = HashSet::new();
        for item in desired {
            let step = Step::Value(item.clone());
            seen.insert(step.to_string());
            let below = path.then(step.clone());
            if !live.iter().any(|live| same_scalar(item, live)) {
                self.note(&below, Wrong::Missing);
            } else if place.child(&step).owned.is_none() {
                self.note(&below, Wrong::Unowned);
            }
        }
        self.surplus_items(place, path, &seen);
    }

    fn surplus_items(&mut self, place: Place<'_>, path: &FieldPath, seen: &HashSet<String>) {
        for (step, below) in place.owned.into_iter().flat_map(FieldSet::children) {
            if !seen.contains(&step.to_string()) {
                self.surplus(&path.then(step.clone()), below);
            }
        }
    }

    /// What the server takes as a whole: the live value is what was applied last, and defaults.
    fn whole(&mut self, desired: &Data, live: Option<&Data>, place: Place<'_>, path: &FieldPath) {
        let wrong = match live {
            None if is_zero(desired) => None,
            None => Some(Wrong::Missing),
            Some(live) => self.whole_is(desired, live, path),
        };
        match wrong {
            Some(wrong) => self.note(path, wrong),
            None if place.owned.is_none() => self.note(path, Wrong::Unowned),
            None => {}
        }
    }

    fn whole_is(&self, desired: &Data, live: &Data, path: &FieldPath) -> Option<Wrong> {
        match (desired, live) {
            (Data::Map(desired), Data::Map(live)) => {
                let mut worst = None;
                for (name, value) in desired {
                    let name = name.to_str_lossy();
                    let below = path.then(Step::Field(name.clone().into_owned()));
                    let wrong = match live.get(&name) {
                        Some(live) => self.whole_is(value, live, &below),
                        None if self.built_in && is_zero(value) => None,
                        None if value.is_null() => None,
                        None => Some(Wrong::Missing),
                    };
                    match wrong {
                        Some(Wrong::Unclear) => worst = Some(Wrong::Unclear),
                        None => {}
                        Some(_) => return Some(Wrong::Different),
                    }
                }
                let surplus = live
                    .iter()
                    .filter(|(name, _)| desired.get_bytes(name.as_bytes()).is_none())
                    .any(|(name, value)| !(self.built_in && is_default(&name.to_str_lossy(), value)));
                if surplus { Some(Wrong::Unclear) } else { worst }
            }
            (Data::List(desired), Data::List(live)) => {
                if desired.len() != live.len() {
                    return Some(Wrong::Different);
                }
                let mut worst = None;
                for (index, (desired, live)) in desired.iter().zip(live).enumerate() {
                    match self.whole_is(desired, live, &path.then(Step::Index(index))) {
                        Some(Wrong::Unclear) => worst = Some(Wrong::Unclear),
                        None => {}
                        Some(_) => return Some(Wrong::Different),
                    }
                }
                worst
            }
            (desired, live) if same(desired, live, path, self.secret) => None,
            _ => Some(Wrong::Different),
        }
    }
}

/// The keys by which an item is told apart from others, as far as the server has shown them.
fn key_of<'a>(item: &Data, place: Place<'a>) -> Option<&'a Step> {
    let keys = |step: &&'a Step| matches!(step, Step::Key(_));
    let exact = place.items().filter(keys).find(|step| match step {
        Step::Key(keys) => has_keys(item, keys),
        _ => false,
    });
    // A key that the item leaves out was defaulted.
    exact.or_else(|| {
        let mut near = place.items().filter(keys).filter(|step| match step {
            Step::Key(keys) => keys.iter().all(|(name, value)| {
                item.get(&name.to_str_lossy())
                    .map_or_else(|| is_default(&name.to_str_lossy(), value), |own| same_scalar(own, value))
            }),
            _ => false,
        });
        near.next()
    })
}

fn has_keys(item: &Data, keys: &DataMap) -> bool {
    keys.iter().all(|(name, value)| item.get(&name.to_str_lossy()).is_some_and(|own| same_scalar(own, value)))
}
