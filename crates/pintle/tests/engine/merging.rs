//! Releases that the client merges: those of Helm 3, until they are switched.

use pintle::release::ApplyMethod;
use pintle::{Change, Conflicts, Error, Merging, ObjectAction, ReleaseHandle, Updates};
use pintle_testkit::Helm;
use serde_json::{Value, json};

use crate::bed::{Stage, chart, chart_folder, nobody, values};

const CHART: &str = "workloads";
const KINDS: [&str; 5] = [
    "/apis/apps/v1/namespaces/{ns}/deployments",
    "/apis/apps/v1/namespaces/{ns}/statefulsets",
    "/apis/apps/v1/namespaces/{ns}/daemonsets",
    "/apis/batch/v1/namespaces/{ns}/cronjobs",
    "/api/v1/namespaces/{ns}/services",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_helm_3_goes_on_and_is_switched_as_helm_4_does_it() {
    // The same life twice: begun by Helm 3 and gone on with by Helm 4 in one namespace, by the engine in the other.
    let (theirs, ours) = (Stage::new("csa-helm").await, Stage::new("csa-ours").await);
    let folder = chart_folder(CHART);
    for stage in [&theirs, &ours] {
        let helm = Helm::v3().unwrap().on(&stage.tenant);
        stage.run_helm(&helm, &["install", "old", &folder]);
        // Somebody else changes what the chart does not name, and a field that it names.
        stage
            .tenant
            .api()
            .merge(
                &first_of(stage, KINDS[0]),
                &json!({"metadata": {"annotations": {"theirs": "stays"}}, "spec": {"minReadySeconds": 7}}),
            )
            .unwrap();
    }
    let helm = theirs.helm();
    let release = ours.release("old");

    theirs.run_helm(&helm, &["upgrade", "old", &folder, "--set", "replicas=4,replicaCount=4"]);
    let outcome = upgrade(&release, Merging::Auto, r#"{"replicas": 4, "replicaCount": 4}"#).await.unwrap();
    assert_eq!(outcome.record.apply_method, Some(ApplyMethod::ClientSide));
    assert_eq!(managed(&ours), managed(&theirs), "continued");
    assert_eq!(ours.stored("old", 2).0.get("apply_method"), theirs.stored("old", 2).0.get("apply_method"));

    theirs.run_helm(&helm, &["rollback", "old", "1"]);
    release.plan_rollback().to(1).await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(managed(&ours), managed(&theirs), "rolled back");

    theirs.run_helm(&helm, &["upgrade", "old", &folder, "--server-side=true", "--set", "replicas=5"]);
    let outcome = upgrade(&release, Merging::Server, r#"{"replicas": 5}"#).await.unwrap();
    assert_eq!(outcome.record.apply_method, Some(ApplyMethod::ServerSide));
    assert_eq!(managed(&ours), managed(&theirs), "switched");

    // From here on the server merges without being told to, and there is nothing left to hand over.
    theirs.run_helm(&helm, &["upgrade", "old", &folder, "--set", "replicas=5"]);
    let outcome = upgrade(&release, Merging::Auto, r#"{"replicas": 5}"#).await.unwrap();
    assert!(
        outcome.objects.iter().all(|change| change.action == ObjectAction::Nothing),
        "{:?}",
        outcome.objects
    );
    assert_eq!(managed(&ours), managed(&theirs), "switched for good");

    theirs.run_helm(&helm, &["upgrade", "old", &folder, "--server-side=false", "--set", "replicas=6"]);
    upgrade(&release, Merging::Client, r#"{"replicas": 6}"#).await.unwrap();
    assert_eq!(managed(&ours), managed(&theirs), "switched back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_merges_is_not_written_twice() {
    let stage = Stage::new("csa-same").await;
    let release = stage.release("web");
    let plan = release.plan_install(&chart(CHART)).merging(Merging::Client);
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    let outcome = upgrade(&release, Merging::Auto, "{}").await.unwrap();
    assert_eq!(outcome.record.apply_method, Some(ApplyMethod::ClientSide));
    assert!(
        outcome.objects.iter().all(|change| change.action == ObjectAction::Nothing),
        "{:?}",
        outcome.objects
    );
    let ensured = release.ensure(&chart(CHART)).await.unwrap();
    assert_eq!(ensured.change, Change::Unchanged, "{:?}", ensured.objects);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_replaced_where_that_is_asked_for() {
    let stage = Stage::new("csa-replace").await;
    let release = stage.release("web");
    let install = release.plan_install(&chart("minimal")).merging(Merging::Client);
    install.await.unwrap().run(&(), &nobody()).await.unwrap();
    let path = "/api/v1/namespaces/{ns}/configmaps/web-minimal".replace("{ns}", stage.namespace.name());
    stage.tenant.api().merge(&path, &json!({"data": {"theirs": "goes"}})).unwrap();

    let both = release.plan_upgrade(&chart("minimal")).updates(Updates::Replace).merging(Merging::Server);
    assert!(matches!(both.await.unwrap_err(), Error::Options { .. }));
    let forced = release.plan_upgrade(&chart("minimal")).conflicts(Conflicts::Force);
    assert!(matches!(forced.await.unwrap_err(), Error::Options { .. }));

    let plan = release.plan_upgrade(&chart("minimal")).updates(Updates::Replace).await.unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::Replace);
    plan.run(&(), &nobody()).await.unwrap();
    let live = stage.find(&path).unwrap();
    assert!(live["data"].get("theirs").is_none(), "{live}");
}

async fn upgrade(release: &ReleaseHandle, merging: Merging, given: &str) -> Result<pintle::Outcome, Error> {
    let plan = release.plan_upgrade(&chart(CHART)).merging(merging).values(values(given));
    plan.await.unwrap().run(&(), &nobody()).await
}

fn first_of(stage: &Stage, kind: &str) -> String {
    let list = stage.find(kind).unwrap();
    let name = list["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    format!("{}/{name}", kind.replace("{ns}", stage.namespace.name()))
}

/// What each manager that is not of the cluster owns, and the fields that the charts set.
fn managed(stage: &Stage) -> Vec<Value> {
    let mut all = Vec::new();
    for kind in KINDS {
        for item in stage.find(kind).unwrap()["items"].as_array().unwrap() {
            let entries = item["metadata"]["managedFields"].as_array().unwrap();
            let mut entries: Vec<Value> = entries
                .iter()
                .filter(|entry| entry["manager"] == "helm")
                .map(|entry| json!([entry["operation"], entry["fieldsV1"]]))
                .collect();
            entries.sort_by_key(ToString::to_string);
            let annotations = item["metadata"]["annotations"].as_object().unwrap();
            let annotations: Vec<&String> = annotations.keys().collect();
            let mut spec = item["spec"].clone();
            for name in ["clusterIP", "clusterIPs", "ports"] {
                spec.as_object_mut().unwrap().remove(name);
            }
            all.push(json!({
                "kind": kind, "name": item["metadata"]["name"], "helm": entries,
                "annotations": annotations, "spec": spec,
            }));
        }
    }
    assert!(all.len() >= 3, "{all:?}");
    all
}
