//! Where the programs come from, and what is said when they cannot be had or do not start.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pintle_testkit::{Error, program};

/// Boots a bed of API servers alone, in a process with an empty cache and no `go` on its `PATH`.
fn boot(assets: Option<&Path>) -> Output {
    let cache = tempfile::tempdir().unwrap();
    let example = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples/bed");
    let mut command = Command::new(&example);
    command.arg("--api").env("PATH", cache.path()).env("PINTLE_CACHE", cache.path()).stdin(Stdio::null());
    match assets {
        Some(folder) => command.env("KUBEBUILDER_ASSETS", folder),
        None => command.env_remove("KUBEBUILDER_ASSETS"),
    };
    command.output().expect("`cargo test -p pintle-testkit` builds the example")
}

/// A folder with etcd as it is and whatever is given as the API server.
fn assets(api_server: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    symlink(program("etcd").expect("etcd"), folder.path().join("etcd")).unwrap();
    let server = folder.path().join("kube-apiserver");
    match api_server {
        None => symlink(program("kube-apiserver").expect("kube-apiserver"), &server).unwrap(),
        Some(script) => {
            std::fs::write(&server, script).unwrap();
            std::fs::set_permissions(&server, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn without_programs_and_without_go_the_error_says_what_to_install() {
    let output = boot(None);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in
        ["etcd", "KUBEBUILDER_ASSETS", "no `go` on PATH", "install Go 1.21 or newer from https://go.dev/dl"]
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn programs_that_are_there_are_used() {
    let (_folder, path) = assets(None);
    let output = boot(Some(&path));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("building"));
}

#[test]
fn an_api_server_that_does_not_start_is_shown_with_the_end_of_its_log() {
    let (_folder, path) = assets(Some("#!/bin/sh\necho first\necho the reason why >&2\nexit 3\n"));
    let output = boot(Some(&path));
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("kube-apiserver of management ended with exit status: 3"), "{message}");
    assert!(message.contains("first\nthe reason why"), "{message}");
}

#[test]
fn other_programs_are_refused() {
    assert!(matches!(program("kubelet"), Err(Error::Name { .. })));
}
