//! Kubeconfigs from Secrets: what is found, and what is refused by name.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::core::ObjectMeta;
use pintle_controller::api::SecretKeyReference;
use pintle_controller::kubeconfig::{KubeconfigError, TenantKubeconfig};

fn secret(data: &[(&str, &str)]) -> Secret {
    let data: BTreeMap<_, _> =
        data.iter().map(|(key, text)| ((*key).to_owned(), ByteString(text.as_bytes().to_vec()))).collect();
    Secret {
        metadata: ObjectMeta {
            name: Some("tenant1-admin-kubeconfig".to_owned()),
            namespace: Some("tenants".to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(data),
        ..Secret::default()
    }
}

fn reference(key: Option<&str>) -> SecretKeyReference {
    SecretKeyReference { name: "tenant1-admin-kubeconfig".to_owned(), key: key.map(str::to_owned) }
}

fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: admin\n\
         contexts:\n- name: admin\n  context: {{cluster: tenant1, user: admin}}\n\
         clusters:\n- name: tenant1\n  cluster: {{server: \"https://10.0.0.1:6443\"{cluster}}}\n\
         users:\n- name: other\n  user: {{exec: {{command: never-run}}}}\n\
         - name: admin\n  user: {{{user}}}\n"
    )
}

fn read(text: &str) -> Result<TenantKubeconfig, KubeconfigError> {
    TenantKubeconfig::from_secret(&secret(&[("admin.conf", text)]), &reference(Some("admin.conf")))
}

#[test]
fn the_key_is_the_one_that_is_named_or_flux_default() {
    let good = kubeconfig("", "token: abc");
    assert_eq!(read(&good).unwrap().server(), "https://10.0.0.1:6443");
    for key in ["value", "value.yaml"] {
        TenantKubeconfig::from_secret(&secret(&[(key, &good)]), &reference(None)).unwrap();
    }
    let both = secret(&[("value", &good), ("value.yaml", "nonsense")]);
    TenantKubeconfig::from_secret(&both, &reference(None)).unwrap();

    let error = TenantKubeconfig::from_secret(
        &secret(&[("super-admin.conf", &good)]),
        &reference(Some("admin.conf")),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Secret tenants/tenant1-admin-kubeconfig has no key admin.conf; it has super-admin.conf"
    );
    let error = TenantKubeconfig::from_secret(&secret(&[]), &reference(None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Secret tenants/tenant1-admin-kubeconfig has no key value or value.yaml; it has none"
    );
}

#[test]
fn what_would_run_or_read_something_here_is_refused_by_name() {
    for (cluster, user, field) in [
        ("", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}", "user.exec"),
        ("", "auth-provider: {name: gcp}", "user.auth-provider"),
        ("", "tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token", "user.tokenFile"),
        ("", "client-certificate: /etc/pki/admin.crt", "user.client-certificate"),
        ("", "client-key: /etc/pki/admin.key", "user.client-key"),
        (", certificate-authority: /etc/pki/ca.crt", "token: abc", "cluster.certificate-authority"),
        (", insecure-skip-tls-verify: true", "token: abc", "cluster.insecure-skip-tls-verify"),
        (", proxy-url: \"http://proxy:3128\"", "token: abc", "cluster.proxy-url"),
    ] {
        let error = read(&kubeconfig(cluster, user)).unwrap_err();
        assert!(
            matches!(&error, KubeconfigError::Refused { field: found, .. } if found == field),
            "{field}: {error}"
        );
        assert!(error.to_string().contains(field), "{error}");
    }
    // Switched off, or empty, is not set.
    read(&kubeconfig(", insecure-skip-tls-verify: false", "token: abc, tokenFile: \"\"")).unwrap();
}

#[test]
fn nonsense_is_named_and_never_quoted() {
    let secret_text = "users: [{name: admin, user: {token: s3cr3t-t0ken, password: [}}]";
    let cases = [
        ("", "has no key"),
        (secret_text, "is not the YAML of one"),
        ("just text", "is not the YAML of one"),
        ("apiVersion: v1\nkind: Config\n", "sets no current-context"),
        ("current-context: gone\n", "\"gone\" is not among its contexts"),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\n",
            "cluster \"b\" is not among its clusters",
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\n\
             clusters: [{name: b, cluster: {server: \"https://x\"}}]\n",
            "user \"c\" is not among its users",
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n\
             clusters: [{name: b, cluster: {server: \"\"}}]\n",
            "sets no server",
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n\
             clusters: [{name: b, cluster: {server: \"ftp://x\"}}]\n",
            "is no https:// address",
        ),
    ];
    for (text, problem) in cases {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
    let not_text = Secret {
        data: Some(BTreeMap::from([("value".to_owned(), ByteString(vec![0xff, 0xfe, 0]))])),
        ..secret(&[])
    };
    let error = TenantKubeconfig::from_secret(&not_text, &reference(None)).unwrap_err();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
}

#[test]
fn debug_shows_the_server_and_no_secret() {
    let shown = format!("{:?}", read(&kubeconfig("", "token: s3cr3t")).unwrap());
    assert!(shown.contains("10.0.0.1") && !shown.contains("s3cr3t"), "{shown}");
}
