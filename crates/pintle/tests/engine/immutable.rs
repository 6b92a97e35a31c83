//! Objects whose fields cannot be changed once they are there.

use pintle::{Detail, Error, Immutable, Merging, ObjectAction, Wait};

use crate::bed::{Stage, chart_of, nobody, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const VALUES: &str = "tag: one\npolicy: OrderedReady\nsize: 1Gi\nannotations: {}\n";
const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: work}\nspec:\n  template:\n    spec:\n      \
                   restartPolicy: Never\n      containers: [{name: work, image: \"registry.example/work:{{ .Values.tag }}\"}]\n";
const STATEFUL_SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 1\n  \
                            serviceName: db\n  podManagementPolicy: {{ .Values.policy }}\n  \
                            selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    \
                            spec:\n      containers: [{name: db, image: \"registry.example/db:1\"}]\n";
const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  \
                     annotations: {{ toJson .Values.annotations }}\nspec:\n  accessModes: [ReadWriteOnce]\n  \
                     storageClassName: \"\"\n  resources: {requests: {storage: {{ .Values.size }}}}\n  \
                     volumeMode: {{ .Values.mode | default \"Filesystem\" }}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_explained_and_recreated_where_that_is_wanted() {
    let stage = Stage::new("immutable").await;
    let release = stage.release("web");
    let chart = chart_of(&[("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/job.yaml", JOB)]);
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    let uid = |stage: &Stage| {
        stage.find("/apis/batch/v1/namespaces/{ns}/jobs/work").unwrap()["metadata"]["uid"].clone()
    };
    let before = uid(&stage);
    let given = values(r#"{"tag": "two"}"#);

    let error = release.plan_upgrade(&chart).values(given.clone()).await.unwrap().run(&(), &nobody()).await;
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("spec.template cannot be changed once the object is there: delete the object"),
        "{text}"
    );
    assert!(text.contains("--on-immutable=recreate") && text.contains("field is immutable"), "{text}");
    let helm = stage.helm();
    assert_eq!(uid(&stage), before);

    let plan =
        release.plan_upgrade(&chart).values(given).immutable(Immutable::Recreate).wait(Wait::ReadyAndJobs);
    let plan = plan.await.unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::Recreate);
    assert!(plan.to_string().contains("! recreate           Job \"work\""), "{plan}");
    let outcome = plan.run(&(), &nobody()).await.unwrap();
    assert_eq!(outcome.objects[0].action, ObjectAction::Recreate);
    assert_ne!(uid(&stage), before);
    let history = stage.run_helm(&helm, &["history", "web"]);
    assert!(history.contains("Upgrade complete"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_merges_is_recreated_too() {
    let stage = Stage::new("immutable-merged").await;
    let release = stage.release("web");
    let chart = chart_of(&[("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/job.yaml", JOB)]);
    let install = release.plan_install(&chart).merging(Merging::Client);
    install.await.unwrap().run(&(), &nobody()).await.unwrap();
    let uid = || stage.find("/apis/batch/v1/namespaces/{ns}/jobs/work").unwrap()["metadata"]["uid"].clone();
    let before = uid();
    let given = values(r#"{"tag": "two"}"#);

    // The server is asked where that is wanted, and nothing is written then.
    let asked = release.plan_upgrade(&chart).values(given.clone()).detail(Detail::Fields).await.unwrap();
    let error = asked.run(&(), &nobody()).await.unwrap_err();
    assert!(matches!(&error, Error::Obstructed { object, .. } if object.name == "work"), "{error}");
    assert!(error.to_string().contains("--on-immutable=recreate"), "{error}");
    assert_eq!(release.history().await.unwrap().len(), 1);

    let plan = release.plan_upgrade(&chart).values(given).immutable(Immutable::Recreate).await.unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::Recreate);
    plan.run(&(), &nobody()).await.unwrap();
    assert_ne!(uid(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stateful_set_keeps_its_pods_where_that_is_wanted() {
    let stage = Stage::new("orphaned").await;
    let release = stage.release("web");
    let chart =
        chart_of(&[("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/set.yaml", STATEFUL_SET)]);
    release.plan_install(&chart).wait(Wait::Ready).await.unwrap().run(&(), &nobody()).await.unwrap();
    let uid = |path: &str| stage.find(path).unwrap()["metadata"]["uid"].clone();
    let (set, pod) = ("/apis/apps/v1/namespaces/{ns}/statefulsets/db", "/api/v1/namespaces/{ns}/pods/db-0");
    let before = (uid(set), uid(pod));
    let given = values(r#"{"policy": "Parallel"}"#);

    let failed = release.plan_upgrade(&chart).values(given.clone()).await.unwrap().run(&(), &nobody()).await;
    let text = failed.unwrap_err().to_string();
    assert!(
        text.starts_with("spec.podManagementPolicy cannot be changed once the object is there"),
        "{text}"
    );

    let plan = release
        .plan_upgrade(&chart)
        .values(given)
        .immutable(Immutable::OrphanAndRecreate)
        .wait(Wait::Ready)
        .await
        .unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::RecreateOrphaning);
    plan.run(&(), &nobody()).await.unwrap();
    assert_ne!(uid(set), before.0);
    assert_eq!(uid(pod), before.1, "the pod was taken over");
    assert_eq!(stage.find(set).unwrap()["spec"]["podManagementPolicy"], "Parallel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_never_recreated_unless_it_says_so_itself() {
    let stage = Stage::new("claims").await;
    let release = stage.release("web");
    let chart = chart_of(&[("Chart.yaml", CHART), ("values.yaml", VALUES), ("templates/claim.yaml", CLAIM)]);
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    let path = "/api/v1/namespaces/{ns}/persistentvolumeclaims/data";
    let before = stage.find(path).unwrap()["metadata"]["uid"].clone();

    let upgrade =
        |given: &str| release.plan_upgrade(&chart).values(values(given)).immutable(Immutable::Recreate);
    let plan = upgrade(r#"{"mode": "Block"}"#).await.unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::Update);
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    assert!(error.to_string().contains("cannot be changed once the object is there"), "{error}");
    assert_eq!(stage.find(path).unwrap()["metadata"]["uid"], before);

    let asked = r#"{"mode": "Block", "annotations": {"pintle.io/on-immutable": "recreate"}}"#;
    let plan = upgrade(asked).await.unwrap();
    assert_eq!(plan.objects()[0].action, ObjectAction::Recreate);
    plan.run(&(), &nobody()).await.unwrap();
    assert_ne!(stage.find(path).unwrap()["metadata"]["uid"], before);
}
