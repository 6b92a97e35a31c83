//! What kinds of objects a cluster serves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pintle_value::Data;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

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

/// The longest pause before kinds of a new CRD are asked for again.
const LONGEST_LAG: Duration = Duration::from_secs(1);

/// How soon after a refresh an unknown kind does not cause another one.
const SETTLED: Duration = Duration::from_secs(1);

/// The kinds that moved to another group, with where they went (Kubernetes: "Deprecated API Migration Guide", 1.16, 1.22
/// and 1.25). Their objects are the same in both.
const MOVED: [(&str, &str, &str); 6] = [
    ("extensions", "DaemonSet", "apps"),
    ("extensions", "Deployment", "apps"),
    ("extensions", "ReplicaSet", "apps"),
    ("extensions", "Ingress", "networking.k8s.io"),
    ("extensions", "NetworkPolicy", "networking.k8s.io"),
    ("extensions", "PodSecurityPolicy", "policy"),
];

/// Where the objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Placement {
    /// In namespaces.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

/// A kind that a cluster serves, and how it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resource {
    /// The kind.
    pub gvk: Gvk,
    /// Its name in paths (`deployments`).
    pub plural: String,
    /// Its name for one (`deployment`); often empty.
    pub singular: String,
    /// Where its objects live.
    pub placement: Placement,
    /// What can be done with it (`get`, `list`, `watch`, `create`, `patch`, …).
    pub verbs: BTreeSet<String>,
    /// The names of its subresources (`status`, `scale`).
    pub subresources: BTreeSet<String>,
}

impl Resource {
    /// Whether its objects live in namespaces.
    pub fn is_namespaced(&self) -> bool {
        self.placement == Placement::Namespaced
    }

    /// A kind that the server does not have.
    pub(crate) fn unserved(gvk: &Gvk) -> Self {
        Self {
            gvk: gvk.clone(),
            plural: String::new(),
            singular: String::new(),
            placement: Placement::Cluster,
            verbs: BTreeSet::new(),
            subresources: BTreeSet::new(),
        }
    }

    /// Whether the server offers this verb.
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.contains(verb)
    }
}

/// The version of an API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerVersion {
    /// The major version (`1`).
    pub major: String,
    /// The minor version (`37`, with some clouds `37+`).
    pub minor: String,
    /// The whole (`v1.37.2`).
    pub git_version: String,
}

/// What kinds a cluster serves, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    kinds: HashMap<Gvk, Resource>,
    /// The versions of each group, the preferred one first.
    versions: BTreeMap<String, Vec<String>>,
    capabilities: BTreeSet<String>,
}

impl Discovery {
    /// The resource of a kind.
    pub fn resource(&self, gvk: &Gvk) -> Option<&Resource> {
        self.kinds.get(gvk)
    }

    /// The resource of a kind in the version that the server prefers.
    pub fn preferred(&self, group: &str, kind: &str) -> Option<&Resource> {
        let versions = self.versions.get(group)?;
        versions.iter().find_map(|version| self.kinds.get(&Gvk::new(group, version, kind)))
    }

    /// The resource under which a kind that was served once is found now: the kind itself, else another version of it,
    /// else the group that it moved to. `None` where the server has nothing of it any more.
    ///
    /// What is stored in one version is read in all of them, so this is where objects of an old manifest are.
    pub fn successor(&self, gvk: &Gvk) -> Option<&Resource> {
        let group = |group: &str| self.preferred(group, &gvk.kind);
        self.resource(gvk).or_else(|| group(&gvk.group)).or_else(|| {
            let moved = MOVED.iter().find(|(old, kind, _)| *old == gvk.group && *kind == gvk.kind)?;
            group(moved.2)
        })
    }

    /// The versions of a group that the server offers, the preferred one first.
    pub fn versions(&self, group: &str) -> &[String] {
        self.versions.get(group).map_or(&[], Vec::as_slice)
    }

    /// All resources, in no order.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.kinds.values()
    }

    /// What `.Capabilities.APIVersions` holds: each group and version, and each kind below it (`apps/v1`,
    /// `apps/v1/Deployment`), sorted (Helm: `pkg/action/action.go`, `GetVersionSet`, where the order is random).
    pub fn capabilities(&self) -> &BTreeSet<String> {
        &self.capabilities
    }

    /// Reads the aggregated form; `None` where it is another one.
    fn add_aggregated(&mut self, answer: &Data) -> Option<()> {
        if answer.get("kind").and_then(Data::as_str)? != "APIGroupDiscoveryList" {
            return None;
        }
        for group in items(answer.get("items")) {
            let name = text(group.at(&["metadata", "name"]));
            for version in items(group.get("versions")) {
                // The server could not ask the extension API server that serves it.
                if text(version.get("freshness")) == "Stale" {
                    continue;
                }
                let version_name = text(version.get("version"));
                self.add_version(name, version_name);
                for resource in items(version.get("resources")) {
                    self.add_aggregated_resource(name, version_name, resource);
                }
            }
        }
        Some(())
    }

    fn add_aggregated_resource(&mut self, group: &str, version: &str, resource: &Data) {
        let kind = text(resource.at(&["responseKind", "kind"]));
        let mut subresources = BTreeSet::new();
        for subresource in items(resource.get("subresources")) {
            subresources.insert(text(subresource.get("subresource")).to_owned());
            self.add_capability(group, version, text(subresource.at(&["responseKind", "kind"])));
        }
        self.add_resource(Resource {
            gvk: Gvk::new(group, version, kind),
            plural: text(resource.get("resource")).to_owned(),
            singular: text(resource.get("singularResource")).to_owned(),
            placement: match text(resource.get("scope")) {
                "Namespaced" => Placement::Namespaced,
                _ => Placement::Cluster,
            },
            verbs: items(resource.get("verbs")).filter_map(|verb| verb.as_str().map(str::to_owned)).collect(),
            subresources,
        });
    }

    /// Reads an `APIResourceList`.
    fn add_list(&mut self, group: &str, version: &str, answer: &Data) {
        self.add_version(group, version);
        let mut subresources: HashMap<&str, BTreeSet<String>> = HashMap::new();
        for resource in items(answer.get("resources")) {
            if let Some((plural, subresource)) = text(resource.get("name")).split_once('/') {
                subresources.entry(plural).or_default().insert(subresource.to_owned());
            }
        }
        for resource in items(answer.get("resources")) {
            let plural = text(resource.get("name"));
            let kind = text(resource.get("kind"));
            if plural.contains('/') {
                self.add_capability(group, version, kind);
                continue;
            }
            let namespaced = resource.get("namespaced").and_then(Data::as_bool) == Some(true);
            self.add_resource(Resource {
                gvk: Gvk::new(group, version, kind),
                plural: plural.to_owned(),
                singular: text(resource.get("singularName")).to_owned(),
                placement: if namespaced { Placement::Namespaced } else { Placement::Cluster },
                verbs: items(resource.get("verbs"))
                    .filter_map(|verb| verb.as_str().map(str::to_owned))
                    .collect(),
                subresources: subresources.remove(plural).unwrap_or_default(),
            });
        }
    }

    fn add_version(&mut self, group: &str, version: &str) {
        let versions = self.versions.entry(group.to_owned()).or_default();
        if !versions.iter().any(|known| known == version) {
            versions.push(version.to_owned());
        }
        self.capabilities.insert(Gvk::new(group, version, "").api_version());
    }

    fn add_resource(&mut self, resource: Resource) {
        if resource.plural.is_empty() || resource.gvk.kind.is_empty() {
            return; // the server lists subresources of resources that it does not have itself
        }
        self.add_capability(&resource.gvk.group, &resource.gvk.version, &resource.gvk.kind);
        // Of two resources with the same kind the first counts, as with kubectl.
        self.kinds.entry(resource.gvk.clone()).or_insert(resource);
    }

    fn add_capability(&mut self, group: &str, version: &str, kind: &str) {
        if !kind.is_empty() {
            let api_version = Gvk::new(group, version, "").api_version();
            self.capabilities.insert(format!("{api_version}/{kind}"));
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

fn items(list: Option<&Data>) -> impl Iterator<Item = &Data> {
    list.and_then(Data::as_list).into_iter().flatten()
}

fn text(data: Option<&Data>) -> &str {
    data.and_then(Data::as_str).unwrap_or_default()
}

/// What is known of a cluster, and since when.
#[derive(Debug)]
pub(crate) struct DiscoveryCache {
    age: Duration,
    known: Mutex<Option<(Instant, Arc<Discovery>)>>,
    version: Mutex<Option<ServerVersion>>,
    /// Held while asking, so that many who miss the same ask once.
    asking: tokio::sync::Mutex<()>,
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

    fn younger_than(&self, age: Duration) -> Option<Arc<Discovery>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(since, _)| since.elapsed() < age).map(|(_, discovery)| Arc::clone(discovery))
    }

    /// Forgets what is known, so that the next who needs it asks.
    fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn put(&self, discovery: &Arc<Discovery>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), Arc::clone(discovery)));
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

    /// What kinds the cluster serves, asked for anew where what is cached lacks one of these.
    pub async fn discovery_of<'a>(
        &self,
        scope: &Scope,
        kinds: impl IntoIterator<Item = &'a Gvk>,
    ) -> Result<Arc<Discovery>, Error> {
        let discovery = self.discovery(scope).await?;
        if kinds.into_iter().all(|gvk| discovery.resource(gvk).is_some()) {
            return Ok(discovery);
        }
        self.discover(scope, SETTLED).await
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
        if let Some(resource) = self.discovery(scope).await?.resource(gvk) {
            return Ok(resource.clone());
        }
        let discovery = self.discover(scope, SETTLED).await?;
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
            Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
