//! What a plan says, and that it is what is run.

use pintle::{Class, Conflicts, Detail, Error, ObjectAction, Sensitive, Step};
use serde_json::json;

use crate::bed::{Stage, chart_of, nobody, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n\
                      data: {color: {{ .Values.color | quote }}, url: \"db://{{ .Values.password }}@db\"}\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\n\
                      stringData: {token: {{ .Values.token | quote }}}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
                          replicas: {{ .Values.replicas }}\n  selector: {matchLabels: {app: web}}\n  \
                          template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
                          containers: [{name: web, image: \"registry.example/web:{{ .Values.tag }}\"}]\n";
const HOOK: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: before, annotations: {helm.sh/hook: pre-upgrade}}\n";

fn web() -> pintle::Chart {
    chart_of(&[
        ("Chart.yaml", CHART),
        (
            "values.yaml",
            "color: blue\npassword: first-password\ntoken: first-token\nreplicas: 1\ntag: \"1\"\n",
        ),
        ("templates/config.yaml", CONFIG),
        ("templates/secret.yaml", SECRET),
        ("templates/deployment.yaml", DEPLOYMENT),
        ("templates/hook.yaml", HOOK),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_which_fields_change_and_shows_no_secret() {
    let stage = Stage::new("planning").await;
    let release = stage.release("web");
    release.plan_install(&web()).await.unwrap().run(&(), &nobody()).await.unwrap();
    let deployment = format!("/apis/apps/v1/namespaces/{}/deployments/web", stage.namespace);
    stage.tenant.api().merge(&deployment, &json!({"spec": {"replicas": 5}})).unwrap();

    let given = values(
        r#"{"color": "red", "password": "second-password", "token": "second-token", "replicas": 2, "tag": "2"}"#,
    );
    let mark = stage.tenant.audit().mark().unwrap();
    let plan = release
        .plan_upgrade(&web())
        .values(given.clone())
        .sensitive(Sensitive::of_texts(["first-password", "second-password"]))
        .wait(pintle::Wait::Ready)
        .await
        .unwrap();
    let text = plan.to_string();
    let expected = [
        &format!("upgrade web in namespace {}: revision 2 (web 1.0.0)", stage.namespace),
        "  * pre-upgrade        web/templates/hook.yaml",
        "      .stringData.token: \"(redacted)\" -> \"(redacted)\"",
        "      .data.color: \"blue\" -> \"red\"",
        "      .data.url: \"db://(redacted)@db\" -> \"db://(redacted)@db\"",
        "      .spec.replicas: 5 -> 2 (owned by",
        "image: \"registry.example/web:1\" -> \"registry.example/web:2\"",
        "  . wait until         everything is ready, 300 s at most",
        "3 to update, 1 hooks to run",
    ];
    for line in expected {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    let json = serde_json::to_value(plan.report()).unwrap();
    assert_eq!((&json["action"], &json["revision"]), (&json!("upgrade"), &json!(2)));
    let steps: Vec<&str> =
        json["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["hooks", "apply", "apply", "wait"]);
    for shown in [text, json.to_string(), format!("{plan:?}"), format!("{plan:#}")] {
        for secret in ["first-password", "second-password", "first-token", "second-token"] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
    let events = stage.tenant.audit().since(&mark).unwrap().within(stage.namespace.name());
    assert_eq!(events.clone().writes().len(), 0, "a plan writes nothing: {events}");

    // The server's word: the conflict is known before anything is written, and the plan does not run.
    let plan = release.plan_upgrade(&web()).values(given.clone()).detail(Detail::Fields).await.unwrap();
    let report = plan.report();
    let planned = report.objects().find(|planned| planned.object.gvk.kind == "Deployment").unwrap();
    assert_eq!(planned.conflicts[0].field, ".spec.replicas");
    assert!(planned.obstacle.as_ref().unwrap().contains("--force-conflicts"), "{:?}", planned.obstacle);
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    assert!(matches!(&error, Error::Obstructed { object, .. } if object.gvk.kind == "Deployment"), "{error}");
    assert_eq!(release.history().await.unwrap().len(), 1, "nothing was recorded");
    let plan = release.plan_upgrade(&web()).values(given).detail(Detail::Fields).conflicts(Conflicts::Force);
    let plan = plan.await.unwrap();
    assert!(plan.report().objects().all(|planned| planned.obstacle.is_none()));
    plan.run(&(), &nobody()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_appeared_meanwhile_is_not_taken() {
    let stage = Stage::new("appeared").await;
    let release = stage.release("web");
    let plan = release.plan_install(&web()).await.unwrap();
    let configs = format!("/api/v1/namespaces/{}/configmaps", stage.namespace);
    let theirs =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "b"}});
    stage.tenant.api().create(&configs, &theirs).unwrap();
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("ConfigMap \"web\"") && text.contains("cannot be imported into the current release"),
        "{text}"
    );
    assert_eq!(stage.find(&format!("{configs}/web")).unwrap()["data"], json!({"a": "b"}));

    // Where objects may be taken over, whoever made them when, it is.
    let install = release.plan_upgrade(&web()).ownership(pintle::Ownership::Take);
    let plan = install.await.unwrap();
    stage.tenant.api().delete(&format!("{configs}/web")).unwrap();
    stage.tenant.api().create(&configs, &theirs).unwrap();
    let moved = plan.run(&(), &nobody()).await.unwrap_err();
    assert_eq!(moved.class(), Class::Conflict, "it is another one than the plan saw: {moved}");
    release
        .plan_upgrade(&web())
        .ownership(pintle::Ownership::Take)
        .await
        .unwrap()
        .run(&(), &nobody())
        .await
        .unwrap();
    assert_eq!(stage.find(&format!("{configs}/web")).unwrap()["data"]["color"], "blue");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_meanwhile_is_not_overwritten() {
    let stage = Stage::new("moved").await;
    let release = stage.release("web");
    release.plan_install(&web()).await.unwrap().run(&(), &nobody()).await.unwrap();
    let config = format!("/api/v1/namespaces/{}/configmaps/web", stage.namespace);

    // A field that the plan does not touch changes: nothing moved for it.
    let plan = release.plan_upgrade(&web()).values(values(r#"{"color": "red"}"#)).await.unwrap();
    stage.tenant.api().merge(&config, &json!({"data": {"other": "x"}})).unwrap();
    plan.run(&(), &nobody()).await.unwrap();

    let forced =
        release.plan_upgrade(&web()).values(values(r#"{"color": "green"}"#)).conflicts(Conflicts::Force);
    let plan = forced.await.unwrap();
    stage.tenant.api().merge(&config, &json!({"data": {"color": "black"}})).unwrap();
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ConfigMap \"web\"") && text.contains("(.data.color); plan again"), "{text}");
    assert_eq!(error.class(), Class::Conflict);

    // The object is gone.
    let conflicts = Conflicts::Force;
    let plan = release.plan_upgrade(&web()).values(values(r#"{"color": "green"}"#)).conflicts(conflicts);
    let plan = plan.await.unwrap();
    stage.tenant.api().delete(&config).unwrap();
    let error = plan.run(&(), &nobody()).await.unwrap_err();
    assert!(error.to_string().contains("is not what it was when the plan was made; plan again"), "{error}");
    release.plan_upgrade(&web()).await.unwrap().run(&(), &nobody()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chart_says_about_order_is_followed() {
    let stage = Stage::new("order").await;
    let release = stage.release("web");
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        (
            "templates/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: last\n  annotations: {pintle.io/depends-on: Deployment/db}\n",
        ),
        (
            "templates/b.yaml",
            &DEPLOYMENT.replace("{name: web}", "{name: db}").replace("{{ .Values.replicas }}", "1"),
        ),
        ("templates/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n"),
    ]);
    let plan = release.plan_install(&chart).await.unwrap();
    let waits: Vec<String> = plan
        .report()
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Await { objects } => Some(objects[0].name.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(waits, ["db"]);
    let mark = stage.tenant.audit().mark().unwrap();
    plan.run(&(), &nobody()).await.unwrap();
    let events = stage.tenant.audit().since(&mark).unwrap().within(stage.namespace.name());
    let written: Vec<String> = events
        .writes()
        .filter(|event| event.resource != "secrets" && event.resource != "leases")
        .iter()
        .map(|event| event.name.clone())
        .collect();
    assert_eq!(written, ["first", "db", "last"]);
    let plan = release.plan_uninstall().await.unwrap();
    let names: Vec<String> = plan.report().objects().map(|planned| planned.object.name.clone()).collect();
    assert_eq!(names, ["last", "db", "first"]);
    assert!(plan.report().objects().all(|planned| planned.action == ObjectAction::Delete));
    plan.run(&(), &nobody()).await.unwrap();

    let circle = chart_of(&[
        ("Chart.yaml", CHART),
        (
            "templates/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {pintle.io/depends-on: ConfigMap/b}}\n",
        ),
        (
            "templates/b.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {pintle.io/depends-on: ConfigMap/a}}\n",
        ),
    ]);
    let error = release.plan_install(&circle).await.unwrap_err();
    assert!(error.to_string().contains("need each other"), "{error}");
}
