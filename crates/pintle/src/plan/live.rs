//! What stands in records and in the cluster, as objects.

use std::collections::HashSet;

use pintle_cluster::{
    Error as ClusterError, Expect, Live, Method, Object, ObjectKey, ObjectRef, Owner, Scope,
    expected_difference, is_kept, is_terminating, list_items,
};
use pintle_release::{Hook, Record};
use pintle_value::Data;

use super::{Finding, ObjectAction, Planned, Writing};
use crate::{Error, Ownership};

/// An object of a manifest with the template that made it.
#[derive(Clone)]
pub(crate) struct Sourced {
    pub(crate) data: Data,
    pub(crate) template: Option<String>,
}

/// The objects of a record's manifest, in its order; lists are taken apart as kubectl takes them apart.
pub(crate) fn manifest_objects(record: &Record) -> Result<Vec<Sourced>, Error> {
    let mut objects = Vec::new();
    for document in documents(&record.manifest) {
        let data = read_object(document).map_err(|reason| Error::Manifest {
            name: record.name.clone(),
            revision: record.revision,
            reason,
        })?;
        let template = document.lines().find_map(|line| line.strip_prefix("# Source: ")).map(str::to_owned);
        flatten(data, template.as_deref(), &mut objects);
    }
    Ok(objects)
}

/// The objects of a hook; most often it is one.
///
/// # Errors
///
/// The text says where its YAML is wrong.
pub(crate) fn hook_objects(hook: &Hook) -> Result<Vec<Data>, String> {
    Ok(stream_objects(&hook.manifest, None)?.into_iter().map(|object| object.data).collect())
}

/// The objects of a stream of documents.
///
/// # Errors
///
/// The text says where the YAML is wrong.
pub(crate) fn stream_objects(text: &str, template: Option<&str>) -> Result<Vec<Sourced>, String> {
    let mut objects = Vec::new();
    for document in documents(text) {
        flatten(read_object(document)?, template, &mut objects);
    }
    Ok(objects)
}

/// Whole numbers stay what they are, as in kubectl's decoder: objects are not values.
fn read_object(document: &str) -> Result<Data, String> {
    pintle_yaml::parse_typed(document.as_bytes(), &pintle_yaml::Limits::default())
        .map_err(|error| error.to_string())
}

/// Puts an object, or the items of a list of objects, behind `objects`; empty documents leave nothing.
pub(crate) fn flatten(data: Data, template: Option<&str>, objects: &mut Vec<Sourced>) {
    let kind = data.get("kind").and_then(Data::as_str).unwrap_or_default();
    match data.get("items").and_then(Data::as_list) {
        Some(_) if kind.ends_with("List") => {
            for item in list_items(data) {
                flatten(item, template, objects);
            }
        }
        _ if data.as_map().is_none_or(pintle_value::DataMap::is_empty) => {}
        _ => objects.push(Sourced { data, template: template.map(str::to_owned) }),
    }
}

/// The documents of a stream, cut at lines that begin with `---` (Kubernetes: apimachinery `util/yaml/decoder.go`,
/// `YAMLReader.Read`).
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut starts = vec![0];
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            starts.push(offset);
        }
        offset += line.len();
    }
    starts.push(text.len());
    let bounds: Vec<(usize, usize)> = starts.iter().copied().zip(starts.iter().copied().skip(1)).collect();
    bounds
        .into_iter()
        .filter_map(|(start, end)| text.get(start..end))
        .filter(|document| !document.trim().is_empty())
}

/// What the cluster has of objects: of those that the release made before, and of those that it wants to make.
pub(crate) async fn read(
    cluster: &pintle_cluster::Target,
    scope: &Scope,
    known: &HashSet<ObjectKey>,
    objects: impl Iterator<Item = &ObjectRef>,
) -> Result<Live, ClusterError> {
    let (ours, new): (Vec<&ObjectRef>, Vec<&ObjectRef>) =
        objects.partition(|object| known.contains(&object.key()));
    let (mut live, new_live) = futures::try_join!(
        cluster.read(scope, ours, Expect::Ours),
        cluster.read(scope, new.iter().copied(), Expect::Absent)
    )?;
    for key in new.iter().map(|object| object.key()) {
        if let Some(found) = new_live.get(&key) {
            live.insert(key, found.clone());
        }
    }
    Ok(live)
}

/// What has to be done to each wanted object.
///
/// An object that exists, and that no earlier revision has, must carry the release's marks (Helm:
/// `pkg/action/validate.go`, `existingResourceConflict`).
pub(crate) fn changes(
    wanted: Vec<(Object, Option<String>, Served)>,
    live: &Live,
    known: &HashSet<ObjectKey>,
    owner: &Owner,
    ownership: Ownership,
    (cluster, writing): (&pintle_cluster::Target, &Writing),
) -> Result<Vec<Planned>, Error> {
    let mut planned = Vec::with_capacity(wanted.len());
    for (object, template, served) in wanted {
        let key = object.key();
        let now = if object.is_generated() { None } else { live.get(&key).cloned() };
        let action = match (&now, served) {
            (None, Served::NotYet) => ObjectAction::CreateUnchecked,
            (None, Served::Yes) => ObjectAction::Create,
            (Some(now), _) => {
                if ownership == Ownership::Check && !known.contains(&key) {
                    owner.check(object.reference(), now).map_err(|error| {
                        Error::cluster("unable to continue")(ClusterError::Ownership(error))
                    })?;
                }
                match writing.method {
                    // A run that died uninstalling, or somebody else, is at it; what is written into it goes with it.
                    _ if is_terminating(now) => ObjectAction::Recreate,
                    method if !cluster.would_write(&object, writing.before(&object, Some(now)), method) => {
                        ObjectAction::Nothing
                    }
                    Method::Replace => ObjectAction::Replace,
                    _ => ObjectAction::Update,
                }
            }
        };
        let finding = match action {
            ObjectAction::Nothing => Finding::default(),
            _ => Finding {
                changes: expected_difference(&object, now.as_ref(), cluster.manager()),
                ..Finding::default()
            },
        };
        planned.push(Planned { object, live: now, action, template, finding });
    }
    Ok(planned)
}

/// Whether the cluster serves an object's kind already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    Yes,
    /// A CRD of the same release will make it.
    NotYet,
}

/// What happens to objects of earlier revisions that the new one has not.
pub(crate) fn obsolete(old: Vec<(Object, Option<String>)>, live: &Live, owner: &Owner) -> Vec<Planned> {
    let planned = old.into_iter().filter_map(|(object, template)| {
        let now = live.get(&object.key())?.clone();
        // Helm: pkg/kube/client.go, Update and pkg/action/validate.go, verifyOwnershipBeforeDelete
        let action =
            if is_kept(&now) || !owner.owns(&now) { ObjectAction::Keep } else { ObjectAction::Delete };
        Some(Planned { object, live: Some(now), action, template, finding: Finding::default() })
    });
    planned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(manifest: &str) -> Vec<(String, Option<String>)> {
        let mut record = Record::new("web", "shop", 1);
        record.manifest = manifest.to_owned();
        let objects = manifest_objects(&record).unwrap();
        let name = |data: &Data| data.at(&["metadata", "name"]).and_then(Data::as_str).unwrap().to_owned();
        objects.into_iter().map(|object| (name(&object.data), object.template)).collect()
    }

    #[test]
    fn a_manifest_is_cut_into_its_objects() {
        let manifest = "---\n# Source: web/templates/a.yaml\nkind: A\nmetadata: {name: a}\n\
                        text: |\n  ---\n  not a separator\n--- # and this\n# nothing\n---\n\
                        # Source: web/templates/b.yaml\nkind: List\nitems:\n- {kind: B, metadata: {name: b}}\n\
                        - {kind: B, metadata: {name: c}}\n";
        let a = Some("web/templates/a.yaml".to_owned());
        let b = Some("web/templates/b.yaml".to_owned());
        assert_eq!(
            objects(manifest),
            [("a".to_owned(), a), ("b".to_owned(), b.clone()), ("c".to_owned(), b)]
        );
        assert_eq!(objects("\n"), []);
    }

    #[test]
    fn items_are_of_the_kind_of_their_list() {
        let text = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n";
        let objects = stream_objects(text, None).unwrap();
        let kinds: Vec<_> = objects.iter().map(|object| ObjectRef::of(&object.data).unwrap().gvk).collect();
        assert_eq!(kinds, [pintle_cluster::Gvk::new("", "v1", "ConfigMap")]);
    }
}
