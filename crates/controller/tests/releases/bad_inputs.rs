//! Each bad input is a condition that names it, and the other releases go on.

use std::collections::BTreeMap;

use pintle_testkit::{Machinery, TenantOptions};
use serde_json::json;

use crate::bed::{Place, Tested, condition};

#[test]
fn charts_that_cannot_be_had() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("charts")?;
    place.serve("1.0.0")?;
    let chart = |chart: &str, version: &str| json!({"chart": {"spec": {"chart": chart, "version": version}}});
    place.declare("waiting", &target, &json!({}))?;
    let message = place.blocked("waiting", "SourceNotReady")?;
    assert!(message.contains("there is no HelmRepository") && message.contains("/charts"), "{message}");

    let damaged = place
        .charts
        .add_files("damaged", &[("Chart.yaml", "apiVersion: v2\nname: damaged\nversion: 1.0.0\n")])?;
    place.charts.set_file(damaged.path.clone(), b"not an archive".to_vec());
    place.declare_repository()?;
    place.ready("waiting", 1)?;
    place.declare("missing", &target, &chart("nowhere", "*"))?;
    let message = place.blocked("missing", "ArtifactFailed")?;
    assert!(message.contains("\"nowhere\" not found"), "{message}");
    place.declare("newer", &target, &chart("web", ">=9"))?;
    let message = place.blocked("newer", "ArtifactFailed")?;
    assert!(message.contains(">=9"), "{message}");
    place.declare("damaged", &target, &chart("damaged", "*"))?;
    let message = place.blocked("damaged", "ArtifactFailed")?;
    assert!(message.contains(&damaged.path), "{message}");

    // What is missing is installed as soon as it is there.
    place.charts.add_files(
        "nowhere",
        &[
            ("Chart.yaml", "apiVersion: v2\nname: nowhere\nversion: 1.0.0\n"),
            ("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: somewhere}\n"),
        ],
    )?;
    place.ready("missing", 1)?;
    Ok(())
}

#[test]
fn values_that_cannot_be_used() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("values")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let from = json!({"valuesFrom": [{"kind": "Secret", "name": "values"}]});
    place.declare("web", &target, &from)?;
    let message = place.blocked("web", "ValuesError")?;
    assert!(message.contains("spec.valuesFrom[0]: there is no Secret values"), "{message}");

    place.secret("values", &BTreeMap::from([("values.yaml", "text: [hush-hush\n")]))?;
    place.until("web", "the faulty YAML", |release| {
        let message = condition(release, "Ready")["message"].as_str().unwrap_or_default();
        message.contains("not valid YAML (line") && !message.contains("hush-hush")
    })?;
    place.secret("values", &BTreeMap::from([("values.yaml", "text: good\n")]))?;
    place.ready("web", 1)?;
    place.secret("values", &BTreeMap::from([("values.yaml", "text: better\n")]))?;
    place.ready("web", 2)?;

    // What fails before anything is changed uses up no try.
    place.declare("empty", &target, &json!({"values": {"text": ""}}))?;
    let message = place.blocked("empty", "RenderFailed")?;
    assert!(message.contains("web/templates/map.yaml:6") && message.contains("text is needed"), "{message}");
    let release = place.release("empty")?;
    assert!(release["status"]["installFailures"].is_null(), "{release}");
    place.declare("empty", &target, &json!({"values": {"text": "full"}}))?;
    place.ready("empty", 1)?;
    Ok(())
}

#[test]
fn kubeconfigs_that_cannot_be_used_and_heal_by_themselves() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("kubeconfigs")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let secret = |name: &str| json!({"kubeConfig": {"secretRef": {"name": name, "key": "admin.conf"}}});
    place.declare("web", &target, &secret("later"))?;
    let message = place.blocked("web", "KubeConfigError")?;
    assert!(message.contains("there is no Secret") && message.contains("later"), "{message}");

    let good = tenant.admin_conf()?;
    place.secret("later", &BTreeMap::from([("other", good.as_str())]))?;
    place.until("web", "the missing key", |release| {
        let message = condition(release, "Ready")["message"].as_str().unwrap_or_default();
        message.contains("no key admin.conf")
    })?;
    let exec = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n\
                clusters: [{name: a, cluster: {server: \"https://127.0.0.1:1\"}}]\n\
                users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}}}]\n";
    place.secret("later", &BTreeMap::from([("admin.conf", exec)]))?;
    place.until("web", "the refusal", |release| {
        let message = condition(release, "Ready")["message"].as_str().unwrap_or_default();
        message.contains("user.exec")
    })?;
    let generation = place.release("web")?["metadata"]["generation"].clone();
    place.secret("later", &BTreeMap::from([("admin.conf", good.as_str())]))?;
    let release = place.ready("web", 1)?;
    assert_eq!(release["metadata"]["generation"], generation);

    place.secret("later", &BTreeMap::from([("admin.conf", "{]")]))?;
    place.blocked("web", "KubeConfigError")?;
    place.secret("later", &BTreeMap::from([("admin.conf", good.as_str())]))?;
    place.ready("web", 1)?;
    Ok(())
}

#[test]
fn clusters_that_cannot_be_reached_or_say_no() -> Tested {
    let place = Place::with(&["--tenant-timeout", "5s"])?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("refused")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let user = crate::bed::unique("nobody");
    let nobody = tenant.kubeconfig_of(&user, None)?;
    place.secret("nobody", &BTreeMap::from([("value", nobody.as_str())]))?;
    place.declare(
        "refused",
        &target,
        &json!({"kubeConfig": {"secretRef": {"name": "nobody", "key": null}}}),
    )?;
    let message = place.blocked("refused", "Forbidden")?;
    assert!(message.contains(&user) && message.contains("secrets"), "{message}");

    let options = TenantOptions::new("stopped").within(place.namespace.name()).machinery(Machinery::Api);
    let stopped = place.bed.add_tenant(&options)?;
    stopped.stop()?;
    let config = json!({"kubeConfig": {"secretRef": {"name": stopped.secret_name()}}});
    place.declare("stopped", "default", &config)?;
    place.blocked("stopped", "ClusterUnreachable")?;
    place.declare("web", &target, &json!({}))?;
    place.ready("web", 1)?;

    stopped.start()?;
    place.ready("stopped", 1)?;
    tenant.grant(&user, "admin", &target)?;
    place.ready("refused", 1)?;
    Ok(())
}

#[test]
fn fields_that_are_not_honoured_are_named() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("unsupported")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"serviceAccountName": "deployer"}))?;
    let message = place.blocked("web", "UnsupportedField")?;
    assert!(message.contains("spec.serviceAccountName"), "{message}");
    let release = place.release("web")?;
    assert_eq!(condition(&release, "Stalled")["status"], "True");
    assert_eq!(release["status"]["observedGeneration"], 1);
    Ok(())
}

#[test]
fn charts_over_the_limits() -> Tested {
    let flags =
        ["--helm-chart-max-size=4000", "--helm-chart-file-max-size=9000", "--render-max-output=20000"];
    let place = Place::with(&flags)?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("limits")?;
    let chart = |name: &str| json!({"chart": {"spec": {"chart": name, "version": "*"}}});
    let serve = |name: &str, template: &str| {
        let head = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        place.charts.add_files(name, &[("Chart.yaml", head.as_str()), ("templates/a.yaml", template)])
    };
    // Nothing that an archive makes smaller.
    let noise: String =
        (0_u64..1200).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_string()).collect();
    serve("large", &format!("# {noise}\n"))?;
    serve("blown-up", &format!("# {}\n", "-".repeat(10_000)))?;
    serve("talkative", "{{ repeat 3000 \"# a line\\n\" }}")?;
    serve("fair", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fair}\n")?;
    place.declare_repository()?; // its index is read once, so that all of them must be in it
    for name in ["large", "blown-up", "talkative", "fair"] {
        place.declare(name, &target, &chart(name))?;
    }
    for (name, reason, limit) in [
        ("large", "ArtifactFailed", "4000"),
        ("blown-up", "ArtifactFailed", "9000"),
        ("talkative", "RenderFailed", "20000"),
    ] {
        let message = place.blocked(name, reason)?;
        assert!(message.contains(limit), "{name}: {message}");
    }
    // The others go on.
    place.ready("fair", 1)?;
    Ok(())
}
