//! CRDs, and kinds that the cluster does not serve any more.

use pintle::cluster::Verb;
use pintle::release::Status;
use pintle::{Change, Crds, Engine, Error, ObjectAction, Wait};
use serde_json::json;

use crate::bed::{Stage, Tripwire, chart_of, nobody, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

/// A CRD of a group of the test's own, with these versions (name, served, fields of the spec).
fn crd(group: &str, versions: &[(&str, bool, &[&str])]) -> String {
    let version = |(place, (name, served, fields)): (usize, &(&str, bool, &[&str]))| {
        let fields: serde_json::Map<String, serde_json::Value> =
            fields.iter().map(|field| ((*field).to_owned(), json!({"type": "string"}))).collect();
        json!({"name": name, "served": served, "storage": place == 0, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}}})
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": versions.iter().enumerate().map(version).collect::<Vec<_>>()}
    })
    .to_string()
}

fn thing(group: &str, version: &str, name: &str, finalizers: &[&str]) -> String {
    json!({"apiVersion": format!("{group}/{version}"), "kind": "Thing",
        "metadata": {"name": name, "finalizers": finalizers}, "spec": {"size": "1"}})
    .to_string()
}

const V1_BOTH: (&str, bool, &[&str]) = ("v1", true, &["size", "color"]);

#[tokio::test(flavor = "multi_thread")]
async fn a_crd_that_would_lose_something_is_refused() {
    let stage = Stage::new("loss").await;
    let group = format!("{}.example.com", stage.namespace);
    let release = stage.release("web");
    let chart = |crd: &str, thing: &str| {
        chart_of(&[("Chart.yaml", CHART), ("crds/crd.yaml", crd), ("templates/thing.yaml", thing)])
    };
    let old = crd(&group, &[V1_BOTH, ("v1beta1", true, &["size", "color"])]);
    let plan = release.plan_install(&chart(&old, &thing(&group, "v1", "one", &[]))).await.unwrap();
    let actions: Vec<ObjectAction> = plan.objects().iter().map(|change| change.action).collect();
    assert_eq!(actions, [ObjectAction::Create, ObjectAction::CreateUnchecked]);
    plan.run(&(), &nobody()).await.unwrap();

    let less = crd(&group, &[("v1", true, &["size"])]);
    let less = chart(&less, &thing(&group, "v1", "one", &[]));
    let error = release.plan_upgrade(&less).crds(Crds::CreateReplace).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "CustomResourceDefinition \"things.{group}\" would lose v1 .spec.color, served version v1beta1; \
             keep it in the chart, or change the crd by hand"
        )
    );
    assert!(matches!(error, Error::CrdLoss { .. }));
    // Whoever leaves CRDs alone is not kept from upgrading.
    for policy in [Crds::Skip, Crds::Create] {
        release.plan_upgrade(&less).crds(policy).await.unwrap().run(&(), &nobody()).await.unwrap();
    }
    let more = crd(
        &group,
        &[
            ("v1", true, &["size", "color", "more"]),
            ("v1beta1", true, &["size", "color"]),
            ("v2", true, &["size"]),
        ],
    );
    let more = chart(&more, &thing(&group, "v2", "one", &[]));
    let plan = release.plan_upgrade(&more).crds(Crds::CreateReplace).await.unwrap();
    let text = plan.to_string();
    assert!(text.contains("~ update             CustomResourceDefinition"), "{text}");
    plan.run(&(), &nobody()).await.unwrap();
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}");
    stage.tenant.api().delete(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_install_is_gone_on_with_when_its_crds_are_established() {
    let stage = Stage::new("unestablished").await;
    let group = format!("{}.example.com", stage.namespace);
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("crds/crd.yaml", &crd(&group, &[V1_BOTH])),
        ("templates/thing.yaml", &thing(&group, "v1", "one", &[])),
    ]);
    // It dies at the moment when the server has taken the CRD, and has not established it.
    let wire = Tripwire::new(|request| {
        request.verb == Verb::Apply && request.path.contains("/customresourcedefinitions/")
    });
    let engine = Engine::builder().holder("one").build();
    let target = stage.target(&engine, std::sync::Arc::clone(&wire) as _).await;
    let release = target.release("web").in_namespace(stage.namespace.name());
    let plan = release.plan_install(&chart).await.unwrap();
    let cancel = nobody();
    tokio::select! {
        biased;
        () = wire.token.cancelled() => {}
        ended = plan.run(&(), &cancel) => panic!("{ended:?}"),
    }
    let outcome = release.ensure(&chart).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Installed, 1));
    assert!(stage.find(&format!("/apis/{group}/v1/namespaces/{{ns}}/things/one")).is_some());
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}");
    stage.tenant.api().delete(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn crds_that_a_failed_install_left_out_are_brought_by_the_next_ensure() {
    let stage = Stage::new("unbrought").await;
    let group = format!("{}.example.com", stage.namespace);
    let crd = crd(&group, &[V1_BOTH]);
    let chart = |crd: &str| {
        let thing = thing(&group, "v1", "one", &[]);
        chart_of(&[("Chart.yaml", CHART), ("crds/crd.yaml", crd), ("templates/thing.yaml", &thing)])
    };
    let release = stage.release("web");
    // The server takes no other name than that of plural and group.
    let misnamed = chart(&crd.replace(&format!("things.{group}"), &format!("wrong.{group}")));
    release.ensure(&misnamed).await.unwrap_err();
    assert_eq!(release.status().await.unwrap().info.status, Status::Failed);
    let outcome = release.ensure(&chart(&crd)).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Upgraded, 2));
    assert!(stage.find(&format!("/apis/{group}/v1/namespaces/{{ns}}/things/one")).is_some());
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}");
    stage.tenant.api().delete(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_gone_blocks_nothing() {
    let stage = Stage::new("gone").await;
    let group = format!("{}.example.com", stage.namespace);
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}");
    let release = stage.release("web");
    let both = crd(&group, &[V1_BOTH, ("v1alpha1", true, &["size", "color"])]);
    stage
        .tenant
        .api()
        .create(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            &serde_json::from_str(&both).unwrap(),
        )
        .unwrap();
    stage
        .tenant
        .kubectl(["wait", "--for=condition=Established", "crd", &format!("things.{group}")])
        .unwrap()
        .success()
        .unwrap();
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("values.yaml", "color: blue\nthing: true\n"),
        (
            "templates/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {color: {{ .Values.color }}}\n",
        ),
        (
            "templates/thing.yaml",
            &format!("{{{{ if .Values.thing }}}}{}{{{{ end }}}}", thing(&group, "v1alpha1", "one", &[])),
        ),
    ]);
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    let one = format!("/apis/{group}/v1/namespaces/{{ns}}/things/one");
    assert!(stage.find(&one).is_some());

    // The version is served no more: the object is the same in another version.
    let only = json!({"spec": {"versions": [
        {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
        {"name": "v1alpha1", "served": false, "storage": false, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}
    ]}});
    stage.tenant.api().merge(&path, &only).unwrap();
    let served = format!("/apis/{group}/v1alpha1");
    while stage.tenant.api().find(&served).unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // Another process, which does not know yet what was served before.
    let stage = Stage {
        target: pintle::Engine::new().target(crate::bed::client(stage.tenant.kubeconfig()).await),
        ..stage
    };
    let release = stage.release("web");
    let without = values(r#"{"color": "red", "thing": false}"#);
    let plan = release.plan_upgrade(&chart).values(without.clone()).await.unwrap();
    assert_eq!(plan.objects().last().unwrap().action, ObjectAction::Delete, "{plan}");
    plan.run(&(), &nobody()).await.unwrap();
    assert_eq!(stage.find(&one), None);
    let plan = release.plan_rollback().to(1).await.unwrap();
    assert!(plan.warnings()[0].contains("is written as"), "{:?}", plan.warnings());
    plan.run(&(), &nobody()).await.unwrap();
    assert!(stage.find(&one).is_some());

    // Nothing of it is served any more.
    stage.tenant.api().delete(&path).unwrap();
    while stage.tenant.api().find(&format!("/apis/{group}/v1")).unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let stage = Stage {
        target: pintle::Engine::new().target(crate::bed::client(stage.tenant.kubeconfig()).await),
        ..stage
    };
    let release = stage.release("web");
    let plan = release.plan_upgrade(&chart).values(without).await.unwrap();
    assert!(plan.warnings()[0].contains("the cluster does not serve"), "{:?}", plan.warnings());
    plan.run(&(), &nobody()).await.unwrap();
    let plan = release.plan_rollback().to(1).await.unwrap();
    assert!(plan.warnings().iter().any(|warning| warning.contains("is left out")), "{:?}", plan.warnings());
    plan.run(&(), &nobody()).await.unwrap();
    let config = stage.find("/api/v1/namespaces/{ns}/configmaps/web").unwrap();
    assert_eq!(config["data"]["color"], "blue");
    let plan = release.plan_uninstall().await.unwrap();
    assert!(plan.warnings()[0].contains("it is left alone"), "{:?}", plan.warnings());
    plan.run(&(), &nobody()).await.unwrap();
    assert!(release.history().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_objects_go_before_what_answers_their_finalizers() {
    let stage = Stage::new("finalizers").await;
    let group = format!("{}.example.com", stage.namespace);
    let release = stage.release("web");
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("crds/crd.yaml", &crd(&group, &[V1_BOTH])),
        ("templates/thing.yaml", &thing(&group, "v1", "held", &["example.com/cleanup"])),
        ("templates/operator.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: operator}\n"),
    ]);
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    let plan = release.plan_uninstall().timeout(std::time::Duration::from_secs(2)).await.unwrap();
    let names: Vec<String> = plan.report().objects().map(|planned| planned.object.name.clone()).collect();
    assert_eq!(names, ["held", "operator"]);
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Thing/") && text.contains("held up by finalizers: example.com/cleanup"), "{text}");
    assert!(stage.find("/api/v1/namespaces/{ns}/configmaps/operator").is_some(), "it has work to do yet");

    // Somebody does it.
    let held = format!("/apis/{group}/v1/namespaces/{}/things/held", stage.namespace);
    let answer = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        stage.tenant.api().merge(&held, &json!({"metadata": {"finalizers": null}})).unwrap();
    };
    let plan = release.plan_uninstall().wait(Wait::Ready).await.unwrap();
    let observer = ();
    let token = nobody();
    let (done, ()) = futures::join!(plan.run(&observer, &token), answer);
    done.unwrap();
    assert_eq!(stage.find("/api/v1/namespaces/{ns}/configmaps/operator"), None);
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}");
    stage.tenant.api().delete(&path).unwrap();
}
