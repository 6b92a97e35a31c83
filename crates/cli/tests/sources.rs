//! Charts from repositories and addresses: `pull`, `show` and `template`.

#![allow(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::path::Path;
use std::process::{Command, Output};

use pintle_testkit::{ChartServer, Fault};

fn pintle(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
    command.args(words).current_dir(folder).env_clear().env("HOME", folder).output().expect("runs")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

fn add(server: &ChartServer) {
    let chart = "apiVersion: v2\nname: web\nversion: 1.2.3\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    server
        .add_files("web", &[("Chart.yaml", chart), ("values.yaml", "a: 1\n"), ("templates/a.yaml", map)])
        .expect("packs");
}

#[test]
fn charts_come_from_repositories() {
    let server = ChartServer::builder().basic_auth("user", "s3cret").start().expect("a port is free");
    add(&server);
    let url = server.url();
    let folder = tempfile::tempdir().expect("is made");
    let folder = folder.path();
    let access = ["--repo", &url, "--username", "user", "--password", "s3cret"];
    let with = |words: &[&str]| pintle(folder, &[words, &access].concat());

    assert!(with(&["pull", "web"]).status.success());
    assert!(folder.join("web-1.2.3.tgz").is_file());
    assert!(with(&["pull", "web", "--version", "^1.0", "--untar", "--untardir", "charts"]).status.success());
    let values = std::fs::read_to_string(folder.join("charts/web/values.yaml")).expect("is unpacked");
    assert_eq!(values, "a: 1\n");
    let again = with(&["pull", "web", "--untar", "--untardir", "charts"]);
    assert_eq!(
        error(&again),
        "Error: failed to untar: a file or directory with the name charts/web already exists"
    );
    assert_eq!(with(&["show", "values", "web"]).stdout, b"a: 1\n\n");
    assert!(String::from_utf8_lossy(&with(&["template", "web", "web"]).stdout).contains("kind: ConfigMap"));

    let missing = with(&["show", "chart", "nope"]);
    assert_eq!(error(&missing), format!("Error: chart \"nope\" not found in {url} repository"));
    let version = with(&["show", "chart", "web", "--version", "9"]);
    assert_eq!(error(&version), format!("Error: chart \"web\" version \"9\" not found in {url} repository"));
    let refused = pintle(folder, &["show", "chart", "web", "--repo", &url]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).starts_with("Error: looks like \"http://"), "{}", error(&refused));
    assert!(error(&refused).contains("answered 401"), "{}", error(&refused));
}

#[test]
fn a_damaged_archive_never_reaches_the_disk() {
    let server = ChartServer::start().expect("a port is free");
    add(&server);
    server.set_fault("/web-1.2.3.tgz", Fault::Body(b"nonsense".to_vec()));
    let folder = tempfile::tempdir().expect("is made");
    let output = pintle(folder.path(), &["pull", "web", "--repo", &server.url()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("has the digest"), "{}", error(&output));
    let by_address = pintle(folder.path(), &["pull", &format!("{}/web-1.2.3.tgz", server.url())]);
    assert_eq!(by_address.status.code(), Some(1), "{}", error(&by_address));
    assert_eq!(std::fs::read_dir(folder.path()).expect("is read").count(), 0);
}

#[test]
fn repositories_that_helm_knows_have_names() {
    let server = ChartServer::start().expect("a port is free");
    add(&server);
    let folder = tempfile::tempdir().expect("is made");
    let file = folder.path().join("repositories.yaml");
    let text =
        format!("apiVersion: ''\nrepositories:\n- name: shop\n  url: {}\n  caFile: ''\n", server.url());
    std::fs::write(&file, text).expect("is written");
    let file = file.display().to_string();
    let output = pintle(folder.path(), &["show", "values", "shop/web", "--repository-config", &file]);
    assert_eq!(output.stdout, b"a: 1\n\n", "{}", error(&output));
    let unknown = pintle(folder.path(), &["show", "values", "else/web", "--repository-config", &file]);
    assert_eq!(error(&unknown), "Error: repo else not found");
    let oci = pintle(folder.path(), &["show", "values", "oci://example.com/web"]);
    assert_eq!(error(&oci), "Error: charts in OCI registries (oci://) are not supported yet");
}

#[test]
fn completion_and_version_are_printed() {
    let folder = tempfile::tempdir().expect("is made");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = pintle(folder.path(), &["completion", shell]);
        let script = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && script.contains("rollback-on-failure"),
            "{shell}: {}",
            error(&output)
        );
    }
    let version = pintle(folder.path(), &["version", "--short"]);
    assert_eq!(version.stdout, format!("v{}\n", env!("CARGO_PKG_VERSION")).as_bytes());
    let help = pintle(folder.path(), &["upgrade", "--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--reuse-values"));
}
