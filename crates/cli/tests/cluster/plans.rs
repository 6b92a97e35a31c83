//! Plans: shown, kept in files, and run by another process.

use super::stage::Stage;

#[test]
fn a_plan_is_approved_in_one_process_and_run_in_another() {
    let stage = Stage::new();
    let namespace = stage.namespace("cli-plans");
    let run = |line: &str| stage.pintle(&format!("{line} --namespace {namespace}"));
    let folder = tempfile::tempdir().expect("is made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (plan, key) = (path("plan.json"), path("key"));
    std::fs::write(&key, b"0123456789abcdef0123456789abcdef").expect("is written");
    std::fs::write(path("secret.yaml"), "greeting: a-secret-greeting\n").expect("is written");

    assert_eq!(run("install web charts/minimal --set greeting=one").exit, 0);
    let shown = run(&format!(
        "diff upgrade web charts/minimal --set greeting=two --force-conflicts --detailed-exitcode --out {plan} --plan-key {key}"
    ));
    assert_eq!((shown.exit, shown.error.as_str()), (2, ""), "{shown:?}");
    assert!(shown.stdout.contains("~ update             ConfigMap \"web-minimal\""), "{}", shown.stdout);
    assert!(shown.stdout.contains(".data.greeting: \"one\" -> \"two\""), "{}", shown.stdout);
    let json = run("diff upgrade web charts/minimal --set greeting=two -o json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("is json");
    assert_eq!(json["steps"][0]["objects"][0]["changes"][0]["after"], "two");
    assert_eq!(run("diff upgrade web charts/minimal --set greeting=one --detailed-exitcode").exit, 0);
    let hidden = run(&format!("diff upgrade web charts/minimal --sensitive-values {}", path("secret.yaml")));
    assert!(hidden.stdout.contains(".data.greeting: \"one\" -> \"(redacted)\""), "{}", hidden.stdout);

    let approved = format!("--force-conflicts --plan {plan} --plan-key {key}");
    let other = run(&format!("upgrade web charts/minimal --set greeting=three {approved}"));
    assert!(
        other.error.contains("this is not the plan that was approved: its chart or its values are others"),
        "{other:?}"
    );
    let object = format!("/api/v1/namespaces/{namespace}/configmaps/web-minimal");
    let change = |text: &str| {
        let data = serde_json::json!({"data": {"greeting": text}});
        stage.tenant.api().merge(&object, &data).expect("is changed");
    };
    change("somebody else's");
    let drift = run("diff drift web --detailed-exitcode");
    assert_eq!(drift.exit, 2, "{drift:?}");
    assert!(
        drift.stdout.contains("ConfigMap \"web-minimal\"") && drift.stdout.contains(".data.greeting"),
        "{drift:?}"
    );
    let moved = run(&format!("upgrade web charts/minimal --set greeting=two {approved}"));
    let expected =
        format!("the cluster has moved: ConfigMap \"web-minimal\" in namespace \"{namespace}\" changed");
    assert!(moved.error.contains(&expected), "{moved:?}");
    change("one");
    let done = run(&format!("upgrade web charts/minimal --set greeting=two {approved}"));
    assert_eq!(done.exit, 0, "{done:?}");
    let live = stage.tenant.api().get(&object).expect("is there");
    assert_eq!(live["data"]["greeting"], "two");
    let again = run(&format!("upgrade web charts/minimal --set greeting=two {approved}"));
    assert!(again.error.contains("the cluster has moved: release web"), "{again:?}");

    let back = run("diff rollback web 1");
    assert!(back.stdout.contains(".data.greeting: \"two\" -> \"one\""), "{back:?}");
    let gone = run("diff uninstall web");
    assert!(gone.stdout.contains("- delete             ConfigMap \"web-minimal\""), "{gone:?}");
    let new = run("diff install new charts/minimal --all-fields");
    assert!(new.stdout.contains("+ create") && new.stdout.contains(".data.greeting: + "), "{new:?}");
    assert!(run(&format!("diff upgrade web charts/minimal --plan {plan}")).error.contains("needs a key"));
}
