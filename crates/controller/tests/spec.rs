//! What a `HelmRelease` asks for: names, values, and what is not supported.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use pintle_controller::api::{HelmRelease, HelmReleaseSpec, HelmRepositorySpec, ValuesKind, ValuesReference};
use pintle_controller::naming::{ReleaseName, shorten};
use pintle_controller::unsupported;
use pintle_controller::values::{Assignment, Resolved, Syntax, ValuesError, compose};
use pintle_value::{Data, DataMap};
use serde_json::json;

fn release(spec: &serde_json::Value) -> HelmRelease {
    serde_json::from_value(json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": "cert-manager", "namespace": "tenants"}, "spec": spec,
    }))
    .unwrap()
}

#[test]
fn names_default_as_in_flux() {
    let name = ReleaseName::of(&release(&json!({"interval": "5m"})));
    assert_eq!((name.name.as_str(), name.namespace.as_str()), ("cert-manager", "tenants"));
    assert_eq!(name.storage_namespace, "tenants");

    let name = ReleaseName::of(&release(&json!({"interval": "5m", "targetNamespace": "default"})));
    assert_eq!((name.name.as_str(), name.namespace.as_str()), ("default-cert-manager", "default"));
    assert_eq!(name.storage_namespace, "tenants");

    let spec = json!({
        "interval": "5m", "targetNamespace": "default", "storageNamespace": "kube-system", "releaseName": "cm",
    });
    let name = ReleaseName::of(&release(&spec));
    assert_eq!((name.name.as_str(), name.storage_namespace.as_str()), ("cm", "kube-system"));
}

#[test]
fn long_names_end_in_a_hash() {
    let fits = "x".repeat(53);
    assert_eq!(shorten(fits.clone()), fits);
    // The digest of 54 times "x", by `printf 'x%.0s' {1..54} | sha256sum`.
    let short = shorten("x".repeat(54));
    assert_eq!(short.len(), 53);
    assert_eq!(short, format!("{}-{}", "x".repeat(40), "45f316e10b2c"));
}

/// JSON for files and for the right side; the left side is a path of names.
struct Json;

impl Syntax for Json {
    fn file(&self, text: &str) -> Result<DataMap, String> {
        serde_json::from_str(text).map_err(|_| "it is not JSON".to_owned())
    }

    fn assign(&self, values: DataMap, assignment: &str, kind: Assignment) -> Result<DataMap, String> {
        fn set(values: &DataMap, path: &[&str], value: Data) -> DataMap {
            match path {
                [] => values.clone(),
                [last] => values.with(*last, value),
                [first, rest @ ..] => {
                    let below = values.get(first).and_then(Data::as_map).cloned().unwrap_or_default();
                    values.with(*first, Data::Map(set(&below, rest, value)))
                }
            }
        }
        let (path, value) = assignment.split_once('=').unwrap();
        let value = match kind {
            Assignment::Text => Data::from(value),
            Assignment::Typed => serde_json::from_str(value).unwrap_or_else(|_| Data::from(value)),
        };
        Ok(set(&values, &path.split('.').collect::<Vec<_>>(), value))
    }
}

fn reference(target_path: Option<&str>) -> ValuesReference {
    ValuesReference {
        kind: ValuesKind::ConfigMap,
        name: "settings".to_owned(),
        values_key: None,
        target_path: target_path.map(str::to_owned),
        optional: None,
        literal: None,
    }
}

fn composed(inline: &str, references: &[(Option<&str>, &str)]) -> serde_json::Value {
    let references: Vec<_> = references.iter().map(|(path, content)| (reference(*path), *content)).collect();
    let resolved: Vec<_> = references
        .iter()
        .map(|(reference, content)| Resolved { reference, content: Some((*content).to_owned()) })
        .collect();
    let inline: Data = serde_json::from_str(inline).unwrap();
    serde_json::to_value(compose(Some(&inline), &resolved, &Json).unwrap()).unwrap()
}

#[test]
fn files_then_inline_then_target_paths() {
    assert_eq!(
        composed("{}", &[(None, r#"{"a":1,"t":{"x":1}}"#), (None, r#"{"a":2,"t":{"y":2}}"#)]),
        json!({
            "a": 2, "t": {"x": 1, "y": 2},
        })
    );
    assert_eq!(composed(r#"{"a":"inline"}"#, &[(None, r#"{"a":1,"b":1}"#)]), json!({"a": "inline", "b": 1}));
    // The cases in which Flux's code does not do what its documentation says.
    assert_eq!(composed(r#"{"top":"inline"}"#, &[(Some("top"), "ref")]), json!({"top": "ref"}));
    let inline = r#"{"a":{"b":"inline","d":"inline"}}"#;
    let expected = json!({"a": {"b": "one", "c": 1, "d": "two"}});
    let file = (None, r#"{"a":{"c":1}}"#);
    for order in [
        [file, (Some("a.b"), "one"), (Some("a.d"), "two")],
        [(Some("a.b"), "one"), file, (Some("a.d"), "two")],
    ] {
        assert_eq!(composed(inline, &order), expected);
    }
    // A later target path wins over an earlier one.
    assert_eq!(composed("{}", &[(Some("a"), "1"), (Some("a"), "2")]), json!({"a": 2}));
    // Null takes the place of what was there; what it means is the chart's affair.
    assert_eq!(composed(r#"{"a":null}"#, &[(None, r#"{"a":{"b":1}}"#)]), json!({"a": null}));
}

#[test]
fn quotes_make_text() {
    assert_eq!(composed("{}", &[(Some("a"), "7")]), json!({"a": 7}));
    assert_eq!(composed("{}", &[(Some("a"), "'7'")]), json!({"a": "7"}));
    assert_eq!(composed("{}", &[(Some("a"), "\"7\"")]), json!({"a": "7"}));
    assert_eq!(composed("{}", &[(Some("a"), "'7")]), json!({"a": "'7"}));
}

#[test]
fn literal_content_is_escaped_for_set_string() {
    let reference = ValuesReference { literal: Some(true), ..reference(Some("a")) };
    let resolved = [Resolved { reference: &reference, content: Some(r"{x},[0]\n'q'".to_owned()) }];
    let values = compose(None, &resolved, &Json).unwrap();
    assert_eq!(values.get("a").and_then(Data::as_str), Some(r"\{x\}\,\[0\]\\n'q'"));
}

#[test]
fn what_is_wrong_is_named_by_its_place() {
    let broken = reference(None);
    let resolved = [Resolved { reference: &broken, content: Some("s3cr3t: [".to_owned()) }];
    let error = compose(None, &resolved, &Json).unwrap_err().to_string();
    assert_eq!(error, "spec.valuesFrom[0]: key values.yaml of the ConfigMap settings: it is not JSON");
    assert!(matches!(compose(Some(&Data::from("text")), &[], &Json), Err(ValuesError::NotATable)));
}

#[test]
fn fields_that_are_not_honoured_are_named() {
    let spec: HelmReleaseSpec = serde_json::from_value(json!({
        "chart": {"spec": {
            "chart": "app", "version": "1.x", "sourceRef": {"kind": "GitRepository", "name": "r"},
            "valuesFiles": ["prod.yaml"], "reconcileStrategy": "Revision",
        }},
        "interval": "5m",
        "dependsOn": [{"name": "other"}],
        "kubeConfig": {"configMapRef": {"name": "m"}},
        "install": {"createNamespace": true, "replace": true, "serverSideApply": false, "strategy": {"name": "RetryOnFailure"}},
        "upgrade": {"force": true, "serverSideApply": "disabled"},
        "test": {"enable": true, "ignoreFailures": false},
        "uninstall": {"deletionPropagation": "orphan"},
        "postRenderers": [{"kustomize": {"images": [{"name": "a", "newTag": "b"}]}}],
        "commonMetadata": {"labels": {"a": "b"}},
        "healthCheckExprs": [{"apiVersion": "v1", "current": "true"}],
        "serviceAccountName": "x",
    }))
    .unwrap();
    assert_eq!(
        unsupported::in_release(&spec),
        [
            "spec.chart.spec.reconcileStrategy",
            "spec.chart.spec.sourceRef.kind",
            "spec.chart.spec.valuesFiles",
            "spec.commonMetadata.labels.a",
            "spec.dependsOn",
            "spec.install.replace",
            "spec.install.serverSideApply",
            "spec.install.strategy.name",
            "spec.kubeConfig.configMapRef.name",
            "spec.postRenderers",
            "spec.serviceAccountName",
            "spec.test.enable",
            "spec.uninstall.deletionPropagation",
            "spec.upgrade.force",
            "spec.upgrade.serverSideApply",
        ]
    );
}

#[test]
fn what_says_what_happens_anyway_is_supported() {
    let spec: HelmReleaseSpec = serde_json::from_value(json!({
        "chart": {"kind": "HelmChart", "spec": {
            "chart": "cert-manager", "version": "v1.10.1", "interval": "1m", "reconcileStrategy": "ChartVersion",
            "sourceRef": {"kind": "HelmRepository", "name": "jetstack", "namespace": "other"},
        }},
        "interval": "5m", "timeout": "10m", "maxHistory": 3, "persistentClient": false, "suspend": false,
        "kubeConfig": {"secretRef": {"name": "tenant1-admin-kubeconfig", "key": "admin.conf"}},
        "releaseName": "a", "targetNamespace": "b", "storageNamespace": "c",
        "driftDetection": {"mode": "warn", "ignore": [{"paths": ["/spec/replicas"], "target": {"kind": "Deployment"}}]},
        "install": {
            "createNamespace": true, "crds": "CreateReplace", "disableWait": true, "skipCRDs": true,
            "serverSideApply": true, "remediation": {"retries": -1}, "strategy": {"name": "RemediateOnFailure"},
        },
        "upgrade": {"crds": "Skip", "serverSideApply": "auto", "force": false,
            "remediation": {"retries": 3, "strategy": "uninstall", "remediateLastFailure": false}},
        "uninstall": {"keepHistory": true, "deletionPropagation": "background"},
        "test": {"enable": false},
        "waitStrategy": {"name": "poller"}, "postRenderStrategy": "combined",
        "values": {"replicaCount": 2},
        "valuesFrom": [{"kind": "Secret", "name": "x", "targetPath": "a.b", "literal": true, "optional": true}],
    }))
    .unwrap();
    assert_eq!(unsupported::in_release(&spec), [""; 0]);

    let spec: HelmRepositorySpec = serde_json::from_value(json!({
        "url": "https://charts.jetstack.io", "interval": "1h", "timeout": "60s", "secretRef": {"name": "a"},
        "certSecretRef": {"name": "b"}, "passCredentials": true, "suspend": true, "type": "default", "provider": "generic",
    }))
    .unwrap();
    assert_eq!(unsupported::in_repository(&spec), [""; 0]);
    let spec = HelmRepositorySpec { url: "oci://ghcr.io/x".into(), insecure: Some(true), ..spec };
    assert_eq!(unsupported::in_repository(&spec), ["spec.insecure", "spec.url"]);
}
