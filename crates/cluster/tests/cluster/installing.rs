//! CRDs, namespaces, lookups and the way back from client-side writes.

use pintle_cluster::fields::{ManagedFields, Operation};
use pintle_cluster::{
    ApplyOptions, Change, CrdError, CrdPolicy, DeleteOptions, Gvk, Object, ObjectRef, Unobserved, kinds_of,
};
use pintle_value::Data;
use serde_json::json;

use crate::bed::{Place, data};

pub(crate) fn crd(group: &str, fields: &serde_json::Value) -> Object {
    let name = format!("things.{group}");
    Object::new(data(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}}}]
        }
    })))
    .unwrap()
}

#[tokio::test]
async fn crds_are_established_and_known_when_they_are_installed() {
    let place = Place::new("crds").await;
    let (target, scope) = (&place.target, &place.scope);
    let group = format!("{}.example.com", place.namespace);
    let both = crd(&group, &json!({"size": {"type": "integer"}, "name": {"type": "string"}}));
    assert_eq!(kinds_of(std::slice::from_ref(&both)), [Gvk::new(&group, "v1", "Thing")]);
    let install =
        |crd: Object, policy| async move { target.install_crds(scope, &[crd], policy, &Unobserved).await };
    assert_eq!(install(both.clone(), CrdPolicy::Skip).await.unwrap(), []);
    assert_eq!(install(both.clone(), CrdPolicy::Create).await.unwrap(), [Change::Created]);
    let thing = place.object(json!({"apiVersion": format!("{group}/v1"), "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 1}}));
    target.apply(scope, &thing, ApplyOptions::default()).await.unwrap();

    let live = place.live(both.reference()).await;
    assert_eq!(pintle_cluster::fields::compare(both.data(), &live, "helm"), []);
    let one = crd(&group, &json!({"size": {"type": "integer"}}));
    assert_eq!(install(one.clone(), CrdPolicy::Create).await.unwrap(), [Change::Unchanged]);
    assert_eq!(install(both.clone(), CrdPolicy::CreateReplace).await.unwrap(), [Change::Unchanged]);
    let error = install(one, CrdPolicy::CreateReplace).await.unwrap_err();
    assert!(matches!(&error, CrdError::Loss { .. }));
    assert!(error.to_string().contains("would lose v1 .spec.name"), "{error}");
    let more = crd(
        &group,
        &json!({"size": {"type": "integer"}, "name": {"type": "string"}, "more": {"type": "string"}}),
    );
    assert_eq!(install(more, CrdPolicy::CreateReplace).await.unwrap(), [Change::Updated]);
    target.delete(scope, both.reference(), &DeleteOptions::default()).await.unwrap();
}

#[tokio::test]
async fn a_crd_that_is_being_deleted_is_awaited_and_created_anew() {
    let place = Place::new("crds-going").await;
    let (target, scope) = (&place.target, &place.scope);
    let group = format!("{}.example.com", place.namespace);
    let crd = crd(&group, &json!({"size": {"type": "integer"}}));
    let install = || target.install_crds(scope, std::slice::from_ref(&crd), CrdPolicy::Create, &Unobserved);
    assert_eq!(install().await.unwrap(), [Change::Created]);
    let thing = |metadata| {
        place.object(json!({"apiVersion": format!("{group}/v1"), "kind": "Thing", "metadata": metadata}))
    };
    let held = thing(json!({"name": "one", "finalizers": ["example.com/held"]}));
    target.apply(scope, &held, ApplyOptions::default()).await.unwrap();
    target.delete(scope, crd.reference(), &DeleteOptions::default()).await.unwrap();
    let release = async {
        while place.live(held.reference()).await.at(&["metadata", "deletionTimestamp"]).is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let patch = r#"{"metadata": {"finalizers": null}}"#;
        place.kubectl(&["patch", &format!("things.{group}/one"), "--type=merge", "-p", patch]).await;
    };
    let (installed, ()) = tokio::join!(install(), release);
    assert_eq!(installed.unwrap(), [Change::Created]);
    target.apply(scope, &thing(json!({"name": "two"})), ApplyOptions::default()).await.unwrap();
    target.delete(scope, crd.reference(), &DeleteOptions::default()).await.unwrap();
}

#[tokio::test]
async fn a_namespace_is_made_as_helm_makes_it() {
    let place = Place::new("namespaces").await;
    let (ours, helms) = (format!("{}-ours", place.namespace), format!("{}-helm", place.namespace));
    assert!(place.target.ensure_namespace(&place.scope, &ours).await.unwrap().is_some());
    assert!(place.target.ensure_namespace(&place.scope, &ours).await.unwrap().is_none());
    let chart = tempfile::tempdir().unwrap();
    std::fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n").unwrap();
    let (tenant, path, namespace) = (place.tenant.clone(), chart.path().display().to_string(), helms.clone());
    tokio::task::spawn_blocking(move || {
        let helm = pintle_testkit::Helm::v4().unwrap().on(&tenant);
        helm.run(["install", "web", &path, "-n", &namespace, "--create-namespace"])
            .unwrap()
            .success()
            .unwrap()
            .clone()
    })
    .await
    .unwrap();
    let made = |name: String| {
        let place = &place;
        async move {
            let live = place.live(&ObjectRef::cluster(Gvk::new("", "v1", "Namespace"), &name)).await;
            let owners: Vec<_> = ManagedFields::of(&live)
                .into_iter()
                .filter(|entry| entry.subresource.is_empty())
                .map(|entry| (entry.manager, entry.operation, entry.fields))
                .collect();
            let labels =
                live.at(&["metadata", "labels"]).unwrap().as_map().unwrap().keys().map(ToString::to_string);
            (owners, labels.collect::<Vec<_>>())
        }
    };
    assert_eq!(made(ours.clone()).await, made(helms.clone()).await);
    for name in [ours, helms] {
        let namespace = ObjectRef::cluster(Gvk::new("", "v1", "Namespace"), name);
        place.target.delete(&place.scope, &namespace, &DeleteOptions::default()).await.unwrap();
    }
}

#[tokio::test]
async fn lookups_give_objects_lists_and_nothing() {
    let place = Place::new("lookup").await;
    let (target, scope, namespace) = (&place.target, &place.scope, &*place.namespace);
    let found = target.lookup(scope, "v1", "ServiceAccount", namespace, "default").await.unwrap();
    assert_eq!(found.at(&["metadata", "name"]).and_then(Data::as_str), Some("default"));
    let list = target.lookup(scope, "v1", "ServiceAccount", namespace, "").await.unwrap();
    assert_eq!(list.get("kind").and_then(Data::as_str), Some("ServiceAccountList"));
    assert_eq!(list.get("items").and_then(Data::as_list).map(pintle_value::DataList::len), Some(1));
    let none = target.lookup(scope, "v1", "ServiceAccount", namespace, "none").await.unwrap();
    assert!(none.as_map().is_some_and(pintle_value::DataMap::is_empty));
    let namespace = target.lookup(scope, "v1", "Namespace", "", namespace).await.unwrap();
    assert_eq!(namespace.get("kind").and_then(Data::as_str), Some("Namespace"));
    assert!(target.lookup(scope, "example.com/v1", "Thing", "", "").await.is_err());
}

#[tokio::test]
async fn what_was_written_client_side_is_taken_over_whole() {
    let place = Place::new("migrate").await;
    let (target, scope) = (&place.target, &place.scope);
    let old = place.object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "1", "b": "2"}}));
    target.create(scope, &old, ApplyOptions::default()).await.unwrap();
    assert!(target.migrate_managed_fields(scope, old.reference()).await.unwrap());
    assert!(!target.migrate_managed_fields(scope, old.reference()).await.unwrap());
    let entries = ManagedFields::of(&place.live(old.reference()).await);
    assert_eq!(entries.iter().map(|entry| entry.operation).collect::<Vec<_>>(), [Operation::Apply]);
    let new = place.object(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "1"}}),
    );
    target.apply(scope, &new, ApplyOptions::default()).await.unwrap();
    let live = place.live(old.reference()).await;
    assert_eq!(live.get("data").unwrap().as_map().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_in_manifests_are_their_items() {
    let place = Place::new("lists").await;
    let list = data(json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "two", "namespace": "wrong"}},
    ]}));
    let placed = place.target.place(&place.scope, [list], "shop").await.unwrap();
    let names: Vec<String> = placed.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["ConfigMap \"one\" in namespace \"shop\"", "Namespace \"two\""]);
}
