//! A release's objects as they are in the cluster.

use kube::api::{GetParams, ListParams, Request};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, Resource as _};
use pintle::Target;
use pintle::cluster::{Gvk, ObjectRef, Scope};
use pintle::release::Record;
use pintle::render::split_manifests;
use pintle::value::Data;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Failure;

/// Asks for tables of the newest form that the server has (Helm: `pkg/kube/client.go`, `transformRequests`).
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

/// Asks for the objects themselves.
const JSON: &str = "application/json";

/// Objects as the server prints them (Kubernetes: `metav1.Table`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Table {
    /// The columns.
    #[serde(default)]
    pub(crate) column_definitions: Vec<Column>,
    /// The objects.
    #[serde(default)]
    pub(crate) rows: Vec<Row>,
}

/// A column of a [`Table`].
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) name: String,
    /// 0 for columns that are always shown.
    #[serde(default)]
    pub(crate) priority: i32,
}

/// A row of a [`Table`].
#[derive(Deserialize)]
pub(crate) struct Row {
    /// One value per column.
    #[serde(default)]
    pub(crate) cells: Vec<serde_json::Value>,
}

/// What was asked for of one kind, under Helm's name for it (`v1/Deployment`, `v1/Pod(related)`).
pub(crate) struct Group<T> {
    /// The name.
    pub(crate) name: String,
    /// One for each object, or for each selector of pods.
    pub(crate) items: Vec<T>,
}

/// The objects of a release and the pods that belong to them, as the server prints them.
pub(crate) async fn tables(target: &Target, record: &Record) -> Result<Vec<Group<Table>>, Failure> {
    read(target, record, TABLE, |table: Table| (!table.rows.is_empty()).then_some(table)).await
}

/// The objects of a release and the lists of pods that belong to them.
pub(crate) async fn objects(target: &Target, record: &Record) -> Result<Vec<Group<Data>>, Failure> {
    read(target, record, JSON, |list| Some(with_kinds(&list))).await
}

/// A list of pods whose items say what they are, which the server leaves out (Kubernetes: `UnstructuredList`).
fn with_kinds(list: &Data) -> Data {
    let Data::Map(map) = list else { return list.clone() };
    let pod = |item: &Data| match item {
        Data::Map(pod) => Data::Map(pod.with("apiVersion", Data::from("v1")).with("kind", Data::from("Pod"))),
        other => other.clone(),
    };
    match map.get("items") {
        Some(Data::List(items)) => Data::Map(map.with("items", Data::List(items.iter().map(pod).collect()))),
        _ => list.clone(),
    }
}

/// Reads the objects of a release and the lists of pods that belong to them, in this form; `pods` makes of a list what is
/// kept of it. What is not there is left out.
async fn read<T: DeserializeOwned>(
    target: &Target,
    record: &Record,
    form: &'static str,
    pods: impl Fn(T) -> Option<T>,
) -> Result<Vec<Group<T>>, Failure> {
    let scope = Scope::unlimited();
    let discovery = target.cluster().discovery(&scope).await?;
    let (mut groups, mut related): (Vec<Group<T>>, Vec<Group<T>>) = (Vec::new(), Vec::new());
    let mut selectors: Vec<String> = Vec::new();
    for (_, text) in split_manifests(&record.manifest) {
        let Ok(object) = pintle::yaml::parse(text.as_bytes(), &pintle::yaml::Limits::default()) else {
            continue;
        };
        let Some(reference) = ObjectRef::of(&object) else { continue };
        let Some(resource) = discovery.resource(&reference.gvk) else { continue };
        let namespace = reference.namespace.as_deref().unwrap_or(&record.namespace);
        let within = resource.is_namespaced().then_some(namespace);
        let path = url_path(&reference.gvk, &resource.plural, within);
        let request = Request::new(path).get(&reference.name, &GetParams::default());
        let Some(item) = ask(target, request.ok(), form).await else { continue };
        add(&mut groups, &format!("{}/{}", reference.gvk.version, reference.gvk.kind), item);
        if let Some(selector) = selector(&object, &reference.gvk.kind)
            && !selectors.contains(&selector)
        {
            let path = url_path(&Gvk::new("", "v1", "Pod"), "pods", Some(namespace));
            let request = Request::new(path).list(&ListParams::default().labels(&selector));
            selectors.push(selector);
            if let Some(list) = ask(target, request.ok(), form).await.and_then(&pods) {
                add(&mut related, "v1/Pod(related)", list);
            }
        }
    }
    groups.extend(related);
    Ok(groups)
}

async fn ask<T: DeserializeOwned>(
    target: &Target,
    request: Option<http::Request<Vec<u8>>>,
    form: &'static str,
) -> Option<T> {
    let mut request = request?;
    request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static(form));
    target.cluster().client().request(request).await.ok()
}

fn add<T>(groups: &mut Vec<Group<T>>, name: &str, item: T) {
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.items.push(item),
        None => groups.push(Group { name: name.to_owned(), items: vec![item] }),
    }
}

fn url_path(gvk: &Gvk, plural: &str, namespace: Option<&str>) -> String {
    let gvk = GroupVersionKind::gvk(&gvk.group, &gvk.version, &gvk.kind);
    DynamicObject::url_path(&ApiResource::from_gvk_with_plural(&gvk, plural), namespace)
}

/// The labels by which an object finds its pods (Helm: `pkg/kube/client.go`, `getSelectorFromObject`).
fn selector(object: &Data, kind: &str) -> Option<String> {
    let labels = match kind {
        "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => {
            object.at(&["spec", "selector", "matchLabels"])?
        }
        "ReplicationController" => object.at(&["spec", "selector"])?,
        _ => return None,
    };
    let pair = |(key, value): &(pintle::value::Str, Data)| {
        Some(format!("{}={}", key.to_str_lossy(), value.as_str()?))
    };
    let pairs: Option<Vec<String>> = labels.as_map()?.iter().map(pair).collect();
    pairs.map(|pairs| pairs.join(","))
}
