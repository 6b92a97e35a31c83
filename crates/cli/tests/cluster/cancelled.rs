//! Ctrl-C during a run.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::stage::Stage;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: stuck
spec:
  selector: {matchLabels: {app: stuck}}
  template:
    metadata: {labels: {app: stuck}}
    spec:
      nodeSelector: {no: such-node}
      containers: [{name: a, image: a}]
";

#[test]
fn a_cancelled_install_writes_its_record() {
    let stage = Stage::new();
    let namespace = stage.namespace("cli-cancel");
    let chart = tempfile::tempdir().expect("is made");
    fs::create_dir(chart.path().join("templates")).expect("is made");
    fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: stuck\nversion: 1.0.0\n")
        .expect("is written");
    fs::write(chart.path().join("templates/a.yaml"), DEPLOYMENT).expect("is written");
    let mut program = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(["install", "stuck", "--wait", "--namespace", namespace.name()])
        .arg(chart.path())
        .env("KUBECONFIG", stage.tenant.kubeconfig_path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(program.stderr.take().expect("is piped"));
    let mut seen = String::new();
    while !seen.contains("ready;") {
        assert_ne!(lines.read_line(&mut seen).expect("is read"), 0, "{seen}");
    }
    let asked = Command::new("kill").args(["-INT", &program.id().to_string()]).status().expect("runs");
    assert!(asked.success());
    lines.read_to_string(&mut seen).expect("is read");
    assert_eq!(program.wait().expect("ends").code(), Some(1), "{seen}");
    assert!(seen.contains("Release stuck has been cancelled."), "{seen}");
    assert!(seen.contains("Error: INSTALLATION FAILED: "), "{seen}");
    let status = stage.helm(&format!("status stuck -o json --namespace {namespace}"));
    assert!(status.stdout.contains("\"status\":\"failed\""), "{}", status.stdout);
}
