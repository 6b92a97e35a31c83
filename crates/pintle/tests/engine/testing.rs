//! A release's tests.

use pintle::TestFilter;
use pintle::release::HookPhase;

use crate::bed::{Stage, chart_of, nobody};

fn test(name: &str, outcome: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{{{ .Release.Name }}}}-{name}\n  annotations:\n    \
         helm.sh/hook: test\n    pintle.test/outcome: {outcome}\nspec:\n  restartPolicy: Never\n  \
         containers: [{{name: main, image: \"registry.example/test:1\"}}]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_run_by_name_and_are_recorded_as_helm_records_them() {
    let stage = Stage::new("tests").await;
    let (good, bad) = (test("good", "Succeeded"), test("bad", "Failed"));
    let chart = chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("templates/good.yaml", &good),
        ("templates/bad.yaml", &bad),
    ]);
    let release = stage.release("web");
    release.plan_install(&chart).await.unwrap().run(&(), &nobody()).await.unwrap();

    let only = TestFilter { only: vec!["web-good".to_owned()], ..TestFilter::default() };
    let tested = release.test().filter(only).run(&(), &nobody()).await.unwrap();
    assert!(tested.failure.is_none(), "{:?}", tested.failure);
    let phases = |record: &pintle::release::Record| -> Vec<(String, HookPhase)> {
        record.hooks.iter().map(|hook| (hook.name.clone(), hook.last_run.phase)).collect()
    };
    let expected = [("web-bad".to_owned(), HookPhase::None), ("web-good".to_owned(), HookPhase::Succeeded)];
    assert_eq!(phases(&tested.record), expected);

    let tested = release.test().run(&(), &nobody()).await.unwrap();
    assert!(tested.failure.is_some());
    assert_eq!(phases(&release.status().await.unwrap())[0].1, HookPhase::Failed);
    let helm = stage.helm();
    let status = stage.run_helm(&helm, &["status", "web"]);
    assert!(status.contains("TEST SUITE:     web-bad") && status.contains("Failed"), "{status}");
    let without = TestFilter { without: vec!["web-bad".to_owned()], ..TestFilter::default() };
    assert!(release.test().filter(without).run(&(), &nobody()).await.unwrap().failure.is_none());
}
