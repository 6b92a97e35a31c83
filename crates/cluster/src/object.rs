//! An object of a manifest.

use std::fmt;

use pintle_value::{Data, DataMap};

use crate::{Error, Gvk, ObjectKey, ObjectRef, Scope, Target};

/// Helm's annotation that says what happens to an object when its release no longer has it.
pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// An object of a manifest, together with what it is called.
///
/// `Debug` shows the name alone: the content may be secret.
#[derive(Clone, PartialEq)]
pub struct Object {
    reference: ObjectRef,
    data: Data,
}

impl Object {
    /// An object as it stands in a manifest. It must say its `apiVersion`, `kind` and a `metadata.name` (or
    /// `metadata.generateName`).
    pub fn new(data: Data) -> Result<Self, Error> {
        let invalid =
            |object: String, problem: &str| Error::InvalidObject { object, problem: problem.to_owned() };
        let reference = ObjectRef::of(&data).ok_or_else(|| {
            let kind = data.get("kind").and_then(Data::as_str).unwrap_or("object").to_owned();
            invalid(kind, "apiVersion or kind is not set")
        })?;
        let generated = data.at(&["metadata", "generateName"]).and_then(Data::as_str).unwrap_or_default();
        match (reference.name.is_empty(), generated.is_empty()) {
            (true, true) => return Err(invalid(reference.gvk.kind, "metadata.name is not set")),
            // Helm: pkg/action/validate.go, validateNameAndGenerateName
            (false, false) => {
                let problem = "metadata.name and metadata.generateName cannot both be set";
                return Err(invalid(reference.to_string(), problem));
            }
            _ => {}
        }
        if [".", ".."].contains(&reference.name.as_str()) || reference.name.contains(['/', '%']) {
            return Err(invalid(reference.to_string(), "metadata.name cannot be part of a path"));
        }
        Ok(Self { reference, data })
    }

    /// What it is called.
    pub fn reference(&self) -> &ObjectRef {
        &self.reference
    }

    /// What identifies it over all versions of its kind.
    pub fn key(&self) -> ObjectKey {
        self.reference.key()
    }

    /// The whole object.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The whole object.
    pub fn into_data(self) -> Data {
        self.data
    }

    /// Whether the server makes its name.
    pub fn is_generated(&self) -> bool {
        self.reference.name.is_empty()
    }

    /// A label.
    pub fn label(&self, name: &str) -> Option<&str> {
        label(&self.data, name)
    }

    /// An annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        annotation(&self.data, name)
    }

    /// The object in this namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        let metadata = member(&self.data, "metadata").with("namespace", Data::from(namespace));
        let mut reference = self.reference.clone();
        reference.namespace = Some(namespace.to_owned());
        Self { reference, data: self.with("metadata", Data::Map(metadata)) }
    }

    /// The object in another group or version of its kind.
    #[must_use]
    pub fn as_kind(&self, gvk: &Gvk) -> Self {
        let mut reference = self.reference.clone();
        reference.gvk = gvk.clone();
        let data = Data::Map(
            self.data
                .as_map()
                .cloned()
                .unwrap_or_default()
                .with("apiVersion", Data::from(gvk.api_version()))
                .with("kind", Data::from(gvk.kind.as_str())),
        );
        Self { reference, data }
    }

    /// The object without a namespace.
    #[must_use]
    pub fn without_namespace(&self) -> Self {
        let metadata = member(&self.data, "metadata").without("namespace");
        let mut reference = self.reference.clone();
        reference.namespace = None;
        Self { reference, data: self.with("metadata", Data::Map(metadata)) }
    }

    /// The object with these labels and annotations set, over what it has.
    #[must_use]
    pub fn with_metadata(&self, labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Self {
        let metadata = member(&self.data, "metadata");
        let set = |map: DataMap, entries: &[(&str, &str)]| {
            entries.iter().fold(map, |map, (name, value)| map.with(*name, Data::from(*value)))
        };
        let labels = set(texts(metadata.get("labels")), labels);
        let annotations = set(texts(metadata.get("annotations")), annotations);
        let metadata = metadata.with("labels", Data::Map(labels)).with("annotations", Data::Map(annotations));
        Self { reference: self.reference.clone(), data: self.with("metadata", Data::Map(metadata)) }
    }

    fn with(&self, key: &str, value: Data) -> Data {
        Data::Map(self.data.as_map().cloned().unwrap_or_default().with(key, value))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.reference)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference.fmt(f)
    }
}

impl Target {
    /// Makes objects of what a manifest holds: kinds of namespaces get `namespace` where they name none, kinds of the
    /// whole cluster lose theirs (Kubernetes: cli-runtime `resource/visitor.go`, `SetNamespace`).
    ///
    /// A kind that is served in another version by now, or that moved to another group, is taken as that. Fails at the
    /// first kind that the cluster does not serve at all.
    pub async fn place(
        &self,
        scope: &Scope,
        documents: impl IntoIterator<Item = Data>,
        namespace: &str,
    ) -> Result<Vec<Object>, Error> {
        let mut objects = Vec::new();
        let documents: Vec<Data> = documents.into_iter().flat_map(list_items).collect();
        for data in documents {
            let object = Object::new(data)?;
            let gvk = &object.reference.gvk;
            let discovery = self.discovery_of(scope, [gvk]).await?;
            let unknown = || Error::UnknownKind { gvk: gvk.clone() };
            let resource = discovery.successor(gvk).ok_or_else(unknown)?;
            let object = if resource.gvk == *gvk { object } else { object.as_kind(&resource.gvk) };
            objects.push(object.placed(resource.is_namespaced(), namespace));
        }
        Ok(objects)
    }
}

impl Object {
    /// The object where its kind belongs: in `namespace` where it names none and its kind is `namespaced`, without one
    /// where its kind is of the whole cluster.
    #[must_use]
    pub fn placed(self, namespaced: bool, namespace: &str) -> Self {
        match (&self.reference.namespace, namespaced) {
            (None, true) => self.in_namespace(namespace),
            (Some(_), false) => self.without_namespace(),
            _ => self,
        }
    }
}

/// The objects of a list (`List`, `RoleList`, …), which may leave out what the list says of them; anything else is one
/// object (Kubernetes: cli-runtime `FlattenListVisitor`, apimachinery `UnstructuredList`).
pub fn list_items(data: Data) -> Vec<Data> {
    let text = |key| data.get(key).and_then(Data::as_str).unwrap_or_default();
    let Some(kind) = text("kind").strip_suffix("List") else { return vec![data] };
    let Some(items) = data.get("items").and_then(Data::as_list) else { return vec![data] };
    let item = |item: &Data| match item.as_map() {
        Some(map) if !kind.is_empty() && !map.contains_key("kind") => {
            Data::Map(map.with("kind", Data::from(kind)).with("apiVersion", Data::from(text("apiVersion"))))
        }
        _ => item.clone(),
    };
    items.iter().map(item).collect()
}

/// A label of an object.
pub(crate) fn label<'a>(object: &'a Data, name: &str) -> Option<&'a str> {
    object.at(&["metadata", "labels", name]).and_then(Data::as_str)
}

/// An annotation of an object.
pub(crate) fn annotation<'a>(object: &'a Data, name: &str) -> Option<&'a str> {
    object.at(&["metadata", "annotations", name]).and_then(Data::as_str)
}

fn member(data: &Data, key: &str) -> DataMap {
    data.get(key).and_then(Data::as_map).cloned().unwrap_or_default()
}

/// The strings of a map (Kubernetes: `meta.Accessor` of an unstructured object drops a map that holds anything else).
fn texts(map: Option<&Data>) -> DataMap {
    let map = map.and_then(Data::as_map).cloned().unwrap_or_default();
    if map.iter().all(|(_, value)| value.as_str().is_some()) { map } else { DataMap::default() }
}
