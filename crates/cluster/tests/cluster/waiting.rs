use std::time::Duration;

use pintle_cluster::{ApplyOptions, DeleteOptions, Deletion, Jobs, Status, Unobserved, WaitOptions};
use serde_json::json;

use crate::bed::{Place, builder, client, listener};

fn deployment(name: &str, outcome: Option<&str>) -> serde_json::Value {
    let annotations = outcome.map_or(json!({}), |outcome| json!({"pintle.test/outcome": outcome}));
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 2, "progressDeadlineSeconds": 3, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations},
                "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]}
            }
        }
    })
}

fn job(name: &str, outcome: &str) -> serde_json::Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {
            "metadata": {"annotations": {"pintle.test/outcome": outcome}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "job", "image": "example.com/job:1"}]}
        }}
    })
}

#[tokio::test]
async fn a_deployment_becomes_ready_by_one_list_and_one_watch() {
    let place = Place::new("ready").await;
    let (target, scope) = (&place.target, &place.scope);
    let objects = [place.object(deployment("one", None)), place.object(deployment("two", None))];
    let references: Vec<_> = objects.iter().map(|object| object.reference().clone()).collect();
    target.apply_all(scope, &objects, ApplyOptions::default(), &Unobserved).await;
    let before = target.counts();
    let (told, observer) = listener();
    target.wait_ready(scope, &references, &WaitOptions::default(), &observer).await.unwrap();
    let after = target.counts();
    assert_eq!((after.reads - before.reads, after.watches - before.watches), (1, 1), "{told:?}");
    assert!(told.lock().unwrap().iter().any(|line| line.contains("Deployment is available. Replicas: 2")));
}

#[tokio::test]
async fn a_failed_rollout_ends_early_and_says_why() {
    let place = Place::new("failed").await;
    let (target, scope) = (&place.target, &place.scope);
    let object = place.object(deployment("one", Some("ImagePullBackOff")));
    target.apply(scope, &object, ApplyOptions::default()).await.unwrap();
    let error = target
        .wait_ready(scope, &[object.reference().clone()], &WaitOptions::default(), &Unobserved)
        .await
        .unwrap_err();
    let expected = format!(
        "resource Deployment/{}/one not ready. status: Failed, message: Progress deadline exceeded",
        place.namespace
    );
    assert_eq!(error.to_string(), expected);
    let report = target.diagnose(scope, &error.unready[0]).await.unwrap();
    assert_eq!((report.status, report.reason.as_str()), (Status::Failed, "ProgressDeadlineExceeded"));
    assert_eq!(report.condition, "Progressing");
    assert_eq!(report.pods[0].containers[0].reason, "ImagePullBackOff", "{report}");
}

#[tokio::test]
async fn a_deadline_names_what_is_not_ready() {
    let place = Place::new("late").await;
    let (target, scope) = (&place.target, &place.scope);
    let claim = place.object(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}
    }));
    target.apply(scope, &claim, ApplyOptions::default()).await.unwrap();
    let short = scope.within(Duration::from_millis(1500));
    let error = target
        .wait_ready(&short, &[claim.reference().clone()], &WaitOptions::default(), &Unobserved)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "resource PersistentVolumeClaim/{}/data not ready. status: InProgress, message: PVC is not Bound. phase: Pending\ncontext deadline exceeded",
            place.namespace
        )
    );
}

#[tokio::test]
async fn jobs_are_waited_for_when_asked_and_hooks_always() {
    let place = Place::new("jobs").await;
    let (target, scope) = (&place.target, &place.scope);
    let (good, bad) = (place.object(job("good", "Succeeded")), place.object(job("bad", "Failed")));
    for object in [&good, &bad] {
        target.apply(scope, object, ApplyOptions::default()).await.unwrap();
    }
    let done = WaitOptions::default().jobs(Jobs::Completed);
    target.wait_ready(scope, &[good.reference().clone()], &done, &Unobserved).await.unwrap();
    target.wait_hook(scope, &[good.reference().clone()], &WaitOptions::default(), &Unobserved).await.unwrap();
    let error = target
        .wait_hook(scope, &[bad.reference().clone()], &WaitOptions::default(), &Unobserved)
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("status: Failed, message: Job Failed. failed: 1/1"), "{error}");
}

#[tokio::test]
async fn objects_are_gone_by_their_unique_ids() {
    let place = Place::new("gone").await;
    let (target, scope) = (&place.target, &place.scope);
    let object = place.object(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "finalizers": ["example.com/hold"]}
    }));
    target.apply(scope, &object, ApplyOptions::default()).await.unwrap();
    let deleted = target.delete(scope, object.reference(), &DeleteOptions::default()).await.unwrap();
    let Deletion::Deleted { uid, .. } = deleted else { panic!("{deleted:?}") };
    let goal = [(object.reference().clone(), Some(uid))];
    let short = scope.within(Duration::from_millis(800));
    let error = target.wait_gone(&short, &goal, &WaitOptions::default(), &Unobserved).await.unwrap_err();
    assert!(error.to_string().contains("still exists. status: Terminating, message: Resource scheduled for deletion, held up by finalizers: example.com/hold"), "{error}");
    let options = WaitOptions::default();
    let (patched, waited) = tokio::join!(
        place.kubectl(&[
            "patch",
            "configmap",
            "one",
            "--type=merge",
            "-p",
            r#"{"metadata":{"finalizers":null}}"#
        ]),
        target.wait_gone(scope, &goal, &options, &Unobserved),
    );
    assert!(patched.contains("patched"));
    waited.unwrap();
    // Another object of that name does not count.
    let again = place.object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}));
    target.apply(scope, &again, ApplyOptions::default()).await.unwrap();
    target.wait_gone(scope, &goal, &WaitOptions::default(), &Unobserved).await.unwrap();
}

#[tokio::test]
async fn whoever_may_only_read_waits_too() {
    let place = Place::new("reader").await;
    let (tenant, namespace) = (place.tenant.clone(), place.namespace.to_string());
    let kubeconfig = tokio::task::spawn_blocking(move || {
        tenant
            .api()
            .create(
                &format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles"),
                &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "get"},
                    "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]}),
            )
            .unwrap();
        tenant
            .api()
            .create(
                &format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"),
                &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "get"},
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "get"},
                    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}]}),
            )
            .unwrap();
        tenant.kubeconfig_of("reader", None).unwrap()
    })
    .await
    .unwrap();
    let object = place.object(deployment("one", None));
    place.target.apply(&place.scope, &object, ApplyOptions::default()).await.unwrap();
    let reader = pintle_cluster::Target::new(client(&kubeconfig).await);
    let options = WaitOptions::default().poll(Duration::from_millis(100));
    reader.wait_ready(&place.scope, &[object.reference().clone()], &options, &Unobserved).await.unwrap();
    assert_eq!(reader.counts().watches, 0);
    drop(builder(&place.tenant).await);
}
