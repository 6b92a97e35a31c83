//! Which release is worked on when.
//!
//! Each tenant has a lane of its own, with room for a few releases at a time, and lanes do not wait for each other: a
//! tenant that does not answer fills its own lane and nobody else's. Waiting costs a small task and no thread, so
//! there is no limit across lanes; what needs the processor (rendering) is limited where it is done. A lane whose
//! tenant did not answer is narrowed to one release at a time until it answers again, so that a tenant that is down
//! is asked by one and not by all.
//!
//! A key is worked on by one task at a time. What is asked for meanwhile is done once, afterwards.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How the queue spreads its work.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct QueueOptions {
    /// How many releases of one tenant are worked on at a time; at least one. Default: 4.
    pub per_lane: usize,
    /// How long a key waits whose work panicked, before it is tried again. Default: 60s.
    pub after_panic: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { per_lane: 4, after_panic: Duration::from_secs(60) }
    }
}

/// What becomes of a key after its work.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    /// When it is worked on again, though nothing asks for it. None: only when asked.
    pub again: Option<Duration>,
    /// Whether the tenant answered.
    pub tenant: Reached,
}

/// Whether a tenant answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reached {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// It was not asked.
    NotAsked,
}

/// Asks for work. Clones ask the same queue.
pub struct Trigger<K, L> {
    requests: mpsc::UnboundedSender<Request<K, L>>,
}

impl<K, L> Clone for Trigger<K, L> {
    fn clone(&self) -> Self {
        Self { requests: self.requests.clone() }
    }
}

enum Request<K, L> {
    Work { key: K, lane: L, delay: Duration },
    Forget { key: K },
}

impl<K, L> Trigger<K, L> {
    /// Asks that `key` be worked on, in `lane`, as soon as there is room. A later time that it waits for is replaced.
    pub fn now(&self, key: K, lane: L) {
        self.after(key, lane, Duration::ZERO);
    }

    /// Asks that `key` be worked on, in `lane`, after a while; an earlier time that it waits for stays.
    pub fn after(&self, key: K, lane: L, delay: Duration) {
        // The other end is gone when the program is ending, and then there is nothing to be done.
        let _ = self.requests.send(Request::Work { key, lane, delay });
    }

    /// Forgets a key: it is gone. Work that is going on is not stopped by it.
    pub fn forget(&self, key: K) {
        let _ = self.requests.send(Request::Forget { key });
    }
}

/// The queue itself, to be run by one task.
pub struct Queue<K, L> {
    options: QueueOptions,
    requests: mpsc::UnboundedReceiver<Request<K, L>>,
    keys: HashMap<K, Entry<L>>,
    lanes: HashMap<L, Lane<K>>,
    due: BTreeSet<(Instant, u64)>,
    due_keys: HashMap<u64, K>,
    serial: u64,
}

struct Entry<L> {
    lane: L,
    state: State,
    /// What was asked for while it was worked on.
    asked: Option<(Instant, L)>,
    /// Whether it is to be forgotten when the work has ended.
    gone: bool,
}

enum State {
    Idle,
    Timed(Instant, u64),
    Ready,
    Running,
}

struct Lane<K> {
    ready: VecDeque<K>,
    running: usize,
    silent: bool,
}

impl<K, L> Queue<K, L>
where
    K: Clone + Debug + Eq + Hash + Send + 'static,
    L: Clone + Debug + Eq + Hash + Send + 'static,
{
    /// A queue without keys, and what asks it for work.
    pub fn new(options: QueueOptions) -> (Self, Trigger<K, L>) {
        let (sender, requests) = mpsc::unbounded_channel();
        let queue = Self {
            options,
            requests,
            keys: HashMap::new(),
            lanes: HashMap::new(),
            due: BTreeSet::new(),
            due_keys: HashMap::new(),
            serial: 0,
        };
        (queue, Trigger { requests: sender })
    }

    /// Works until `stop` is cancelled, and then until the work that is going on has ended. `work` has to end soon
    /// after the same token is cancelled; it is never dropped half way.
    pub async fn run<F, W>(mut self, work: W, stop: CancellationToken)
    where
        W: Fn(K) -> F,
        F: Future<Output = Next> + Send + 'static,
    {
        let mut running: JoinSet<Next> = JoinSet::new();
        let mut tasks: HashMap<tokio::task::Id, K> = HashMap::new();
        let mut open = true;
        loop {
            let stopping = stop.is_cancelled();
            if !stopping {
                self.wake(Instant::now());
                for key in self.startable() {
                    tasks.insert(running.spawn(work(key.clone())).id(), key);
                }
            }
            // What is due is still done when nobody is left to ask for more.
            if running.is_empty() && (stopping || (!open && self.due.is_empty())) {
                return;
            }
            let first = self.due.first().map(|(at, _)| *at);
            let timer = async move {
                match first {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled(), if !stopping => {}
                () = timer, if !stopping => {}
                request = self.requests.recv(), if open && !stopping => match request {
                    Some(request) => self.accept(request),
                    None => open = false,
                },
                Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                    let (id, next) = match ended {
                        Ok((id, next)) => (id, next),
                        Err(error) => {
                            tracing::error!(%error, "the work on a release panicked");
                            (error.id(), Next { again: Some(self.options.after_panic), tenant: Reached::NotAsked })
                        }
                    };
                    if let Some(key) = tasks.remove(&id) {
                        self.finish(&key, next);
                    }
                }
            }
        }
    }

    fn accept(&mut self, request: Request<K, L>) {
        match request {
            Request::Work { key, lane, delay } => {
                let at = Instant::now() + delay;
                let entry = self.keys.entry(key.clone()).or_insert_with(|| Entry {
                    lane: lane.clone(),
                    state: State::Idle,
                    asked: None,
                    gone: false,
                });
                entry.gone = false;
                match entry.state {
                    // The lane is that of the task which runs; the new one counts from the next on.
                    State::Running => {
                        let at = entry.asked.as_ref().map_or(at, |(asked, _)| at.min(*asked));
                        entry.asked = Some((at, lane));
                        return;
                    }
                    State::Ready if entry.lane == lane => return,
                    State::Ready => {
                        let old = std::mem::replace(&mut entry.lane, lane);
                        entry.state = State::Idle;
                        if let Some(lane) = self.lanes.get_mut(&old) {
                            lane.ready.retain(|waiting| *waiting != key);
                        }
                    }
                    State::Timed(earlier, _) if earlier <= at => {
                        entry.lane = lane;
                        return;
                    }
                    State::Timed(..) | State::Idle => entry.lane = lane,
                }
                self.time(&key, at);
            }
            Request::Forget { key } => {
                let Some(entry) = self.keys.get_mut(&key) else { return };
                if matches!(entry.state, State::Running) {
                    entry.gone = true;
                    entry.asked = None;
                } else {
                    self.drop_key(&key);
                }
            }
        }
    }

    /// Sets the time at which a key that neither waits in a lane nor runs is put into its lane.
    fn time(&mut self, key: &K, at: Instant) {
        let Some(entry) = self.keys.get_mut(key) else { return };
        if let State::Timed(old, serial) = entry.state {
            self.due.remove(&(old, serial));
            self.due_keys.remove(&serial);
        }
        self.serial += 1;
        entry.state = State::Timed(at, self.serial);
        self.due.insert((at, self.serial));
        self.due_keys.insert(self.serial, key.clone());
    }

    /// Puts the keys whose time has come into their lanes.
    fn wake(&mut self, now: Instant) {
        while let Some((at, serial)) = self.due.first().copied() {
            if at > now {
                return;
            }
            self.due.remove(&(at, serial));
            let Some(key) = self.due_keys.remove(&serial) else { continue };
            let Some(entry) = self.keys.get_mut(&key) else { continue };
            entry.state = State::Ready;
            let lane = self.lanes.entry(entry.lane.clone()).or_insert_with(|| Lane {
                ready: VecDeque::new(),
                running: 0,
                silent: false,
            });
            lane.ready.push_back(key);
        }
    }

    /// The keys that there is room for, taken out of their lanes.
    fn startable(&mut self) -> Vec<K> {
        let mut start = Vec::new();
        for lane in self.lanes.values_mut() {
            let room = if lane.silent { 1 } else { self.options.per_lane.max(1) };
            while lane.running < room {
                let Some(key) = lane.ready.pop_front() else { break };
                let Some(entry) = self.keys.get_mut(&key) else { continue };
                entry.state = State::Running;
                lane.running += 1;
                start.push(key);
            }
        }
        start
    }

    fn finish(&mut self, key: &K, next: Next) {
        let Some(entry) = self.keys.get_mut(key) else { return };
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            lane.running = lane.running.saturating_sub(1);
            match next.tenant {
                Reached::Yes => lane.silent = false,
                Reached::No => lane.silent = true,
                Reached::NotAsked => {}
            }
        }
        entry.state = State::Idle;
        let again = next.again.map(|delay| Instant::now() + delay);
        let at = match entry.asked.take() {
            Some((asked, lane)) => {
                entry.lane = lane;
                Some(again.map_or(asked, |again| again.min(asked)))
            }
            None => again,
        };
        match at {
            _ if entry.gone => self.drop_key(key),
            Some(at) => self.time(key, at),
            None => {}
        }
    }

    fn drop_key(&mut self, key: &K) {
        let Some(entry) = self.keys.remove(key) else { return };
        match entry.state {
            State::Timed(at, serial) => {
                self.due.remove(&(at, serial));
                self.due_keys.remove(&serial);
            }
            State::Ready => {
                if let Some(lane) = self.lanes.get_mut(&entry.lane) {
                    lane.ready.retain(|waiting| waiting != key);
                }
            }
            State::Idle | State::Running => {}
        }
        let used = self.keys.values().any(|other| other.lane == entry.lane);
        if !used && self.lanes.get(&entry.lane).is_some_and(|lane| lane.running == 0) {
            self.lanes.remove(&entry.lane);
        }
    }
}
