//! Commands that change releases, each done by the real Helm in one namespace and by the program in another.

use super::stage::{Comparison, Stage};

#[test]
fn changes_print_what_helm_prints() {
    let stage = Stage::new();
    let (helms, ours) = (stage.namespace("cli-helm"), stage.namespace("cli-ours"));
    let lines = [
        "install web charts/web-app --set replicas=2",
        "install web charts/web-app",
        "install Bad_Name charts/web-app",
        "install broken charts/required-fail",
        "install lib charts/library",
        "install quiet charts/web-app --hide-notes --description hello",
        "upgrade web charts/web-app --set replicas=3",
        "upgrade none charts/web-app",
        "upgrade new charts/minimal --install",
        "upgrade new charts/minimal --install --set greeting=hi --reuse-values",
        "upgrade Bad_Name charts/minimal",
        "rollback web",
        "rollback web 1 --description back",
        "rollback web 77",
        "rollback none 1",
        "history web",
        "list",
        "uninstall none",
        "uninstall none --ignore-not-found",
        "uninstall quiet --dry-run",
        "uninstall quiet new",
        "uninstall web --keep-history",
        "uninstall web --keep-history",
        "history web",
        "install web charts/web-app",
        "install web charts/web-app --replace",
        "uninstall web --description gone",
        "list",
        "history web",
        "install kept charts/resource-policy",
        "uninstall kept",
    ];
    let mut comparison = Comparison::default();
    for line in lines {
        let expected = stage.helm(&format!("{line} --namespace {helms}")).masked(&helms);
        let found = stage.pintle(&format!("{line} --namespace {ours}")).masked(&ours);
        comparison.add(line, &expected, &found);
    }
    comparison.assert_equal();
}

#[test]
fn fields_are_checked_by_the_server_whether_openapi_validation_is_on_or_off() {
    let stage = Stage::new();
    let (helms, ours) = (stage.namespace("cli-helm"), stage.namespace("cli-ours"));
    for options in ["on", "off --disable-openapi-validation"] {
        let line = format!("install {options} charts-bad/refused-by-cluster");
        let expected = stage.helm(&format!("{line} --namespace {helms}")).masked(&helms);
        let found = stage.pintle(&format!("{line} --namespace {ours}")).masked(&ours);
        assert!(expected.error.ends_with(".spec.prots: field not declared in schema"), "{expected:?}");
        // The program adds which template the object is from.
        let error = format!("{} (from refused-by-cluster/templates/service.yaml)", expected.error);
        assert_eq!(
            (found.exit, found.stdout, found.error),
            (expected.exit, expected.stdout, error),
            "{line}"
        );
    }
}
