//! What shows that somebody else changed what a release owns.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pintle_value::Data;

use crate::fields::{FieldSet, ManagedFields, Operation};

/// A digest of which object it is and what a manager owns of it.
///
/// Whoever changes a field that a manager owns takes the field from it: the manager's entry in `managedFields`
/// becomes another one. So a signature stays the same as long as nobody touches what the release wants, whatever
/// happens to the object's status, generation and other fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(u64);

impl Signature {
    /// The signature of a live object, of which the metadata are enough.
    pub fn of(live: &Data, manager: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        live.at(&["metadata", "uid"]).and_then(Data::as_str).hash(&mut hasher);
        let entries = ManagedFields::of(live);
        // What is applied as a Secret's `stringData` is owned under that name, and what others do to its `data`
        // takes nothing away.
        let is_ours = |entry: &&ManagedFields| entry.manager == manager && entry.subresource.is_empty();
        if entries.iter().filter(is_ours).any(|entry| entry.fields.member("stringData").is_some()) {
            for entry in &entries {
                let data = entry.fields.member("data").map(FieldSet::to_data);
                (
                    &entry.manager,
                    data.map(|data| (&entry.time, serde_json::to_string(&data).unwrap_or_default())),
                )
                    .hash(&mut hasher);
            }
        }
        for entry in entries {
            if entry.manager != manager || !entry.subresource.is_empty() {
                continue;
            }
            (entry.operation == Operation::Apply, &entry.api_version, &entry.time).hash(&mut hasher);
            serde_json::to_string(&entry.fields.to_data()).unwrap_or_default().hash(&mut hasher);
        }
        Self(hasher.finish())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:016x})", self.0)
    }
}
