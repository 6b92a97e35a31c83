//! Commands that only read, over releases that the real Helm made.

use pintle_testkit::files_of;

use super::stage::{Comparison, Did, Stage};

#[test]
fn what_helm_made_is_shown_as_helm_shows_it() {
    let stage = Stage::new();
    let namespace = stage.namespace("cli-reads");
    for line in [
        "install web charts/web-app --set replicas=2 --labels team=shop,tier=front",
        "upgrade web charts/web-app --set replicas=3 --description three",
        "rollback web 1",
        "install notes charts/notes",
        "install config charts/minimal --set greeting=a\\,<b>",
    ] {
        let did = stage.helm(&format!("{line} --namespace {namespace}"));
        assert_eq!(did.exit, 0, "{line}: {}", did.error);
    }
    stage.helm(&format!("uninstall notes --keep-history --namespace {namespace}"));
    let lines = [
        "list",
        "list -o json",
        "list -o yaml",
        "list -q",
        "list -q -o json",
        "list -q -o yaml",
        "list --no-headers",
        "list --uninstalled",
        "list --deployed --failed",
        "list --superseded",
        "list --pending",
        "list --filter ^w",
        "list --filter nothing",
        "list --date --short",
        "list --date --reverse --short",
        "list --reverse --max 1 --offset 1",
        "list -l team=shop",
        "list -l team!=shop",
        "history web",
        "history web -o json",
        "history web -o yaml",
        "history web --max 2",
        "history web --show-rollback-revision",
        "history none",
        "status config",
        "status config --revision 1",
        "status notes",
        "status web --revision 2",
        "status none",
        "status web --revision 9",
        "status web -o json",
        "status web -o yaml",
        "status config -o json",
        "status none -o json",
        "get all config",
        "get all web --revision 2",
        "get hooks web",
        "get manifest web",
        "get manifest none",
        "get metadata web",
        "get metadata web -o json",
        "get metadata web -o yaml --revision 2",
        "get notes web",
        "get notes config",
        "get values web",
        "get values web -o json",
        "get values web -o yaml",
        "get values web --all",
        "get values web --all -o json",
        "get values notes",
        "get values notes -o json",
        "get values web --revision 7",
    ];
    let mut comparison = Comparison::default();
    for line in lines {
        let line = format!("{line} --namespace {namespace}");
        let both = || {
            let (expected, found) = (stage.helm(&line), stage.pintle(&line));
            if line.starts_with("status") && !line.contains(" -o ") {
                (expected.in_any_order(), found.in_any_order())
            } else {
                (expected, found)
            }
        };
        let (mut expected, mut found) = both();
        // Pods may have gone on between the two.
        let more_tries = if line.starts_with("status") { 5 } else { 0 };
        for _ in 0..more_tries {
            if expected != found {
                (expected, found) = both();
            }
        }
        comparison.add(&line, &expected, &found);
    }
    comparison.assert_equal();
}

#[test]
fn charts_are_rendered_with_the_cluster_as_helm_renders_them() {
    let stage = Stage::new();
    let namespace = stage.namespace("cli-template");
    let did = stage.helm(&format!("install web charts/web-app --namespace {namespace}"));
    assert_eq!(did.exit, 0, "{}", did.error);
    let lines = [
        "template charts/lookup --dry-run=server",
        "template charts/capabilities --dry-run=server",
        "template charts/hooks --dry-run=server --no-hooks",
        "template charts/test-hooks --dry-run=server --skip-tests",
        "template charts/release-object --dry-run=server",
        "template charts/release-object --dry-run=server --is-upgrade",
        "template charts/kube-version --dry-run=server --kube-version 1.20.0",
        "template charts-bad/exec-fail --dry-run=server",
        "template charts-bad/yaml-after-rendering --dry-run=server",
        "template charts-bad/yaml-after-rendering --dry-run=server --show-only templates/a.yaml",
        "template charts-bad/duplicate-object --dry-run=server",
        "template charts/web-app --validate",
        "template charts/web-app --validate=false",
        "template web charts/web-app --dry-run=server",
        // Another release's objects are in the way, unless it is an upgrade that is rendered.
        "template other charts/web-app --set fullnameOverride=web-web-app --dry-run=server --is-upgrade",
        "template charts/web-app --dry-run=server --show-only templates/service.yaml",
        "template charts/web-app --dry-run=server -s templates/s*.yaml -s templates/configmap.yaml",
        "template charts/web-app --dry-run=server --show-only templates/none.yaml",
        "template charts/web-app --dry-run=server --show-only templates/tests/*",
    ];
    let mut comparison = Comparison::default();
    for line in lines {
        let line = format!("{line} --namespace {namespace}");
        comparison.add(&line, &stage.helm(&line), &stage.pintle(&line));
    }
    // Errors of the cluster are told in this program's own words.
    for line in [
        "template charts/unknown-kinds --dry-run=server",
        "template charts/crds --dry-run=server --include-crds",
        "template other charts/web-app --set fullnameOverride=web-web-app --dry-run=server",
    ] {
        let line = format!("{line} --namespace {namespace}");
        let (mut expected, found) = (stage.helm(&line), stage.pintle(&line));
        assert!(!found.error.is_empty(), "{line}");
        expected.error.clone_from(&found.error);
        comparison.add(&line, &expected, &found);
    }
    comparison.assert_equal();
}

#[test]
fn files_are_written_as_helm_writes_them() {
    let stage = Stage::new();
    let namespace = stage.namespace("cli-files");
    let flags = ["", " --release-name", " --no-hooks", " --skip-tests", " --include-crds"];
    for (chart, flags) in
        ["web-app", "hooks", "multi-docs", "test-hooks", "storage"].iter().zip(flags.iter().cycle())
    {
        let written = |run: &dyn Fn(&str) -> Did| {
            let folder = tempfile::tempdir().expect("is made");
            let place = folder.path().display().to_string();
            let line = format!(
                "template charts/{chart} --dry-run=server --output-dir {place}{flags} -n {namespace}"
            );
            let mut did = run(&line);
            did.stdout = did.stdout.replace(&place, "FOLDER");
            (did, files_of(folder.path()).expect("can be read"))
        };
        assert_eq!(written(&|line| stage.pintle(line)), written(&|line| stage.helm(line)), "{chart}{flags}");
    }
}

#[test]
fn what_the_cluster_does_not_know_is_not_written() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().expect("is made");
    let place = folder.path().display();
    let did = stage.pintle(&format!("template charts/crds --dry-run=server --output-dir {place}"));
    assert_eq!(did.exit, 1, "{}", did.error);
    assert!(did.error.contains("no matches for kind \"Anchor\""), "{}", did.error);
    assert_eq!(files_of(folder.path()).expect("can be read"), []);
}

#[test]
fn an_unreachable_cluster_is_one_clear_error() {
    let stage = Stage::new();
    let missing = stage.pintle("list --kubeconfig /no/such/file");
    assert_eq!(missing, stage.helm("list --kubeconfig /no/such/file"));
    let context = stage.pintle("list --kube-context nope");
    assert_eq!(context.exit, 1);
    assert!(context.error.starts_with("Error: kubernetes cluster unreachable: "), "{}", context.error);
    assert!(context.error.contains("nope"), "{}", context.error);
    let folder = tempfile::tempdir().expect("is made");
    let kubeconfig = folder.path().join("config");
    let text = stage.tenant.kubeconfig().replace(stage.tenant.server(), "https://127.0.0.1:1");
    std::fs::write(&kubeconfig, text).expect("is written");
    let away = stage.pintle(&format!("install web charts/minimal --kubeconfig {}", kubeconfig.display()));
    assert_eq!(away.exit, 1);
    assert!(away.error.contains("refused"), "{}", away.error);
    assert_eq!(away.error.lines().count(), 1, "{}", away.error);
}

#[test]
fn the_log_calls_the_cluster_by_its_context_and_shows_no_frames() {
    let stage = Stage::new();
    let kubeconfig = kube::config::Kubeconfig::from_yaml(stage.tenant.kubeconfig()).expect("is one");
    let context = kubeconfig.current_context.expect("has one");
    let namespace = stage.namespace("cli-log");
    let log = stage.log(&format!("install web charts/minimal --namespace {namespace}"));
    assert!(log.contains(&format!("cluster={context:?}")), "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains("h2::"), "{log}");
}
