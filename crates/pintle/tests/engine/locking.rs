//! One run at a time for each release, and what becomes of runs that die.

use std::sync::Arc;
use std::time::Duration;

use pintle::cluster::{Holder, LockTiming, Locks, Scope, SecretStore, Verb};
use pintle::release::{Status, Store as _};
use pintle::{CancellationToken, Change, Chart, Engine, Error, Plan, ReleaseHandle, Wait};

use crate::bed::{Stage, Tripwire, chart_of, nobody, values, wrote};

/// An engine whose locks run out soon.
fn engine(holder: &str) -> Engine {
    Engine::builder().holder(holder).lock_timing(LockTiming::of(Duration::from_secs(10))).build()
}

fn hooked() -> Chart {
    let hook = |name: &str, weight: u32| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:\n    \
             helm.sh/hook: pre-install,pre-upgrade,pre-rollback,pre-delete\n    helm.sh/hook-weight: \"{weight}\"\n"
        )
    };
    chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("values.yaml", "word: one\n"),
        ("templates/first.yaml", &hook("first", 1)),
        ("templates/second.yaml", &hook("second", 2)),
        (
            "templates/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {word: {{ .Values.word }}}\n",
        ),
    ])
}

fn stuck() -> Chart {
    chart_of(&[
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        (
            "templates/deployment.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
             template:\n    metadata: {labels: {a: b}}\n    spec:\n      nodeSelector: {no-such: node}\n      \
             containers: [{name: web, image: \"registry.example/web:1\"}]\n",
        ),
    ])
}

/// Installs the chart and lets the run die when a request has been answered.
async fn die_installing(stage: &Stage, engine: &Engine, verb: Verb, path: &'static str) {
    let wire = Tripwire::new(move |request| wrote(request, verb, path));
    let release = stage.target(engine, Arc::clone(&wire) as _).await.release("web");
    let release = release.in_namespace(stage.namespace.name());
    let plan = release.plan_install(&hooked()).await.unwrap();
    crash(plan, &wire.token).await;
    assert_eq!(stage.leases(), ["pintle.web"]);
}

/// Runs a plan until the token is cancelled, and drops it there: that is what a crash leaves behind.
async fn crash(plan: Plan, at: &CancellationToken) {
    let cancel = nobody();
    tokio::select! {
        biased;
        () = at.cancelled() => {}
        ended = plan.run(&(), &cancel) => panic!("{ended:?}"),
    }
}

async fn by(stage: &Stage, engine: &Engine) -> ReleaseHandle {
    let never = Tripwire::new(|_| false);
    stage.target(engine, never).await.release("web").in_namespace(stage.namespace.name())
}

fn uid(stage: &Stage, name: &str) -> String {
    let object = stage.find(&format!("/api/v1/namespaces/{{ns}}/configmaps/{name}")).unwrap();
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

fn annotation(stage: &Stage, revision: u32, name: &str) -> Option<String> {
    let (_, secret) = stage.stored("web", revision);
    Some(secret["metadata"]["annotations"][name].as_str()?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_never_worked_on_twice_at_once() {
    let stage = Stage::new("twice").await;
    let (one, two) = (engine("one"), engine("two"));
    let wire = Tripwire::new(|request| wrote(request, Verb::Apply, "/deployments/web"));
    let first = stage.target(&one, Arc::clone(&wire) as _).await.release("web");
    let first = first.in_namespace(stage.namespace.name());
    let plan = first.plan_install(&stuck()).wait(Wait::Ready).await.unwrap();
    let cancel = nobody();
    let work = tokio::spawn({
        let cancel = cancel.clone();
        async move { plan.run(&(), &cancel).await }
    });
    wire.token.cancelled().await;
    // By another engine, and by another task of the same one.
    for engine in [&two, &one] {
        let refused = by(&stage, engine).await.ensure(&stuck()).await.unwrap_err();
        assert!(matches!(&refused, Error::Held { holder, .. } if holder == "one"), "{refused}");
        assert!(
            refused.to_string().starts_with("another operation (install/upgrade/rollback) is in progress")
        );
    }
    cancel.cancel();
    let ended = work.await.unwrap().unwrap_err();
    assert!(matches!(&ended, Error::Cancelled { status: Status::Failed, .. }), "{ended}");
    assert_eq!(stage.leases(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_run_began_is_finished_and_no_hook_is_repeated() {
    let stage = Stage::new("finished").await;
    let engine = engine("one");
    die_installing(&stage, &engine, Verb::Apply, "/configmaps/second").await;
    let (first, second) = (uid(&stage, "first"), uid(&stage, "second"));

    let release = by(&stage, &engine).await;
    let outcome = release.ensure(&hooked()).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Installed, 1));
    assert_eq!(uid(&stage, "first"), first, "it had succeeded");
    assert_ne!(uid(&stage, "second"), second, "it was running: it is deleted by its policy and runs again");
    assert!(!uid(&stage, "config").is_empty());
    assert_eq!(stage.leases(), [""; 0]);
    assert_eq!(annotation(&stage, 1, "pintle.io/run"), None);
    assert_eq!(annotation(&stage, 1, "pintle.io/fence").unwrap(), "2");
    assert_eq!(release.ensure(&hooked()).await.unwrap().change, Change::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_before_the_work_are_not_repeated_when_the_work_was_interrupted() {
    let stage = Stage::new("work").await;
    let engine = engine("one");
    die_installing(&stage, &engine, Verb::Apply, "/configmaps/config").await;
    let hooks = [uid(&stage, "first"), uid(&stage, "second")];
    by(&stage, &engine).await.ensure(&hooked()).await.unwrap();
    assert_eq!([uid(&stage, "first"), uid(&stage, "second")], hooks);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_take_over_from_the_dead() {
    let stage = Stage::new("takeover").await;
    let (one, two) = (engine("one"), engine("two"));

    // An upgrade, which waits until the lock of the dead holder has run out.
    die_installing(&stage, &one, Verb::Apply, "/configmaps/second").await;
    let release = by(&stage, &two).await;
    let plan = release.plan_upgrade(&hooked()).install_if_absent().await.unwrap();
    plan.run(&(), &nobody()).await.unwrap();
    let states = |history: Vec<pintle::release::Summary>| {
        history.into_iter().map(|summary| summary.status).collect::<Vec<_>>()
    };
    assert_eq!(states(release.history().await.unwrap()), [Status::Failed, Status::Deployed]);
    assert_eq!(
        release.get(1).await.unwrap().info.description,
        "Interrupted while pending-install; taken over"
    );

    // A rollback.
    let wire = Tripwire::new(|request| wrote(request, Verb::Apply, "/configmaps/second"));
    let dying = stage.target(&one, Arc::clone(&wire) as _).await.release("web");
    let dying = dying.in_namespace(stage.namespace.name());
    let plan = dying.plan_upgrade(&hooked()).values(values(r#"{"word": "two"}"#)).await.unwrap();
    crash(plan, &wire.token).await;
    release.plan_rollback().to(2).await.unwrap().run(&(), &nobody()).await.unwrap();
    let expected = [Status::Failed, Status::Superseded, Status::Failed, Status::Deployed];
    assert_eq!(states(release.history().await.unwrap()), expected);
    let config = stage.find("/api/v1/namespaces/{ns}/configmaps/config").unwrap();
    assert_eq!(config["data"]["word"], "one");

    // An uninstall that died, by another one; its hook is not repeated.
    let wire = Tripwire::new(|request| wrote(request, Verb::Delete, "/configmaps/config"));
    let dying = stage.target(&one, Arc::clone(&wire) as _).await.release("web");
    let dying = dying.in_namespace(stage.namespace.name());
    let plan = dying.plan_uninstall().await.unwrap();
    crash(plan, &wire.token).await;
    let first = uid(&stage, "first");
    release.plan_uninstall().await.unwrap().run(&(), &nobody()).await.unwrap();
    assert_eq!(uid(&stage, "first"), first);
    assert!(matches!(release.history().await, Err(Error::NotFound { .. })));
    assert_eq!(stage.leases(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_steps_of_a_dead_run_are_done() {
    let stage = Stage::new("untidy").await;
    let engine = engine("one");
    let release = by(&stage, &engine).await;
    release.ensure(&hooked()).await.unwrap();
    // What a run leaves that dies between its last word and the end.
    let store = SecretStore::new(stage.target.cluster().clone(), stage.namespace.name());
    let stored = store.get("web", 1).await.unwrap();
    let mut annotations = stored.annotations.clone();
    annotations.insert("pintle.io/run".to_owned(), "dead".to_owned());
    store.update(&stored.record, &annotations, &stored.version).await.unwrap();
    let locks = Locks::new(stage.target.cluster().clone(), stage.namespace.name(), Holder::new("one"));
    drop(locks.take(&Scope::unlimited(), "web").await.unwrap());

    assert_eq!(release.ensure(&hooked()).await.unwrap().change, Change::Corrected);
    assert_eq!(stage.leases(), [""; 0]);
    assert_eq!(annotation(&stage, 1, "pintle.io/run"), None);
    assert_eq!(release.ensure(&hooked()).await.unwrap().change, Change::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_a_run_left_which_had_written_nothing_is_given_back() {
    let stage = Stage::new("nothing").await;
    let engine = engine("one");
    let release = by(&stage, &engine).await;
    release.ensure(&hooked()).await.unwrap();

    // An upgrade that dies before its first record, by another holder: its lock has to run out.
    let wire = Tripwire::new(|request| wrote(request, Verb::Create, "/leases"));
    let dying = stage.target(&self::engine("two"), Arc::clone(&wire) as _).await.release("web");
    let dying = dying.in_namespace(stage.namespace.name());
    let plan = dying.plan_upgrade(&hooked()).values(values(r#"{"word": "two"}"#)).await.unwrap();
    crash(plan, &wire.token).await;
    assert_eq!(stage.leases(), ["pintle.web"]);
    assert_eq!(release.ensure(&hooked()).await.unwrap().change, Change::Corrected);
    assert_eq!(stage.leases(), [""; 0]);

    // A correction of drift that dies when everything is put back.
    let config = format!("/api/v1/namespaces/{}/configmaps/config", stage.namespace);
    stage.tenant.api().merge(&config, &serde_json::json!({"data": {"word": "drifted"}})).unwrap();
    let wire = Tripwire::new(|request| wrote(request, Verb::Apply, "/configmaps/config"));
    let dying = stage.target(&engine, Arc::clone(&wire) as _).await.release("web");
    let dying = dying.in_namespace(stage.namespace.name());
    let cancel = nobody();
    let chart = hooked();
    tokio::select! {
        biased;
        () = wire.token.cancelled() => {}
        ended = dying.ensure(&chart).run(&(), &cancel) => panic!("{ended:?}"),
    }
    assert_eq!(stage.find(&config).unwrap()["data"]["word"], "one");
    assert_eq!(stage.leases(), ["pintle.web"]);
    assert_eq!(release.ensure(&chart).await.unwrap().change, Change::Corrected);
    assert_eq!(stage.leases(), [""; 0]);
    assert_eq!(release.ensure(&chart).await.unwrap().change, Change::Unchanged);

    // One who is alive keeps nobody from seeing that nothing is to be done.
    let locks = Locks::new(stage.target.cluster().clone(), stage.namespace.name(), Holder::new("alive"));
    let mut lock = locks.take(&Scope::unlimited(), "web").await.unwrap();
    let looked = lock.run(release.ensure(&chart).into_future()).await;
    assert_eq!(looked.unwrap().change, Change::Unchanged);
    lock.release(&Scope::unlimited()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_record_of_helm_is_given_time() {
    let stage = Stage::new("helms").await;
    let release = by(&stage, &engine("one")).await;
    release.ensure(&hooked()).await.unwrap();
    let store = SecretStore::new(stage.target.cluster().clone(), stage.namespace.name());
    let mut record = store.get("web", 1).await.unwrap().record;
    record.revision = 2;
    record.info.status = Status::PendingUpgrade;
    record.info.last_deployed = Some(jiff::Timestamp::now());
    store.create(&record, &std::collections::BTreeMap::new()).await.unwrap();

    let text = "another operation (install/upgrade/rollback) is in progress";
    for refused in [
        release.ensure(&hooked()).await.unwrap_err(),
        release.plan_upgrade(&hooked()).await.unwrap_err(),
        release.plan_rollback().await.unwrap_err(),
        release.plan_uninstall().await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Pending { revision: 2, .. }), "{refused}");
        assert_eq!(refused.to_string(), text);
    }
    let outcome = release.ensure(&hooked()).pending_timeout(Duration::ZERO).await.unwrap();
    assert_eq!((outcome.change, outcome.record.revision), (Change::Upgraded, 3));
    assert_eq!(release.get(2).await.unwrap().info.status, Status::Failed);
}
