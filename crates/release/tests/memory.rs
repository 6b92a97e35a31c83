//! The rules that every store keeps, shown by the one in memory.

use std::collections::BTreeMap;

use pintle_release::{Filter, MemoryStore, Record, Status, Store, StoreError, Version};

#[tokio::test]
async fn every_write_says_what_it_expects() {
    let store = MemoryStore::new();
    let none = BTreeMap::new();
    let mut record = Record::new("web", "shop", 1);
    let first = store.create(&record, &none).await.unwrap();
    assert!(matches!(store.create(&record, &none).await, Err(StoreError::AlreadyExists)));

    record.info.status = Status::Deployed;
    let second = store.update(&record, &none, &first).await.unwrap();
    assert!(matches!(store.update(&record, &none, &first).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(store.delete("web", 1, Some(&first)).await, Err(StoreError::Conflict { .. })));
    assert_eq!(store.get("web", 1).await.unwrap().record, record);

    store.delete("web", 1, Some(&second)).await.unwrap();
    assert!(matches!(store.get("web", 1).await, Err(StoreError::NotFound)));
    assert!(matches!(store.update(&record, &none, &Version("9".into())).await, Err(StoreError::NotFound)));
}

#[tokio::test]
async fn lists_by_name_state_and_label() {
    let store = MemoryStore::new();
    for (name, revision, status) in
        [("web", 1, Status::Superseded), ("web", 2, Status::Deployed), ("db", 1, Status::Deployed)]
    {
        let mut record = Record::new(name, "shop", revision);
        record.info.status = status;
        record.labels.insert("team".to_owned(), name.to_owned());
        store.create(&record, &BTreeMap::new()).await.unwrap();
    }
    let list = |filter| {
        let store = &store;
        async move {
            let found = store.list(&filter).await.unwrap();
            found.iter().map(|summary| format!("{}.{}", summary.name, summary.revision)).collect::<Vec<_>>()
        }
    };
    assert_eq!(list(Filter::release("web")).await, ["web.1", "web.2"]);
    assert_eq!(list(Filter::release("web").status(Status::Deployed)).await, ["web.2"]);
    assert_eq!(list(Filter::default().selector("team=db")).await, ["db.1"]);
}
