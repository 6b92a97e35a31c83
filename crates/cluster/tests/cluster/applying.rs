use pintle_cluster::{
    Action, ApplyOptions, Change, Class, Conflicts, DeleteOptions, Deletion, Detail, ExamineOptions, Expect,
    Gvk, ObjectRef, Obstacle, Owner, Persistence, Scope, Target, Unobserved,
};
use pintle_value::Data;
use serde_json::json;

use crate::bed::{Place, builder, data};

fn config(name: &str, value: &str) -> serde_json::Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}})
}

#[tokio::test]
async fn objects_are_created_changed_and_left_alone() {
    let place = Place::new("apply").await;
    let (target, scope) = (&place.target, &place.scope);
    let object = place.object(config("one", "a"));
    let options = ApplyOptions::default();
    assert_eq!(target.apply(scope, &object, options).await.unwrap().change, Change::Created);
    let live = place.live(object.reference()).await;
    let entries = pintle_cluster::fields::ManagedFields::of(&live);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].manager.as_str(), entries[0].api_version.as_str()), ("helm", "v1"));

    let changed = place.object(config("one", "b"));
    let dry = target.apply(scope, &changed, options.persistence(Persistence::DryRun)).await.unwrap();
    assert_eq!(dry.live.at(&["data", "key"]).and_then(Data::as_str), Some("b"));
    assert_eq!(place.live(object.reference()).await, live);
    assert_eq!(target.apply(scope, &changed, options).await.unwrap().change, Change::Updated);
}

#[tokio::test]
async fn a_conflict_names_the_owner_and_force_overcomes_it() {
    let place = Place::new("conflict").await;
    let (target, scope) = (&place.target, &place.scope);
    let object = place.object(config("one", "a"));
    target.apply(scope, &object, ApplyOptions::default()).await.unwrap();
    place.kubectl(&["patch", "configmap", "one", "--type=merge", "-p", r#"{"data":{"key":"theirs"}}"#]).await;

    let error = target.apply(scope, &object, ApplyOptions::default()).await.unwrap_err();
    assert_eq!(error.class(), Class::Conflict);
    let conflicts = error.field_conflicts();
    assert_eq!((conflicts[0].field.as_str(), conflicts[0].manager.as_str()), (".data.key", "kubectl-patch"));
    let text = error.to_string();
    assert!(text.starts_with(&format!("conflict occurred while applying object {}/one /v1, Kind=ConfigMap: Apply failed with 1 conflict", place.namespace)), "{text}");

    let examined = target
        .examine(scope, std::slice::from_ref(&object), &[], &ExamineOptions::default().detail(Detail::Fields))
        .await
        .unwrap()
        .0;
    assert_eq!(examined[0].action, Action::Update);
    assert_eq!(examined[0].conflicts[0].manager, "kubectl-patch");
    assert_eq!(examined[0].changes[0].to_string(), r#".data.key: "theirs" -> "a" (owned by kubectl-patch)"#);

    target.apply(scope, &object, ApplyOptions::default().conflicts(Conflicts::Force)).await.unwrap();
    assert_eq!(place.live(object.reference()).await.at(&["data", "key"]).and_then(Data::as_str), Some("a"));
}

#[tokio::test]
async fn what_belongs_to_others_is_an_obstacle_in_helms_words() {
    let place = Place::new("foreign").await;
    let (target, scope) = (&place.target, &place.scope);
    let foreign = place.object(config("one", "a"));
    target.apply(scope, &foreign, ApplyOptions::default()).await.unwrap();
    let owner = Owner::new("web", &*place.namespace);
    let options = ExamineOptions::default().owner(owner.clone()).expect(Expect::Absent);
    let examined = target.examine(scope, &[owner.mark(&foreign)], &[], &options).await.unwrap().0;
    let Some(Obstacle::Foreign(error)) = &examined[0].obstacle else { panic!("{examined:?}") };

    let chart = tempfile::tempdir().unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    std::fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n").unwrap();
    std::fs::write(chart.path().join("templates/one.yaml"), config("one", "a").to_string()).unwrap();
    let (tenant, path, namespace) =
        (place.tenant.clone(), chart.path().display().to_string(), place.namespace.to_string());
    let output = tokio::task::spawn_blocking(move || {
        let helm = pintle_testkit::Helm::v4().unwrap().on(&tenant);
        helm.run(["install", "web", &path, "-n", &namespace]).unwrap()
    })
    .await
    .unwrap();
    assert!(output.stderr.contains(&error.to_string()), "{}\n{error}", output.stderr);

    // Nothing of it is deleted either.
    let deletion =
        target.delete(scope, foreign.reference(), &DeleteOptions::default().owned_by(owner)).await.unwrap();
    assert_eq!(deletion, Deletion::NotOurs);
}

#[tokio::test]
async fn many_objects_go_in_waves_and_one_failure_stops_none() {
    let place = Place::new("waves").await;
    let (target, scope) = (&place.target, &place.scope);
    let owner = Owner::new("web", &*place.namespace);
    let mut objects: Vec<_> =
        (0..12).map(|number| owner.mark(&place.object(config(&format!("c{number}"), "a")))).collect();
    objects.push(owner.mark(&place.object(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"ports": [{"port": 0}]}}))));
    objects.push(owner.mark(
        &place.object(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}})),
    ));
    let results = target.apply_all(scope, &objects, ApplyOptions::default(), &Unobserved).await;
    assert!(results.iter().enumerate().all(|(place, result)| result.is_ok() == (place != 12)), "{results:?}");
    assert_eq!(results[12].as_ref().unwrap_err().class(), Class::User);

    let before = target.counts();
    let (examined, live) = target
        .examine(scope, &objects[..12], &[], &ExamineOptions::default().owner(owner.clone()))
        .await
        .unwrap();
    assert!(
        examined.iter().all(|one| one.action == Action::Nothing && one.obstacle.is_none()),
        "{examined:?}"
    );
    assert_eq!(live.len(), 12);
    let after = target.counts();
    assert_eq!((after.reads - before.reads, after.writes), (1, before.writes), "one list, no write");

    let deleted =
        target.delete_all(scope, &objects, &DeleteOptions::default().owned_by(owner), &Unobserved).await;
    assert!(deleted.iter().enumerate().all(|(place, result)| match result.as_ref().unwrap() {
        Deletion::Deleted { .. } => place != 12,
        _ => place == 12,
    }));
}

#[tokio::test]
async fn kept_objects_stay() {
    let place = Place::new("kept").await;
    let (target, scope) = (&place.target, &place.scope);
    let owner = Owner::new("web", &*place.namespace);
    let object = owner
        .mark(&place.object(config("one", "a")))
        .with_metadata(&[], &[("helm.sh/resource-policy", "keep")]);
    target.apply(scope, &object, ApplyOptions::default()).await.unwrap();
    let options = DeleteOptions::default().owned_by(owner);
    assert_eq!(target.delete(scope, object.reference(), &options).await.unwrap(), Deletion::Kept);
}

#[tokio::test]
async fn the_texts_about_secrets_hold_no_values() {
    let place = Place::new("secrets").await;
    let (target, scope) = (&place.target, &place.scope);
    let secret = place.object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "data": {"password": "hunter2-is-no-base64"}}));
    let error = target.apply(scope, &secret, ApplyOptions::default()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let secret = place.object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "stringData": {"password": {"nested": "hunter2"}}}));
    let error = target.apply(scope, &secret, ApplyOptions::default()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");

    let secret = place.object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "stringData": {"password": "hunter2"}}));
    target.apply(scope, &secret, ApplyOptions::default()).await.unwrap();
    let changed = place.object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "stringData": {"password": "hunter3"}}));
    let options = ExamineOptions::default().detail(Detail::Fields);
    let (examined, live) = target.examine(scope, &[changed], &[], &options).await.unwrap();
    assert_eq!(examined[0].action, Action::Update);
    let shown = format!("{examined:?} {} {live:?}", examined[0].changes[0]);
    assert!(!examined[0].changes.is_empty());
    assert!(!shown.contains("hunter") && !shown.contains("aHVudGVy"), "{shown}");
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_costs_one_timeout() {
    let place = Place::new("silent").await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = kube::Config::new(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    config.read_timeout = None;
    let target = Target::builder(kube::Client::try_from(config).unwrap())
        .name("silent")
        .request_timeout(std::time::Duration::from_millis(300))
        .build();
    let error = target.discovery(&Scope::unlimited()).await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert!(error.to_string().contains("cluster silent did not answer"), "{error}");

    let scope = Scope::unlimited();
    scope.cancel_token().cancel();
    assert!(matches!(place.target.discovery(&scope).await, Err(pintle_cluster::Error::Cancelled)));
    drop(listener);
    let gone = builder(&place.tenant).await.attempts(1).build();
    assert!(
        gone.get(&place.scope, &ObjectRef::namespaced(Gvk::new("", "v1", "ConfigMap"), "none", "none"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(data(json!(1)).as_i64().is_some());
}
