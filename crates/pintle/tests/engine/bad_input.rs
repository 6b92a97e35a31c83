//! What is wrong is said in one line, and changes nothing.

use pintle::{Class, Engine, Error};

use crate::bed::{Stage, chart_of, client, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_required_value_is_missing() {
    let stage = Stage::new("required").await;
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("templates/a.yaml", "{{ required \"host must be set\" .Values.host }}"),
    ]);
    let error = stage.release("web").plan_install(&chart).await.unwrap_err();
    assert_eq!(error.to_string(), "execution error at (web/templates/a.yaml:1:3): host must be set");
    assert_eq!(error.class(), Class::User);
    assert!(stage.release("web").history().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_belongs_to_somebody_else() {
    let stage = Stage::new("foreign").await;
    stage
        .tenant
        .kubectl(["create", "configmap", "taken", "-n", stage.namespace.name()])
        .unwrap()
        .success()
        .unwrap();
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: taken}\n"),
    ]);
    let release = stage.release("web");
    let error = release.plan_install(&chart).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ConfigMap \"taken\"") && text.contains("invalid ownership metadata"), "{text}");
    assert_eq!(error.class(), Class::Conflict);
    let plan = release.plan_install(&chart).ownership(pintle::Ownership::Take);
    plan.await.unwrap().run(&(), &pintle::CancellationToken::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_unknown() {
    let stage = Stage::new("unknown").await;
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("templates/a.yaml", "apiVersion: nowhere.example/v1\nkind: Thing\nmetadata: {name: a}\n"),
    ]);
    let error = stage.release("web").plan_install(&chart).await.unwrap_err();
    assert!(
        error.to_string().contains("no matches for kind \"Thing\" in version \"nowhere.example/v1\""),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_is_missing() {
    let stage = Stage::new("forbidden").await;
    let nobody = client(&stage.tenant.kubeconfig_of("nobody", None).unwrap()).await;
    let release = Engine::new().target(nobody).release("web").in_namespace(stage.namespace.name());
    let chart = chart_of(&[("Chart.yaml", CHART)]);
    let error = release.plan_install(&chart).await.unwrap_err();
    assert_eq!(error.class(), Class::User, "{error}");
    assert!(error.to_string().contains("forbidden"), "{error}");
}

#[tokio::test]
async fn nobody_answers() {
    let config = kube::Config::new("https://127.0.0.1:1".parse().unwrap());
    let target = Engine::new().target(kube::Client::try_from(config).unwrap());
    let error = target.release("web").status().await.unwrap_err();
    assert_eq!(error.class(), Class::Retry, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_labels_are_checked_first() {
    let stage = Stage::new("names").await;
    let chart = chart_of(&[("Chart.yaml", CHART)]);
    for name in ["", "Web", "-web", "web-", "a..b", &"x".repeat(54)] {
        let error = stage.release(name).plan_install(&chart).await.unwrap_err();
        assert!(matches!(error, Error::Name { .. }), "{name}: {error}");
    }
    let labels = [("owner".to_owned(), "me".to_owned())].into();
    let error = stage.release("web").plan_install(&chart).labels(labels).await.unwrap_err();
    assert!(matches!(error, Error::ReservedLabel { .. }), "{error}");
    let error = stage.release("web").plan_upgrade(&chart).values(values("{}")).await.unwrap_err();
    assert_eq!(error.to_string(), "\"web\" has no deployed releases");
}
