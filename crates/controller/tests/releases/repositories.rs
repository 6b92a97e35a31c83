//! What is said of repositories.

use std::collections::BTreeMap;

use pintle_testkit::{ChartServer, Fault};
use serde_json::{Value, json};

use crate::bed::{PATIENCE, Place, Tested, condition};

fn until(
    place: &Place,
    name: &str,
    what: &str,
    look: impl Fn(&Value) -> bool,
) -> Result<Value, Box<dyn std::error::Error>> {
    let path = place.path("source.toolkit.fluxcd.io/v1", "HelmRepository", name);
    let api = place.bed.management().api().clone();
    api.wait_until(&path, what, PATIENCE, |seen| seen.is_some_and(&look))?;
    Ok(api.get(&path)?)
}

fn declare(place: &Place, name: &str, spec: &Value) -> Tested {
    place.apply("source.toolkit.fluxcd.io/v1", "HelmRepository", name, spec)
}

#[test]
fn an_index_is_read_conditionally_and_its_digest_told() -> Tested {
    let place = Place::new()?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let ready = |object: &Value| condition(object, "Ready")["status"] == "True";
    let repository = until(&place, "charts", "the index being read", ready)?;
    let revision = repository["status"]["artifact"]["revision"].as_str().unwrap_or_default().to_owned();
    assert_eq!(revision.len(), "sha256:".len() + 64, "{revision}");
    assert_eq!(condition(&repository, "ArtifactInStorage")["status"], "True");
    until(&place, "charts", "several intervals", |_| place.charts.count("/index.yaml") >= 3)?;
    let whole =
        place.charts.requests().iter().filter(|one| one.path == "/index.yaml" && one.status == 200).count();
    assert_eq!(whole, 1);

    place.serve("1.1.0")?;
    let changed = |object: &Value| object["status"]["artifact"]["revision"] != revision;
    until(&place, "charts", "the new index", changed)?;

    place.charts.set_fault("/index.yaml", Fault::Status(503));
    until(&place, "charts", "the failure", |object| {
        condition(object, "FetchFailed")["reason"] == "IndexationFailed"
    })?;
    place.charts.clear_faults();
    until(&place, "charts", "the recovery", ready)?;
    Ok(())
}

#[test]
fn credentials_and_certificates_come_from_secrets() -> Tested {
    let place = Place::new()?;
    let charts = ChartServer::builder().basic_auth("reader", "s3cr3t-word").tls().start()?;
    let spec = json!({
        "url": charts.url(), "interval": "1m",
        "secretRef": {"name": "login"}, "certSecretRef": {"name": "authority"},
    });
    declare(&place, "private", &spec)?;
    let failed = |object: &Value| condition(object, "Ready")["reason"] == "AuthenticationFailed";
    let repository = until(&place, "private", "the missing Secret", failed)?;
    let message = condition(&repository, "Ready")["message"].as_str().unwrap_or_default();
    assert!(message.contains("/login") && message.contains("spec.secretRef"), "{message}");

    place.secret("login", &BTreeMap::from([("username", "reader"), ("password", "wrong-word")]))?;
    place.secret("authority", &BTreeMap::from([("ca.crt", charts.authority().unwrap())]))?;
    let repository = until(&place, "private", "the refusal", |object| {
        let message = condition(object, "Ready")["message"].as_str().unwrap_or_default();
        message.contains("not accepted")
    })?;
    assert!(!repository.to_string().contains("wrong-word"));

    place.secret("login", &BTreeMap::from([("username", "reader"), ("password", "s3cr3t-word")]))?;
    until(&place, "private", "the index", |object| condition(object, "Ready")["status"] == "True")?;
    Ok(())
}

#[test]
fn what_is_not_supported_is_said() -> Tested {
    let place = Place::new()?;
    declare(&place, "registry", &json!({"url": "oci://example.com/charts", "type": "oci"}))?;
    let repository = until(&place, "registry", "the refusal", |object| {
        condition(object, "Stalled")["reason"] == "UnsupportedField"
    })?;
    let message = condition(&repository, "Ready")["message"].as_str().unwrap_or_default();
    assert!(message.contains("spec.type"), "{message}");
    Ok(())
}
