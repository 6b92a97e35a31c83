//! What a tenant's users break, and what comes of it.

use serde_json::json;

use crate::bed::{Place, Tested, condition, eventually};

#[test]
fn what_is_broken_is_put_back_and_at_rest_nobody_asks() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("drift")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"interval": "3s", "values": {"text": "right", "replicas": 1}}))?;
    place.ready("web", 1)?;
    let map = format!("/api/v1/namespaces/{target}/configmaps/web");
    let deployment = format!("/apis/apps/v1/namespaces/{target}/deployments/web");

    tenant.api().delete(&map)?;
    eventually("the ConfigMap being back", || Ok(tenant.api().find(&map)?.is_some()))?;
    tenant.api().merge(&map, &json!({"data": {"text": "wrong"}}))?;
    eventually("its content being back", || Ok(tenant.api().get(&map)?["data"]["text"] == "right"))?;
    tenant.kubectl(["scale", "deployment", "web", "-n", &target, "--replicas=3"])?.success()?;
    eventually("the replicas being back", || Ok(tenant.api().get(&deployment)?["spec"]["replicas"] == 1))?;
    tenant.api().merge(&map, &json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": null}}}))?;
    eventually("the label being back", || {
        Ok(tenant.api().get(&map)?["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm")
    })?;
    place.until("web", "the correction in the status", |release| {
        condition(release, "Drifted")["status"] == "False"
    })?;
    let events = place.events("web")?;
    for what in ["ConfigMap \"web\" in namespace", ".data.text", ".spec.replicas (by kubectl)"] {
        let told = |(reason, note): &(String, String)| reason == "DriftCorrected" && note.contains(what);
        assert!(events.iter().any(told), "nothing about {what} in {events:?}");
    }
    // No correction makes a revision.
    assert_eq!(place.release("web")?["status"]["history"][0]["version"], 1);

    eventually("the Deployment being as it was", || {
        let deployment = tenant.api().get(&deployment)?;
        Ok(deployment["status"]["readyReplicas"] == 1 && deployment["status"]["replicas"] == 1)
    })?;
    // Several intervals long.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let mark = tenant.audit().mark()?;
    std::thread::sleep(std::time::Duration::from_secs(10));
    let asked = tenant.audit().since(&mark)?.by_agent("pintle").within(&target);
    let asked = asked.filter(|event| event.verb != "watch");
    assert!(asked.is_empty(), "{asked}");
    Ok(())
}

#[test]
fn drift_is_only_told_where_the_release_says_so() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("warned")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let secret = "not for everybody";
    place.declare(
        "web",
        &target,
        &json!({
            "interval": "2s", "driftDetection": {"mode": "warn"}, "values": {"text": "right"},
        }),
    )?;
    place.ready("web", 1)?;
    let map = format!("/api/v1/namespaces/{target}/configmaps/web");
    tenant.api().merge(&map, &json!({"data": {"text": secret}}))?;
    let release =
        place.until("web", "the drift", |release| condition(release, "Drifted")["status"] == "True")?;
    let message = condition(&release, "Drifted")["message"].as_str().unwrap_or_default();
    assert!(message.contains("ConfigMap \"web\"") && message.contains(".data.text"), "{message}");
    assert!(!release.to_string().contains(secret));
    assert_eq!(condition(&release, "Ready")["status"], "True");
    assert_eq!(tenant.api().get(&map)?["data"]["text"], secret);

    tenant.api().merge(&map, &json!({"data": {"text": "right"}}))?;
    place.until("web", "no drift", |release| condition(release, "Drifted")["status"] == "False")?;
    Ok(())
}

#[test]
fn an_opponent_is_named_and_not_fought_for_ever() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("contested")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"text": "right"}}))?;
    place.ready("web", 1)?;
    let map = format!("/api/v1/namespaces/{target}/configmaps/web");
    let patch = ["patch", "configmap", "web", "-n", &target, "--field-manager", "stubborn"];
    let patch = [patch.as_slice(), &["--type", "merge", "--patch", r#"{"data":{"text":"wrong"}}"#]].concat();
    for _ in 0..3 {
        tenant.kubectl(&patch)?.success()?;
        eventually("the content being back", || Ok(tenant.api().get(&map)?["data"]["text"] == "right"))?;
    }
    tenant.kubectl(&patch)?.success()?;
    let release = place.until("web", "the opponent in the status", |release| {
        condition(release, "Drifted")["reason"] == "DriftContested"
    })?;
    let message = condition(&release, "Drifted")["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("put back 3 times") && message.contains("by stubborn, last in .data.text"),
        "{message}"
    );
    assert_eq!(condition(&release, "Drifted")["status"], "True");
    assert_eq!(condition(&release, "Ready")["status"], "True");
    assert_eq!(tenant.api().get(&map)?["data"]["text"], "wrong", "it is let be");
    eventually("the event", || {
        let events = place.events("web")?;
        Ok(events.iter().any(|(reason, note)| reason == "DriftContested" && note.contains("stubborn")))
    })?;
    Ok(())
}

#[test]
fn ignored_fields_and_disabled_releases_are_left_alone() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("ignored")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let ignore = json!([{"paths": ["/data/text"], "target": {"kind": "ConfigMap"}}]);
    place.declare("partly", &target, &json!({"driftDetection": {"mode": "enabled", "ignore": ignore}}))?;
    place.declare("unwatched", &target, &json!({"driftDetection": {"mode": "disabled"}}))?;
    place.ready("partly", 1)?;
    place.ready("unwatched", 1)?;
    let map = |name: &str| format!("/api/v1/namespaces/{target}/configmaps/{name}");
    for name in ["partly", "unwatched"] {
        tenant.api().merge(&map(name), &json!({"data": {"text": "other", "version": "other"}}))?;
    }
    eventually("what is not ignored being back", || {
        Ok(tenant.api().get(&map("partly"))?["data"]["version"] == "1.0.0")
    })?;
    assert_eq!(tenant.api().get(&map("partly"))?["data"]["text"], "other");
    assert_eq!(tenant.api().get(&map("unwatched"))?["data"]["version"], "other");
    Ok(())
}

#[test]
fn what_somebody_does_with_helm_is_undone_by_a_revision() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("meddled")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"text": "declared"}}))?;
    place.ready("web", 1)?;
    // Helm writes under the controller's own field manager, so the time of its entry in `managedFields` is all that
    // changes, and the server counts that in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let (url, set) = (place.charts.url(), "text=meddled");
    let upgrade = ["upgrade", "web", "web", "--repo", &url, "-n", &target, "--set", set, "--force-conflicts"];
    pintle_testkit::Helm::v4()?.on(&tenant).run(upgrade)?.success()?;
    place.ready("web", 3)?;
    let map = format!("/api/v1/namespaces/{target}/configmaps/web");
    assert_eq!(tenant.api().get(&map)?["data"]["text"], "declared");
    Ok(())
}
