use std::time::Duration;

use pintle_cluster::{
    Action, ApplyOptions, DriftEvent, DriftKind, DriftRules, DriftWatch, ExamineOptions, IgnoreRule, Object,
    Owner, TargetSelector, Unobserved,
};
use pintle_value::Data;
use serde_json::json;

use crate::bed::{Place, client};

/// A Deployment with 1 replica and a ConfigMap, as a release has them.
fn release(place: &Place) -> Vec<Object> {
    let owner = Owner::new("web", &*place.namespace);
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": {"note": "ours"}},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "example.com/web:1", "args": ["a", "b"],
                    "env": [{"name": "ONE", "value": "1"}],
                    "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}}]}
            }
        }
    });
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"key": "a"}});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": {"password": "hunter2"}});
    [deployment, config, secret].into_iter().map(|object| owner.mark(&place.object(object))).collect()
}

async fn installed(prefix: &str) -> (Place, Vec<Object>) {
    let place = Place::new(prefix).await;
    let objects = release(&place);
    for result in place.target.apply_all(&place.scope, &objects, ApplyOptions::default(), &Unobserved).await {
        result.unwrap();
    }
    (place, objects)
}

async fn lines(place: &Place, objects: &[Object], rules: &DriftRules) -> Vec<String> {
    let report = place.target.drift(&place.scope, objects, rules).await.unwrap();
    report
        .drifts
        .iter()
        .flat_map(|drift| drift.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

async fn correct(place: &Place, objects: &[Object]) {
    let rules = DriftRules::default();
    let report = place.target.drift(&place.scope, objects, &rules).await.unwrap();
    for result in place.target.correct(&place.scope, &report.drifts, &Unobserved).await {
        result.unwrap();
    }
    assert_eq!(lines(place, objects, &rules).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_others_change_is_drift_and_what_they_add_is_not() {
    let (place, objects) = installed("drift").await;
    let rules = DriftRules::default();
    let writes = place.target.counts().writes;
    assert_eq!(lines(&place, &objects, &rules).await, Vec::<String>::new());
    assert_eq!(place.target.counts().writes, writes, "no dry run was needed");

    place.kubectl(&["set", "env", "deployment/web", "TWO=2"]).await;
    place.kubectl(&["label", "deployment", "web", "their=label"]).await;
    place
        .kubectl(&["patch", "configmap", "web", "--type=merge", "-p", r#"{"data":{"more":"theirs"}}"#])
        .await;
    assert_eq!(lines(&place, &objects, &rules).await, Vec::<String>::new());

    place.kubectl(&["set", "env", "deployment/web", "ONE=changed"]).await;
    place.kubectl(&["annotate", "deployment", "web", "note-"]).await;
    place.kubectl(&["patch", "configmap", "web", "--type=merge", "-p", r#"{"data":{"key":"theirs"}}"#]).await;
    place
        .kubectl(&["patch", "secret", "web", "--type=merge", "-p", r#"{"stringData":{"password":"theirs"}}"#])
        .await;
    let found = lines(&place, &objects, &rules).await;
    let namespace = &*place.namespace;
    assert_eq!(
        found,
        [
            format!("Deployment \"web\" in namespace \"{namespace}\" was changed"),
            r#"  .metadata.annotations.note: + "ours""#.to_owned(),
            r#"  .spec.template.spec.containers[name="web"].env[name="ONE"].value: "changed" -> "1" (owned by kubectl-set)"#.to_owned(),
            format!("ConfigMap \"web\" in namespace \"{namespace}\" was changed"),
            r#"  .data.key: "theirs" -> "a" (owned by kubectl-patch)"#.to_owned(),
            format!("Secret \"web\" in namespace \"{namespace}\" was changed"),
            r#"  .data.password: "(redacted)" -> "(redacted)" (owned by kubectl-patch)"#.to_owned(),
        ]
    );
    correct(&place, &objects).await;
    let live = place.live(objects[0].reference()).await;
    assert_eq!(
        live.at(&["metadata", "labels", "their"]).and_then(Data::as_str),
        Some("label"),
        "additions stay"
    );

    place.kubectl(&["delete", "configmap", "web"]).await;
    let report = place.target.drift(&place.scope, &objects, &rules).await.unwrap();
    assert_eq!(report.drifts.iter().map(|drift| drift.kind).collect::<Vec<_>>(), [DriftKind::Missing]);
    correct(&place, &objects).await;

    place.kubectl(&["label", "deployment", "web", "app.kubernetes.io/managed-by-"]).await;
    assert_eq!(lines(&place, &objects, &rules).await.len(), 2);
    correct(&place, &objects).await;
}

#[tokio::test]
async fn autoscalers_are_left_alone_and_kubectl_scale_is_not() {
    let (place, objects) = installed("scale").await;
    let rules = DriftRules::default();
    place.kubectl(&["scale", "deployment", "web", "--replicas=3"]).await;
    let found = lines(&place, &objects, &rules).await;
    assert_eq!(found[1], "  .spec.replicas: 3 -> 1 (owned by kubectl)", "{found:?}");
    let left = rules.clone().replica_managers(["kubectl"]);
    assert_eq!(lines(&place, &objects, &left).await, Vec::<String>::new());

    let owner = Owner::new("web", &*place.namespace);
    let options = ExamineOptions::default().owner(owner);
    let actions =
        |examined: &[pintle_cluster::Examined]| examined.iter().map(|one| one.action).collect::<Vec<_>>();
    let as_helm = place.target.examine(&place.scope, &objects, &[], &options).await.unwrap().0;
    assert_eq!(actions(&as_helm), [Action::Update, Action::Nothing, Action::Nothing]);
    let options = options.leave(left.clone());
    let as_ensure = place.target.examine(&place.scope, &objects, &[], &options).await.unwrap().0;
    assert_eq!(actions(&as_ensure), [Action::Nothing; 3]);

    // Correcting something else keeps what the autoscaler set.
    place.kubectl(&["annotate", "--overwrite", "deployment", "web", "note=theirs"]).await;
    let report = place.target.drift(&place.scope, &objects, &left).await.unwrap();
    place
        .target
        .correct(&place.scope, &report.drifts, &Unobserved)
        .await
        .into_iter()
        .for_each(|one| drop(one.unwrap()));
    let live = place.live(objects[0].reference()).await;
    assert_eq!(live.at(&["spec", "replicas"]).and_then(Data::as_i64), Some(3));
    assert_eq!(live.at(&["metadata", "annotations", "note"]).and_then(Data::as_str), Some("ours"));
    assert_eq!(lines(&place, &objects, &left).await, Vec::<String>::new());
}

#[tokio::test]
async fn ignore_rules_name_fields_and_objects() {
    let (place, objects) = installed("ignore").await;
    place.kubectl(&["annotate", "--overwrite", "deployment", "web", "note=theirs"]).await;
    place.kubectl(&["delete", "configmap", "web"]).await;
    let mut config = TargetSelector::default();
    config.kind = "Config.*".to_owned();
    let mut deployment = TargetSelector::default();
    deployment.kind = "Deployment".to_owned();
    deployment.label_selector = "app.kubernetes.io/managed-by in (Helm)".to_owned();
    let rules = DriftRules::default()
        .ignore(IgnoreRule::new([""]).of(config))
        .ignore(IgnoreRule::new(["/metadata/annotations/note"]).of(deployment));
    assert_eq!(lines(&place, &objects, &rules).await, Vec::<String>::new());
}

#[tokio::test]
async fn drift_is_noticed_by_watch_and_rest_is_silent() {
    let (place, objects) = installed("watch").await;
    let rules = DriftRules::default();
    let watch = DriftWatch::new(place.target.clone());
    let mut registration = watch.register(objects.iter().map(|object| object.reference().clone()));
    registration.expect(place.target.drift(&place.scope, &objects, &rules).await.unwrap().seen);
    let soon = Duration::from_secs(10);
    let quiet = Duration::from_millis(700);
    assert!(tokio::time::timeout(quiet, registration.next()).await.is_err());
    assert_eq!(watch.watches(), 3);
    let before = place.target.counts();

    // Neither what the controllers write nor what others add is told.
    place.kubectl(&["label", "deployment", "web", "their=label"]).await;
    assert!(tokio::time::timeout(quiet, registration.next()).await.is_err());
    assert_eq!(place.target.counts(), before, "at rest nothing is requested");

    place.kubectl(&["delete", "configmap", "web"]).await;
    let event = tokio::time::timeout(soon, registration.next()).await.unwrap();
    assert_eq!(event, DriftEvent::Deleted(objects[1].reference().clone()));
    place.kubectl(&["scale", "deployment", "web", "--replicas=2"]).await;
    let event = tokio::time::timeout(soon, registration.next()).await.unwrap();
    assert_eq!(event, DriftEvent::Changed(objects[0].reference().clone()));

    let report = place.target.drift(&place.scope, &objects, &rules).await.unwrap();
    let corrected: Vec<_> = place
        .target
        .correct(&place.scope, &report.drifts, &Unobserved)
        .await
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    registration.expect_applied(&corrected);
    assert!(tokio::time::timeout(quiet, registration.next()).await.is_err(), "our own writes are not told");

    // A Secret's data can be changed without touching what was applied as `stringData`.
    place
        .kubectl(&["patch", "secret", "web", "--type=merge", "-p", r#"{"data":{"password":"dGhlaXJz"}}"#])
        .await;
    let event = tokio::time::timeout(soon, registration.next()).await.unwrap();
    assert_eq!(event, DriftEvent::Changed(objects[2].reference().clone()));
    place.kubectl(&["label", "secret", "web", "app.kubernetes.io/managed-by-"]).await;
    let event = tokio::time::timeout(soon, registration.next()).await.unwrap();
    assert_eq!(event, DriftEvent::Deleted(objects[2].reference().clone()));
    drop(registration);
    assert_eq!(watch.watches(), 0);
}

#[tokio::test]
async fn whoever_may_watch_one_namespace_watches_that() {
    let (place, objects) = installed("narrow").await;
    let (tenant, namespace) = (place.tenant.clone(), place.namespace.to_string());
    let kubeconfig = tokio::task::spawn_blocking(move || {
        tenant.grant("narrow", "admin", &namespace).unwrap();
        tenant.kubeconfig_of("narrow", None).unwrap()
    })
    .await
    .unwrap();
    let watch = DriftWatch::new(pintle_cluster::Target::new(client(&kubeconfig).await));
    let mut registration = watch.register([objects[1].reference().clone()]);
    assert!(tokio::time::timeout(Duration::from_secs(2), registration.next()).await.is_err());
    place.kubectl(&["delete", "configmap", "web"]).await;
    let event = tokio::time::timeout(Duration::from_secs(10), registration.next()).await.unwrap();
    assert_eq!(event, DriftEvent::Deleted(objects[1].reference().clone()));
}
