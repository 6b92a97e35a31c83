//! How the objects of a revision are written.

use std::collections::HashMap;

use pintle_cluster::{Before, Discovery, Method, Object, ObjectKey, Owner};
use pintle_release::{ApplyMethod, Record};
use pintle_value::Data;

use super::Action;
use super::apply::place;
use super::live::{Sourced, manifest_objects};
use crate::ledger::Past;
use crate::{Conflicts, Error, Merging, Ownership, RunOptions, Updates};

/// How the objects of a revision are written, with what the last one wanted where that matters.
#[derive(Clone, Default)]
pub(crate) struct Writing {
    pub(crate) method: Method,
    originals: HashMap<ObjectKey, Data>,
    /// Objects that the last revision has not, and that exist, are brought to exactly what is wanted.
    exact: bool,
    /// Whose an object has to be that appears where one is to be created; `None` where it may be anybody's.
    pub(crate) owner: Option<Owner>,
}

/// Who merges a new revision, by what was asked for and who merged `last` (Helm: `pkg/action/upgrade.go`,
/// `getUpgradeServerSideValue`).
pub(crate) fn apply_method(merging: Merging, last: Option<ApplyMethod>) -> ApplyMethod {
    match merging {
        Merging::Server => ApplyMethod::ServerSide,
        Merging::Client => ApplyMethod::ClientSide,
        Merging::Auto => last.unwrap_or(ApplyMethod::ClientSide),
    }
}

impl Writing {
    /// Fails where the options contradict each other (Helm: `pkg/kube/client.go`, `Update`).
    pub(crate) fn of(
        action: Action,
        record: &Record,
        past: Option<&Past>,
        settings: &RunOptions,
        discovery: &Discovery,
    ) -> Result<Self, Error> {
        let invalid = |problem| Err(Error::Options { problem });
        let server_side = record.apply_method == Some(ApplyMethod::ServerSide);
        match (server_side, settings.updates, settings.conflicts) {
            (true, Updates::Replace, _) => {
                return invalid("server-side apply and force replace cannot be used together");
            }
            (_, Updates::Replace, Conflicts::Force) => {
                return invalid("force conflicts and force replace cannot be used together");
            }
            (false, _, Conflicts::Force) if action != Action::Install => {
                return invalid("forceConflicts enabled when serverSideApply disabled");
            }
            _ => {}
        }
        // Helm takes an upgrade's state from the revision that is deployed, a rollback's from the newest one.
        let before = past.map(|past| match action {
            Action::Rollback(_) => &past.last.record,
            _ => &past.current().record,
        });
        let method = match (server_side, action, settings.updates) {
            (true, Action::Upgrade, _) => match before.and_then(|record| record.apply_method) {
                Some(ApplyMethod::ServerSide) => Method::ServerSide,
                _ => Method::Migrate,
            },
            (true, ..) => Method::Migrate,
            (false, _, Updates::Replace) => Method::Replace,
            (false, Action::Install, _) if settings.ownership == Ownership::Take => {
                Method::ClientSideAdopting
            }
            _ => Method::ClientSide,
        };
        let mut writing = Self { method, exact: matches!(action, Action::Rollback(_)), ..Self::default() };
        if settings.ownership == Ownership::Check {
            writing.owner = Some(Owner::new(&record.name, &record.namespace));
        }
        if let (Method::ClientSide, Some(before), true) = (method, before, action != Action::Install) {
            for Sourced { data, .. } in manifest_objects(before)? {
                // What cannot be an object never was one in the cluster.
                let Ok(object) = Object::new(data) else { continue };
                let Ok((object, _)) = place(object, discovery, &HashMap::new(), &before.namespace) else {
                    continue;
                };
                writing.originals.insert(object.key(), object.into_data());
            }
        }
        Ok(writing)
    }

    /// What is known of an object before it is written.
    pub(crate) fn before<'a>(&'a self, object: &Object, live: Option<&'a Data>) -> Before<'a> {
        let original = self.originals.get(&object.key());
        Before::new(if self.exact { original.or(live) } else { original }, live)
    }
}
