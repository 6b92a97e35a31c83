//! A schema, ready to check values.

use std::collections::HashMap;

use pintle_functions::{Regex, RegexError, decode_json};
use pintle_value::{Data, DataMap, pointer_token};

use super::check::check;
use super::decimal::Decimal;
use super::format::Format;
use super::metaschema;
use super::resource::{Document, Draft, Lost};

/// The address that Helm gives to a chart's schema.
const ADDRESS: &str = "file:///values.schema.json";

/// How many schemas one document may have.
const SCHEMAS: usize = 200_000;

/// Stands for the pointer of a schema that allows everything and lies in no document.
const ANYTHING: &str = "\0";

/// A compiled schema; all the schemas of its document lie in one list.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) nodes: Vec<Node>,
}

/// The place of a schema in [`Compiled::nodes`]; the first is the document's own.
pub(super) type Id = usize;

/// What a schema asks for.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) draft: Option<Draft>,
    pub(super) address: String,
    /// The schema that begins the resource of this one.
    pub(super) resource: Id,
    /// Of a schema that begins a resource: the schemas that its dynamic anchors name.
    pub(super) dynamic_anchors: HashMap<String, Id>,
    pub(super) boolean: Option<bool>,
    pub(super) reference: Option<Id>,
    pub(super) recursive_reference: Option<Id>,
    pub(super) recursive_anchor: bool,
    pub(super) dynamic_reference: Option<(Id, Option<String>)>,
    pub(super) dynamic_anchor: Option<String>,
    pub(super) types: Vec<&'static str>,
    pub(super) constant: Option<Data>,
    pub(super) enumeration: Option<Vec<Data>>,
    pub(super) format: Option<Format>,
    pub(super) not: Option<Id>,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Vec<Id>,
    pub(super) one_of: Vec<Id>,
    pub(super) condition: Option<Id>,
    pub(super) then: Option<Id>,
    pub(super) otherwise: Option<Id>,
    pub(super) min_properties: Option<usize>,
    pub(super) max_properties: Option<usize>,
    pub(super) required: Vec<String>,
    pub(super) property_names: Option<Id>,
    pub(super) properties: HashMap<String, Id>,
    pub(super) pattern_properties: Vec<(Pattern, Id)>,
    pub(super) additional_properties: Option<Additional>,
    pub(super) dependencies: Vec<(String, Dependency)>,
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    pub(super) dependent_schemas: Vec<(String, Id)>,
    pub(super) unevaluated_properties: Option<Id>,
    pub(super) min_items: Option<usize>,
    pub(super) max_items: Option<usize>,
    pub(super) unique_items: bool,
    pub(super) contains: Option<Id>,
    pub(super) min_contains: Option<usize>,
    pub(super) max_contains: Option<usize>,
    pub(super) items: Option<Id>,
    pub(super) prefix_items: Vec<Id>,
    pub(super) additional_items: Option<Additional>,
    pub(super) unevaluated_items: Option<Id>,
    pub(super) min_length: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) pattern: Option<Pattern>,
    pub(super) minimum: Option<Decimal>,
    pub(super) maximum: Option<Decimal>,
    pub(super) exclusive_minimum: Option<Decimal>,
    pub(super) exclusive_maximum: Option<Decimal>,
    pub(super) multiple_of: Option<Decimal>,
}

/// What may stand beside the named members or items.
#[derive(Clone, Copy, Debug)]
pub(super) enum Additional {
    Allowed(bool),
    Schema(Id),
}

/// What a member asks for by being there.
#[derive(Debug)]
pub(super) enum Dependency {
    Members(Vec<String>),
    Schema(Id),
}

/// A regular expression with its text.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    regex: Regex,
}

impl Pattern {
    fn new(text: &str) -> Result<Self, RegexError> {
        Ok(Self { text: text.to_owned(), regex: Regex::compile(text)? })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.matches(text)
    }
}

impl Compiled {
    /// Compiles the bytes of a `values.schema.json`. The error is Helm's text.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, String> {
        let data = json(bytes)?;
        let document = Document::new(ADDRESS, &data)?;
        if let Some(resource) = document.resource("") {
            let address = resource.draft.metaschema();
            if let Err(failures) = check(metaschema::compiled(resource.draft)?, &data) {
                let mut text = format!(
                    "\"{ADDRESS}#\" is not valid against metaschema: jsonschema validation failed with '{address}#'\n"
                );
                for failure in &failures {
                    failure.write(&mut text, 0);
                }
                return Err(text.trim_end().to_owned());
            }
        }
        Self::compile(document, Formats::ByDraft)
    }

    pub(super) fn compile(document: Document, formats: Formats) -> Result<Self, String> {
        let mut compiler = Compiler {
            documents: vec![document],
            nodes: Vec::new(),
            ids: HashMap::new(),
            queue: Vec::new(),
            formats,
        };
        compiler.id(0, "");
        let mut next = 0;
        while let Some((document, pointer)) = compiler.queue.get(next).cloned() {
            if pointer != ANYTHING {
                compiler.compile(next, document, &pointer)?;
            }
            next += 1;
            if next > SCHEMAS {
                return Err(format!("the document has more than the maximum of {SCHEMAS} schemas"));
            }
        }
        let mut nodes = compiler.nodes;
        nodes.shrink_to_fit();
        Ok(Self { nodes })
    }
}

/// Whether formats are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Formats {
    /// Up to draft 7 they are; from draft 2019-09 on they are notes and nothing more.
    ByDraft,
    /// They are: so schemas of schemas are checked.
    Assert,
}

/// How deep the arrays and objects of a schema may nest. Helm takes 10,000.
const DEPTH: usize = 128;

/// The JSON of a schema (Helm's library: `loader.go`, `UnmarshalJSON`, which does not say what else follows).
fn json(bytes: &[u8]) -> Result<Data, String> {
    let (data, rest) = decode_json(bytes, DEPTH)?;
    if rest.trim_ascii().is_empty() {
        return Ok(data);
    }
    Err("invalid character after top-level value".to_owned())
}

struct Compiler {
    /// The first is the one that is compiled, the others are those that it refers to.
    documents: Vec<Document>,
    nodes: Vec<Node>,
    ids: HashMap<(usize, String), Id>,
    /// The document and pointer of each node.
    queue: Vec<(usize, String)>,
    formats: Formats,
}

impl Compiler {
    fn id(&mut self, document: usize, pointer: &str) -> Id {
        if let Some(id) = self.ids.get(&(document, pointer.to_owned())) {
            return *id;
        }
        let id = self.queue.len();
        self.queue.push((document, pointer.to_owned()));
        self.nodes.push(Node::default());
        self.ids.insert((document, pointer.to_owned()), id);
        id
    }

    /// A schema that allows everything.
    fn anything(&mut self) -> Id {
        let id = self.queue.len();
        self.queue.push((0, ANYTHING.to_owned()));
        self.nodes.push(Node::default());
        id
    }

    fn compile(&mut self, id: Id, place: usize, pointer: &str) -> Result<(), String> {
        let Some(document) = self.documents.get_mut(place) else { return Ok(()) };
        document.ensure(pointer)?;
        let Some(resource) = document.resource(pointer).cloned() else { return Ok(()) };
        let data = document.data.pointer(pointer).cloned();
        let address = format!("{}#{pointer}", document.address());
        let anchors: Vec<(String, String)> =
            resource.dynamic_anchors().map(|(anchor, place)| (anchor.clone(), place.clone())).collect();
        let mut node = Node {
            draft: Some(resource.draft),
            address,
            resource: self.id(place, &resource.pointer),
            ..Node::default()
        };
        if resource.draft >= Draft::Draft2020 && resource.pointer == pointer {
            for (anchor, target) in anchors {
                let target = self.id(place, &target);
                node.dynamic_anchors.insert(anchor, target);
            }
        }
        match data {
            Some(Data::Bool(value)) => node.boolean = Some(value),
            Some(Data::Map(map)) if map.is_empty() => node.boolean = Some(true),
            Some(Data::Map(map)) => {
                let mut schema =
                    Schema { compiler: self, map: &map, document: place, pointer, draft: resource.draft };
                schema.fill(&mut node)?;
            }
            _ => {}
        }
        if let Some(slot) = self.nodes.get_mut(id) {
            *slot = node;
        }
        Ok(())
    }

    /// The schema that a reference leads to.
    fn follow(&mut self, from: usize, pointer: &str, reference: &str) -> Result<Option<Id>, String> {
        let Some(document) = self.documents.get(from) else { return Ok(None) };
        let Some(resource) = document.resource(pointer) else { return Ok(None) };
        let (address, fragment) = match document.resolve(resource, reference) {
            Ok(pointer) => return Ok(Some(self.id(from, &pointer))),
            Err(Lost::Missing(message)) => return Err(message),
            Err(Lost::Elsewhere { address, fragment }) => (address, fragment),
        };
        if address.starts_with("urn:") {
            return Ok(Some(self.anything())); // Helm takes an unknown URN for a schema that allows everything
        }
        let known = self.documents.iter().position(|document| document.address() == address);
        let place = if let Some(place) = known {
            place
        } else {
            self.documents.push(metaschema::document(&address)?);
            self.documents.len() - 1
        };
        let Some(document) = self.documents.get(place) else { return Ok(None) };
        let Some(root) = document.resource("") else { return Ok(None) };
        match document.resolve(root, &format!("#{fragment}")) {
            Ok(pointer) => Ok(Some(self.id(place, &pointer))),
            Err(Lost::Missing(message)) => Err(message),
            Err(Lost::Elsewhere { .. }) => Ok(None),
        }
    }
}

/// One schema while it is compiled.
struct Schema<'a> {
    compiler: &'a mut Compiler,
    map: &'a DataMap,
    document: usize,
    pointer: &'a str,
    draft: Draft,
}

impl Schema<'_> {
    fn fill(&mut self, node: &mut Node) -> Result<(), String> {
        node.reference = self.reference("$ref")?;
        if self.draft < Draft::Draft2019 && node.reference.is_some() {
            return Ok(());
        }
        self.applicators(node)?;
        self.assertions(node)?;
        if self.draft >= Draft::Draft2019 {
            self.newer(node)?;
        }
        Ok(())
    }

    fn applicators(&mut self, node: &mut Node) -> Result<(), String> {
        node.all_of = self.list("allOf");
        node.any_of = self.list("anyOf");
        node.one_of = self.list("oneOf");
        node.not = self.schema("not");
        if self.draft < Draft::Draft2020 {
            if matches!(self.map.get("items"), Some(Data::List(_))) {
                node.prefix_items = self.list("items");
                node.additional_items = self.additional("additionalItems");
            } else {
                node.items = self.schema("items");
            }
        } else {
            node.prefix_items = self.list("prefixItems");
            node.items = self.schema("items");
        }
        for (name, id) in self.members("properties") {
            node.properties.insert(name, id);
        }
        for (name, id) in self.members("patternProperties") {
            node.pattern_properties.push((self.regex(&name, "patternProperties")?, id));
        }
        node.additional_properties = self.additional("additionalProperties");
        if let Some(Data::Map(map)) = self.map.get("dependencies") {
            for (name, value) in map {
                let name = name.to_str_lossy().into_owned();
                let dependency = if let Data::List(_) = value {
                    Dependency::Members(strings(value))
                } else {
                    let pointer = format!("{}/dependencies/{}", self.pointer, pointer_token(&name));
                    Dependency::Schema(self.compiler.id(self.document, &pointer))
                };
                node.dependencies.push((name, dependency));
            }
        }
        if self.draft >= Draft::Draft6 {
            node.contains = self.schema("contains");
            node.property_names = self.schema("propertyNames");
        }
        if self.draft >= Draft::Draft7 {
            node.condition = self.schema("if");
            if node.condition.is_some() {
                node.then = self.schema("then");
                node.otherwise = self.schema("else");
            }
        }
        Ok(())
    }

    fn assertions(&mut self, node: &mut Node) -> Result<(), String> {
        // In the order in which messages list them.
        const TYPES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];
        if let Some(types) = self.map.get("type") {
            let wanted = match types {
                Data::String(name) => vec![name.to_str_lossy().into_owned()],
                other => strings(other),
            };
            node.types =
                TYPES.into_iter().filter(|name| wanted.iter().any(|wanted| wanted == name)).collect();
        }
        if let Some(Data::List(values)) = self.map.get("enum") {
            node.enumeration = Some(values.iter().cloned().collect());
        }
        if self.draft >= Draft::Draft6 {
            node.constant = self.map.get("const").cloned();
        }
        node.multiple_of = self.number("multipleOf");
        node.maximum = self.number("maximum");
        node.exclusive_maximum = self.number("exclusiveMaximum");
        if self.flag("exclusiveMaximum") {
            node.exclusive_maximum = node.maximum.take();
        }
        node.minimum = self.number("minimum");
        node.exclusive_minimum = self.number("exclusiveMinimum");
        if self.flag("exclusiveMinimum") {
            node.exclusive_minimum = node.minimum.take();
        }
        node.min_length = self.count("minLength");
        node.max_length = self.count("maxLength");
        if let Some(text) = self.map.get("pattern").and_then(Data::as_str) {
            node.pattern = Some(self.regex(text, "pattern")?);
        }
        node.min_items = self.count("minItems");
        node.max_items = self.count("maxItems");
        node.unique_items = self.flag("uniqueItems");
        node.max_properties = self.count("maxProperties");
        node.min_properties = self.count("minProperties");
        node.required = self.map.get("required").map(strings).unwrap_or_default();
        if self.draft < Draft::Draft2019 || self.compiler.formats == Formats::Assert {
            node.format = self.map.get("format").and_then(Data::as_str).and_then(Format::of);
        }
        Ok(())
    }

    fn newer(&mut self, node: &mut Node) -> Result<(), String> {
        node.recursive_reference = self.reference("$recursiveRef")?;
        node.recursive_anchor = self.flag("$recursiveAnchor");
        if node.contains.is_some() {
            node.min_contains = self.count("minContains");
            node.max_contains = self.count("maxContains");
        }
        if let Some(Data::Map(map)) = self.map.get("dependentRequired") {
            node.dependent_required = map
                .iter()
                .filter(|(_, value)| matches!(value, Data::List(_)))
                .map(|(name, value)| (name.to_str_lossy().into_owned(), strings(value)))
                .collect();
        }
        node.dependent_schemas = self.members("dependentSchemas");
        node.unevaluated_items = self.schema("unevaluatedItems");
        node.unevaluated_properties = self.schema("unevaluatedProperties");
        if self.draft >= Draft::Draft2020 {
            if let Some(id) = self.reference("$dynamicRef")? {
                let text = self.map.get("$dynamicRef").and_then(Data::as_str).unwrap_or_default();
                let fragment = text.split_once('#').map_or("", |(_, fragment)| fragment);
                let anchor =
                    (!fragment.is_empty() && !fragment.starts_with('/')).then(|| fragment.to_owned());
                node.dynamic_reference = Some((id, anchor));
            }
            node.dynamic_anchor = self.map.get("$dynamicAnchor").and_then(Data::as_str).map(str::to_owned);
        }
        Ok(())
    }

    fn reference(&mut self, keyword: &str) -> Result<Option<Id>, String> {
        let Some(reference) = self.map.get(keyword).and_then(Data::as_str) else { return Ok(None) };
        self.compiler.follow(self.document, self.pointer, reference)
    }

    fn schema(&mut self, keyword: &str) -> Option<Id> {
        self.map.get(keyword)?;
        Some(self.compiler.id(self.document, &format!("{}/{keyword}", self.pointer)))
    }

    fn list(&mut self, keyword: &str) -> Vec<Id> {
        let Some(Data::List(items)) = self.map.get(keyword) else { return Vec::new() };
        (0..items.len())
            .map(|index| self.compiler.id(self.document, &format!("{}/{keyword}/{index}", self.pointer)))
            .collect()
    }

    fn members(&mut self, keyword: &str) -> Vec<(String, Id)> {
        let Some(Data::Map(map)) = self.map.get(keyword) else { return Vec::new() };
        map.keys()
            .map(|name| {
                let name = name.to_str_lossy().into_owned();
                let id = self
                    .compiler
                    .id(self.document, &format!("{}/{keyword}/{}", self.pointer, pointer_token(&name)));
                (name, id)
            })
            .collect()
    }

    fn additional(&mut self, keyword: &str) -> Option<Additional> {
        match self.map.get(keyword)? {
            Data::Bool(allowed) => Some(Additional::Allowed(*allowed)),
            _ => self.schema(keyword).map(Additional::Schema),
        }
    }

    fn regex(&self, text: &str, keyword: &str) -> Result<Pattern, String> {
        Pattern::new(text).map_err(|error| {
            format!(
                "invalid regex {} at {}: {error}",
                pintle_value::quoted(text),
                pintle_value::quoted(format!("{ADDRESS}#{}/{keyword}", self.pointer))
            )
        })
    }

    fn flag(&self, keyword: &str) -> bool {
        self.map.get(keyword).and_then(Data::as_bool).unwrap_or(false)
    }

    fn number(&self, keyword: &str) -> Option<Decimal> {
        self.map.get(keyword).and_then(Decimal::of)
    }

    fn count(&self, keyword: &str) -> Option<usize> {
        self.number(keyword).and_then(Decimal::count)
    }
}

fn strings(data: &Data) -> Vec<String> {
    let Data::List(list) = data else { return Vec::new() };
    list.iter().filter_map(Data::as_str).map(str::to_owned).collect()
}
