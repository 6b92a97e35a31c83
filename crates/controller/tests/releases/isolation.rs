//! One tenant's trouble is no other's.

use pintle_testkit::{Machinery, TenantOptions};
use serde_json::json;

use crate::bed::{Place, Tested, condition};

#[test]
fn a_tenant_that_does_not_answer_holds_up_nobody_else() -> Tested {
    let place = Place::with(&["--tenant-timeout", "4s"])?;
    let tenant = place.tenant()?;
    let target = tenant.namespace("lively")?;
    let options = TenantOptions::new("silent").within(place.namespace.name()).machinery(Machinery::Api);
    let silent = place.bed.add_tenant(&options)?;
    place.serve("1.0.0")?;
    place.declare_repository()?;
    silent.pause()?;
    let config = json!({"kubeConfig": {"secretRef": {"name": silent.secret_name()}}});
    for number in 0..6 {
        place.declare(&format!("silent-{number}"), "default", &config)?;
    }
    place.declare("lively", &target, &json!({}))?;
    place.ready("lively", 1)?;
    // None of the others has been given up by then.
    let waiting = place.release("silent-5")?;
    assert_ne!(condition(&waiting, "Ready")["status"], "True");
    place.blocked("silent-0", "ClusterUnreachable")?;
    silent.resume()?;
    for number in 0..6 {
        place.ready(&format!("silent-{number}"), 1)?;
    }
    Ok(())
}
