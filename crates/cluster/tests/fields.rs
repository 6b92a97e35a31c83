//! Sets of fields, and what they say about live objects.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop where a test does"
)]

use pintle_cluster::fields::{FieldPath, FieldSet, Step, Wrong, compare};
use pintle_cluster::{Gvk, difference};
use pintle_value::{Data, DataMap, Str};
use proptest::prelude::*;

fn scalar() -> impl Strategy<Value = Data> {
    prop_oneof![
        Just(Data::Null),
        any::<bool>().prop_map(Data::Bool),
        any::<i64>().prop_map(Data::Int),
        "[a-z0-9.:/=\"\\\\é]{0,6}".prop_map(|text| Data::from(text.as_str())),
    ]
}

fn tree() -> impl Strategy<Value = Data> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Data::from),
            prop::collection::vec(("(name|spec|data|status|ports|[a-z]{1,3})", inner), 0..4).prop_map(
                |members| {
                    members.into_iter().map(|(name, data)| (Str::from(name.as_str()), data)).collect()
                }
            ),
        ]
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        "[a-z./:é]{0,6}".prop_map(Step::Field),
        prop::collection::vec(("[a-z]{1,4}", scalar()), 1..3).prop_map(|keys| Step::Key(
            keys.into_iter().map(|(key, data)| (Str::from(key.as_str()), data)).collect()
        )),
        scalar().prop_map(Step::Value),
        (0_usize..20).prop_map(Step::Index),
    ]
}

fn path() -> impl Strategy<Value = FieldPath> {
    prop::collection::vec(step(), 1..5).prop_map(FieldPath)
}

fn set() -> impl Strategy<Value = FieldSet> {
    prop::collection::vec(path(), 0..12).prop_map(|paths| {
        let mut set = FieldSet::default();
        for path in &paths {
            set.insert(path);
        }
        set
    })
}

proptest! {
    #[test]
    fn a_written_set_reads_as_itself(set in set()) {
        prop_assert_eq!(FieldSet::parse(&set.to_data()), Some(set.clone()));
        let text = serde_json::to_string(&set.to_data()).unwrap();
        prop_assert_eq!(FieldSet::parse(&serde_json::from_str(&text).unwrap()), Some(set));
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else(paths in prop::collection::vec(path(), 0..10), other in path()) {
        let mut set = FieldSet::default();
        for path in &paths {
            set.insert(path);
            prop_assert!(set.contains(path));
        }
        prop_assert_eq!(set.contains(&other), set.paths().any(|path| path.to_string() == other.to_string()));
    }

    #[test]
    fn merging_is_a_union(a in set(), b in set()) {
        let (mut one, mut two) = (a.clone(), b.clone());
        one.merge(&b);
        two.merge(&a);
        prop_assert_eq!(&one, &two);
        prop_assert!(a.paths().chain(b.paths()).all(|path| one.contains(&path)));
        let mut again = one.clone();
        again.merge(&a);
        prop_assert_eq!(one, again);
    }

    #[test]
    fn steps_are_read_from_any_text(text in ".{0,20}") {
        let _ = Step::parse(&text);
    }

    #[test]
    fn any_two_trees_are_compared(desired in tree(), live in tree(), fields in tree(), set in set()) {
        let with = |fields: Data| -> Data {
            let entry: Data = [
                ("manager", Data::from("helm")), ("operation", Data::from("Apply")),
                ("apiVersion", Data::from("v1")), ("fieldsV1", fields),
            ].into_iter().collect();
            let metadata: Data = [("managedFields", Data::from(vec![entry]))].into_iter().collect();
            Data::Map(live.as_map().cloned().unwrap_or_default().with("metadata", metadata))
        };
        compare(&desired, &with(fields), "helm");
        compare(&desired, &with(set.to_data()), "helm");
        difference(&Gvk::new("", "v1", "Secret"), Some(&live), &desired, "helm");
    }

    #[test]
    fn what_differs_in_a_secret_is_never_shown(value in "[a-z]{12}", other in "[A-Z]{12}", key in "[a-z]{1,5}") {
        let secret = |value: &str| -> Data {
            let data: Data = [(key.as_str(), Data::from(value))].into_iter().collect();
            let annotations: Data = [("kubectl.kubernetes.io/last-applied-configuration", Data::from(value))].into_iter().collect();
            let metadata: Data = [("annotations", annotations)].into_iter().collect();
            [("kind", Data::from("Secret")), ("data", data.clone()), ("stringData", data), ("metadata", metadata)].into_iter().collect()
        };
        let changes = difference(&Gvk::new("", "v1", "Secret"), Some(&secret(&value)), &secret(&other), "helm");
        prop_assert_eq!(changes.len(), 3);
        let shown = format!("{changes:?} {} {}", serde_json::to_string(&changes).unwrap(),
            changes.iter().map(ToString::to_string).collect::<String>());
        prop_assert!(!shown.contains(&value) && !shown.contains(&other), "{}", shown);
    }
}

fn data(json: &str) -> Data {
    serde_json::from_str(json).unwrap()
}

/// A live object that `helm` has applied, with these fields.
fn live(object: &str, fields: &str) -> Data {
    let object = data(object);
    let entry: Data = [
        ("manager", Data::from("helm")),
        ("operation", Data::from("Apply")),
        ("apiVersion", object.get("apiVersion").cloned().unwrap()),
        ("fieldsV1", data(fields)),
    ]
    .into_iter()
    .collect();
    let metadata: DataMap = object.get("metadata").and_then(Data::as_map).cloned().unwrap_or_default();
    let metadata = metadata.with("managedFields", Data::from(vec![entry]));
    Data::Map(object.as_map().cloned().unwrap().with("metadata", Data::Map(metadata)))
}

fn found(desired: &str, live: &Data) -> Vec<(String, Wrong)> {
    compare(&data(desired), live, "helm").into_iter().map(|one| (one.path.to_string(), one.wrong)).collect()
}

#[test]
fn quantities_and_ports_are_compared_by_what_they_mean() {
    let desired = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"0.5","memory":"1024Mi"}},"ports":[{"containerPort":80}]}]}}"#;
    let fields = r#"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:resources":{"f:limits":{"f:cpu":{},"f:memory":{}}},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}"#;
    let stored = |cpu: &str| {
        live(
            &format!(
                r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":[{{"name":"a","image":"x","resources":{{"limits":{{"cpu":"{cpu}","memory":"1Gi"}}}},"ports":[{{"containerPort":80,"protocol":"TCP"}}]}}]}}}}"#
            ),
            fields,
        )
    };
    assert_eq!(found(desired, &stored("500m")), []);
    let cpu = r#".spec.containers[name="a"].resources.limits.cpu"#.to_owned();
    assert_eq!(found(desired, &stored("501m")), [(cpu, Wrong::Different)]);
}

#[test]
fn what_is_not_wanted_any_more_and_what_others_took_are_found() {
    let fields = r#"{"f:data":{"f:a":{},"f:b":{}}}"#;
    let stored = live(r#"{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2","c":"3"}}"#, fields);
    let wanted = |data: &str| format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","data":{data}}}"#);
    assert_eq!(found(&wanted(r#"{"a":"1","b":"2"}"#), &stored), []);
    assert_eq!(found(&wanted(r#"{"a":"1"}"#), &stored), [(".data.b".to_owned(), Wrong::Surplus)]);
    assert_eq!(
        found(&wanted(r#"{"a":"1","b":"2","c":"3"}"#), &stored),
        [(".data.c".to_owned(), Wrong::Unowned)]
    );
    assert_eq!(
        found(&wanted(r#"{"a":"1","b":"2","d":"4"}"#), &stored),
        [(".data.d".to_owned(), Wrong::Missing)]
    );
}

#[test]
fn parts_taken_as_a_whole_are_equal_but_for_defaults() {
    let fields = r#"{"f:subjects":{}}"#;
    let wanted = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","subjects":[{"kind":"User","name":"a"}]}"#;
    let stored = |subject: &str| {
        live(
            &format!(
                r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","subjects":[{subject}]}}"#
            ),
            fields,
        )
    };
    assert_eq!(
        found(wanted, &stored(r#"{"kind":"User","name":"a","apiGroup":"rbac.authorization.k8s.io"}"#)),
        []
    );
    let more = found(wanted, &stored(r#"{"kind":"User","name":"a","namespace":"b"}"#));
    assert_eq!(more, [(".subjects".to_owned(), Wrong::Unclear)], "it may have been wanted before");
    let other = found(wanted, &stored(r#"{"kind":"User","name":"b"}"#));
    assert_eq!(other, [(".subjects".to_owned(), Wrong::Different)]);
}

#[test]
fn an_empty_wish_is_the_default() {
    let fields = r#"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:image":{},"f:imagePullPolicy":{}}}}}"#;
    let wanted = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","image":"x:1","imagePullPolicy":""}]}}"#;
    let stored = |policy: &str| {
        live(
            &format!(
                r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"containers":[{{"name":"a","image":"x:1","imagePullPolicy":"{policy}"}}]}}}}"#
            ),
            fields,
        )
    };
    assert_eq!(found(wanted, &stored("IfNotPresent")), []);
    assert_eq!(found(wanted, &stored("Always")).len(), 1, "it may have been wanted before");
}
