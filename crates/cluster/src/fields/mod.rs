//! Sets of fields, as the API server keeps them in `managedFields`.
//!
//! Source of the format: `sigs.k8s.io/structured-merge-diff` v6, `fieldpath/serialize.go` and `serialize-pe.go`.

mod covers;
mod defaults;
mod managed;
mod quantity;

use std::collections::BTreeMap;
use std::fmt;

use pintle_value::{Data, DataMap, Str};

pub use covers::{Mismatch, Wrong, compare, is_unchanged};
pub use managed::{ManagedFields, Operation};
pub(crate) use managed::{migration, owners_of, without_bookkeeping};

/// How deep a set of fields may be.
const DEEPEST: usize = 100;

/// One step on the way to a field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// The member of a map (`f:replicas`).
    Field(String),
    /// The item of a list whose keys have these values (`k:{"name":"web"}`).
    Key(DataMap),
    /// The item of a set with this value (`v:"finalizer"`).
    Value(Data),
    /// The item at this place (`i:3`).
    Index(usize),
}

impl Step {
    /// Reads `f:replicas`, `k:{"name":"web"}`, `v:"a"` or `i:3`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "f" => Self::Field(rest.to_owned()),
            "k" => Self::Key(serde_json::from_str(rest).ok()?),
            "v" => Self::Value(serde_json::from_str(rest).ok()?),
            "i" => Self::Index(rest.parse().ok()?),
            _ => return None,
        })
    }

    /// The order that the API server writes steps in (`fieldpath/element.go`, `PathElement.Less`, by their texts).
    fn text(&self) -> String {
        let json = |data: &Data| serde_json::to_string(data).unwrap_or_default();
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{}", json(&Data::Map(keys.clone()))),
            Self::Value(value) => format!("v:{}", json(value)),
            Self::Index(index) => format!("i:{index}"),
        }
    }
}

impl fmt::Display for Step {
    /// As the API server writes a step in its messages: `.spec`, `[name="web"]`, `[="a"]`, `[3]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |data: &Data| serde_json::to_string(data).unwrap_or_default();
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(keys) => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|(key, value)| format!("{}={}", key.to_str_lossy(), json(value)))
                    .collect();
                write!(f, "[{}]", keys.join(","))
            }
            Self::Value(value) => write!(f, "[={}]", json(value)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// The way to a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// The way with one more step.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The names of the members on the way.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| step.fmt(f))
    }
}

/// A set of fields.
///
/// ```
/// use pintle_cluster::fields::{FieldSet, Step};
///
/// let set = FieldSet::parse(&serde_json::from_str(r#"{"f:spec":{"f:replicas":{}}}"#)?).expect("FieldsV1");
/// let spec = set.child(&Step::Field("spec".to_owned())).expect("below .spec");
/// assert!(spec.child(&Step::Field("replicas".to_owned())).is_some_and(FieldSet::is_leaf));
/// assert_eq!(set.paths().map(|path| path.to_string()).collect::<Vec<_>>(), [".spec.replicas"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet {
    /// Whether the field itself is in the set, beside what is below it.
    itself: bool,
    /// What is below it, by the step's text, so that equal sets are equal whatever their source's order was.
    children: BTreeMap<String, (Step, FieldSet)>,
}

impl FieldSet {
    /// Reads a `fieldsV1`; `None` where it is none, or is deeper than 100 steps.
    pub fn parse(fields: &Data) -> Option<Self> {
        Self::parse_at(fields, 0)
    }

    fn parse_at(fields: &Data, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let members = fields.as_map()?;
        let mut set = Self { itself: depth > 0 && members.is_empty(), children: BTreeMap::new() };
        for (key, below) in members {
            let key = key.as_str()?;
            if key == "." {
                set.itself = true;
                continue;
            }
            let step = Step::parse(key)?;
            set.children.insert(step.text(), (step, Self::parse_at(below, depth + 1)?));
        }
        Some(set)
    }

    /// The set as a `fieldsV1`.
    pub fn to_data(&self) -> Data {
        let own = (self.itself && !self.children.is_empty()).then(|| (Str::from("."), empty()));
        let below = self.children.iter().map(|(text, (_, set))| (Str::from(text.as_str()), set.to_data()));
        Data::Map(own.into_iter().chain(below).collect())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        !self.itself && self.children.is_empty()
    }

    /// Whether the field itself is in the set and nothing is below it.
    pub fn is_leaf(&self) -> bool {
        self.itself && self.children.is_empty()
    }

    /// What is below a step; `None` where nothing is.
    pub fn child(&self, step: &Step) -> Option<&Self> {
        self.children.get(&step.text()).map(|(_, set)| set)
    }

    /// What is below the member of a map.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        self.children.get(&format!("f:{name}")).map(|(_, set)| set)
    }

    /// The steps that lead on, with what is below them.
    pub fn children(&self) -> impl Iterator<Item = (&Step, &Self)> {
        self.children.values().map(|(step, set)| (step, set))
    }

    /// Puts a field into the set.
    pub fn insert(&mut self, path: &FieldPath) {
        let mut set = self;
        for step in &path.0 {
            set = &mut set.children.entry(step.text()).or_insert_with(|| (step.clone(), Self::default())).1;
        }
        set.itself = true;
    }

    /// Whether the field itself is in the set.
    pub fn contains(&self, path: &FieldPath) -> bool {
        self.below(path).is_some_and(|set| set.itself)
    }

    /// What is in the set at and below a field.
    pub fn below(&self, path: &FieldPath) -> Option<&Self> {
        path.0.iter().try_fold(self, |set, step| set.child(step))
    }

    /// Puts all fields of another set into this one.
    pub fn merge(&mut self, other: &Self) {
        self.itself |= other.itself;
        for (text, (step, below)) in &other.children {
            self.children
                .entry(text.clone())
                .or_insert_with(|| (step.clone(), Self::default()))
                .1
                .merge(below);
        }
    }

    /// The fields in the set.
    pub fn paths(&self) -> impl Iterator<Item = FieldPath> {
        let mut paths = Vec::new();
        self.collect(&FieldPath::default(), &mut paths);
        paths.into_iter()
    }

    fn collect(&self, at: &FieldPath, paths: &mut Vec<FieldPath>) {
        if self.itself {
            paths.push(at.clone());
        }
        for (step, below) in self.children.values() {
            below.collect(&at.then(step.clone()), paths);
        }
    }
}

fn empty() -> Data {
    Data::Map(DataMap::default())
}
