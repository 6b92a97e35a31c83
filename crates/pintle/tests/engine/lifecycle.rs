//! What the engine does with a release, from the first revision to the last.

use std::time::Duration;

use pintle::release::Status;
use pintle::{
    Change, CreateNamespace, Error, Event, History, HistoryLimit, ObjectAction, OnFailure, Remedy, Wait,
};

use crate::bed::{Recorder, Stage, chart, chart_of, nobody, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: \"7\"\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-config}\n\
                      data: {color: {{ .Values.color | quote }}, revision: \"{{ .Release.Revision }}\"}\n";

/// A Deployment that can be made to fail.
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  \
                          selector: {matchLabels: {app: {{ .Release.Name }}}}\n  template:\n    \
                          metadata: {labels: {app: {{ .Release.Name }}}}\n    spec:\n      \
                          {{- with .Values.nodeSelector }}\n      nodeSelector: {{ toJson . }}\n      {{- end }}\n      \
                          containers: [{name: web, image: \"registry.example/web:1.0\"}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn from_install_to_uninstall() {
    let stage = Stage::new("lifecycle").await;
    let release = stage.release("web");
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("values.yaml", "color: blue\n"),
        ("templates/config.yaml", CONFIG),
        (
            "templates/extra.yaml",
            "{{ if .Values.extra }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n{{ end }}",
        ),
        ("templates/NOTES.txt", "color {{ .Values.color }}"),
    ]);

    let plan = release.plan_install(&chart).values(values(r#"{"extra": true}"#)).await.unwrap();
    let created: Vec<_> =
        plan.objects().iter().map(|change| (change.object.name.clone(), change.action)).collect();
    assert_eq!(
        created,
        [("web-config".to_owned(), ObjectAction::Create), ("extra".to_owned(), ObjectAction::Create)]
    );
    assert!(release.history().await.is_err(), "a plan writes nothing");
    let seen = Recorder::default();
    let outcome = plan.run(&seen, &nobody()).await.unwrap();
    assert_eq!(outcome.change, Change::Installed);
    assert_eq!(outcome.record.info.notes, "color blue");
    assert!(
        seen.events().iter().any(|event| matches!(event, Event::Object { action: ObjectAction::Create, .. }))
    );

    // The same again: a new revision, and no object is written but the one that shows the revision.
    let plan = release.plan_upgrade(&chart).values(values(r#"{"color": "red"}"#)).await.unwrap();
    let planned: Vec<_> =
        plan.objects().iter().map(|change| (change.object.name.clone(), change.action)).collect();
    assert_eq!(
        planned,
        [("web-config".to_owned(), ObjectAction::Update), ("extra".to_owned(), ObjectAction::Delete)]
    );
    let outcome = plan.run(&(), &nobody()).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Upgraded, 2));
    assert_eq!(stage.find("/api/v1/namespaces/{ns}/configmaps/extra"), None);
    let config = stage.find("/api/v1/namespaces/{ns}/configmaps/web-config").unwrap();
    assert_eq!(config["data"]["color"], "red");
    assert_eq!(config["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");

    let outcome = release.plan_rollback().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(outcome.change, Change::RolledBack { to: 1 });
    assert_eq!(outcome.record.info.description, "Rollback to 1");
    assert!(stage.find("/api/v1/namespaces/{ns}/configmaps/extra").is_some());
    let states: Vec<_> = release.history().await.unwrap().into_iter().map(|summary| summary.status).collect();
    assert_eq!(states, [Status::Superseded, Status::Superseded, Status::Deployed]);

    let outcome =
        release.plan_uninstall().history(History::Keep).await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(outcome.change, Change::Uninstalled);
    assert_eq!(stage.find("/api/v1/namespaces/{ns}/configmaps/web-config"), None);
    assert_eq!(release.status().await.unwrap().info.status, Status::Uninstalled);

    // The name is taken until the history goes, or until an upgrade with install takes it over.
    assert!(matches!(release.plan_install(&chart).await, Err(Error::NameInUse { .. })));
    let outcome =
        release.plan_upgrade(&chart).install_if_absent().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Installed, 4));
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert!(matches!(release.history().await, Err(Error::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_run_in_order_and_are_recorded() {
    let stage = Stage::new("hooks").await;
    let release = stage.release("hooked");
    let seen = Recorder::default();
    let plan = release.plan_install(&chart("hooks")).timeout(Duration::from_secs(60)).await.unwrap();
    assert!(!plan.hooks().is_empty());
    let outcome = plan.run(&seen, &nobody()).await.unwrap();
    let started: Vec<_> = seen
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::HookStarted { at, object, .. } => Some((at.to_string(), object.name)),
            _ => None,
        })
        .collect();
    let first_post = started.iter().position(|(at, _)| at == "post-install").unwrap();
    assert!(started[..first_post].iter().all(|(at, _)| at == "pre-install"), "{started:?}");
    assert!(started[first_post..].iter().all(|(at, _)| at == "post-install"), "{started:?}");
    let ran = outcome.record.hooks.iter().filter(|hook| hook.last_run.started_at.is_some());
    assert!(ran.clone().count() > 1);
    assert!(ran.clone().all(|hook| hook.last_run.phase == pintle::release::HookPhase::Succeeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_upgrade_says_what_failed_and_is_rolled_back() {
    let stage = Stage::new("failing").await;
    let release = stage.release("web");
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("values.yaml", "color: blue\n"),
        ("templates/config.yaml", CONFIG),
        ("templates/deployment.yaml", DEPLOYMENT),
    ]);
    let outcome = release
        .plan_install(&chart)
        .wait(Wait::Ready)
        .timeout(Duration::from_secs(60))
        .await
        .unwrap()
        .run(&(), &nobody())
        .await
        .unwrap();
    assert_eq!(outcome.record.info.status, Status::Deployed);

    let error = release
        .plan_upgrade(&chart)
        .values(values(r#"{"nodeSelector": {"no-such": "node"}, "color": "red"}"#))
        .wait(Wait::Ready)
        .on_failure(OnFailure::RollBack)
        .timeout(Duration::from_secs(8))
        .await
        .unwrap()
        .run(&(), &nobody())
        .await
        .unwrap_err();
    let Error::Failed(failed) = &error else { panic!("{error}") };
    assert!(matches!(failed.remedy, Remedy::RolledBack { to: 1, revision: 3 }), "{:?}", failed.remedy);
    assert_eq!(failed.failure.object.as_ref().unwrap().name, "web");
    assert_eq!(failed.failure.template.as_deref(), Some("web/templates/deployment.yaml"));
    let report = failed.failure.report.as_ref().unwrap();
    assert!(report.pods.iter().any(|pod| pod.reason == "Unschedulable"), "{report}");
    let history = release.history().await.unwrap();
    let states: Vec<_> = history.into_iter().map(|summary| summary.status).collect();
    assert_eq!(states, [Status::Superseded, Status::Failed, Status::Deployed]);
    let config = stage.find("/api/v1/namespaces/{ns}/configmaps/web-config").unwrap();
    assert_eq!(config["data"]["color"], "blue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_install_is_uninstalled() {
    let stage = Stage::new("failing-install").await;
    let release = stage.release("web");
    let chart = chart_of(&[("Chart.yaml", CHART), ("templates/deployment.yaml", DEPLOYMENT)]);
    let plan = release
        .plan_install(&chart)
        .values(values(r#"{"nodeSelector": {"no-such": "node"}}"#))
        .on_failure(OnFailure::RollBack)
        .timeout(Duration::from_secs(5));
    let error = plan.await.unwrap().run(&(), &nobody()).await.unwrap_err();
    assert!(error.to_string().starts_with("release web failed, and has been uninstalled"), "{error}");
    assert!(matches!(release.history().await, Err(Error::NotFound { .. })));
    assert_eq!(stage.find("/apis/apps/v1/namespaces/{ns}/deployments/web"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_leaves_a_truthful_record() {
    let stage = Stage::new("cancelling").await;
    let release = stage.release("web");
    let chart = chart_of(&[("Chart.yaml", CHART), ("templates/deployment.yaml", DEPLOYMENT)]);
    let cancel = nobody();
    let plan = release
        .plan_install(&chart)
        .values(values(r#"{"nodeSelector": {"no-such": "node"}}"#))
        .wait(Wait::Ready)
        .await
        .unwrap();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    let error = plan.run(&(), &cancel).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled { status: Status::Failed, .. }), "{error}");
    let record = release.status().await.unwrap();
    assert_eq!(record.info.status, Status::Failed);
    assert_eq!(record.info.description, "Release \"web\" failed: cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_revisions_go_and_namespaces_come() {
    let stage = Stage::new("limits").await;
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        ("values.yaml", "color: blue\n"),
        ("templates/config.yaml", CONFIG),
    ]);
    let release = stage.release("web");
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    for _ in 0..3 {
        let plan = release.plan_upgrade(&chart).history_limit(HistoryLimit(Some(2)));
        plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    }
    let kept: Vec<_> = release.history().await.unwrap().into_iter().map(|summary| summary.revision).collect();
    assert_eq!(kept, [3, 4]);

    let missing = format!("{}-new", stage.namespace);
    let release = stage.target.release("web").in_namespace(&missing);
    let plan = release.plan_install(&chart).create_namespace(CreateNamespace::IfMissing);
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    let namespace = stage.tenant.api().get(&format!("/api/v1/namespaces/{missing}")).unwrap();
    assert_eq!(namespace["metadata"]["labels"]["name"], missing.as_str());
    stage.tenant.api().delete(&format!("/api/v1/namespaces/{missing}")).unwrap();
}
