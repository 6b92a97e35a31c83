//! What kinds of objects a cluster serves.

mod known;
mod lagging;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pintle_value::Data;
use serde::{Deserialize, Serialize};

use crate::Gvk;
pub(crate) use known::DiscoveryCache;
pub use lagging::Lag;

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
    /// Groups of which the server could not ask the one that serves them.
    unreachable: BTreeSet<String>,
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
                    self.unreachable.insert(name.to_owned());
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

fn items(list: Option<&Data>) -> impl Iterator<Item = &Data> {
    list.and_then(Data::as_list).into_iter().flatten()
}

fn text(data: Option<&Data>) -> &str {
    data.and_then(Data::as_str).unwrap_or_default()
}
