use std::time::Duration;

use pintle_cluster::{Error, Holder, LockError, LockTiming, Locks};

use crate::bed::Place;

fn locks(place: &Place, holder: impl Into<Holder>) -> Locks {
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
    assert_eq!((lock.fence(), lock.taken_from()), (1, None));
    let held = two.take(&place.scope, "web").await.unwrap_err();
    assert_eq!(held.to_string(), "release web is being worked on by one");

    // Work that takes longer than the Lease keeps the lock.
    let scope = lock.scope(&place.scope);
    lock.run(scope.sleep(Duration::from_millis(3500))).await.unwrap();
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
    let lock = two.take_from_the_dead(&place.scope, "web").await.unwrap();
    assert_eq!((lock.fence(), lock.taken_from()), (2, Some("one")));
    assert!(dead.is_lost(), "it stops sending before anybody can take the lock");
    let lost = dead.renew().await.unwrap_err();
    assert_eq!(lost.to_string(), "the lock of release web was lost to two");

    // The dead holder's work cannot send any more.
    let scope = dead.scope(&place.scope);
    let ended = dead.run(scope.sleep(Duration::from_secs(60))).await;
    assert!(matches!(ended, Err(Error::LockLost { .. })), "{ended:?}");

    // A restart under the same name has its lock at once.
    drop(lock);
    let again = locks(&place, "two").take(&place.scope, "web").await.unwrap();
    assert_eq!((again.fence(), again.taken_from()), (3, Some("two")));
    assert!(matches!(dead.release(&place.scope).await, Err(LockError::Lost { .. })));
    again.release(&place.scope).await.unwrap();
}

#[tokio::test]
async fn a_living_holder_is_waited_for_no_longer_than_it_takes_to_see_that_it_lives() {
    let place = Place::new("alive").await;
    let (one, two) = (locks(&place, "one"), locks(&place, "two"));
    let mut lock = one.take(&place.scope, "web").await.unwrap();
    let refused = lock.run(two.take_from_the_dead(&place.scope, "web")).await.unwrap_err();
    assert!(matches!(refused, LockError::Held { .. }), "{refused}");
    lock.release(&place.scope).await.unwrap();
}

#[tokio::test]
async fn two_runs_of_one_holder_exclude_each_other() {
    let place = Place::new("same").await;
    let locks = locks(&place, "one");
    let lock = locks.take(&place.scope, "web").await.unwrap();
    assert!(matches!(locks.take(&place.scope, "web").await, Err(LockError::Held { .. })));
    drop(lock);
    let lock = locks.clone().after(41).take(&place.scope, "web").await.unwrap();
    assert_eq!((lock.fence(), lock.taken_from()), (42, Some("one")), "no token is given out twice");
}

#[tokio::test]
async fn only_one_of_many_gets_it() {
    let place = Place::new("race").await;
    let racers: Vec<_> = (0..8).map(|number| locks(&place, &*format!("racer-{number}"))).collect();
    let taken = futures::future::join_all(racers.iter().map(|racer| racer.take(&place.scope, "web"))).await;
    assert_eq!(taken.iter().filter(|one| one.is_ok()).count(), 1);
}
