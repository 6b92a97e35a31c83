//! Plans that are approved in one place and run in another.

use pintle::{Class, Error, PlanKey, SealedPlan, Wait};
use serde_json::json;

use crate::bed::{Stage, chart_of, client, nobody, values};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {token: {{ .Values.token }}}\n";
const CONFIG: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {color: {{ .Values.color }}}\n";

fn web() -> pintle::Chart {
    chart_of(&[
        ("Chart.yaml", CHART),
        ("values.yaml", "color: blue\ntoken: first-token\n"),
        ("templates/secret.yaml", SECRET),
        ("templates/config.yaml", CONFIG),
        (
            "templates/hook.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-upgrade}}\n",
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_is_run_and_nothing_else() {
    let stage = Stage::new("approved").await;
    let release = stage.release("web");
    release.plan_install(&web()).await.unwrap().run(&(), &nobody()).await.unwrap();
    let key = PlanKey::new(*b"sixteen bytes or more").unwrap();
    assert!(PlanKey::new(*b"too short").is_err());
    let given = values(r#"{"color": "red", "token": "second-token"}"#);

    let plan = release.plan_upgrade(&web()).values(given.clone()).await.unwrap();
    let stored = serde_json::to_string(&plan.seal(&key)).unwrap();
    for secret in ["first-token", "second-token", "blue", "red"] {
        assert!(!stored.contains(secret), "{secret} is in {stored}");
    }
    let approved: SealedPlan = serde_json::from_str(&stored).unwrap();
    assert_eq!(approved.objects.len(), 2);
    assert!(approved.objects.iter().all(|object| object.version.is_some()));

    // Another engine with another client: nothing but the sealed plan and the key is shared.
    let elsewhere = pintle::Engine::new().target(client(stage.tenant.kubeconfig()).await);
    let release = elsewhere.release("web").in_namespace(stage.namespace.name());
    let again = |given: &str| release.plan_upgrade(&web()).values(values(given)).into_future();
    let same = r#"{"color": "red", "token": "second-token"}"#;
    let refused = |plan: pintle::Plan, approved: &SealedPlan, key: &PlanKey| {
        plan.check_approved(approved, key).unwrap_err()
    };

    let other = again(r#"{"color": "green", "token": "second-token"}"#).await.unwrap();
    let error = refused(other, &approved, &key);
    assert_eq!(
        error.to_string(),
        "this is not the plan that was approved: its chart or its values are others"
    );
    assert_eq!(error.class(), Class::User);
    let waiting = release.plan_upgrade(&web()).values(given).wait(Wait::Ready).await.unwrap();
    assert!(refused(waiting, &approved, &key).to_string().contains("other options"));
    let wrong = PlanKey::new(*b"another key of some length").unwrap();
    assert!(refused(again(same).await.unwrap(), &approved, &wrong).to_string().contains("another key"));
    let mut forged: serde_json::Value = serde_json::from_str(&stored).unwrap();
    forged["objects"][0]["action"] = json!("delete");
    let forged: SealedPlan = serde_json::from_value(forged).unwrap();
    assert!(
        refused(again(same).await.unwrap(), &forged, &key)
            .to_string()
            .contains("changed after it was sealed")
    );

    // The cluster moves: a field that the plan changes, even in a Secret, has another value by now.
    let secret = format!("/api/v1/namespaces/{}/secrets/web", stage.namespace);
    let before = stage.tenant.api().get(&secret).unwrap()["data"]["token"].clone();
    stage.tenant.api().merge(&secret, &json!({"stringData": {"token": "third-token"}})).unwrap();
    let plan = again(same).await.unwrap();
    let error = plan.run_approved(&approved, &key, &(), &nobody()).await.unwrap_err();
    assert!(matches!(error, Error::Moved { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "the cluster has moved: Secret \"web\" in namespace \"{}\" changed since the plan was made; plan again",
            stage.namespace
        )
    );
    assert_eq!(error.class(), Class::Conflict);
    assert_eq!(release.history().await.unwrap().len(), 1, "nothing was written");

    // A plan that is made now is run, though the objects got other resource versions meanwhile.
    let approved = again(same).await.unwrap().seal(&key);
    stage.tenant.api().merge(&secret, &json!({"metadata": {"labels": {"other": "x"}}})).unwrap();
    let outcome = again(same).await.unwrap().run_approved(&approved, &key, &(), &nobody()).await.unwrap();
    assert_eq!(outcome.record.revision, 2);
    assert_ne!(stage.tenant.api().get(&secret).unwrap()["data"]["token"], before);

    // It was run: the same approval does not do a second time.
    let error = again(same).await.unwrap().run_approved(&approved, &key, &(), &nobody()).await.unwrap_err();
    assert!(error.to_string().contains("the cluster has moved: release web"), "{error}");
}

/// Stands for a key management service.
struct Reversed;

impl pintle::Sealing for Reversed {
    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(plain.iter().rev().map(|byte| byte ^ 0x5a).collect())
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        self.seal(sealed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rendered_otherwise_each_time_can_be_stored_with_the_plan() {
    let stage = Stage::new("random").await;
    let chart = chart_of(&[
        ("Chart.yaml", CHART),
        (
            "templates/secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {token: {{ randAlphaNum 20 | b64enc }}}\n",
        ),
        (
            "templates/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {a: b}, ports: [{port: 80}]}\n",
        ),
    ]);
    let release = stage.release("web");
    let key = PlanKey::new(*b"sixteen bytes or more").unwrap();
    let plan = release.plan_install(&chart).await.unwrap();
    let shown = plan.record().manifest.clone();
    let approved = plan.seal(&key);
    let error = release.plan_install(&chart).await.unwrap().check_approved(&approved, &key).unwrap_err();
    assert!(error.to_string().contains("is rendered differently"), "{error}");
    assert!(
        release.plan_install(&chart).rendered(&approved, &key, &Reversed).is_err(),
        "it holds no rendering"
    );

    let stored = serde_json::to_string(&plan.seal_with(&key, &Reversed).unwrap()).unwrap();
    let approved: SealedPlan = serde_json::from_str(&stored).unwrap();
    let plan = release.plan_install(&chart).rendered(&approved, &key, &Reversed).unwrap().await.unwrap();
    let outcome = plan.run_approved(&approved, &key, &(), &nobody()).await.unwrap();
    assert_eq!(outcome.record.manifest, shown);
}
