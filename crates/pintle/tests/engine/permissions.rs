//! Users who may do less than everything.

use pintle::release::Status;
use pintle::{Engine, Wait};
use serde_json::json;

use crate::bed::{Stage, chart, client, nobody, values};

#[tokio::test(flavor = "multi_thread")]
async fn objects_need_neither_be_listed_nor_watched() {
    let stage = Stage::new("no-lists").await;
    let name = format!("no-lists-{}", stage.namespace);
    let writes = ["get", "create", "update", "patch", "delete"];
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": writes},
        // Records are found by their labels, by Helm too.
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]},
    ]);
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules,
    });
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    stage.tenant.api().create(path, &role).unwrap();
    stage.tenant.grant("listless", &name, stage.namespace.name()).unwrap();
    let kubeconfig = stage.tenant.kubeconfig_of("listless", None).unwrap();
    let target = Engine::new().target(client(&kubeconfig).await);
    let release = target.release("web").in_namespace(stage.namespace.name());

    let plan = release.plan_install(&chart("web-app")).wait(Wait::Ready).await.unwrap();
    let outcome = plan.run(&(), &nobody()).await.unwrap();
    assert_eq!(outcome.record.info.status, Status::Deployed);
    let plan = release.plan_upgrade(&chart("web-app")).values(values(r#"{"replicas": 2}"#)).wait(Wait::Ready);
    plan.await.unwrap().run(&(), &nobody()).await.unwrap();
    release.plan_rollback().wait(Wait::Ready).await.unwrap().run(&(), &nobody()).await.unwrap();
    release.plan_uninstall().wait(Wait::Ready).await.unwrap().run(&(), &nobody()).await.unwrap();
    stage.tenant.api().delete(&format!("{path}/{name}")).unwrap();
}
