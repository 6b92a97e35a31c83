//! `ensure` from every state that a release can be in.

use std::time::Duration;

use pintle::release::Status;
use pintle::{Change, Engine, Event, Patience, RunOptions, Wait};

use crate::bed::{Recorder, Stage, chart, chart_folder, chart_of, client, nobody, values};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_when_nothing_changed() {
    let stage = Stage::new("unchanged").await;
    let release = stage.release("web");
    let chart = chart("cert-manager-shaped");
    let given = values(r#"{"installCRDs": false, "startupapicheck": {"enabled": false}}"#);
    let outcome = release.ensure(&chart).values(given.clone()).await.unwrap();
    assert_eq!(outcome.change, Change::Installed);

    let mark = stage.tenant.audit().mark().unwrap();
    let outcome = release.ensure(&chart).values(given.clone()).await.unwrap();
    assert_eq!(outcome.change, Change::Unchanged);
    let events = stage.tenant.audit().since(&mark).unwrap().within(stage.namespace.name());
    assert_eq!(events.clone().writes().len(), 0, "{events}");

    // Values that are the same JSON are the same values.
    let same = values(r#"{"startupapicheck": {"enabled": false}, "installCRDs": false}"#);
    assert_eq!(release.ensure(&chart).values(same).await.unwrap().change, Change::Unchanged);
    let outcome = release.ensure(&chart).values(values(r#"{"installCRDs": false, "replicaCount": 2}"#));
    assert_eq!(outcome.await.unwrap().change, Change::Upgraded);
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helm_installed_is_kept_without_a_new_revision() {
    let stage = Stage::new("adopted").await;
    let folder = chart_folder("minimal");
    stage.run_helm(&stage.helm(), &["install", "web", &folder, "--set", "greeting=hello"]);
    let release = stage.release("web");
    let outcome = release.ensure(&chart("minimal")).values(values(r#"{"greeting": "hello"}"#)).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Unchanged, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drifted_is_put_back() {
    let stage = Stage::new("drifted").await;
    let release = stage.release("web");
    let chart = chart("minimal");
    release.ensure(&chart).await.unwrap();
    let path = format!("/api/v1/namespaces/{}/configmaps/web-minimal", stage.namespace);
    stage.tenant.api().delete(&path).unwrap();
    let outcome = release.ensure(&chart).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Corrected, 1));
    stage.tenant.api().merge(&path, &serde_json::json!({"data": {"greeting": "changed"}})).unwrap();
    assert_eq!(release.ensure(&chart).await.unwrap().change, Change::Corrected);
    assert_ne!(stage.find(&path).unwrap()["data"]["greeting"], "changed");
    assert_eq!(release.ensure(&chart).await.unwrap().change, Change::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opponent_is_named_after_three_rounds_and_let_be_for_a_while() {
    let stage = Stage::new("contested").await;
    let pause = Duration::from_secs(30);
    let engine = Engine::builder().patience(Patience::default().pauses(pause, pause)).build();
    let release = engine.target(client(stage.tenant.kubeconfig()).await);
    let release = release.release("web").in_namespace(stage.namespace.name());
    let chart = chart("minimal");
    release.ensure(&chart).await.unwrap();
    let path = "/api/v1/namespaces/{ns}/configmaps/web-minimal";
    let opponent = || {
        let command = ["patch", "configmap", "web-minimal", "-n", stage.namespace.name(), "--type", "merge"];
        let says = ["--field-manager", "stubborn", "--patch", r#"{"data":{"greeting":"mine"}}"#];
        stage.tenant.kubectl([command.as_slice(), &says].concat()).unwrap().success().unwrap();
    };
    for round in 1..=3 {
        opponent();
        let outcome = release.ensure(&chart).await.unwrap();
        assert_eq!((outcome.change, outcome.warnings.len()), (Change::Corrected, 0), "round {round}");
    }

    opponent();
    let mark = stage.tenant.audit().mark().unwrap();
    let seen = Recorder::default();
    let outcome = release.ensure(&chart).run(&seen, &nobody()).await.unwrap();
    assert_eq!(outcome.change, Change::Unchanged);
    let told = "ConfigMap \"web-minimal\" in namespace";
    let by = "was put back 3 times and changed again each time by stubborn, last in .data.greeting";
    assert!(
        outcome.warnings[0].starts_with(told) && outcome.warnings[0].contains(by),
        "{:?}",
        outcome.warnings
    );
    let contests = seen.events().into_iter().filter_map(|event| match event {
        Event::Contested { contest } => Some((contest.opponents, contest.fields, contest.rounds)),
        _ => None,
    });
    let fields = vec![".data.greeting".to_owned()];
    assert_eq!(contests.collect::<Vec<_>>(), [(vec!["stubborn".to_owned()], fields, 3)]);
    let writes = stage.tenant.audit().since(&mark).unwrap().within(stage.namespace.name()).writes();
    assert!(writes.is_empty(), "{writes}");
    assert_eq!(stage.find(path).unwrap()["data"]["greeting"], "mine");

    // It is let be for the pause, and then put back again.
    tokio::time::sleep(pause).await;
    assert_eq!(release.ensure(&chart).await.unwrap().change, Change::Corrected);
    assert_ne!(stage.find(path).unwrap()["data"]["greeting"], "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_deleted_is_awaited_and_created_anew() {
    let stage = Stage::new("terminating").await;
    let release = stage.release("web");
    let chart = chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        (
            "templates/held.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/cleanup]}\n",
        ),
        ("templates/free.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: free}\n"),
    ]);
    release.ensure(&chart).await.unwrap();
    let path = format!("/api/v1/namespaces/{}/configmaps/held", stage.namespace);
    let before = stage.find(&path).unwrap()["metadata"]["uid"].clone();

    // An uninstall that dies while somebody has yet to answer a finalizer.
    let plan = release.plan_uninstall().wait(Wait::Ready).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(2), plan.run(&(), &nobody())).await.is_err());
    assert_eq!(release.status().await.unwrap().info.status, Status::Uninstalling);
    assert!(!stage.find(&path).unwrap()["metadata"]["deletionTimestamp"].is_null());

    // Nobody answers: the failure says who is awaited.
    let mut short = RunOptions::upgrade();
    short.timeouts.step = Duration::from_secs(2);
    let error = release.ensure(&chart).upgrade(short).await.unwrap_err();
    assert!(error.to_string().contains("held up by finalizers: example.com/cleanup"), "{error}");

    let answer = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.tenant.api().merge(&path, &serde_json::json!({"metadata": {"finalizers": null}})).unwrap();
    };
    let (ensured, ()) = futures::join!(release.ensure(&chart).into_future(), answer);
    let outcome = ensured.unwrap();
    assert_eq!(outcome.record.info.status, Status::Deployed);
    let anew = stage.find(&path).unwrap();
    assert_ne!(anew["metadata"]["uid"], before);
    assert!(anew["metadata"]["deletionTimestamp"].is_null());
    assert!(stage.find("/api/v1/namespaces/{ns}/configmaps/free").is_some());
    stage.tenant.api().merge(&path, &serde_json::json!({"metadata": {"finalizers": null}})).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_healed() {
    let stage = Stage::new("crashed").await;
    let release = stage.release("web");
    let stuck = chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "selector: {no-such: node}\n"),
        (
            "templates/deployment.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
             template:\n    metadata: {labels: {a: b}}\n    spec:\n      nodeSelector: {{ toJson .Values.selector }}\n      \
             containers: [{name: web, image: \"registry.example/web:1\"}]\n",
        ),
    ]);
    let plan = release.plan_install(&stuck).wait(Wait::Ready).await.unwrap();
    // Dropping the future is what a crash leaves behind.
    assert!(tokio::time::timeout(Duration::from_secs(2), plan.run(&(), &nobody())).await.is_err());
    assert_eq!(release.status().await.unwrap().info.status, Status::PendingInstall);

    let outcome = release.ensure(&stuck).values(values(r#"{"selector": null}"#)).await.unwrap();
    assert_eq!(outcome.record.info.status, Status::Deployed);
    let states: Vec<_> = release.history().await.unwrap().into_iter().map(|summary| summary.status).collect();
    assert_eq!(states, [Status::Failed, Status::Deployed]);
}
