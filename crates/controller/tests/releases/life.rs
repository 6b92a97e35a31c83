//! From the install to the uninstall, with Helm as a witness.

use pintle_testkit::Helm;
use serde_json::json;

use crate::bed::{Place, Tested, condition, eventually};

#[test]
fn a_release_is_installed_upgraded_and_uninstalled() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("life")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"text": "first", "replicas": 1}}))?;
    let release = place.ready("web", 1)?;
    let newest = &release["status"]["history"][0];
    for (field, value) in [
        ("status", "deployed"),
        ("chartName", "web"),
        ("chartVersion", "1.0.0"),
        ("appVersion", "7"),
        ("name", "web"),
        ("namespace", &target),
    ] {
        assert_eq!(newest[field], value, "{field} of {newest}");
    }
    assert_eq!(condition(&release, "Released")["reason"], "InstallSucceeded");
    assert_eq!(release["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    assert_eq!(release["status"]["lastAttemptedRevision"], "1.0.0");
    let helm = Helm::v4()?.on(&tenant);
    let values = helm.run(["get", "values", "web", "-n", &target, "-o", "json"])?.success()?;
    assert_eq!(values.trim(), r#"{"replicas":1,"text":"first"}"#);

    place.declare("web", &target, &json!({"values": {"text": "second", "replicas": 1}}))?;
    let release = place.ready("web", 2)?;
    assert_eq!(release["status"]["history"][1]["status"], "superseded");
    assert_eq!(condition(&release, "Ready")["reason"], "UpgradeSucceeded");

    // A new version in the range.
    place.serve("1.1.0")?;
    place.serve("2.0.0")?;
    let release = place.ready("web", 3)?;
    assert_eq!(release["status"]["history"][0]["chartVersion"], "1.1.0");
    let history = helm.run(["history", "web", "-n", &target])?.success()?;
    assert!(
        history.lines().last().is_some_and(|last| last.contains("deployed") && last.contains("web-1.1.0"))
    );

    let reasons: Vec<String> = place.events("web")?.into_iter().map(|(reason, _)| reason).collect();
    assert!(reasons.contains(&"InstallSucceeded".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"UpgradeSucceeded".to_owned()), "{reasons:?}");

    place.bed.management().api().delete(&place.release_path("web"))?;
    eventually("the release being gone", || {
        Ok(place.bed.management().api().find(&place.release_path("web"))?.is_none())
    })?;
    let left = helm.run(["list", "-n", &target, "-q"])?.success()?;
    assert_eq!(left.trim(), "");
    let path = format!("/api/v1/namespaces/{target}/configmaps/web");
    assert!(tenant.api().find(&path)?.is_none());
    Ok(())
}

#[test]
fn a_release_of_helm_is_continued_without_a_new_revision() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("continued")?;
    place.serve("1.0.0")?;
    let helm = Helm::v4()?.on(&tenant);
    let (url, set) = (place.charts.url(), "text=from Helm");
    helm.run(["install", "web", "web", "--version", "1.0.0", "--repo", &url, "-n", &target, "--set", set])?
        .success()?;
    let mark = tenant.audit().mark()?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"text": "from Helm"}}))?;
    place.ready("web", 1)?;
    let writes = tenant.audit().since(&mark)?.by_agent("pintle").within(&target).writes();
    assert!(writes.is_empty(), "{writes}");
    let history = helm.run(["history", "web", "-n", &target, "-o", "json"])?.success()?;
    assert_eq!(history.matches("\"revision\"").count(), 1, "{history}");

    // And goes on from there.
    place.declare("web", &target, &json!({"values": {"text": "from here"}}))?;
    place.ready("web", 2)?;
    Ok(())
}

#[test]
fn a_failed_upgrade_is_reported_and_rolled_back() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("failing")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"replicas": 1}}))?;
    place.ready("web", 1)?;
    place.declare(
        "web",
        &target,
        &json!({
            "values": {"replicas": 1, "node": "missing"},
            "timeout": "8s",
            "upgrade": {"remediation": {"remediateLastFailure": true}},
        }),
    )?;
    let release = place.until("web", "the rollback", |release| {
        condition(release, "Remediated")["status"] == "True"
            && condition(release, "Stalled")["status"] == "True"
    })?;
    let released = condition(&release, "Released");
    assert_eq!(released["reason"], "UpgradeFailed");
    let message = released["message"].as_str().unwrap_or_default();
    for part in ["Deployment \"web\"", "pod web-", "Unschedulable"] {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
    assert_eq!(condition(&release, "Remediated")["reason"], "RollbackSucceeded");
    assert_eq!(condition(&release, "Stalled")["reason"], "RetriesExceeded");
    assert_eq!(release["status"]["upgradeFailures"], 1);
    let states: Vec<_> =
        release["status"]["history"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(states, ["deployed", "failed", "superseded"]);

    // What is well again starts anew.
    place.declare(
        "web",
        &target,
        &json!({"values": {"replicas": 1, "text": "mended"}, "upgrade": {"remediation": {"retries": 0}}}),
    )?;
    let release = place.ready("web", 4)?;
    assert!(release["status"]["upgradeFailures"].is_null());
    assert!(condition(&release, "Remediated").is_null());
    Ok(())
}

#[test]
fn a_failed_install_is_uninstalled_and_tried_again() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("retried")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare(
        "web",
        &target,
        &json!({
            "values": {"replicas": 1, "node": "missing"},
            "timeout": "3s",
            "install": {"remediation": {"retries": 1}},
        }),
    )?;
    let release = place
        .until("web", "the last failure", |release| condition(release, "Stalled")["status"] == "True")?;
    assert_eq!(release["status"]["installFailures"], 2);
    let reasons: Vec<String> = place.events("web")?.into_iter().map(|(reason, _)| reason).collect();
    assert!(reasons.contains(&"UninstallSucceeded".to_owned()), "{reasons:?}");
    // The last failure stays, to be looked at.
    let helm = Helm::v4()?.on(&tenant);
    let left = helm.run(["list", "-n", &target, "-o", "json"])?.success()?;
    assert!(left.contains("\"failed\""), "{left}");
    Ok(())
}

#[test]
fn a_suspended_release_is_left_alone_and_outlives_its_declaration() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("suspended")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({"values": {"text": "kept"}}))?;
    place.ready("web", 1)?;
    place.declare("web", &target, &json!({"suspend": true, "values": {"text": "not looked at"}}))?;
    let other = json!({"values": {"text": "other"}});
    place.declare("other", &target, &other)?;
    place.ready("other", 1)?;
    let path = format!("/api/v1/namespaces/{target}/configmaps/web");
    assert_eq!(tenant.api().get(&path)?["data"]["text"], "kept");
    place.bed.management().api().delete(&place.release_path("web"))?;
    eventually("the release being gone", || {
        Ok(place.bed.management().api().find(&place.release_path("web"))?.is_none())
    })?;
    assert_eq!(tenant.api().get(&path)?["data"]["text"], "kept");
    Ok(())
}

#[test]
fn a_release_whose_kubeconfig_is_gone_can_be_deleted() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("orphaned")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare("web", &target, &json!({}))?;
    place.ready("web", 1)?;
    let secret = format!("/api/v1/namespaces/{}/secrets/{}", place.namespace, tenant.secret_name());
    place.bed.management().api().delete(&secret)?;
    place.bed.management().api().delete(&place.release_path("web"))?;
    eventually("the release being gone", || {
        Ok(place.bed.management().api().find(&place.release_path("web"))?.is_none())
    })?;
    let events = place.events("web")?;
    assert!(events.iter().any(|(_, note)| note.contains("nothing is uninstalled")), "{events:?}");
    Ok(())
}

#[test]
fn storage_and_target_namespaces_are_made_when_they_are_told_to() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = crate::bed::unique("made");
    let storage = format!("{target}-records");
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare(
        "web",
        &target,
        &json!({
            "storageNamespace": storage, "install": {"createNamespace": true},
        }),
    )?;
    place.ready("web", 1)?;
    let record = format!("/api/v1/namespaces/{storage}/secrets/sh.helm.release.v1.web.v1");
    assert!(tenant.api().find(&record)?.is_some());
    assert!(tenant.api().find(&format!("/api/v1/namespaces/{target}/configmaps/web"))?.is_some());
    for namespace in [&target, &storage] {
        tenant.api().delete(&format!("/api/v1/namespaces/{namespace}"))?;
    }
    Ok(())
}

#[test]
fn an_interrupted_run_ends_with_a_final_record_and_is_healed() -> Tested {
    let mut place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("interrupted")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    place.declare(
        "web",
        &target,
        &json!({"values": {"replicas": 1, "node": "missing"}, "timeout": "300s"}),
    )?;
    let record = format!("/api/v1/namespaces/{target}/secrets/sh.helm.release.v1.web.v1");
    eventually("the install being under way", || {
        Ok(tenant
            .api()
            .find(&record)?
            .is_some_and(|it| it["metadata"]["labels"]["status"] == "pending-install"))
    })?;
    place.stop();
    assert_eq!(tenant.api().get(&record)?["metadata"]["labels"]["status"], "failed");
    place.declare("web", &target, &json!({"values": {"replicas": 1}}))?;
    place.start(&[])?;
    place.ready("web", 2)?;
    Ok(())
}
