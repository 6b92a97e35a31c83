//! Who owns which fields of an object.

use pintle_value::{Data, DataList, DataMap};

use super::{FieldPath, FieldSet};
use crate::FieldConflict;

/// How a manager came to own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// By applying them.
    Apply,
    /// By any other write.
    Update,
}

/// One entry of an object's `managedFields`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ManagedFields {
    /// The manager's name.
    pub manager: String,
    /// How it came to own the fields.
    pub operation: Operation,
    /// The subresource that it wrote through; empty for the object itself.
    pub subresource: String,
    /// The version of the kind that the fields are named in.
    pub api_version: String,
    /// When the entry changed last.
    pub time: String,
    /// The fields.
    pub fields: FieldSet,
}

impl ManagedFields {
    /// The entries of a live object. Entries that cannot be read are left out.
    pub fn of(object: &Data) -> Vec<Self> {
        let entries = object.at(&["metadata", "managedFields"]).and_then(Data::as_list);
        entries.into_iter().flatten().filter_map(Self::read).collect()
    }

    /// The entry that a manager's server-side applies of the object itself made.
    pub fn applied_by(object: &Data, manager: &str) -> Option<Self> {
        Self::of(object).into_iter().find(|entry| entry.is_applied_by(manager))
    }

    fn is_applied_by(&self, manager: &str) -> bool {
        self.operation == Operation::Apply && self.manager == manager && self.subresource.is_empty()
    }

    fn read(entry: &Data) -> Option<Self> {
        let text = |key| entry.get(key).and_then(Data::as_str).unwrap_or_default().to_owned();
        Some(Self {
            manager: text("manager"),
            operation: match entry.get("operation").and_then(Data::as_str)? {
                "Apply" => Operation::Apply,
                _ => Operation::Update,
            },
            subresource: text("subresource"),
            api_version: text("apiVersion"),
            time: text("time"),
            fields: FieldSet::parse(entry.get("fieldsV1")?)?,
        })
    }

    fn write(&self) -> Data {
        let operation = if self.operation == Operation::Apply { "Apply" } else { "Update" };
        let mut entry = vec![
            ("manager", Data::from(&self.manager)),
            ("operation", Data::from(operation)),
            ("apiVersion", Data::from(&self.api_version)),
            ("fieldsType", Data::from("FieldsV1")),
            ("fieldsV1", self.fields.to_data()),
        ];
        if !self.time.is_empty() {
            entry.push(("time", Data::from(&self.time)));
        }
        if !self.subresource.is_empty() {
            entry.push(("subresource", Data::from(&self.subresource)));
        }
        entry.into_iter().collect()
    }
}

/// Who owns a field of a live object, or something below it.
pub(crate) fn owners_of(entries: &[ManagedFields], path: &FieldPath) -> Vec<FieldConflict> {
    entries
        .iter()
        .filter(|entry| entry.fields.below(path).is_some())
        .map(|entry| FieldConflict {
            field: path.to_string(),
            manager: entry.manager.clone(),
            subresource: entry.subresource.clone(),
        })
        .collect()
}

/// The patch that turns what a manager owns by client-side writes into what it owns by server-side apply; `None`
/// where there is nothing to do (Kubernetes: client-go `util/csaupgrade`, `UpgradeManagedFieldsPatch`).
///
/// It carries the resource version, so that it fails where the object changed meanwhile.
pub(crate) fn migration(object: &Data, manager: &str) -> Option<Data> {
    let mut entries = ManagedFields::of(object);
    let given = object.at(&["metadata", "managedFields"]).and_then(Data::as_list).map_or(0, DataList::len);
    if entries.len() != given {
        return None; // writing them back would lose what cannot be read
    }
    let is_old = |entry: &ManagedFields| {
        entry.operation == Operation::Update && entry.manager == manager && entry.subresource.is_empty()
    };
    let old: Vec<ManagedFields> = entries.iter().filter(|entry| is_old(entry)).cloned().collect();
    let first_old = entries.iter().position(is_old)?;
    let applied = entries.iter().position(|entry| entry.is_applied_by(manager));
    let entry = entries.get_mut(applied.unwrap_or(first_old))?;
    entry.operation = Operation::Apply;
    for old in &old {
        entry.fields.merge(&old.fields);
    }
    entries.retain(|entry| !is_old(entry));
    let operation = |path: &str, value: Data| -> Data {
        [("op", Data::from("replace")), ("path", Data::from(path)), ("value", value)].into_iter().collect()
    };
    let version = object.at(&["metadata", "resourceVersion"]).cloned().unwrap_or_default();
    let rest = Data::List(entries.iter().map(ManagedFields::write).collect());
    let patch =
        vec![operation("/metadata/managedFields", rest), operation("/metadata/resourceVersion", version)];
    Some(Data::from(patch))
}

/// What stays of an object when the server's own bookkeeping is taken out: for comparing two answers.
pub(crate) fn without_bookkeeping(object: &Data) -> Data {
    let Some(map) = object.as_map() else { return object.clone() };
    let metadata = map.get("metadata").and_then(Data::as_map).cloned().unwrap_or_default();
    let metadata: DataMap =
        ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"]
            .iter()
            .fold(metadata, |metadata, key| metadata.without(key));
    Data::Map(map.with("metadata", Data::Map(metadata)).without("status"))
}
