//! Conditions and health checks.

#![cfg(feature = "cel")]
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use pintle_expressions::{Condition, Health, HealthCheck, health_check_of};
use pintle_value::Data;
use proptest::prelude::*;

fn data(json: &str) -> Data {
    serde_json::from_str(json).unwrap()
}

fn database() -> Data {
    data(
        r#"{"apiVersion": "acme.io/v1", "kind": "Database", "metadata": {"name": "main", "generation": 2},
            "spec": {"replicas": 3, "version": "1.10.2", "memory": "2Gi"},
            "status": {"observedGeneration": 2, "readyReplicas": 3, "ratio": 0.5, "password": "s3cret",
                       "conditions": [{"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "False"}]}}"#,
    )
}

fn holds(text: &str) -> Result<bool, String> {
    let condition = Condition::parse(text).map_err(|error| error.to_string())?;
    condition.holds(&database()).map_err(|error| error.to_string())
}

#[test]
fn conditions_look_into_the_object() {
    for text in [
        "status.readyReplicas == spec.replicas",
        "status.observedGeneration == metadata.generation && status.ratio < 1.0",
        "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
        "status.conditions.filter(c, c.status == 'True').map(c, c.type) == ['Ready']",
        "has(status.observedGeneration) && !has(status.missing)",
        "spec.version.startsWith('1.') && spec.version.split('.').size() == 3",
        "semver(spec.version).isGreaterThan(semver('1.9.0'))",
        "quantity(spec.memory).isGreaterThan(quantity('1Gi'))",
        "kind == 'Database' ? true : false",
    ] {
        assert_eq!(holds(text), Ok(true), "{text}");
    }
    assert_eq!(holds("status.readyReplicas > 3"), Ok(false));
}

#[test]
fn what_is_wrong_is_said_and_secrets_are_not() {
    for (text, wanted) in [
        ("status.", "cannot be read"),
        ("status.missing == 1", "names missing, which the object does not have"),
        ("nowhere == 1", "names nowhere, which is not defined"),
        ("spec.replicas", "gives int and not a boolean"),
        ("status.password + 1 == 2", "operands are of the wrong type"),
        ("status.conditions[7].type == ''", "an item that the list does not have"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "more than 2 loops"),
    ] {
        let error = holds(text).unwrap_err();
        assert!(error.contains(wanted), "{text}: {error}");
        assert!(!error.contains("s3cret"), "{text}: {error}");
    }
    let long = format!("true || '{}' == ''", "x".repeat(20_000));
    assert!(holds(&long).unwrap_err().contains("longer than"));
    assert!(holds(&"(".repeat(5_000)).unwrap_err().contains("nests deeper than"));
    assert!(holds(&"!".repeat(5_000)).unwrap_err().contains("signs of operators"));
}

#[test]
fn the_most_complex_conditions_fit_on_a_small_stack() {
    let chain = |unit: &str, count: usize| unit.repeat(count);
    let conditions = [
        format!("{}true{}", "(".repeat(32), ")".repeat(32)),
        format!("{}true", "!".repeat(300)),
        format!("1{} > 0", chain("+1", 299)),
        format!("{}true", chain("false ? false : ", 150)),
        format!("true{}", chain(" && true", 150)),
        format!("true{} == true", chain(" == true", 149)),
        format!("{}{} == 1", "[".repeat(32), "]".repeat(32)),
        format!("a{}", chain(".a", 300)),
        format!("{}1 > 0", chain(&format!("{}1{}+", "(".repeat(32), ")".repeat(32)), 100)),
        format!("1{} > 0", chain("+1", 60)),
        format!("{}true", "!".repeat(60)),
    ];
    for text in conditions {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || drop(holds(&text)))
            .unwrap()
            .join()
            .unwrap();
    }
}

#[test]
fn a_check_asks_for_progress_then_for_failure_then_for_the_end() {
    let condition = |text: &str| Condition::parse(text).unwrap();
    let check = HealthCheck::new("acme.io", "Database", condition("status.readyReplicas == spec.replicas"));
    assert_eq!(check.judge(&database()), Ok(Health::Current));
    let check = check.failed(condition("status.ratio == 0.5"));
    assert_eq!(check.judge(&database()), Ok(Health::Failed));
    let check = check.in_progress(condition("metadata.generation == 2"));
    assert_eq!(check.judge(&database()), Ok(Health::InProgress));
    assert_eq!(check.judge(&data(r#"{"status": {}}"#)), Ok(Health::InProgress)); // new, without a status
    assert!(HealthCheck::new("", "", condition("spec.replicas")).judge(&database()).is_err());
}

#[test]
fn a_kind_is_nearer_than_a_group() {
    let condition = || Condition::parse("true").unwrap();
    let checks = [
        HealthCheck::of_group("acme.io", condition()),
        HealthCheck::new("acme.io", "Database", condition()),
        HealthCheck::new("other.io", "Database", condition()),
    ];
    let found = |object: &str| health_check_of(&checks, &data(object)).cloned();
    assert_eq!(found(r#"{"apiVersion": "acme.io/v1beta1", "kind": "Database"}"#), Some(checks[1].clone()));
    assert_eq!(found(r#"{"apiVersion": "acme.io/v1", "kind": "Queue"}"#), Some(checks[0].clone()));
    assert_eq!(found(r#"{"apiVersion": "v1", "kind": "Database"}"#), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_text_ends_in_an_answer_or_an_error(text in "[a-z.()'\\[\\]{}:?<>=!&|+*/ 0-9-]{0,40}") {
        if let Ok(condition) = Condition::parse(text) {
            let _ = condition.holds(&database());
        }
    }
}
