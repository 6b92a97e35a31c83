//! Reading live objects.

use std::collections::{BTreeMap, HashMap};

use futures::future::try_join_all;
use pintle_value::Data;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::path::UrlPath;
use crate::request::Call;
use crate::{
    Error, Gvk, MANAGED_BY, MANAGED_BY_HELM, Object, ObjectKey, ObjectRef, Resource, Scope, Target, Verb,
};

/// How many objects one page of a list has.
const PAGE: usize = 500;

/// From this many objects of a kind in one namespace on, one list takes the place of reading each.
const LIST_FROM: usize = 2;

/// Which objects of a kind to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// A label selector in Kubernetes' syntax.
    pub labels: Option<String>,
    /// A field selector in Kubernetes' syntax.
    pub fields: Option<String>,
}

impl Selection {
    /// All.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those that the label selector takes.
    pub fn labels(selector: impl Into<String>) -> Self {
        Self { labels: Some(selector.into()), fields: None }
    }

    /// Of these, those that the field selector takes.
    #[must_use]
    pub fn and_fields(mut self, selector: impl Into<String>) -> Self {
        self.fields = Some(selector.into());
        self
    }
}

/// What is most likely true of objects before they are read; it decides how few requests are needed, not the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// They are there and carry Helm's label.
    Ours,
    /// They are not there.
    Absent,
}

/// Live objects at one moment.
#[derive(Clone, Default)]
pub struct Live {
    objects: HashMap<ObjectKey, Data>,
}

impl Live {
    /// The live object of this key, `None` where there is none.
    pub fn get(&self, key: &ObjectKey) -> Option<&Data> {
        self.objects.get(key)
    }

    /// The live state of an object of a manifest.
    pub fn of(&self, object: &Object) -> Option<&Data> {
        self.get(&object.key())
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Notes a live object.
    pub fn insert(&mut self, key: ObjectKey, live: Data) {
        self.objects.insert(key, live);
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The names alone: live objects may be secret.
        f.debug_set().entries(self.objects.keys().map(ToString::to_string)).finish()
    }
}

/// A list as the server gave it.
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
    /// The version of the whole, where a watch can go on from.
    pub(crate) version: String,
    /// Whether there is more than was asked for.
    pub(crate) partial: bool,
}

/// One answer of many objects.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMetadata,
    items: Option<Vec<T>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PageMetadata {
    resource_version: String,
    r#continue: String,
}

/// How much of a list to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pages {
    All,
    First,
}

impl Target {
    /// Reads one object; `None` where it is not there.
    pub async fn get(&self, scope: &Scope, object: &ObjectRef) -> Result<Option<Data>, Error> {
        let resource = self.resource(scope, &object.gvk).await?;
        let call = Call::new(Verb::Get, UrlPath::object(&resource, object)).about(object);
        found(self.object(scope, &call).await)
    }

    /// Reads the objects of a kind, of one namespace or of all. Each carries its `apiVersion` and `kind`.
    pub async fn list(
        &self,
        scope: &Scope,
        gvk: &Gvk,
        namespace: Option<&str>,
        selection: &Selection,
    ) -> Result<Vec<Data>, Error> {
        let resource = self.resource(scope, gvk).await?;
        let call =
            Call::new(Verb::List, UrlPath::collection(&resource, namespace)).about(&nameless(gvk, namespace));
        let list = self.pages::<Data>(scope, &call, selection, Pages::All).await?;
        Ok(list.items.into_iter().map(|item| typed(item, gvk)).collect())
    }

    /// Reads the live state of many objects with few requests: one list for each kind and namespace, and single reads
    /// for those that a list does not show. Objects of kinds that the cluster does not serve are not there.
    pub async fn read<'a>(
        &self,
        scope: &Scope,
        objects: impl IntoIterator<Item = &'a ObjectRef>,
        expect: Expect,
    ) -> Result<Live, Error> {
        let mut groups: BTreeMap<(&Gvk, Option<&str>), Vec<&ObjectRef>> = BTreeMap::new();
        for object in objects.into_iter().filter(|object| !object.name.is_empty()) {
            groups.entry((&object.gvk, object.namespace.as_deref())).or_default().push(object);
        }
        if !groups.is_empty() {
            self.discovery(scope).await?; // once, before all groups ask for it
        }
        let groups = groups.into_iter().map(|((gvk, namespace), objects)| async move {
            match self.resource(scope, gvk).await {
                Ok(resource) => self.read_group(scope, &resource, namespace, &objects, expect).await,
                Err(Error::UnknownKind { .. }) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        });
        let mut live = Live::default();
        for (key, data) in try_join_all(groups).await?.into_iter().flatten() {
            live.insert(key, data);
        }
        Ok(live)
    }

    async fn read_group(
        &self,
        scope: &Scope,
        resource: &Resource,
        namespace: Option<&str>,
        objects: &[&ObjectRef],
        expect: Expect,
    ) -> Result<Vec<(ObjectKey, Data)>, Error> {
        let mut found = HashMap::new();
        let mut complete = false;
        if objects.len() >= LIST_FROM && resource.can("list") {
            let mut selection = match expect {
                Expect::Ours => Selection::labels(format!("{MANAGED_BY}={MANAGED_BY_HELM}")),
                Expect::Absent => Selection::all(),
            };
            if resource.gvk.is_secret() {
                // Records of releases are large, and no object of a release.
                selection = selection.and_fields("type!=helm.sh/release.v1");
            }
            let call = Call::new(Verb::List, UrlPath::collection(resource, namespace))
                .about(&nameless(&resource.gvk, namespace));
            let pages = if expect == Expect::Ours { Pages::All } else { Pages::First };
            match self.pages::<Data>(scope, &call, &selection, pages).await {
                Ok(list) => {
                    complete = expect == Expect::Absent && !list.partial;
                    for item in list.items {
                        if let Some(name) = item.at(&["metadata", "name"]).and_then(Data::as_str) {
                            found.insert(name.to_owned(), item);
                        }
                    }
                }
                // Whoever may not list may perhaps read.
                Err(error) if error.is_forbidden() => {}
                Err(error) => return Err(error),
            }
        }
        let read = objects.iter().map(|object| {
            let listed = found.remove(&object.name);
            async move {
                let live = match listed {
                    Some(item) => Some(typed(item, &resource.gvk)),
                    None if complete && !is_record(object) => None,
                    None => self.get(scope, object).await?,
                };
                Ok::<_, Error>(live.map(|live| (object.key(), live)))
            }
        });
        let read: Vec<_> = read.collect();
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Reads a list page by page, and of each object as much as `T` has. A list that expired between two pages is begun
    /// anew.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        call: &Call,
        selection: &Selection,
        pages: Pages,
    ) -> Result<List<T>, Error> {
        let base = call
            .url
            .clone()
            .param_opt("labelSelector", selection.labels.as_deref())
            .param_opt("fieldSelector", selection.fields.as_deref());
        let mut list = List { items: Vec::new(), version: String::new(), partial: false };
        let mut next: Option<String> = None;
        let mut begun = 1;
        loop {
            let mut page = call.clone();
            page.url = base.clone().param("limit", &PAGE.to_string()).param_opt("continue", next.as_deref());
            let answer = match self.json::<Page<T>>(scope, &page).await {
                Ok((_, answer)) => answer,
                Err(error) if error.is_gone() && next.is_some() && begun < 3 => {
                    list.items.clear();
                    next = None;
                    begun += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            list.items.extend(answer.items.into_iter().flatten());
            list.version = answer.metadata.resource_version;
            let more = answer.metadata.r#continue;
            if more.is_empty() {
                return Ok(list);
            }
            if pages == Pages::First {
                list.partial = true;
                return Ok(list);
            }
            next = Some(more);
        }
    }
}

/// Whether an object is called like a record of a release, which lists of Secrets leave out.
fn is_record(object: &ObjectRef) -> bool {
    object.gvk.is_secret() && object.name.starts_with("sh.helm.release.v1.")
}

/// `None` for an object that is not there.
pub(crate) fn found<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(data) => Ok(Some(data)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// An object of a list: the server leaves out what the list says of all of them.
pub(crate) fn typed(item: Data, gvk: &Gvk) -> Data {
    match item.as_map() {
        Some(map) if !map.contains_key("kind") => Data::Map(
            map.with("apiVersion", Data::from(gvk.api_version())).with("kind", Data::from(gvk.kind.as_str())),
        ),
        _ => item,
    }
}

/// The objects of a kind, for errors about none in particular.
pub(crate) fn nameless(gvk: &Gvk, namespace: Option<&str>) -> ObjectRef {
    ObjectRef { gvk: gvk.clone(), namespace: namespace.map(str::to_owned), name: String::new() }
}
