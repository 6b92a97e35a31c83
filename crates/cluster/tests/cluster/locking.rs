use std::time::Duration;

use pintle_cluster::{LockError, LockTiming, Locks};

use crate::bed::Place;

fn locks(place: &Place, holder: &str) -> Locks {
    let mut timing = LockTiming::default();
    (timing.lease, timing.renew, timing.margin) =
        (Duration::from_secs(2), Duration::from_millis(300), Duration::from_millis(500));
    Locks::new(place.target.clone(), &*place.namespace, holder).timing(timing)
}

#[tokio::test]
async fn one_holds_the_lock_and_gives_it_back() {
    let place = Place::new("lock").await;
    let (one, two) = (locks(&place, "one"), locks(&place, "two"));
    let mut lock = one.take(&place.scope, "web").await.unwrap();
    assert_eq!((lock.fence(), lock.taken_from()), (0, None));
    let held = two.take(&place.scope, "web").await.unwrap_err();
    assert_eq!(held.to_string(), "release web is being worked on by one");

    // Work that takes longer than the Lease keeps the lock.
    let done = lock
        .run(&place.scope, |scope| async move {
            scope.sleep(Duration::from_millis(3500)).await.unwrap();
            "done"
        })
        .await
        .unwrap();
    assert_eq!(done, "done");
    assert!(matches!(two.take(&place.scope, "web").await, Err(LockError::Held { .. })));
    lock.release(&place.scope).await.unwrap();
    two.take(&place.scope, "web").await.unwrap().release(&place.scope).await.unwrap();
    assert_eq!(place.kubectl(&["get", "leases"]).await, "", "nothing is left");
}

#[tokio::test]
async fn a_dead_holder_is_replaced_and_fenced_off() {
    let place = Place::new("fence").await;
    let (one, two) = (locks(&place, "one"), locks(&place, "two"));
    let mut dead = one.take(&place.scope, "web").await.unwrap();
    let lock = two.take_when_free(&place.scope, "web").await.unwrap();
    assert_eq!((lock.fence(), lock.taken_from()), (1, Some("one")));
    let lost = dead.renew().await.unwrap_err();
    assert_eq!(lost.to_string(), "the lock of release web was lost to two");

    // The dead holder's work is ended, and a restart under the same name has its lock at once.
    let ended =
        dead.run(&place.scope, |scope| async move { scope.sleep(Duration::from_secs(60)).await }).await;
    assert!(matches!(ended, Err(LockError::Lost { .. })), "{ended:?}");
    drop(lock);
    let again = two.take(&place.scope, "web").await.unwrap();
    assert_eq!((again.fence(), again.taken_from()), (2, Some("two")));
}

#[tokio::test]
async fn only_one_of_many_gets_it() {
    let place = Place::new("race").await;
    let racers: Vec<_> = (0..8).map(|number| locks(&place, &format!("racer-{number}"))).collect();
    let taken = futures::future::join_all(racers.iter().map(|racer| racer.take(&place.scope, "web"))).await;
    assert_eq!(taken.iter().filter(|one| one.is_ok()).count(), 1);
}
