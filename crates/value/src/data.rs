//! The immutable tree that everything outside a template run is made of.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Str, pointer_key};

/// An immutable value of YAML or JSON, shared by `Arc`: cheap to clone, `Send + Sync`.
///
/// Numbers follow Helm's reading. Whatever comes from YAML or JSON is a [`Data::Float`], because Helm reads YAML
/// by way of JSON into `interface{}` (`sigs.k8s.io/yaml`, `encoding/json`); `--set` makes [`Data::Int`].
/// `serde` keeps the difference where the format has it: a deserialised integer becomes an [`Data::Int`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// Go's `int64`.
    Int(i64),
    /// Go's `float64`.
    Float(f64),
    /// A string of bytes.
    String(Str),
    /// A list.
    List(DataList),
    /// A map with string keys.
    Map(DataMap),
}

/// A shared list of [`Data`].
#[derive(Clone, Default, PartialEq)]
pub struct DataList(Arc<[Data]>);

/// A shared map of [`Data`], sorted by the bytes of its keys, each key once.
#[derive(Clone, Default, PartialEq)]
pub struct DataMap(Arc<[(Str, Data)]>);

impl Data {
    /// The member `key` of a map; `None` for a missing key and for anything that is not a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The value below `path`, one map key a step. `None` as soon as a step is missing.
    ///
    /// ```
    /// use pintle_value::Data;
    /// let data: Data = serde_json::from_str(r#"{"metadata":{"name":"web"}}"#).unwrap();
    /// assert_eq!(data.at(&["metadata", "name"]).and_then(Data::as_str), Some("web"));
    /// ```
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |data, key| data.get(key))
    }

    /// The value that a JSON pointer names (RFC 6901 §4). The empty pointer is the whole value.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |data, token| match data {
            Self::Map(map) => map.get(&pointer_key(token)),
            Self::List(list) => list.get(token.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The text of a string that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(str) => str.as_str(),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number: an [`Data::Int`], or a [`Data::Float`] that is one exactly.
    #[expect(clippy::cast_possible_truncation, reason = "checked: the cast back must give the same number")]
    #[expect(clippy::float_cmp, reason = "the same number and no other")]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number that loses precision is refused by the comparison"
    )]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Float(value) if value.abs() < 9.0e18 && (*value as i64) as f64 == *value => {
                Some(*value as i64)
            }
            _ => None,
        }
    }

    /// The list.
    pub fn as_list(&self) -> Option<&DataList> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&DataMap> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What JSON calls values of this kind, in the words of Go's `encoding/json` (`UnmarshalTypeError.Value`).
    pub fn json_kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// Whether this is [`Data::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl DataList {
    /// The items.
    pub fn as_slice(&self) -> &[Data] {
        &self.0
    }

    /// The item at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<&Data> {
        self.0.get(index)
    }

    /// The items in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Data> {
        self.0.iter()
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl DataMap {
    /// The member `key`.
    pub fn get(&self, key: &str) -> Option<&Data> {
        self.get_bytes(key.as_bytes())
    }

    /// The member whose key is these bytes.
    pub fn get_bytes(&self, key: &[u8]) -> Option<&Data> {
        let start = crate::text::start_of(key);
        let index = self.0.binary_search_by(|(name, _)| name.cmp_bytes(key, start)).ok()?;
        self.0.get(index).map(|(_, data)| data)
    }

    /// Whether there is a member `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The members in the order of their keys' bytes.
    pub fn as_slice(&self) -> &[(Str, Data)] {
        &self.0
    }

    /// The members in the order of their keys' bytes.
    pub fn iter(&self) -> std::slice::Iter<'_, (Str, Data)> {
        self.0.iter()
    }

    /// The keys in the order of their bytes.
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This map with `key` set to `data`.
    #[must_use]
    pub fn with(&self, key: impl Into<Str>, data: Data) -> Self {
        let mut entries = self.0.to_vec();
        let key = key.into();
        match entries.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(index) => {
                if let Some(entry) = entries.get_mut(index) {
                    entry.1 = data;
                }
            }
            Err(index) => entries.insert(index, (key, data)),
        }
        Self(entries.into())
    }

    /// This map without `key`.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        Self(self.0.iter().filter(|(name, _)| *name != key).cloned().collect())
    }
}

impl<K: Into<Str>> FromIterator<(K, Data)> for DataMap {
    /// Sorts the members; of two with the same key the later one stays.
    fn from_iter<I: IntoIterator<Item = (K, Data)>>(members: I) -> Self {
        let mut entries: Vec<(Str, Data)> =
            members.into_iter().map(|(key, data)| (key.into(), data)).collect();
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0)); // stable: equal keys keep their order
            entries.reverse();
            entries.dedup_by(|a, b| a.0 == b.0); // keeps the first of each run, which came last
            entries.reverse();
        }
        Self(entries.into())
    }
}

impl FromIterator<Data> for DataList {
    fn from_iter<I: IntoIterator<Item = Data>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl From<Vec<Data>> for DataList {
    fn from(items: Vec<Data>) -> Self {
        Self(items.into())
    }
}

impl<'a> IntoIterator for &'a DataList {
    type Item = &'a Data;
    type IntoIter = std::slice::Iter<'a, Data>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a DataMap {
    type Item = &'a (Str, Data);
    type IntoIter = std::slice::Iter<'a, (Str, Data)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Into<Str>> FromIterator<(K, Data)> for Data {
    fn from_iter<I: IntoIterator<Item = (K, Data)>>(members: I) -> Self {
        Self::Map(members.into_iter().collect())
    }
}

impl FromIterator<Data> for Data {
    fn from_iter<I: IntoIterator<Item = Data>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

macro_rules! data_from {
    ($($from:ty => $make:expr),* $(,)?) => {$(
        impl From<$from> for Data {
            fn from(value: $from) -> Self {
                $make(value)
            }
        }
    )*};
}

data_from! {
    bool => Self::Bool,
    i64 => Self::Int,
    i32 => |value| Self::Int(i64::from(value)),
    f64 => Self::Float,
    &str => |value| Self::String(Str::from(value)),
    String => |value| Self::String(Str::from(value)),
    &String => |value: &String| Self::String(Str::from(value.as_str())),
    Str => Self::String,
    DataList => Self::List,
    DataMap => Self::Map,
    Vec<Data> => |items: Vec<Data>| Self::List(items.into()),
}

impl fmt::Debug for DataList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for DataMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, data)| (key, data))).finish()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => match self.as_i64() {
                // Go writes a float64 that is whole without a point, and so must every reader of ours see it.
                Some(whole) if value.abs() < 1e21 => serializer.serialize_i64(whole),
                _ => serializer.serialize_f64(*value),
            },
            Self::String(value) => serializer.serialize_str(&value.to_str_lossy()),
            Self::List(list) => list.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for DataList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for item in self {
            seq.serialize_element(item)?;
        }
        seq.end()
    }
}

impl Serialize for DataMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(&*key.to_str_lossy(), value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

impl<'de> Deserialize<'de> for DataMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Data::deserialize(deserializer)? {
            Data::Map(map) => Ok(map),
            Data::Null => Ok(Self::default()),
            _ => Err(de::Error::custom("expected a map")),
        }
    }
}

impl<'de> Deserialize<'de> for DataList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Data::deserialize(deserializer)? {
            Data::List(list) => Ok(list),
            Data::Null => Ok(Self::default()),
            _ => Err(de::Error::custom("expected a list")),
        }
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Int(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "Go reads a number past int64 as a float64 too")]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Data, E> {
        Ok(i64::try_from(value).map_or(Data::Float(value as f64), Data::Int))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Data, E> {
        Ok(Data::from(value))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Data, E> {
        Ok(Data::String(Str::from_bytes(value)))
    }

    fn visit_none<E: de::Error>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut members: Vec<(Str, Data)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Data>()? {
            members.push((Str::from(key), value));
        }
        Ok(Data::Map(members.into_iter().collect()))
    }
}
