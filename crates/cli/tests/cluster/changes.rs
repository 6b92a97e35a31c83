//! Commands that change releases, each done by the real Helm in one namespace and by the program in another.

use super::stage::Stage;

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
    let mut failed = Vec::new();
    for line in lines {
        let expected = stage.helm(&format!("{line} --namespace {helms}")).masked(&helms);
        let found = stage.pintle(&format!("{line} --namespace {ours}")).masked(&ours);
        if expected != found {
            failed.push(format!("{line}\nexpected {expected:#?}\nfound {found:#?}"));
        }
    }
    assert!(failed.is_empty(), "{} of {} differ:\n{}", failed.len(), lines.len(), failed.join("\n\n"));
}
