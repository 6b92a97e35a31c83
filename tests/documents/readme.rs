//! The README's example, built and run as its reader would.

use std::path::{Path, PathBuf};
use std::process::Command;

use pintle_testkit::{Bed, ChartServer, Machinery, TenantOptions, fixtures};

#[test]
fn the_example_installs_a_chart() {
    let root = root();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let manifest = block(&readme, "toml")
        .replace("\"../pintle/crates/pintle\"", &format!("\"{}\"", root.join("crates/pintle").display()));
    std::fs::write(home.path().join("Cargo.toml"), manifest + "\n[workspace]\n").unwrap();
    std::fs::create_dir(home.path().join("src")).unwrap();
    std::fs::write(home.path().join("src/main.rs"), block(&readme, "rust")).unwrap();
    // The versions that everything else is tested with.
    std::fs::copy(root.join("Cargo.lock"), home.path().join("Cargo.lock")).unwrap();

    let bed = Bed::shared().unwrap();
    let namespace = bed.namespace("readme").unwrap();
    let options = TenantOptions::new("readme").within(namespace.name()).machinery(Machinery::Pods);
    let tenant = bed.add_tenant(&options).unwrap();
    let server = ChartServer::start().unwrap();
    let files = chart_named("cert-manager", "v1.10.1");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    server.add_files("cert-manager", &files).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--", &server.url()])
        .current_dir(home.path())
        .env("KUBECONFIG", tenant.kubeconfig_path())
        .env("CARGO_TARGET_DIR", root.join("target"))
        // As the workspace's own configuration has it, so that what is compiled already is used.
        .env("K8S_OPENAPI_ENABLED_VERSION", "1.37")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("install cert-manager in namespace default"), "{stdout}");
    assert_eq!(stdout.lines().last(), Some("Unchanged"), "{stdout}");
}

/// The first block of this language.
fn block(text: &str, language: &str) -> String {
    let start = format!("```{language}\n");
    let (_, rest) = text.split_once(&start).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The files of the chart of cert-manager's shape, under another name and version.
fn chart_named(name: &str, version: &str) -> Vec<(String, String)> {
    let folder = fixtures::root().join("charts/cert-manager-shaped");
    let mut files = Vec::new();
    collect(&folder, &folder, &mut files);
    for (path, text) in &mut files {
        if path == "Chart.yaml" {
            let lines = text.lines().map(|line| match line.split_once(':') {
                Some(("name", _)) => format!("name: {name}\n"),
                Some(("version", _)) => format!("version: {version}\n"),
                _ => format!("{line}\n"),
            });
            *text = lines.collect();
        }
    }
    files
}

fn collect(top: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(top, &path, files);
        } else {
            let name = path.strip_prefix(top).unwrap().display().to_string();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
