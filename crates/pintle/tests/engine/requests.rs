//! How many requests an action sends, beside what Helm sends for the same.

use pintle::{Change, Engine};
use pintle_testkit::{AuditEvent, Helm};
use serde_json::json;

use crate::bed::{Stage, chart_of, client, nobody, values};

/// 50 objects of five kinds; a value changes one of them.
const TEMPLATE: &str = r#"
{{- range $i := until 20 }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config-{{ $i }}}
data: {color: {{ if eq $i 7 }}{{ $.Values.color }}{{ else }}blue{{ end }}}
{{- end }}
{{- range $kind := list "ServiceAccount" "Secret" "Service" }}
{{- range $i := until 9 }}
---
apiVersion: v1
kind: {{ $kind }}
metadata: {name: {{ lower $kind }}-{{ $i }}}
{{- if eq $kind "Service" }}
spec: {selector: {app: web}, ports: [{port: 80}]}
{{- end }}
{{- end }}
{{- end }}
{{- range $i := until 3 }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-{{ $i }}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web-{{ $i }}}}
  template:
    metadata: {labels: {app: web-{{ $i }}}}
    spec: {containers: [{name: web, image: "registry.example/web:1"}]}
{{- end }}
"#;
const FILES: [(&str, &str); 3] = [
    ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("values.yaml", "color: blue\n"),
    ("templates/all.yaml", TEMPLATE),
];

/// How many kinds the chart has.
const KINDS: usize = 5;

/// What one user asked of the API server.
struct Asked {
    reads: usize,
    /// Writes of anything but records and locks.
    writes: usize,
    /// Writes of records and locks.
    bookkeeping: usize,
}

/// Does something as a user of its own, and counts what that user asked.
async fn asked<T>(stage: &Stage, user: &str, work: impl Future<Output = T>) -> (T, Asked) {
    let mark = stage.tenant.audit().mark().unwrap();
    let done = work.await;
    let events = stage.tenant.audit().since(&mark).unwrap().by_user(user);
    let is_bookkeeping = |event: &&AuditEvent| {
        event.name.starts_with("sh.helm.release.v1.")
            || event.resource == "leases"
            || (event.resource == "secrets" && event.name.is_empty())
    };
    let writes = events.clone().writes();
    let bookkeeping = writes.iter().filter(is_bookkeeping).count();
    let watches = events.iter().filter(|event| event.verb == "watch").count();
    let reads = events.len() - writes.len() - watches;
    (done, Asked { reads, writes: writes.len() - bookkeeping, bookkeeping })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_asked_than_is_needed() {
    let stage = Stage::new("requests").await;
    let (ours, theirs) = (format!("{}-ours", stage.namespace), format!("{}-helm", stage.namespace));
    let kubeconfig = stage.tenant.kubeconfig_of(&ours, Some("system:masters")).unwrap();
    let chart = chart_of(&FILES);
    let blue = || values(r#"{"color": "blue"}"#);
    let red = || values(r#"{"color": "red"}"#);
    let engine = Engine::new();
    let fresh = || async { engine.target(client(&kubeconfig).await) };
    let at = |target: &pintle::Target| target.release("ours").in_namespace(stage.namespace.name());

    let target = fresh().await;
    let (installed, install) =
        asked(&stage, &ours, at(&target).ensure(&chart).values(blue()).into_future()).await;
    let installed = installed.unwrap();
    assert_eq!((installed.change, installed.objects.len()), (Change::Installed, 50));

    // Another process: nothing is known of the cluster.
    let target = fresh().await;
    let (kept, cold) = asked(&stage, &ours, at(&target).ensure(&chart).values(blue()).into_future()).await;
    assert_eq!(kept.unwrap().change, Change::Unchanged);
    assert_eq!((cold.writes, cold.bookkeeping), (0, 0));
    // One for the record and one for a lock that may have been left; discovery is two.
    assert!(cold.reads <= 2 + 2 + KINDS, "{} reads", cold.reads);

    // A process that watches, as soon as the watches, one for each kind, have told what there is.
    let target = fresh().await.watching();
    assert_eq!(at(&target).ensure(&chart).values(blue()).await.unwrap().change, Change::Unchanged);
    let (mut warm, mut tries) = (usize::MAX, 0);
    while warm > 3 {
        let (kept, again) =
            asked(&stage, &ours, at(&target).ensure(&chart).values(blue()).into_future()).await;
        assert_eq!(kept.unwrap().change, Change::Unchanged);
        assert_eq!((again.writes, again.bookkeeping), (0, 0));
        warm = again.reads;
        tries += 1;
        assert!(tries < 100, "{warm} reads");
    }
    // And a change is not missed.
    let path = format!("/api/v1/namespaces/{}/configmaps/config-3", stage.namespace);
    stage.tenant.api().merge(&path, &json!({"data": {"color": "black"}})).unwrap();
    tries = 0;
    while at(&target).ensure(&chart).values(blue()).await.unwrap().change == Change::Unchanged {
        tries += 1;
        assert!(tries < 100, "the change is not seen");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(stage.tenant.api().get(&path).unwrap()["data"]["color"], "blue");

    let (upgraded, upgrade) =
        asked(&stage, &ours, at(&target).ensure(&chart).values(red()).into_future()).await;
    assert_eq!(upgraded.unwrap().change, Change::Upgraded);
    assert_eq!(upgrade.writes, 1);
    let plan = at(&target).plan_uninstall().await.unwrap();
    let (gone, uninstall) = asked(&stage, &ours, Box::pin(plan.run(&(), &nobody()))).await;
    gone.unwrap();

    // The real Helm, as a user of its own.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let config = folder.path().join("kubeconfig");
    std::fs::write(&config, stage.tenant.kubeconfig_of(&theirs, Some("system:masters")).unwrap()).unwrap();
    let helm = Helm::v4().unwrap().with_kubeconfig(&config);
    let path = folder.path().display().to_string();
    let run = |arguments: &[&str]| stage.run_helm(&helm, arguments);
    let (_, helm_install) = asked(&stage, &theirs, async { run(&["install", "helm", &path]) }).await;
    let (_, helm_idle) = asked(&stage, &theirs, async { run(&["upgrade", "helm", &path]) }).await;
    let (_, helm_upgrade) =
        asked(&stage, &theirs, async { run(&["upgrade", "helm", &path, "--set", "color=red"]) }).await;
    let (_, helm_uninstall) = asked(&stage, &theirs, async { run(&["uninstall", "helm"]) }).await;

    let line = |name: &str, ours: &Asked, helm: &Asked| {
        println!(
            "{name:<28} pintle {:>3} reads {:>3} writes {:>2} of records and locks   helm {:>3} reads {:>3} writes {:>2} of records",
            ours.reads, ours.writes, ours.bookkeeping, helm.reads, helm.writes, helm.bookkeeping
        );
    };
    println!("requests for a release of 50 objects of {KINDS} kinds:");
    line("install", &install, &helm_install);
    line("nothing changed, cold", &cold, &helm_idle);
    println!("{:<28} pintle {warm:>3} reads   0 writes  0 of records and locks", "nothing changed, warm");
    line("one object changed, warm", &upgrade, &helm_upgrade);
    line("uninstall (plan not counted)", &uninstall, &helm_uninstall);
    assert!(upgrade.reads + upgrade.writes < helm_upgrade.reads + helm_upgrade.writes);
}
