//! The documents that schemas lie in: which parts have an address of their own, and how references find them.

use std::collections::{BTreeMap, HashMap, HashSet};

use pintle_value::{Data, DataMap, pointer_token};

/// The version of JSON Schema that a schema is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
}

impl Draft {
    pub(super) const ALL: [Self; 5] =
        [Self::Draft4, Self::Draft6, Self::Draft7, Self::Draft2019, Self::Draft2020];

    /// The draft that `$schema` names.
    fn of(address: &str) -> Option<Self> {
        let (address, fragment) = address.split_once('#').unwrap_or((address, ""));
        if !fragment.is_empty() {
            return None;
        }
        let bare =
            address.strip_prefix("http://").or_else(|| address.strip_prefix("https://")).unwrap_or(address);
        Some(match bare {
            "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => Self::Draft2020,
            "json-schema.org/draft/2019-09/schema" => Self::Draft2019,
            "json-schema.org/draft-07/schema" => Self::Draft7,
            "json-schema.org/draft-06/schema" => Self::Draft6,
            "json-schema.org/draft-04/schema" => Self::Draft4,
            _ => return None,
        })
    }

    /// The address of the schema that schemas of this draft fit.
    pub(super) const fn metaschema(self) -> &'static str {
        match self {
            Self::Draft4 => "http://json-schema.org/draft-04/schema",
            Self::Draft6 => "http://json-schema.org/draft-06/schema",
            Self::Draft7 => "http://json-schema.org/draft-07/schema",
            Self::Draft2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    fn id(self, schema: &DataMap) -> Option<&str> {
        if self < Self::Draft2019 && schema.contains_key("$ref") {
            return None; // all that stands beside a reference is ignored
        }
        let id = schema.get(if self == Self::Draft4 { "id" } else { "$id" })?.as_str()?;
        let id = id.split('#').next().unwrap_or(id);
        (!id.is_empty()).then_some(id)
    }
}

/// A part of a document with an address of its own.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// Where in the document it lies, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) address: String,
    pub(super) draft: Draft,
    anchors: HashMap<String, String>,
    dynamic_anchors: HashSet<String>,
}

/// A document with all its resources.
#[derive(Debug)]
pub(super) struct Document {
    address: String,
    pub(super) data: Data,
    resources: BTreeMap<String, Resource>,
    seen: HashSet<String>,
}

/// How deep schemas may lie inside of schemas.
const DEPTH: usize = 256;

/// Why a reference leads nowhere.
pub(super) enum Lost {
    /// It leads to another document.
    Elsewhere {
        /// The document.
        address: String,
        /// The part of it.
        fragment: String,
    },
    /// The document has no such part.
    Missing(String),
}

impl Document {
    pub(super) fn new(address: &str, data: &Data) -> Result<Self, String> {
        let mut document = Self {
            address: address.to_owned(),
            data: data.clone(),
            resources: BTreeMap::new(),
            seen: HashSet::new(),
        };
        document.collect(data, address, "", Draft::Draft2020, 0)?;
        Ok(document)
    }

    /// The document's own address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The resource that the part at this pointer belongs to.
    pub(super) fn resource(&self, pointer: &str) -> Option<&Resource> {
        let mut pointer = pointer;
        loop {
            if let Some(resource) = self.resources.get(pointer) {
                return Some(resource);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// The pointer that a reference from inside this resource leads to.
    pub(super) fn resolve(&self, from: &Resource, reference: &str) -> Result<String, Lost> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = percent_decode(fragment);
        let address = join(&from.address, path);
        let target = if address == self.address {
            self.resources.get("")
        } else {
            self.resources.values().find(|resource| resource.address == address)
        };
        let Some(target) = target else { return Err(Lost::Elsewhere { address, fragment }) };
        if fragment.is_empty() || fragment.starts_with('/') {
            return Ok(format!("{}{fragment}", target.pointer));
        }
        target.anchors.get(&fragment).cloned().ok_or_else(|| {
            Lost::Missing(format!(
                "anchor in {} not found in schema {}",
                pintle_value::quoted(format!("{}#{fragment}", target.address)),
                pintle_value::quoted(&self.address)
            ))
        })
    }

    /// Takes a part into account that no keyword leads to, only a reference.
    pub(super) fn ensure(&mut self, pointer: &str) -> Result<(), String> {
        if self.seen.contains(pointer) {
            return Ok(());
        }
        let Some(data) = self.data.pointer(pointer).cloned() else {
            return Err(format!(
                "json-pointer in {} not found",
                pintle_value::quoted(format!("{}#{pointer}", self.address))
            ));
        };
        let (address, draft) = self.resource(pointer).map_or_else(
            || (self.address.clone(), Draft::Draft2020),
            |base| (base.address.clone(), base.draft),
        );
        self.collect(&data, &address, pointer, draft, 0)
    }

    fn collect(
        &mut self,
        data: &Data,
        base: &str,
        pointer: &str,
        fallback: Draft,
        depth: usize,
    ) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("schemas lie deeper in schemas than the maximum of {DEPTH}"));
        }
        if !self.seen.insert(pointer.to_owned()) {
            return Ok(());
        }
        let Data::Map(schema) = data else {
            if pointer.is_empty() {
                self.add(pointer, base, fallback);
            }
            return Ok(());
        };
        let named = schema.get("$schema").and_then(Data::as_str);
        let mut draft = match named {
            None => fallback,
            Some(name) => Draft::of(name).ok_or_else(|| {
                format!("failing loading {}: schemas are not fetched", pintle_value::quoted(name))
            })?,
        };
        let mut id = draft.id(schema);
        if id.is_none() && !pointer.is_empty() {
            draft = fallback;
            id = draft.id(schema);
        }
        let mut base = base.to_owned();
        if let Some(id) = id {
            base = join(&base, id);
            self.add(pointer, &base, draft);
        } else if pointer.is_empty() {
            self.add(pointer, &base, draft);
        }
        self.anchors(schema, &base, pointer);
        for (below, schema) in subschemas(draft, schema, pointer) {
            self.collect(&schema, &base, &below, draft, depth + 1)?;
        }
        Ok(())
    }

    fn add(&mut self, pointer: &str, address: &str, draft: Draft) {
        if self.resources.values().any(|resource| resource.address == address) {
            return;
        }
        let resource = Resource {
            pointer: pointer.to_owned(),
            address: address.to_owned(),
            draft,
            anchors: HashMap::new(),
            dynamic_anchors: HashSet::new(),
        };
        self.resources.insert(pointer.to_owned(), resource);
    }

    fn anchors(&mut self, schema: &DataMap, base: &str, pointer: &str) {
        let Some(resource) = self.resources.values_mut().find(|resource| resource.address == base) else {
            return;
        };
        let text = |key: &str| schema.get(key).and_then(Data::as_str);
        if resource.draft < Draft::Draft2019 {
            let id = text(if resource.draft == Draft::Draft4 { "id" } else { "$id" });
            let anchor = id.and_then(|id| id.split_once('#')).map_or("", |(_, anchor)| anchor);
            if !schema.contains_key("$ref") && !anchor.is_empty() && !anchor.starts_with('/') {
                resource.anchors.insert(anchor.to_owned(), pointer.to_owned());
            }
            return;
        }
        if let Some(anchor) = text("$anchor") {
            resource.anchors.insert(anchor.to_owned(), pointer.to_owned());
        }
        if resource.draft >= Draft::Draft2020
            && let Some(anchor) = text("$dynamicAnchor")
        {
            resource.anchors.insert(anchor.to_owned(), pointer.to_owned());
            resource.dynamic_anchors.insert(anchor.to_owned());
        }
    }
}

impl Resource {
    /// The dynamic anchors with the places that they name.
    pub(super) fn dynamic_anchors(&self) -> impl Iterator<Item = (&String, &String)> {
        self.dynamic_anchors.iter().filter_map(|anchor| Some((anchor, self.anchors.get(anchor)?)))
    }
}

/// The parts of a schema that are schemas themselves, with their pointers.
fn subschemas(draft: Draft, schema: &DataMap, pointer: &str) -> Vec<(String, Data)> {
    let mut found = Vec::new();
    let maps: &[(&str, Draft)] = &[
        ("definitions", Draft::Draft4),
        ("properties", Draft::Draft4),
        ("patternProperties", Draft::Draft4),
        ("dependencies", Draft::Draft4),
        ("$defs", Draft::Draft2019),
        ("dependentSchemas", Draft::Draft2019),
    ];
    for (name, since) in maps {
        if let Some(Data::Map(members)) = schema.get(name).filter(|_| draft >= *since) {
            for (key, value) in members {
                found.push((
                    format!("{pointer}/{name}/{}", pointer_token(&key.to_str_lossy())),
                    value.clone(),
                ));
            }
        }
    }
    let lists: &[(&str, Draft)] = &[
        ("allOf", Draft::Draft4),
        ("anyOf", Draft::Draft4),
        ("oneOf", Draft::Draft4),
        ("items", Draft::Draft4),
        ("prefixItems", Draft::Draft2020),
    ];
    for (name, since) in lists {
        if let Some(Data::List(items)) = schema.get(name).filter(|_| draft >= *since) {
            for (index, value) in items.iter().enumerate() {
                found.push((format!("{pointer}/{name}/{index}"), value.clone()));
            }
        }
    }
    let single: &[(&str, Draft)] = &[
        ("not", Draft::Draft4),
        ("additionalProperties", Draft::Draft4),
        ("items", Draft::Draft4),
        ("additionalItems", Draft::Draft4),
        ("propertyNames", Draft::Draft6),
        ("contains", Draft::Draft6),
        ("if", Draft::Draft7),
        ("then", Draft::Draft7),
        ("else", Draft::Draft7),
        ("unevaluatedProperties", Draft::Draft2019),
        ("unevaluatedItems", Draft::Draft2019),
        ("contentSchema", Draft::Draft2019),
    ];
    for (name, since) in single {
        if let Some(value @ Data::Map(_)) = schema.get(name).filter(|_| draft >= *since) {
            found.push((format!("{pointer}/{name}"), value.clone()));
        }
    }
    found
}

/// A reference resolved against an address (RFC 3986 §5.2); one that is no address stays as it is.
fn join(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    match url::Url::parse(base).and_then(|base| base.join(reference)) {
        Ok(address) => address.to_string(),
        Err(_) => reference.to_owned(),
    }
}

fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let decoded = (*first == b'%')
            .then(|| behind.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = decoded {
            bytes.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
