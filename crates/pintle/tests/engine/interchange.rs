//! Helm continues what the engine made, and the other way round.

use pintle::value::Data;
use pintle_testkit::Helm;
use serde_json::Value;

use crate::bed::{Stage, chart, chart_folder, nobody, values};

const CHART: &str = "cert-manager-shaped";

#[tokio::test(flavor = "multi_thread")]
async fn both_helms_continue_what_the_engine_installed() {
    for (number, helm) in [Helm::v4().unwrap(), Helm::v3().unwrap()].into_iter().enumerate() {
        let stage = Stage::new("continued").await;
        let helm = helm.on(&stage.tenant);
        let name = format!("ours{number}");
        let release = stage.release(&name);
        let plan = release.plan_install(&chart("minimal")).values(values(r#"{"greeting": "one"}"#));
        plan.await.unwrap().run(&(), &nobody()).await.unwrap();

        let listed = stage.run_helm(&helm, &["list"]);
        assert!(listed.contains(&name) && listed.contains("deployed"), "{listed}");
        let folder = chart_folder("minimal");
        stage.run_helm(&helm, &["upgrade", &name, &folder, "--set", "greeting=two"]);
        stage.run_helm(&helm, &["rollback", &name, "1"]);
        let path = format!("/api/v1/namespaces/{{ns}}/configmaps/{name}-minimal");
        assert_eq!(stage.find(&path).unwrap()["data"]["greeting"], "one");
        let history = stage.run_helm(&helm, &["history", &name]);
        assert!(history.contains("Install complete") && history.contains("Rollback to 1"), "{history}");
        stage.run_helm(&helm, &["uninstall", &name]);
        assert_eq!(stage.find(&path), None);
        assert!(release.history().await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_continues_what_helm_installed() {
    let stage = Stage::new("continuing").await;
    let helm = stage.helm();
    let folder = chart_folder("minimal");
    stage.run_helm(&helm, &["install", "theirs", &folder, "--set", "greeting=one"]);
    let release = stage.release("theirs");

    let plan = release.plan_upgrade(&chart("minimal")).values(values(r#"{"greeting": "two"}"#));
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    let path = "/api/v1/namespaces/{ns}/configmaps/theirs-minimal";
    assert_eq!(stage.find(path).unwrap()["data"]["greeting"], "two");
    release.plan_rollback().to(1).await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(stage.find(path).unwrap()["data"]["greeting"], "one");
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(stage.find(path), None);
    let listed = stage.run_helm(&helm, &["list", "--short"]);
    assert_eq!(listed, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_managed_fields_are_helms() {
    let stage = Stage::new("equal").await;
    let helm = stage.helm();
    let folder = chart_folder(CHART);
    let set = "installCRDs=false,startupapicheck.enabled=false,replicaCount=2";
    let given = values(r#"{"installCRDs": false, "startupapicheck": {"enabled": false}, "replicaCount": 2}"#);
    let upgraded =
        values(r#"{"installCRDs": false, "startupapicheck": {"enabled": false}, "replicaCount": 3}"#);
    let more = "installCRDs=false,startupapicheck.enabled=false,replicaCount=3";

    stage.run_helm(&helm, &["install", "equal", &folder, "--set", set]);
    let mut theirs = vec![(stage.stored("equal", 1), managers(&stage))];
    stage.run_helm(&helm, &["upgrade", "equal", &folder, "--set", more]);
    theirs.push((stage.stored("equal", 2), managers(&stage)));
    stage.run_helm(&helm, &["rollback", "equal", "1"]);
    theirs.push((stage.stored("equal", 3), managers(&stage)));
    stage.run_helm(&helm, &["uninstall", "equal", "--wait"]);

    let release = stage.release("equal");
    release.plan_install(&chart(CHART)).values(given).await.unwrap().run(&(), &nobody()).await.unwrap();
    let mut ours = vec![(stage.stored("equal", 1), managers(&stage))];
    let plan = release.plan_upgrade(&chart(CHART)).values(upgraded);
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    ours.push((stage.stored("equal", 2), managers(&stage)));
    release.plan_rollback().to(1).await.unwrap().run(&(), &nobody()).await.unwrap();
    ours.push((stage.stored("equal", 3), managers(&stage)));
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();

    for (revision, (theirs, ours)) in theirs.into_iter().zip(ours).enumerate() {
        let ((theirs, their_secret), their_managers) = theirs;
        let ((ours, our_secret), our_managers) = ours;
        assert_eq!(without_times(&ours), without_times(&theirs), "record {}", revision + 1);
        for key in ["type", "kind"] {
            assert_eq!(our_secret[key], their_secret[key]);
        }
        assert_eq!(our_secret["metadata"]["name"], their_secret["metadata"]["name"]);
        assert_eq!(labels(&our_secret), labels(&their_secret));
        assert_eq!(our_managers, their_managers, "managed fields after revision {}", revision + 1);
    }
}

/// Who manages each of the release's objects, and how.
fn managers(stage: &Stage) -> Vec<String> {
    let mut all = Vec::new();
    for path in [
        "/apis/apps/v1/namespaces/{ns}/deployments",
        "/api/v1/namespaces/{ns}/services",
        "/api/v1/namespaces/{ns}/serviceaccounts",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    ] {
        let list = stage.find(path).unwrap();
        for item in list["items"].as_array().unwrap() {
            if item["metadata"]["annotations"]["meta.helm.sh/release-name"] != "equal" {
                continue;
            }
            for entry in item["metadata"]["managedFields"].as_array().unwrap() {
                if entry["manager"] == "helm" {
                    all.push(format!(
                        "{} {} {} {} {}",
                        path,
                        item["metadata"]["name"],
                        entry["manager"],
                        entry["operation"],
                        entry["fieldsV1"]
                    ));
                }
            }
        }
    }
    assert!(all.len() > 5, "{all:?}");
    all.sort();
    all
}

fn labels(secret: &Value) -> Vec<(String, Value)> {
    let labels = secret["metadata"]["labels"].as_object().unwrap();
    let timeless = |(key, value): (&String, &Value)| {
        let value = if key.ends_with("At") { Value::Bool(true) } else { value.clone() };
        (key.clone(), value)
    };
    labels.iter().map(timeless).collect()
}

/// The record with every time taken out.
fn without_times(record: &Data) -> Data {
    match record {
        Data::Map(map) => map
            .iter()
            .filter(|(key, _)| {
                let times =
                    ["first_deployed", "last_deployed", "deleted", "started_at", "completed_at", "modtime"];
                !times.iter().any(|time| *key == *time)
            })
            .map(|(key, value)| (key.clone(), without_times(value)))
            .collect(),
        Data::List(list) => list.iter().map(without_times).collect(),
        other => other.clone(),
    }
}
