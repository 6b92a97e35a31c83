//! The queue: one task for a key, lanes that do not wait for each other, nothing lost. Time is tokio's own and stands
//! still unless all sleep.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pintle_controller::queue::{Next, Queue, QueueOptions, Reached, Trigger};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

type Key = &'static str;

/// What each key does, and what was seen of it.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<(Key, u64)>>>,
    running: Arc<Mutex<HashMap<Key, usize>>>,
}

struct Bed {
    trigger: Trigger<Key, &'static str>,
    log: Log,
    stop: CancellationToken,
    queue: tokio::task::JoinHandle<()>,
}

fn start<F>(work: impl Fn(Key) -> F + Send + Sync + 'static) -> Bed
where
    F: Future<Output = Next> + Send + 'static,
{
    let (queue, trigger) = Queue::new(QueueOptions::default());
    let (log, stop) = (Log::default(), CancellationToken::new());
    let began = Instant::now();
    let seen = log.clone();
    let queue = tokio::spawn(queue.run(
        move |key| {
            seen.lines.lock().unwrap().push((key, began.elapsed().as_secs()));
            let running = Arc::clone(&seen.running);
            *running.lock().unwrap().entry(key).or_default() += 1;
            assert_eq!(running.lock().unwrap()[key], 1, "{key} is worked on twice at a time");
            let work = work(key);
            async move {
                let next = work.await;
                *running.lock().unwrap().get_mut(key).unwrap() -= 1;
                next
            }
        },
        stop.clone(),
    ));
    Bed { trigger, log, stop, queue }
}

fn done() -> Next {
    Next { again: None, tenant: Reached::Yes }
}

impl Bed {
    async fn seen_after(&self, seconds: u64) -> Vec<(Key, u64)> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.log.lines.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_tenant_holds_up_nobody_else() {
    let bed = start(|key: Key| async move {
        if key.starts_with("hung") {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        done()
    });
    for key in ["hung1", "hung2", "hung3", "hung4", "hung5", "hung6"] {
        bed.trigger.now(key, "stopped");
    }
    bed.trigger.now("good", "healthy");
    let seen = bed.seen_after(1).await;
    assert!(seen.contains(&("good", 0)), "{seen:?}");
    assert_eq!(seen.len(), 5, "four of the stopped tenant's and the other: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_does_not_answer_is_asked_by_one() {
    let bed = start(|_| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Next { again: Some(Duration::from_secs(60)), tenant: Reached::No }
    });
    for key in ["a", "b", "c", "d", "e", "f"] {
        bed.trigger.now(key, "down");
    }
    assert_eq!(bed.seen_after(4).await.len(), 4);
    let times: Vec<_> = bed.seen_after(20).await.iter().map(|(_, at)| *at).collect();
    assert_eq!(times, [0, 0, 0, 0, 5, 10]);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_meanwhile_is_done_once_afterwards() {
    let bed = start(|_| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        done()
    });
    bed.trigger.now("a", "lane");
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        bed.trigger.now("a", "other lane");
    }
    assert_eq!(bed.seen_after(60).await, [("a", 0), ("a", 10)]);
}

#[tokio::test(start_paused = true)]
async fn the_earlier_time_counts() {
    let bed = start(|_| async { done() });
    bed.trigger.after("a", "lane", Duration::from_secs(100));
    bed.trigger.after("a", "lane", Duration::from_secs(20));
    bed.trigger.after("a", "lane", Duration::from_secs(50));
    assert_eq!(bed.seen_after(30).await, [("a", 20)]);
    assert_eq!(bed.seen_after(300).await, [("a", 20)]);
    bed.trigger.after("a", "lane", Duration::from_secs(100));
    bed.trigger.now("a", "lane");
    assert_eq!(bed.seen_after(300).await, [("a", 20), ("a", 330)]);
}

#[tokio::test(start_paused = true)]
async fn work_repeats_until_it_is_forgotten() {
    let bed = start(|_| async { Next { again: Some(Duration::from_secs(10)), tenant: Reached::NotAsked } });
    bed.trigger.now("a", "lane");
    assert_eq!(bed.seen_after(25).await, [("a", 0), ("a", 10), ("a", 20)]);
    bed.trigger.forget("a");
    assert_eq!(bed.seen_after(100).await.len(), 3);
    bed.trigger.now("a", "lane");
    assert_eq!(bed.seen_after(1).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_survived() {
    let bed = start(|key: Key| async move {
        assert!(key != "bad", "as the test wants it");
        done()
    });
    bed.trigger.now("bad", "lane");
    bed.trigger.now("good", "lane");
    let seen = bed.seen_after(1).await;
    assert!(seen.contains(&("good", 0)), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_what_is_going_on() {
    let bed = start(|_| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Next { again: Some(Duration::ZERO), tenant: Reached::Yes }
    });
    bed.trigger.now("a", "lane");
    bed.trigger.after("b", "lane", Duration::from_secs(5));
    tokio::time::sleep(Duration::from_secs(1)).await;
    bed.stop.cancel();
    let began = Instant::now();
    bed.queue.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 9);
    assert_eq!(*bed.log.lines.lock().unwrap(), [("a", 0)]);
}
