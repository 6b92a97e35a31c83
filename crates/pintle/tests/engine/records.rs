//! Records of any size, and sealed ones.

use std::fmt::Write as _;
use std::sync::Arc;

use pintle::ListOptions;
use pintle::cluster::SecretStore;
use pintle::release::{Seal, SealError, SealedStore, Status};
use pintle_testkit::Helm;

use crate::bed::{Stage, chart_of, nobody, values};

/// ConfigMaps with `count` lines of `line` in each of six; `salt` makes each line another one.
fn big_chart(lines: usize, salted: bool) -> pintle::Chart {
    let mut files = vec![(
        "Chart.yaml".to_owned(),
        "apiVersion: v2\nname: big\nversion: 1.0.0\nappVersion: \"7\"\n".to_owned(),
    )];
    let mut state = 7_u64;
    for number in 0..6 {
        let mut text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big-{number}}}\ndata:\n  color: {{{{ .Values.color }}}}\n  \
             text: |\n"
        );
        for line in 0..lines {
            let mut salt = String::new();
            if salted {
                for _ in 0..6 {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let _ = write!(salt, "{state:016x}");
                }
            }
            if !salted {
                let _ = write!(salt, "line {line} of the text that makes this record a large one");
            }
            let _ = writeln!(text, "    {salt}");
        }
        files.push((format!("templates/{number}.yaml"), text));
    }
    files.push(("values.yaml".to_owned(), "color: blue\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    chart_of(&files)
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_lists_and_rolls_back_a_record_with_a_manifest_of_a_megabyte_and_a_half() {
    let stage = Stage::new("record-big").await;
    let release = stage.release("big");
    let chart = big_chart(4600, false);
    let plan = release.plan_install(&chart).await.unwrap();
    assert!(plan.record().manifest.len() > 1_500_000, "{}", plan.record().manifest.len());
    plan.run(&(), &nobody()).await.unwrap();
    let plan = release.plan_upgrade(&chart).values(values(r#"{"color": "red"}"#));
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();

    for helm in [stage.helm(), Helm::v3().unwrap().on(&stage.tenant)] {
        let listed = stage.run_helm(&helm, &["list"]);
        assert!(listed.contains("big-1.0.0") && listed.contains("deployed"), "{listed}");
    }
    stage.run_helm(&stage.helm(), &["rollback", "big", "1"]);
    let path = "/api/v1/namespaces/{ns}/configmaps/big-0";
    assert_eq!(stage.find(path).unwrap()["data"]["color"], "blue");
    assert_eq!(release.status().await.unwrap().revision, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_fits_into_no_secret_lies_in_parts_and_helm_does_no_harm() {
    let stage = Stage::new("record-parts").await;
    let release = stage.release("huge");
    let chart = big_chart(3200, true);
    let plan = release.plan_install(&chart).await.unwrap();
    let manifest = plan.record().manifest.clone();
    plan.run(&(), &nobody()).await.unwrap();
    let parts = || {
        let path = "/api/v1/namespaces/{ns}/secrets?labelSelector=owner%3Dpintle,name%3Dhuge";
        stage.find(path).unwrap()["items"].as_array().unwrap().len()
    };
    assert!(parts() >= 2, "{}", parts());
    let record = release.status().await.unwrap();
    assert_eq!(record.info.status, Status::Deployed);
    assert!(record.manifest == manifest, "the record is read back as it was written");

    // The same content again needs no new parts; another content does.
    let first = parts();
    let plan = release.plan_upgrade(&chart).values(values(r#"{"color": "red"}"#));
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(parts(), 2 * first);

    for helm in [stage.helm(), Helm::v3().unwrap().on(&stage.tenant)] {
        let listed = stage.run_helm(&helm, &["list"]);
        assert!(listed.contains("big-1.0.0") && listed.contains("deployed"), "{listed}");
        let history = stage.run_helm(&helm, &["history", "huge"]);
        assert!(history.contains("superseded") && history.contains("Upgrade complete"), "{history}");
    }
    for helm in [stage.helm(), Helm::v3().unwrap().on(&stage.tenant)] {
        let namespace = stage.namespace.name();
        let refused = helm.run(["uninstall", "huge", "--namespace", namespace]).unwrap();
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        let refused = helm.run(["rollback", "huge", "1", "--namespace", namespace]).unwrap();
        assert_ne!(refused.code, 0, "{}", refused.stdout);
    }
    let path = "/api/v1/namespaces/{ns}/configmaps/big-0";
    assert_eq!(stage.find(path).unwrap()["data"]["color"], "red");

    let listed = stage.target.list(&ListOptions::namespace(stage.namespace.name())).await.unwrap();
    assert_eq!(listed[0].chart_name(), "big");
    // Helm's rollback has left a pending revision, which is given up at once only where that is asked for.
    let refused = release.plan_uninstall().await.unwrap_err();
    assert!(matches!(refused, pintle::Error::Pending { .. }), "{refused}");
    let plan = release.plan_uninstall().pending_timeout(std::time::Duration::ZERO).await.unwrap();
    plan.run(&(), &nobody()).await.unwrap();
    assert_eq!(stage.find(path), None);
    // The cluster's own collector takes the parts away with the records that they belong to.
    stage
        .tenant
        .api()
        .wait_until(
            &format!("/api/v1/namespaces/{}/secrets?labelSelector=owner%3Dpintle", stage.namespace),
            "the parts are collected",
            std::time::Duration::from_secs(120),
            |list| list.is_some_and(|list| list["items"].as_array().is_some_and(Vec::is_empty)),
        )
        .unwrap();
}

/// Turns every byte by one; the name is checked as a real seal checks it.
struct Turned;

impl Seal for Turned {
    fn seal(&self, key: &str, content: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = key.as_bytes().to_vec();
        sealed.push(0);
        sealed.extend(content.iter().map(|byte| byte.wrapping_add(1)));
        Ok(sealed)
    }

    fn open(&self, key: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let content = sealed.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(&[0]));
        let content = content.ok_or_else(|| SealError("sealed for another record".to_owned()))?;
        Ok(content.iter().map(|byte| byte.wrapping_sub(1)).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_record_shows_helm_no_values_and_no_manifest() {
    let stage = Stage::new("record-sealed").await;
    let store = SecretStore::new(stage.target.cluster().clone(), stage.namespace.name());
    let sealed = Arc::new(SealedStore::new(Arc::new(store), Arc::new(Turned)));
    let release = stage.release("sealed").with_store(sealed);
    let chart = chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        (
            "templates/a.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: {{ .Values.password }}}\n",
        ),
    ]);
    let given = values(r#"{"password": "hunter2"}"#);
    release.plan_install(&chart).values(given.clone()).await.unwrap().run(&(), &nobody()).await.unwrap();
    release.plan_upgrade(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();
    let record = release.status().await.unwrap();
    assert_eq!(record.config, given, "values were reused, so they were opened");
    assert!(record.manifest.contains("hunter2"));

    let helm = stage.helm();
    assert!(stage.run_helm(&helm, &["list"]).contains("web-1.0.0"));
    for what in ["all", "values", "manifest"] {
        let shown = stage.run_helm(&helm, &["get", what, "sealed"]);
        assert!(!shown.contains("hunter2"), "{what}: {shown}");
    }
    let refused =
        helm.run(["upgrade", "sealed", &crate::bed::chart_folder("minimal"), "-n", stage.namespace.name()]);
    assert_ne!(refused.unwrap().code, 0);
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert!(release.history().await.is_err());
}
