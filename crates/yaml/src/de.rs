//! Documents to types of the caller, by serde.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};

use crate::decode::{Duplicates, Numbers, Typed, decode, scalar};
use crate::document::EntryKind;
use crate::resolve::Scalar;
use crate::{Document, Error, ErrorKind, Limits, number};

/// How deep a value of a caller's type may nest: serde recurses, on whatever stack there is.
const DEEPEST: usize = 128;

/// Reads a type from the first document of a text, as `sigs.k8s.io/yaml.Unmarshal` reads a struct.
///
/// Two rules are Go's and not `serde_yaml`'s: `null` is the zero value (empty, 0, false) wherever a value of a type is
/// wanted, and a number or boolean is taken for a string where a string is wanted. Errors say line and column.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Chart {
///     name: String,
///     version: String,
///     #[serde(default)]
///     keywords: Vec<String>,
/// }
/// let chart: Chart = pintle_yaml::from_str("name: web\nversion: 2\nkeywords:\n")?;
/// assert_eq!((chart.name.as_str(), chart.version.as_str()), ("web", "2"));
/// assert!(chart.keywords.is_empty());
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
///
/// Limits are those of [`Limits::default`]; a type may nest 128 deep.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    from_slice(text.as_bytes(), &Limits::default())
}

/// Reads as [`from_str`] does, and refuses a key that stands twice in a map. Unknown fields are refused by types that
/// say `#[serde(deny_unknown_fields)]`.
pub fn from_str_strict<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    read(text.as_bytes(), &Limits::default(), Duplicates::Refuse)
}

/// Reads as [`from_str`] does, within the caller's limits.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Error> {
    read(bytes, limits, Duplicates::LastWins)
}

fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits, duplicates: Duplicates) -> Result<T, Error> {
    let converting = |error: Error| error.while_at("error converting YAML to JSON");
    match Document::first(bytes, limits).map_err(converting)? {
        Some(document) => {
            // For its errors: aliases without end, bad keys, numbers that JSON has not.
            decode(&document, duplicates, Numbers::Typed).map_err(converting)?;
            T::deserialize(Node { document: &document, index: 0, depth: 0 })
        }
        None => T::deserialize(Nothing),
    }
}

impl Document<'_> {
    /// Reads a type from the document, as [`from_str`] does.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode(self, Duplicates::LastWins, Numbers::Typed)?;
        T::deserialize(Node { document: self, index: 0, depth: 0 })
    }
}

/// A node that is read.
#[derive(Clone, Copy)]
struct Node<'de, 'i> {
    document: &'de Document<'i>,
    index: u32,
    depth: usize,
}

enum Content<'de> {
    Scalar(Typed<'de>),
    List,
    Map,
}

impl<'de, 'i> Node<'de, 'i> {
    fn content(&self) -> Result<(u32, Content<'de>), Error> {
        if self.depth > DEEPEST {
            let message = format!("yaml: the value nests deeper than {DEEPEST}");
            return Err(self.placed(Error::new(ErrorKind::Limit, message)));
        }
        let index = self.document.target(self.index);
        let content = match self.document.entry(index).kind {
            EntryKind::Sequence => Content::List,
            EntryKind::Mapping => Content::Map,
            EntryKind::Scalar { .. } | EntryKind::Alias(_) => Content::Scalar(scalar(self.document, index)?),
        };
        Ok((index, content))
    }

    fn is_null(&self) -> Result<bool, Error> {
        Ok(matches!(self.content()?.1, Content::Scalar(Typed::Scalar(Scalar::Null))))
    }

    fn placed(&self, error: Error) -> Error {
        error.at(self.document.position(self.index))
    }

    fn inner(&self, index: u32) -> Self {
        Self { document: self.document, index, depth: self.depth + 1 }
    }

    fn list(&self, index: u32) -> Items<'de, 'i> {
        let items: Vec<u32> = self.document.parts(index).collect();
        Items { node: *self, items: items.into_iter() }
    }

    fn map(&self, index: u32) -> Members<'de, 'i> {
        let mut members = Vec::new();
        let mut seen = HashMap::new();
        self.collect_members(index, 0, &mut members, &mut seen);
        Members { node: *self, rest: members.into_iter(), value: None }
    }

    /// The members of a map with those that are merged into it; of equal keys the last one counts.
    fn collect_members(
        &self,
        index: u32,
        depth: usize,
        members: &mut Vec<(Cow<'de, str>, u32)>,
        seen: &mut HashMap<Cow<'de, str>, usize>,
    ) {
        if depth > DEEPEST {
            return; // decode() has refused such a document
        }
        let target = self.document.target(index);
        if let EntryKind::Sequence = self.document.entry(target).kind {
            let items: Vec<u32> = self.document.parts(target).collect();
            for item in items.into_iter().rev() {
                self.collect_members(item, depth + 1, members, seen);
            }
            return;
        }
        let mut parts = self.document.parts(target);
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            if self.document.is_merge(key) {
                self.collect_members(value, depth + 1, members, seen);
                continue;
            }
            let typed = scalar(self.document, self.document.target(key));
            let Some(name) = typed.ok().and_then(|typed| typed.to_key()) else { continue };
            if let Some(member) = seen.get(&name).and_then(|&at| members.get_mut(at)) {
                member.1 = value;
            } else {
                seen.insert(name.clone(), members.len());
                members.push((name, value));
            }
        }
    }

    /// Hands a scalar on as what it is.
    fn visit_scalar<V: Visitor<'de>>(typed: Typed<'de>, visitor: V) -> Result<V::Value, Error> {
        match typed {
            Typed::Scalar(Scalar::Null) => visitor.visit_unit(),
            Typed::Scalar(Scalar::Bool(value)) => visitor.visit_bool(value),
            Typed::Scalar(Scalar::Int(value)) => visitor.visit_i64(value),
            Typed::Scalar(Scalar::Uint(value)) => visitor.visit_u64(value),
            Typed::Scalar(Scalar::Float(value)) => visitor.visit_f64(value),
            Typed::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => visitor.visit_borrowed_str(text),
            Typed::Bytes(bytes) => visitor.visit_string(crate::emit::replace_invalid(&bytes)),
        }
    }

    /// Hands a scalar on where a number is wanted: JSON has no other whole numbers than those that are written so.
    fn visit_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
        match self.content()? {
            (_, Content::Scalar(Typed::Scalar(Scalar::Null))) => visitor.visit_u64(0),
            (_, Content::Scalar(Typed::Scalar(Scalar::Float(value))))
                if value.fract() == 0.0 && value.abs() < 9e15 =>
            {
                visitor.visit_i64(value as i64)
            }
            _ => self.visit_any(visitor),
        }
        .map_err(|error| self.placed(error))
    }

    fn visit_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (index, content) = self.content()?;
        match content {
            Content::Scalar(typed) => Self::visit_scalar(typed, visitor),
            Content::List => visitor.visit_seq(self.list(index)),
            Content::Map => visitor.visit_map(self.map(index)),
        }
        .map_err(|error| self.placed(error))
    }

    /// Hands a scalar on where a string is wanted (Go: `sigs.k8s.io/yaml`, `convertToJSONableObject`).
    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (_, content) = self.content()?;
        match content {
            Content::Scalar(Typed::Scalar(Scalar::Null)) => visitor.visit_borrowed_str(""),
            Content::Scalar(Typed::Scalar(Scalar::Bool(value))) => {
                visitor.visit_borrowed_str(if value { "true" } else { "false" })
            }
            Content::Scalar(Typed::Scalar(Scalar::Int(value))) => visitor.visit_string(value.to_string()),
            Content::Scalar(Typed::Scalar(Scalar::Uint(value))) => visitor.visit_string(value.to_string()),
            Content::Scalar(Typed::Scalar(Scalar::Float(value))) => {
                visitor.visit_string(number::format_single_float(value))
            }
            Content::Scalar(typed) => Self::visit_scalar(typed, visitor),
            Content::List | Content::Map => return self.visit_any(visitor),
        }
        .map_err(|error| self.placed(error))
    }
}

macro_rules! deserialize_by {
    ($by:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$by(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Node<'de, '_> {
    type Error = Error;

    deserialize_by! { visit_any: deserialize_any deserialize_ignored_any }
    deserialize_by! { visit_number:
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }
    deserialize_by! { visit_text: deserialize_str deserialize_string deserialize_char deserialize_identifier }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null()? { visitor.visit_bool(false) } else { self.visit_any(visitor) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Bytes are base64, as `[]byte` is in Go's JSON.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.content()?.1 {
            Content::Scalar(Typed::Scalar(Scalar::Null)) => visitor.visit_bytes(&[]),
            Content::Scalar(Typed::Scalar(Scalar::String(text))) => match crate::base64::decode(text) {
                Some(bytes) => visitor.visit_byte_buf(bytes),
                None => Err(de::Error::invalid_value(de::Unexpected::Str(text), &"base64")),
            },
            _ => self.visit_any(visitor),
        }
        .map_err(|error| self.placed(error))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null()? {
            return visitor.visit_seq(Items { node: self, items: Vec::new().into_iter() });
        }
        self.visit_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null()? {
            return visitor
                .visit_map(Members { node: self, rest: Vec::new().into_iter(), value: None })
                .map_err(|error| self.placed(error));
        }
        self.visit_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (index, content) = self.content()?;
        match content {
            Content::Map => {
                let mut members = self.map(index);
                match (members.rest.next(), members.rest.next()) {
                    (Some((name, value)), None) => {
                        visitor.visit_enum(Variant { name, value: Some(self.inner(value)) })
                    }
                    _ => {
                        Err(de::Error::invalid_value(de::Unexpected::Map, &"a map with one key, the variant"))
                    }
                }
            }
            Content::Scalar(Typed::Scalar(Scalar::String(name))) => {
                visitor.visit_enum(Variant { name: Cow::Borrowed(name), value: None })
            }
            Content::Scalar(typed) => match typed.to_key() {
                Some(name) => visitor.visit_enum(Variant { name, value: None }),
                None => Err(de::Error::invalid_type(de::Unexpected::Unit, &"a variant's name")),
            },
            Content::List => Err(de::Error::invalid_type(de::Unexpected::Seq, &"a variant's name")),
        }
        .map_err(|error| self.placed(error))
    }
}

struct Items<'de, 'i> {
    node: Node<'de, 'i>,
    items: std::vec::IntoIter<u32>,
}

impl<'de> de::SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.items.next().map(|item| seed.deserialize(self.node.inner(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members<'de, 'i> {
    node: Node<'de, 'i>,
    rest: std::vec::IntoIter<(Cow<'de, str>, u32)>,
    value: Option<u32>,
}

impl<'de> de::MapAccess<'de> for Members<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let node = self.node.inner(value);
        seed.deserialize(Key(name)).map(Some).map_err(|error| node.placed(error))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(self.node.inner(value)),
            None => seed.deserialize(Nothing),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A key: a string, or a number or boolean that JSON makes one of.
struct Key<'de>(Cow<'de, str>);

macro_rules! deserialize_parsed {
    ($($method:ident $visit:ident $parsed:ty)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<$parsed>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        }
    }

    deserialize_parsed! {
        deserialize_i8 visit_i64 i64
        deserialize_i16 visit_i64 i64
        deserialize_i32 visit_i64 i64
        deserialize_i64 visit_i64 i64
        deserialize_u8 visit_u64 u64
        deserialize_u16 visit_u64 u64
        deserialize_u32 visit_u64 u64
        deserialize_u64 visit_u64 u64
        deserialize_f32 visit_f64 f64
        deserialize_f64 visit_f64 f64
        deserialize_bool visit_bool bool
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// The variant of an enum, with what is behind its name.
struct Variant<'de, 'i> {
    name: Cow<'de, str>,
    value: Option<Node<'de, 'i>>,
}

impl<'de, 'i> de::EnumAccess<'de> for Variant<'de, 'i> {
    type Error = Error;
    type Variant = VariantContent<'de, 'i>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Error> {
        Ok((seed.deserialize(Key(self.name))?, VariantContent(self.value)))
    }
}

struct VariantContent<'de, 'i>(Option<Node<'de, 'i>>);

impl<'de> de::VariantAccess<'de> for VariantContent<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            Some(node) if !node.is_null()? => {
                let error =
                    de::Error::invalid_type(de::Unexpected::NewtypeVariant, &"a variant without a value");
                Err(node.placed(error))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        match self.0 {
            Some(node) => seed.deserialize(node),
            None => seed.deserialize(Nothing),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Some(node) => node.visit_any(visitor),
            None => Err(de::Error::invalid_type(de::Unexpected::UnitVariant, &visitor)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Some(node) => node.visit_any(visitor),
            None => Err(de::Error::invalid_type(de::Unexpected::UnitVariant, &visitor)),
        }
    }
}

/// A text without a document, which is `null`.
struct Nothing;

impl<'de> de::Deserializer<'de> for Nothing {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str("")
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::empty::<()>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<((), ())>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}
