//! Watches over the management cluster, each of which wakes up what a change is about.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError};

use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::PartialObjectMeta;
use kube::core::NamespaceResourceScope;
use kube::runtime::reflector::store::Writer;
use kube::runtime::utils::StreamBackoff;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::api::{HelmRelease, HelmRepository};
use crate::context::Context;
use crate::key::{Key, Lane, ObjectName};
use crate::references::{Referred, ReferredKind};
use crate::{release, repository};

/// What is watched.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// One namespace; none: all.
    pub(crate) namespace: Option<String>,
    /// The labels of the objects that are reconciled.
    pub(crate) selector: Option<String>,
}

impl Scope {
    fn api<K>(&self, client: &Client) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        }
    }

    fn selecting(&self) -> Config {
        match &self.selector {
            Some(selector) => Config::default().labels(selector),
            None => Config::default(),
        }
    }
}

/// What of an object says that there is something to be done; its status does not.
#[derive(Eq, PartialEq)]
struct Concern {
    uid: Option<String>,
    generation: Option<i64>,
    deleted: bool,
    annotations: Vec<(String, String)>,
}

impl Concern {
    fn of<K: Resource>(object: &K) -> Self {
        let flux = |key: &str| key.starts_with("reconcile.fluxcd.io/");
        let annotations = object.annotations().iter().filter(|(key, _)| flux(key));
        Self {
            uid: object.uid(),
            generation: object.meta().generation,
            deleted: object.meta().deletion_timestamp.is_some(),
            annotations: annotations.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }
}

/// Restarts a watch that failed, later and later, and says why it failed.
fn enduring<K>(
    what: &'static str,
    stream: impl Stream<Item = Result<Event<K>, kube::runtime::watcher::Error>> + Send,
) -> impl Stream<Item = Event<K>> + Send
where
    K: Send,
{
    StreamBackoff::new(stream, kube::runtime::watcher::DefaultBackoff::default()).filter_map(
        move |event| async move {
            match event {
                Ok(event) => Some(event),
                Err(error) => {
                    tracing::warn!(%error, "the watch over {what} failed and is opened again");
                    None
                }
            }
        },
    )
}

/// Follows the declarations of releases. `read` becomes true when all that there are have been read once.
pub(crate) async fn releases(
    context: Arc<Context>,
    scope: Scope,
    writer: Writer<HelmRelease>,
    read: watch::Sender<bool>,
) {
    let stream = watcher(scope.api::<HelmRelease>(&context.client), scope.selecting());
    follow("HelmRelease objects", stream, writer, read, |name, object| {
        let key = Key::Release(name);
        context.references.set(key.clone(), object.map(release::references).unwrap_or_default());
        // Of one that is gone only what is remembered is thrown away, in whatever lane.
        context.trigger.now(key, object.map_or(Lane::Management, Lane::of));
    })
    .await;
}

/// Follows all repositories, those that are not selected too: a release may use them.
pub(crate) async fn repositories(
    context: Arc<Context>,
    scope: Scope,
    writer: Writer<HelmRepository>,
    read: watch::Sender<bool>,
) {
    let stream = watcher(scope.api::<HelmRepository>(&context.client), Config::default());
    follow("HelmRepository objects", stream, writer, read, |name, object| {
        let key = Key::Repository(name.clone());
        context.references.set(key.clone(), object.map(repository::references).unwrap_or_default());
        context.trigger.now(key, Lane::Repository(name));
    })
    .await;
}

async fn follow<K>(
    what: &'static str,
    stream: impl Stream<Item = Result<Event<K>, kube::runtime::watcher::Error>> + Send,
    mut writer: Writer<K>,
    read: watch::Sender<bool>,
    changed: impl Fn(ObjectName, Option<&K>) + Send,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let mut known: HashMap<ObjectName, Concern> = HashMap::new();
    let mut listed: HashMap<ObjectName, K> = HashMap::new();
    let mut events = std::pin::pin!(enduring(what, stream));
    while let Some(event) = events.next().await {
        writer.apply_watcher_event(&event);
        match event {
            Event::Init => listed.clear(),
            // The store has these only when the list is complete.
            Event::InitApply(object) => {
                listed.insert(ObjectName::of(&object), object);
            }
            Event::InitDone => {
                let gone: Vec<ObjectName> =
                    known.keys().filter(|name| !listed.contains_key(name)).cloned().collect();
                for name in gone {
                    known.remove(&name);
                    changed(name, None);
                }
                for (name, object) in listed.drain() {
                    note(&mut known, name, &object, &changed);
                }
                // Nobody may be waiting any more.
                let _ = read.send(true);
            }
            Event::Apply(object) => note(&mut known, ObjectName::of(&object), &object, &changed),
            Event::Delete(object) => {
                let name = ObjectName::of(&object);
                known.remove(&name);
                changed(name, None);
            }
        }
    }
}

fn note<K: Resource>(
    known: &mut HashMap<ObjectName, Concern>,
    name: ObjectName,
    object: &K,
    changed: &impl Fn(ObjectName, Option<&K>),
) {
    let concern = Concern::of(object);
    if known.get(&name) == Some(&concern) {
        return;
    }
    known.insert(name.clone(), concern);
    changed(name, Some(object));
}

/// Keeps the set of the repositories that are selected.
pub(crate) async fn selected_repositories(context: Arc<Context>, scope: Scope) {
    let Some(selected) = &context.selected else { return };
    let change = |work: &dyn Fn(&mut std::collections::HashSet<ObjectName>)| {
        work(&mut selected.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let stream = watcher(scope.api::<PartialObjectMeta<HelmRepository>>(&context.client), scope.selecting());
    let mut events = std::pin::pin!(enduring("selected HelmRepository objects", stream));
    while let Some(event) = events.next().await {
        match event {
            Event::Init => change(&|set| set.clear()),
            Event::InitApply(object) | Event::Apply(object) => {
                let name = ObjectName::of(&object);
                change(&|set| {
                    set.insert(name.clone());
                });
                context.trigger.now(Key::Repository(name.clone()), Lane::Repository(name));
            }
            Event::InitDone => {}
            Event::Delete(object) => {
                let name = ObjectName::of(&object);
                change(&|set| {
                    set.remove(&name);
                });
            }
        }
    }
}

/// Wakes up what refers to a Secret that changes. Only metadata is read, and none of it kept but versions.
pub(crate) async fn secrets(context: Arc<Context>, scope: Scope) {
    // Records of releases change often, and nobody refers to them.
    let config = Config::default().fields("type!=helm.sh/release.v1");
    let stream = watcher(scope.api::<PartialObjectMeta<Secret>>(&context.client), config);
    referred(context, ReferredKind::Secret, "Secrets", stream).await;
}

/// Wakes up what refers to a ConfigMap that changes.
pub(crate) async fn config_maps(context: Arc<Context>, scope: Scope) {
    let stream = watcher(scope.api::<PartialObjectMeta<ConfigMap>>(&context.client), Config::default());
    referred(context, ReferredKind::ConfigMap, "ConfigMaps", stream).await;
}

async fn referred<K>(
    context: Arc<Context>,
    kind: ReferredKind,
    what: &'static str,
    stream: impl Stream<Item = Result<Event<PartialObjectMeta<K>>, kube::runtime::watcher::Error>> + Send,
) where
    K: Send,
    PartialObjectMeta<K>: Resource + Send,
{
    /// What was last seen of the objects that somebody refers to.
    type Seen = HashMap<Referred, Option<String>>;
    let wake = |referred: &Referred| {
        for key in context.references.to(referred) {
            context.wake(&key);
        }
    };
    let mut seen = Seen::new();
    let mut listed: Option<Seen> = None;
    let mut first = true;
    let mut events = std::pin::pin!(enduring(what, stream));
    while let Some(event) = events.next().await {
        match event {
            Event::Init => listed = Some(Seen::new()),
            Event::InitApply(object) | Event::Apply(object) => {
                let name = ObjectName::of(&object);
                let referred = Referred::new(kind, name.namespace, name.name);
                let version = object.resource_version();
                if let Some(listed) = &mut listed {
                    listed.insert(referred.clone(), version.clone());
                }
                let old = seen.insert(referred.clone(), version.clone());
                // What is there at the start is read by everybody in any case.
                if !(first && listed.is_some()) && old != Some(version) {
                    wake(&referred);
                }
            }
            Event::InitDone => {
                first = false;
                let Some(listed) = listed.take() else { continue };
                let gone: Vec<Referred> =
                    seen.keys().filter(|referred| !listed.contains_key(referred)).cloned().collect();
                seen = listed;
                gone.iter().for_each(wake);
            }
            Event::Delete(object) => {
                let name = ObjectName::of(&object);
                let referred = Referred::new(kind, name.namespace, name.name);
                seen.remove(&referred);
                wake(&referred);
            }
        }
    }
}
