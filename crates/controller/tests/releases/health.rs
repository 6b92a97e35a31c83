//! Health checks of the release's own.

use serde_json::json;

use crate::bed::{Place, Tested, condition};

#[test]
fn objects_are_ready_when_the_release_says_so() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("health")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let spec = |text: &str| {
        json!({
            "values": {"text": text},
            "timeout": "3s",
            "healthCheckExprs": [{
                "apiVersion": "v1", "kind": "ConfigMap",
                "current": "data.text == 'good'", "failed": "data.text == 'bad'",
            }],
        })
    };
    place.declare("web", &target, &spec("good"))?;
    place.ready("web", 1)?;

    place.declare("web", &target, &spec("bad"))?;
    let message = place.blocked("web", "UpgradeFailed")?;
    assert!(
        message.contains("ConfigMap") && message.contains("the health check says that it failed"),
        "{message}"
    );

    // Neither ready nor failed: that ends with the timeout.
    place.declare("slow", &target, &spec("on its way"))?;
    let message = place.blocked("slow", "InstallFailed")?;
    assert!(message.contains("the health check does not hold yet"), "{message}");
    Ok(())
}

#[test]
fn a_check_that_cannot_be_read_is_said_at_once() -> Tested {
    let place = Place::new()?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("health")?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    let checks = json!([{"apiVersion": "v1", "current": "data.text =="}]);
    place.declare("web", &target, &json!({"healthCheckExprs": checks}))?;
    let release = place.until("web", "the fault of the check", |release| {
        condition(release, "Ready")["message"].as_str().unwrap_or_default().contains("spec.healthCheckExprs")
    })?;
    assert_eq!(condition(&release, "Ready")["status"], "False");
    Ok(())
}
