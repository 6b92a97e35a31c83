use std::collections::BTreeMap;

use pintle_cluster::{ConfigMapStore, SecretStore};
use pintle_release::{Filter, Head, Record, Status, Store, StoreError, Summary, Version};

use crate::bed::Place;

fn record(name: &str, revision: u32) -> Record {
    let mut record = Record::new(name, "shop", revision);
    record.info.status = Status::PendingInstall;
    record.labels.insert("team".to_owned(), "blue".to_owned());
    record
}

/// Text that is next to random, so that it does not compress.
fn noise(seed: u64, lines: usize) -> String {
    let mut random = seed;
    let lines = (0..lines).map(|_| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{random:016x}\n")
    });
    lines.collect()
}

async fn round(store: &dyn Store) {
    let none = BTreeMap::new();
    let first = store.create(&record("web", 1), &none).await.unwrap();
    assert!(matches!(store.create(&record("web", 1), &none).await, Err(StoreError::AlreadyExists)));
    store.create(&record("web", 2), &none).await.unwrap();
    store.create(&record("other", 1), &none).await.unwrap();

    let listed = store.list(&Filter::release("web")).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one.status == Status::PendingInstall && one.labels.len() == 1));
    assert!(listed.iter().all(|one| one.modified.is_some() && !one.storage_namespace.is_empty()));
    assert_eq!(store.list(&Filter::default().selector("team=red")).await.unwrap().len(), 0);

    let mut stored = store.get("web", 1).await.unwrap();
    assert_eq!(stored.version, first);
    assert_eq!(stored.record, record("web", 1));
    stored.record.info.status = Status::Deployed;
    let annotations = BTreeMap::from([("pintle.dev/inputs".to_owned(), "abc".to_owned())]);
    let second = store.update(&stored.record, &annotations, &first).await.unwrap();
    let lost = store.update(&stored.record, &annotations, &first).await;
    assert!(matches!(lost, Err(StoreError::Conflict { .. })), "{lost:?}");
    assert_eq!(store.get("web", 1).await.unwrap().annotations, annotations);
    assert_eq!(store.list(&Filter::release("web").status(Status::Deployed)).await.unwrap().len(), 1);

    assert_eq!(store.standing("none").await.unwrap(), None);
    let standing = store.standing("web").await.unwrap().unwrap();
    assert_eq!(standing.last, store.get("web", 2).await.unwrap());
    let mut revisions = store.list(&Filter::release("web")).await.unwrap();
    revisions.sort_by_key(|summary| summary.revision);
    assert_eq!(standing.revisions, revisions);
    let mut superseded = standing.last;
    superseded.record.info.status = Status::Superseded;
    store.update(&superseded.record, &none, &superseded.version).await.unwrap();
    let standing = store.standing("web").await.unwrap().unwrap();
    assert_eq!(standing.last, store.get("web", 1).await.unwrap());
    assert_eq!(standing.revisions.len(), 1);

    assert!(matches!(store.delete("web", 1, Some(&first)).await, Err(StoreError::Conflict { .. })));
    store.delete("web", 1, Some(&second)).await.unwrap();
    assert!(matches!(store.get("web", 1).await, Err(StoreError::NotFound)));
    assert!(matches!(store.delete("web", 1, None).await, Err(StoreError::NotFound)));
    let gone = store.update(&stored.record, &none, &Version("1".to_owned())).await;
    assert!(gone.is_err());
}

#[tokio::test]
async fn secrets_keep_records() {
    let place = Place::new("secret-store").await;
    round(&SecretStore::new(place.target.clone(), &*place.namespace)).await;
}

#[tokio::test]
async fn config_maps_keep_records() {
    let place = Place::new("configmap-store").await;
    round(&ConfigMapStore::new(place.target.clone(), &*place.namespace)).await;
}

/// Several threads decode one page of these, and there is more than one page.
async fn overviews<S: Store + Clone>(store: S, overview: impl AsyncFn(&S) -> Vec<(Summary, Option<Head>)>) {
    let mut expected = Vec::new();
    for number in 0..130 {
        let mut record = record(&format!("web-{number:03}"), 2);
        record.manifest = noise(number, 400);
        store.create(&record, &BTreeMap::new()).await.unwrap();
        expected.push((record.name.clone(), 2, Some(Head::of(&record))));
    }
    let mut old = record("web-000", 1);
    old.info.status = Status::Superseded;
    store.create(&old, &BTreeMap::new()).await.unwrap();
    expected.push(("web-000".to_owned(), 1, None));

    let seen = overview(&store).await;
    let listed = store.list(&Filter::default()).await.unwrap();
    assert_eq!(listed.len(), seen.len());
    assert!(seen.iter().all(|(summary, _)| listed.contains(summary)));
    let seen: Vec<_> =
        seen.into_iter().map(|(summary, head)| (summary.name, summary.revision, head)).collect();
    assert_eq!(seen, expected);
    let mut heads = store.heads(&listed).await.unwrap();
    heads.sort_by(|a, b| (&a.name, a.revision).cmp(&(&b.name, b.revision)));
    assert_eq!(heads.len(), 131);
    assert_eq!((heads[0].clone(), heads[130].clone()), (Head::of(&old), expected[129].2.clone().unwrap()));
}

#[tokio::test]
async fn an_overview_of_secrets_is_complete() {
    let place = Place::new("secret-overview").await;
    let store = SecretStore::new(place.target.clone(), &*place.namespace);
    overviews(store, async |store| store.overview(&Filter::default()).await.unwrap()).await;
}

#[tokio::test]
async fn an_overview_of_config_maps_is_complete() {
    let place = Place::new("configmap-overview").await;
    let store = ConfigMapStore::new(place.target.clone(), &*place.namespace);
    overviews(store, async |store| store.overview(&Filter::default()).await.unwrap()).await;
}

#[tokio::test]
async fn a_record_that_compresses_well_as_a_whole_is_kept_whole() {
    let place = Place::new("whole-record").await;
    let store = SecretStore::new(place.target.clone(), &*place.namespace);
    // Text of which a part is next to random, and the whole is that part over and over.
    let mut record = record("web", 1);
    record.manifest = noise(1, 1_650).repeat(160);
    assert!(record.manifest.len() > 4 << 20);
    store.create(&record, &BTreeMap::new()).await.unwrap();
    assert_eq!(store.get("web", 1).await.unwrap().record, record);
    let names = place.kubectl(&["get", "secrets", "-o", "name"]).await;
    assert_eq!(names.trim(), "secret/sh.helm.release.v1.web.v1");
}

#[tokio::test]
async fn helm_and_the_store_read_each_other() {
    let place = Place::new("helm-store").await;
    let chart = tempfile::tempdir().unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    std::fs::write(chart.path().join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n").unwrap();
    std::fs::write(
        chart.path().join("templates/one.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  key: a\n",
    )
    .unwrap();
    let path = chart.path().display().to_string();
    place.helm(&["install", "web", &path, "--labels", "team=blue"]).await;
    let store = SecretStore::new(place.target.clone(), &*place.namespace);
    let stored = store.get("web", 1).await.unwrap();
    assert_eq!(stored.record.info.status, Status::Deployed);
    assert_eq!(stored.record.labels, BTreeMap::from([("team".to_owned(), "blue".to_owned())]));

    let mut second = stored.record.clone();
    second.revision = 2;
    store.create(&second, &BTreeMap::new()).await.unwrap();
    let mut first = stored.record.clone();
    first.info.status = Status::Superseded;
    store.update(&first, &BTreeMap::new(), &stored.version).await.unwrap();
    let history: serde_json::Value =
        serde_json::from_str(&place.helm(&["history", "web", "-o", "json"]).await).unwrap();
    assert_eq!(history[0]["status"], "superseded");
    assert_eq!(history[1]["status"], "deployed");

    // What Helm writes and what the store writes differ in nothing but the record.
    let secret = |name: &str| {
        let name = name.to_owned();
        let place = &place;
        async move {
            let text = place.kubectl(&["get", "secret", &name, "-o", "json", "--show-managed-fields"]).await;
            serde_json::from_str::<serde_json::Value>(&text).unwrap()
        }
    };
    place.helm(&["upgrade", "web", &path]).await;
    let (ours, helms) =
        (secret("sh.helm.release.v1.web.v2").await, secret("sh.helm.release.v1.web.v3").await);
    let keys = |secret: &serde_json::Value| {
        let labels = secret["metadata"]["labels"].as_object().unwrap();
        labels
            .keys()
            .filter(|key| !["createdAt", "modifiedAt"].contains(&key.as_str()))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(ours["type"], helms["type"]);
    assert_eq!(keys(&ours), keys(&helms));
    let manager = |secret: &serde_json::Value| secret["metadata"]["managedFields"][0]["manager"].clone();
    assert_eq!(manager(&ours), manager(&helms));
}
