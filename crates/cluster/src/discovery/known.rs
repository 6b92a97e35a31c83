//! What is known of the kinds that a cluster serves, and how it is kept true.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pintle_value::Data;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Discovery, Resource, ServerVersion, items, text};
use crate::path::UrlPath;
use crate::read::Selection;
use crate::request::Call;
use crate::throttle::backoff;
use crate::watch::{Event, Extent, Subject};
use crate::{Class, Error, Gvk, Scope, Target, Verb};

/// Asks for all groups with their resources at once, from the newest form to none (Kubernetes: client-go
/// `discovery/discovery_client.go`, `AcceptV2`).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The longest pause before a cluster that does not answer is asked again for its CRDs.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest pause before kinds that a CRD makes are asked for again.
pub(super) const LONGEST_LAG: Duration = Duration::from_secs(1);

/// How soon after a refresh an unknown kind does not cause another one.
const SETTLED: Duration = Duration::from_secs(1);

/// What is known of a cluster.
#[derive(Debug)]
pub(crate) struct DiscoveryCache {
    age: Duration,
    known: Mutex<Option<Known>>,
    version: Mutex<Option<ServerVersion>>,
    /// Held while asking, so that many who miss the same ask once.
    asking: tokio::sync::Mutex<()>,
}

/// What a cluster said of its kinds, and when.
#[derive(Debug)]
struct Known {
    since: Instant,
    discovery: Arc<Discovery>,
    /// Kinds that are missing, and that the cluster has no CRDs of either.
    undefined: HashSet<Gvk>,
}

impl DiscoveryCache {
    pub(crate) fn new(age: Duration) -> Self {
        Self {
            age,
            known: Mutex::default(),
            version: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn younger_than(&self, age: Duration) -> Option<Arc<Discovery>> {
        let known = self.known();
        known.as_ref().filter(|known| known.since.elapsed() < age).map(|known| Arc::clone(&known.discovery))
    }

    /// Forgets what is known, so that the next who needs it asks.
    fn forget(&self) {
        *self.known() = None;
    }

    fn put(&self, discovery: &Arc<Discovery>) {
        let discovery = Arc::clone(discovery);
        *self.known() = Some(Known { since: Instant::now(), discovery, undefined: HashSet::new() });
    }

    /// Whether the cluster has no CRD of a kind, as far as is known.
    pub(super) fn is_undefined(&self, gvk: &Gvk) -> bool {
        self.known().as_ref().is_some_and(|known| known.undefined.contains(gvk))
    }

    /// Notes kinds that are missing in a discovery and have no CRDs, for as long as it is the newest.
    pub(super) fn note_undefined(&self, discovery: &Arc<Discovery>, kinds: Vec<&Gvk>) {
        if let Some(known) = &mut *self.known()
            && Arc::ptr_eq(&known.discovery, discovery)
        {
            known.undefined.extend(kinds.into_iter().cloned());
        }
    }
}

impl Target {
    /// What kinds the cluster serves, from the cache where it is young enough.
    pub async fn discovery(&self, scope: &Scope) -> Result<Arc<Discovery>, Error> {
        let cache = &self.inner.discovery;
        match cache.younger_than(cache.age) {
            Some(discovery) => Ok(discovery),
            None => self.discover(scope, cache.age).await,
        }
    }

    /// Asks the cluster anew what kinds it serves: after CRDs were written.
    pub async fn refresh_discovery(&self, scope: &Scope) -> Result<Arc<Discovery>, Error> {
        self.discover(scope, Duration::ZERO).await
    }

    /// Keeps what is known of the cluster's kinds true: watches CRDs (of which metadata are enough) and forgets what was
    /// discovered when one comes, changes or goes. Runs until the scope ends, then gives its error; failures that may pass
    /// are outwaited. A cluster where CRDs may not be watched gives that error at once, and what is known then grows as
    /// old as [`discovery_age`](crate::TargetBuilder::discovery_age) says.
    ///
    /// For processes that live long, such as controllers, as a task beside the work.
    pub async fn follow_crds(&self, scope: &Scope) -> Result<(), Error> {
        let mut failures = 0;
        loop {
            match self.follow_crds_once(scope).await {
                Err(error) if error.class() == Class::Retry && scope.check().is_ok() => {
                    failures += 1;
                    scope.sleep(backoff(failures, LONGEST_PAUSE)).await?;
                }
                ended => return ended,
            }
        }
    }

    async fn follow_crds_once(&self, scope: &Scope) -> Result<(), Error> {
        let gvk = Gvk::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let subject = Subject {
            resource: self.resource(scope, &gvk).await?,
            namespace: None,
            selection: Selection::all(),
            extent: Extent::Metadata,
        };
        let (sender, mut events) = mpsc::channel(16);
        let following = async {
            let ended = self.follow(scope, &subject, &sender).await;
            drop(sender);
            ended
        };
        let noting = async {
            let mut known = HashMap::new();
            while let Some(event) = events.recv().await {
                if is_news(&mut known, &event) {
                    self.inner.discovery.forget();
                }
            }
        };
        futures::join!(following, noting).0
    }

    /// What kinds the cluster serves, asked for anew where what is cached lacks one of these. A kind that it should
    /// serve, and does not for a moment, is waited for; see [`Lag`](crate::Lag).
    pub async fn discovery_of<'a>(
        &self,
        scope: &Scope,
        kinds: impl IntoIterator<Item = &'a Gvk>,
    ) -> Result<Arc<Discovery>, Error> {
        let discovery = self.discovery(scope).await?;
        let missing: Vec<&Gvk> = kinds.into_iter().filter(|gvk| discovery.resource(gvk).is_none()).collect();
        if missing.is_empty() {
            return Ok(discovery);
        }
        let discovery = self.discover(scope, SETTLED).await?;
        self.outwait_lag(scope, discovery, &missing).await
    }

    /// Asks the cluster anew what kinds it serves until these are among them: a CRD is established a moment before its
    /// kinds are told of. Ends with [`Error::UnknownKind`] where the scope does.
    pub async fn await_kinds(&self, scope: &Scope, kinds: &[Gvk]) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            let discovery = self.refresh_discovery(scope).await?;
            let Some(missing) = kinds.iter().find(|gvk| discovery.resource(gvk).is_none()) else {
                return Ok(());
            };
            tries += 1;
            if let Err(error) = scope.sleep(backoff(tries, LONGEST_LAG)).await {
                return Err(match error {
                    Error::DeadlinePassed => Error::UnknownKind { gvk: missing.clone() },
                    error => error,
                });
            }
        }
    }

    /// How the objects of a kind are asked for. An unknown kind is looked for anew before it is called unknown.
    pub async fn resource(&self, scope: &Scope, gvk: &Gvk) -> Result<Resource, Error> {
        let discovery = self.discovery_of(scope, [gvk]).await?;
        discovery.resource(gvk).cloned().ok_or_else(|| Error::UnknownKind { gvk: gvk.clone() })
    }

    /// The version of the API server, asked for once.
    pub async fn server_version(&self, scope: &Scope) -> Result<ServerVersion, Error> {
        let known = self.inner.discovery.version.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(version) = known {
            return Ok(version);
        }
        let call = Call::new(Verb::Get, UrlPath::fixed("/version"));
        let (_, version): (_, ServerVersion) = self.json(scope, &call).await?;
        *self.inner.discovery.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.clone());
        Ok(version)
    }

    /// Asks, unless somebody else did within `age` meanwhile.
    async fn discover(&self, scope: &Scope, age: Duration) -> Result<Arc<Discovery>, Error> {
        let cache = &self.inner.discovery;
        let _asking = scope.run(cache.asking.lock()).await?;
        if let Some(discovery) = cache.younger_than(age) {
            return Ok(discovery);
        }
        let discovery = Arc::new(self.ask(scope).await?);
        cache.put(&discovery);
        Ok(discovery)
    }

    async fn ask(&self, scope: &Scope) -> Result<Discovery, Error> {
        let aggregated = |path| Call::new(Verb::Get, UrlPath::fixed(path)).accept(AGGREGATED);
        let (core, groups) = (aggregated("/api"), aggregated("/apis"));
        let (core, groups) = futures::try_join!(self.object(scope, &core), self.object(scope, &groups))?;
        let mut discovery = Discovery::default();
        if discovery.add_aggregated(&core).is_none() {
            let versions = items(core.get("versions")).filter_map(Data::as_str);
            for version in versions {
                self.ask_version(scope, &mut discovery, "", version).await?;
            }
        }
        if discovery.add_aggregated(&groups).is_none() {
            for group in items(groups.get("groups")) {
                let name = text(group.get("name"));
                let preferred = text(group.at(&["preferredVersion", "version"]));
                let others = items(group.get("versions")).map(|version| text(version.get("version")));
                let versions =
                    std::iter::once(preferred).chain(others.filter(|version| *version != preferred));
                for version in versions.filter(|version| !version.is_empty()) {
                    self.ask_version(scope, &mut discovery, name, version).await?;
                }
            }
        }
        Ok(discovery)
    }

    /// Asks for one version of a group. A group whose extension API server is away counts as not there, as with
    /// Helm (`IsGroupDiscoveryFailedError`).
    async fn ask_version(
        &self,
        scope: &Scope,
        discovery: &mut Discovery,
        group: &str,
        version: &str,
    ) -> Result<(), Error> {
        let root =
            if group.is_empty() { UrlPath::fixed("/api") } else { UrlPath::fixed("/apis").segment(group) };
        match self.object(scope, &Call::new(Verb::Get, root.segment(version))).await {
            Ok(list) => {
                discovery.add_list(group, version, &list);
                Ok(())
            }
            Err(Error::Refused(refusal)) => {
                if refusal.class() == Class::Retry {
                    discovery.unreachable.insert(group.to_owned());
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether an event about CRDs can change what the server serves: one is new, changed (its `spec`, or that it is
/// established since) or gone. The first list counts too, since something may have happened before it.
fn is_news(known: &mut HashMap<String, Data>, event: &Event) -> bool {
    let name = |crd: &Data| text(crd.at(&["metadata", "name"])).to_owned();
    let version = |crd: &Data| crd.at(&["metadata", "resourceVersion"]).cloned().unwrap_or_default();
    match event {
        Event::All(crds) => {
            let now: HashMap<String, Data> = crds.iter().map(|crd| (name(crd), version(crd))).collect();
            let news = *known != now;
            *known = now;
            news
        }
        Event::Changed(crd) => known.insert(name(crd), version(crd)).as_ref() != Some(&version(crd)),
        Event::Gone(crd) => known.remove(&name(crd)).is_some(),
    }
}
