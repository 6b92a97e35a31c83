//! Noticing drift when it happens.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pintle_value::Data;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::Signature;
use crate::read::Selection;
use crate::throttle::backoff;
use crate::watch::{Event, Extent, Subject};
use crate::{Applied, Class, Error, Gvk, MANAGED_BY, MANAGED_BY_HELM, ObjectKey, ObjectRef, Scope, Target};

/// How long a change is held back before it is told: several in a row are told once, and what the caller's own
/// writes caused can be expected meanwhile.
const SETTLING: Duration = Duration::from_millis(150);

/// The longest pause before a cluster that does not answer is tried again.
const RETRY: Duration = Duration::from_secs(30);

/// How long after a kind was forbidden or unknown it is tried again.
const LATER: Duration = Duration::from_secs(300);

/// What happened to a registered object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriftEvent {
    /// Somebody else changed what the release owns of it.
    Changed(ObjectRef),
    /// It is gone, or lost Helm's label.
    Deleted(ObjectRef),
    /// Objects of this kind cannot be watched at the moment: look at them now and then.
    Unwatched {
        /// The kind.
        gvk: Gvk,
        /// Why.
        reason: String,
    },
}

/// Watches the objects of all releases of one target: one metadata-only watch for each kind, open as long as a
/// registered release has objects of it. At rest nothing else is requested.
///
/// It belongs to a tokio runtime: watches are tasks of the runtime in which releases are registered.
#[derive(Clone)]
pub struct DriftWatch {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_id: u64,
    kinds: HashMap<KindKey, Kind>,
    registrations: HashMap<u64, Registered>,
}

/// Group and kind, without the version.
type KindKey = (String, String);

/// What is watched of one kind.
struct Kind {
    gvk: Gvk,
    /// How many registrations have objects of it.
    users: usize,
    /// Ends the watches when nobody needs them any more.
    scope: Scope,
    /// All objects with Helm's label, by what they are called.
    seen: HashMap<ObjectKey, Signature>,
    reach: Reach,
}

/// Where objects of a kind are watched.
enum Reach {
    /// In the whole cluster.
    Cluster {
        /// Whether they were listed.
        listed: bool,
    },
    /// In single namespaces, since the whole cluster is forbidden; whether they were listed.
    Namespaces(HashMap<String, bool>),
}

impl Kind {
    fn is_listed(&self, key: &ObjectKey) -> bool {
        match &self.reach {
            Reach::Cluster { listed } => *listed,
            Reach::Namespaces(namespaces) => {
                key.namespace.as_ref().and_then(|namespace| namespaces.get(namespace)) == Some(&true)
            }
        }
    }

    fn note_listed(&mut self, namespace: Option<&str>) {
        match (&mut self.reach, namespace) {
            (Reach::Cluster { listed }, None) => *listed = true,
            (Reach::Namespaces(namespaces), Some(namespace)) => {
                namespaces.insert(namespace.to_owned(), true);
            }
            _ => {}
        }
    }
}

struct Registered {
    objects: HashMap<ObjectKey, Watched>,
    /// What to look at, and since when.
    dirty: HashMap<ObjectKey, Instant>,
    unwatched: HashMap<KindKey, String>,
    notify: Arc<Notify>,
}

struct Watched {
    object: ObjectRef,
    /// What the object looked like when it was right; `None` until that is known.
    expected: Option<Signature>,
}

/// A release's part of a [`DriftWatch`]. Dropping it ends what nobody else needs.
pub struct Registration {
    shared: Arc<Shared>,
    id: u64,
    notify: Arc<Notify>,
}

impl DriftWatch {
    /// Watches nothing yet.
    pub fn new(target: Target) -> Self {
        Self { shared: Arc::new(Shared { target, state: Mutex::default() }) }
    }

    /// Watches a release's objects. Until [`Registration::expect`] says what they should look like, the first look
    /// counts as right.
    pub fn register(&self, objects: impl IntoIterator<Item = ObjectRef>) -> Registration {
        let notify = Arc::new(Notify::new());
        let objects: HashMap<ObjectKey, Watched> = objects
            .into_iter()
            .filter(|object| !object.name.is_empty())
            .map(|object| (object.key(), Watched { object, expected: None }))
            .collect();
        let mut state = self.shared.lock();
        state.next_id += 1;
        let id = state.next_id;
        let mut kinds: HashMap<KindKey, (Gvk, BTreeSet<String>)> = HashMap::new();
        for watched in objects.values() {
            let gvk = &watched.object.gvk;
            let kind = kinds
                .entry((gvk.group.clone(), gvk.kind.clone()))
                .or_insert_with(|| (gvk.clone(), BTreeSet::new()));
            kind.1.extend(watched.object.namespace.clone());
        }
        let registered = Registered {
            objects,
            dirty: HashMap::new(),
            unwatched: HashMap::new(),
            notify: Arc::clone(&notify),
        };
        state.registrations.insert(id, registered);
        for (key, (gvk, namespaces)) in kinds {
            self.shared.begin(&mut state, key, gvk, namespaces);
        }
        state.look_at_all(id);
        drop(state);
        Registration { shared: Arc::clone(&self.shared), id, notify }
    }

    /// How many watches are open.
    pub fn watches(&self) -> usize {
        let state = self.shared.lock();
        state
            .kinds
            .values()
            .map(|kind| match &kind.reach {
                Reach::Namespaces(namespaces) => namespaces.len(),
                Reach::Cluster { .. } => 1,
            })
            .sum()
    }
}

impl fmt::Debug for DriftWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriftWatch").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

impl Registration {
    /// The next event. Changes that are expected by then are not told.
    pub async fn next(&mut self) -> DriftEvent {
        loop {
            let notified = self.notify.notified();
            let wait = match self.shared.lock().next_of(self.id) {
                Next::Event(event) => return event,
                Next::At(time) => Some(time),
                Next::Nothing => None,
            };
            match wait {
                Some(time) => tokio::time::sleep_until(time).await,
                None => notified.await,
            }
        }
    }

    /// Says what objects look like when they are right: after a look ([`super::DriftReport::seen`]).
    pub fn expect(&self, seen: impl IntoIterator<Item = (ObjectRef, Signature)>) {
        let mut state = self.shared.lock();
        for (object, signature) in seen {
            state.expect(self.id, &object.key(), signature);
        }
        drop(state);
        self.notify.notify_one();
    }

    /// Whether all objects look like what was said, as far as the watches have told: they have all been listed, and no
    /// kind is unwatched. Asks nothing; a change that happened this very moment is not known yet.
    pub fn is_quiet(&self) -> bool {
        let state = self.shared.lock();
        let Some(registered) = state.registrations.get(&self.id) else { return false };
        registered.unwatched.is_empty()
            && registered.objects.iter().all(|(key, watched)| {
                let kind = state.kinds.get(&(key.group.clone(), key.kind.clone()));
                kind.is_some_and(|kind| {
                    let seen = kind.seen.get(key);
                    kind.is_listed(key) && seen.is_some() && seen == watched.expected.as_ref()
                })
            })
    }

    /// Says what objects look like when they are right: after they were written.
    pub fn expect_applied<'a>(&self, applied: impl IntoIterator<Item = &'a Applied>) {
        let manager = self.shared.target.manager();
        self.expect(applied.into_iter().map(|one| (one.object.clone(), Signature::of(&one.live, manager))));
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let Some(registered) = state.registrations.remove(&self.id) else { return };
        let kinds: std::collections::HashSet<KindKey> =
            registered.objects.keys().map(|key| (key.group.clone(), key.kind.clone())).collect();
        for key in kinds {
            let Some(kind) = state.kinds.get_mut(&key) else { continue };
            kind.users = kind.users.saturating_sub(1);
            if kind.users == 0 {
                kind.scope.cancel_token().cancel();
                state.kinds.remove(&key);
            }
        }
    }
}

/// Why a watch is not needed any more.
enum Ended {
    Unneeded,
    Forbidden,
}

enum Next {
    Event(DriftEvent),
    At(Instant),
    Nothing,
}

impl State {
    /// Notes that an object has to be looked at.
    fn touch(&mut self, key: &ObjectKey) {
        for registered in self.registrations.values_mut() {
            if registered.objects.contains_key(key) {
                registered.dirty.entry(key.clone()).or_insert_with(|| Instant::now() + SETTLING);
                registered.notify.notify_one();
            }
        }
    }

    fn look_at_all(&mut self, id: u64) {
        let Some(registered) = self.registrations.get_mut(&id) else { return };
        let due = Instant::now() + SETTLING;
        for key in registered.objects.keys() {
            registered.dirty.entry(key.clone()).or_insert(due);
        }
        registered.notify.notify_one();
    }

    fn expect(&mut self, id: u64, key: &ObjectKey, signature: Signature) {
        let Some(registered) = self.registrations.get_mut(&id) else { return };
        if let Some(watched) = registered.objects.get_mut(key) {
            watched.expected = Some(signature);
            registered.dirty.entry(key.clone()).or_insert_with(|| Instant::now() + SETTLING);
        }
    }

    fn next_of(&mut self, id: u64) -> Next {
        let Some(registered) = self.registrations.get_mut(&id) else { return Next::Nothing };
        if let Some(key) = registered.unwatched.keys().next().cloned() {
            let reason = registered.unwatched.remove(&key).unwrap_or_default();
            if let Some(kind) = self.kinds.get(&key) {
                return Next::Event(DriftEvent::Unwatched { gvk: kind.gvk.clone(), reason });
            }
        }
        let now = Instant::now();
        loop {
            let Some((key, due)) = registered.dirty.iter().min_by_key(|(_, due)| **due) else {
                return Next::Nothing;
            };
            if *due > now {
                return Next::At(*due);
            }
            let key = key.clone();
            registered.dirty.remove(&key);
            let Some(watched) = registered.objects.get_mut(&key) else { continue };
            let Some(kind) = self.kinds.get(&(key.group.clone(), key.kind.clone())) else { continue };
            if !kind.is_listed(&key) {
                continue; // the list will touch it
            }
            let seen = kind.seen.get(&key).copied();
            match (seen, watched.expected) {
                (Some(seen), Some(expected)) if seen == expected => {}
                (Some(seen), expected) => {
                    watched.expected = Some(seen);
                    if expected.is_some() {
                        return Next::Event(DriftEvent::Changed(watched.object.clone()));
                    }
                }
                (None, _) => return Next::Event(DriftEvent::Deleted(watched.object.clone())),
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and each change of it is complete.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, state: &mut State, key: KindKey, gvk: Gvk, namespaces: BTreeSet<String>) {
        if let Some(kind) = state.kinds.get_mut(&key) {
            kind.users += 1;
            if let Reach::Namespaces(known) = &mut kind.reach {
                for namespace in namespaces {
                    if !known.contains_key(&namespace) {
                        known.insert(namespace.clone(), false);
                        let scope = kind.scope.clone();
                        tokio::spawn(Arc::clone(self).watch_namespace(
                            key.clone(),
                            kind.gvk.clone(),
                            namespace,
                            scope,
                        ));
                    }
                }
            }
            return;
        }
        let scope = Scope::unlimited();
        let kind = Kind {
            gvk: gvk.clone(),
            users: 1,
            scope: scope.clone(),
            seen: HashMap::new(),
            reach: Reach::Cluster { listed: false },
        };
        state.kinds.insert(key.clone(), kind);
        tokio::spawn(Arc::clone(self).watch_kind(key, gvk, scope));
    }

    /// Watches a kind until nobody needs it: in the whole cluster, where that is forbidden in each namespace.
    async fn watch_kind(self: Arc<Self>, key: KindKey, gvk: Gvk, scope: Scope) {
        if let Ended::Forbidden = self.keep_watching(&key, &gvk, None, &scope).await {
            self.watch_namespaces(&key, &gvk, &scope);
        }
    }

    /// Watches until nobody needs it, again and again where it fails. Only the whole cluster can be forbidden.
    async fn keep_watching(&self, key: &KindKey, gvk: &Gvk, namespace: Option<&str>, scope: &Scope) -> Ended {
        let mut failures = 0;
        loop {
            let error = match self.watch(key, gvk, namespace, scope).await {
                Ok(()) | Err(Error::Cancelled) => return Ended::Unneeded,
                Err(error) if error.is_forbidden() && namespace.is_none() => return Ended::Forbidden,
                Err(error) => error,
            };
            failures += 1;
            // A stumble is not worth a word.
            if failures == 2 || error.class() != Class::Retry {
                self.tell_unwatched(key, &error.to_string());
            }
            let pause = if error.class() == Class::Retry { backoff(failures, RETRY) } else { LATER };
            if scope.sleep(pause).await.is_err() {
                return Ended::Unneeded;
            }
        }
    }

    fn watch_namespaces(self: &Arc<Self>, key: &KindKey, gvk: &Gvk, scope: &Scope) {
        let mut state = self.lock();
        let namespaces: BTreeSet<String> = state
            .registrations
            .values()
            .flat_map(|registered| registered.objects.keys())
            .filter(|object| object.group == key.0 && object.kind == key.1)
            .filter_map(|object| object.namespace.clone())
            .collect();
        if let Some(kind) = state.kinds.get_mut(key) {
            kind.reach = Reach::Namespaces(namespaces.iter().map(|one| (one.clone(), false)).collect());
        }
        drop(state);
        if namespaces.is_empty() {
            let reason = "watching the whole cluster is forbidden".to_owned();
            self.tell_unwatched(key, &reason);
        }
        for namespace in namespaces {
            tokio::spawn(Arc::clone(self).watch_namespace(
                key.clone(),
                gvk.clone(),
                namespace,
                scope.clone(),
            ));
        }
    }

    async fn watch_namespace(self: Arc<Self>, key: KindKey, gvk: Gvk, namespace: String, scope: Scope) {
        self.keep_watching(&key, &gvk, Some(&namespace), &scope).await;
    }

    fn tell_unwatched(&self, key: &KindKey, reason: &str) {
        let mut state = self.lock();
        for registered in state.registrations.values_mut() {
            if registered.objects.keys().any(|object| object.group == key.0 && object.kind == key.1) {
                registered.unwatched.insert(key.clone(), reason.to_owned());
                registered.notify.notify_one();
            }
        }
    }

    async fn watch(
        &self,
        key: &KindKey,
        gvk: &Gvk,
        namespace: Option<&str>,
        scope: &Scope,
    ) -> Result<(), Error> {
        let subject = Subject {
            resource: self.target.resource(scope, gvk).await?,
            namespace: namespace.map(str::to_owned),
            selection: Selection::labels(format!("{MANAGED_BY}={MANAGED_BY_HELM}")),
            extent: Extent::Metadata,
        };
        let (sender, mut events) = mpsc::channel(64);
        let following = async {
            let ended = self.target.follow(scope, &subject, &sender).await;
            drop(sender);
            ended
        };
        let noting = async {
            while let Some(event) = events.recv().await {
                self.note(key, gvk, namespace, event);
            }
        };
        futures::join!(following, noting).0
    }

    fn note(&self, key: &KindKey, gvk: &Gvk, namespace: Option<&str>, event: Event) {
        let manager = self.target.manager();
        let named = |object: &Data| -> Option<ObjectKey> {
            let text = |field| object.at(&["metadata", field]).and_then(Data::as_str);
            Some(ObjectKey {
                group: gvk.group.clone(),
                kind: gvk.kind.clone(),
                namespace: text("namespace").map(str::to_owned),
                name: text("name")?.to_owned(),
            })
        };
        let mut state = self.lock();
        let Some(kind) = state.kinds.get_mut(key) else { return };
        let mut touched = Vec::new();
        match event {
            Event::All(objects) => {
                let ours =
                    |object: &ObjectKey| namespace.is_none() || object.namespace.as_deref() == namespace;
                kind.seen.retain(|object, _| !ours(object));
                kind.seen.extend(
                    objects.iter().filter_map(|one| Some((named(one)?, Signature::of(one, manager)))),
                );
                kind.note_listed(namespace);
                let all = state.registrations.values().flat_map(|registered| registered.objects.keys());
                touched.extend(
                    all.filter(|object| object.group == key.0 && object.kind == key.1 && ours(object))
                        .cloned(),
                );
            }
            Event::Changed(object) => {
                let Some(name) = named(&object) else { return };
                let now = Signature::of(&object, manager);
                if kind.seen.insert(name.clone(), now) != Some(now) {
                    touched.push(name);
                }
            }
            Event::Gone(object) => {
                let Some(name) = named(&object) else { return };
                kind.seen.remove(&name);
                touched.push(name);
            }
        }
        for object in touched {
            state.touch(&object);
        }
    }
}
