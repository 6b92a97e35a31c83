//! What the server prints of a release's objects.

use kube::api::{GetParams, ListParams, Request};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, Resource as _};
use pintle::Target;
use pintle::cluster::{Gvk, ObjectRef, Scope};
use pintle::release::Record;
use pintle::render::split_manifests;
use pintle::value::Data;
use serde::Deserialize;

use crate::Failure;

/// Asks for tables of the newest form that the server has (Helm: `pkg/kube/client.go`, `transformRequests`).
const ACCEPT: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

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

/// The tables of one kind, under Helm's name for it (`v1/Deployment`, `v1/Pod(related)`).
pub(crate) struct Group {
    /// The name.
    pub(crate) name: String,
    /// One table for each object, or for each selector of pods.
    pub(crate) tables: Vec<Table>,
}

/// The objects of a release and the pods that belong to them, as they are now. What is not there is left out.
pub(crate) async fn tables(target: &Target, record: &Record) -> Result<Vec<Group>, Failure> {
    let scope = Scope::unlimited();
    let discovery = target.cluster().discovery(&scope).await?;
    let (mut groups, mut pods): (Vec<Group>, Vec<Group>) = (Vec::new(), Vec::new());
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
        let Some(table) = ask(target, request.ok()).await else { continue };
        add(&mut groups, &format!("{}/{}", reference.gvk.version, reference.gvk.kind), table);
        if let Some(selector) = selector(&object, &reference.gvk.kind)
            && !selectors.contains(&selector)
        {
            let path = url_path(&Gvk::new("", "v1", "Pod"), "pods", Some(namespace));
            let request = Request::new(path).list(&ListParams::default().labels(&selector));
            selectors.push(selector);
            if let Some(table) = ask(target, request.ok()).await.filter(|table| !table.rows.is_empty()) {
                add(&mut pods, "v1/Pod(related)", table);
            }
        }
    }
    groups.extend(pods);
    Ok(groups)
}

async fn ask(target: &Target, request: Option<http::Request<Vec<u8>>>) -> Option<Table> {
    let mut request = request?;
    request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static(ACCEPT));
    target.cluster().client().request(request).await.ok()
}

fn add(groups: &mut Vec<Group>, name: &str, table: Table) {
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.tables.push(table),
        None => groups.push(Group { name: name.to_owned(), tables: vec![table] }),
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
