//! The oracles are the versions that they say, and real Helm installs what the chart server serves.

use std::time::Duration;

use pintle_testkit::{Bed, ChartServer, Helm};
use serde_json::Value;

const CHART: &[(&str, &str)] = &[
    (
        "Chart.yaml",
        "apiVersion: v2\nname: tiny\nversion: 1.2.3\nappVersion: \"7\"\ndescription: A tiny chart\n",
    ),
    ("values.yaml", "replicas: 1\n"),
    (
        "templates/web.yaml",
        r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
      - {name: main, image: "example.test/main:1"}
"#,
    ),
];

#[test]
fn the_oracles_are_what_they_say() {
    for helm in [Helm::v4().expect("Helm 4"), Helm::v3().expect("Helm 3")] {
        let said =
            helm.run(["version", "--template", "{{.Version}}"]).and_then(pintle_testkit::Output::success);
        assert_eq!(said.expect("helm runs"), helm.version());
    }
}

#[test]
fn real_helm_installs_from_the_chart_server_into_a_tenant() {
    let tenant = Bed::shared().expect("a bed").tenant("tenant1").expect("a tenant");
    let server = ChartServer::builder().basic_auth("reader", "secret").tls().start().expect("a server");
    let chart = server.add_files("tiny", CHART).expect("a chart");
    let trust = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(trust.path(), server.authority().expect("it has one")).expect("is written");
    let trust = trust.path().to_str().expect("a path");

    for (helm, wait) in
        [(Helm::v4().expect("Helm 4"), "--wait=watcher"), (Helm::v3().expect("Helm 3"), "--wait")]
    {
        let helm = helm.on(&tenant);
        let namespace = tenant.namespace("helm").expect("a namespace");
        server.forget_requests();
        let url = server.url();
        let mut arguments = vec!["install", "one", "tiny", "--repo", &url, "--ca-file", trust];
        arguments.extend(["--username", "reader", "--password", "secret", "-n", &namespace, wait]);
        helm.run(&arguments).and_then(pintle_testkit::Output::success).expect("it installs");
        assert_eq!(server.count("/index.yaml"), 1);
        assert_eq!(server.count(&chart.path), 1);

        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/one");
        tenant
            .api()
            .wait_until(&path, "the Deployment", Duration::from_secs(1), |seen| {
                seen.is_some_and(|object| object["status"]["readyReplicas"] == 1)
            })
            .expect("`--wait` has waited");
        let list =
            helm.run(["list", "-n", &namespace, "-o", "json"]).and_then(pintle_testkit::Output::success);
        let list: Value = serde_json::from_str(&list.expect("it lists")).expect("is JSON");
        assert_eq!(list[0]["chart"], "tiny-1.2.3");
        assert_eq!(list[0]["status"], "deployed");
        helm.run(["uninstall", "one", "-n", &namespace, "--wait"])
            .and_then(pintle_testkit::Output::success)
            .expect("it uninstalls");
    }
}
