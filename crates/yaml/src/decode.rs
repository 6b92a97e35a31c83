//! A document to data, as `sigs.k8s.io/yaml` does it by way of go-yaml v2 and JSON.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use pintle_value::{Data, DataList, DataMap, Str};

use crate::document::{Document, EntryKind};
use crate::emit::replace_invalid;
use crate::go_syntax::GoSyntax;
use crate::number;
use crate::resolve::{Scalar, resolve};
use crate::tag::Tag;
use crate::{Error, ErrorKind, Position, Target, base64};

/// What a key that stands twice in a map means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// The later one counts (`yaml.Unmarshal`).
    LastWins,
    /// It is an error (`yaml.UnmarshalStrict`).
    Refuse,
}

/// What a number becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// A float, as all numbers are for `encoding/json`.
    Floats,
    /// What it is for go-yaml: an integer, as far as [`Data`] has it.
    Typed,
    /// The text that it becomes where one is wanted, and so do other numbers and booleans.
    Texts,
}

/// Go: `sigs.k8s.io/yaml`, `yamlToJSONTarget` with `encoding/json` behind it.
pub(crate) fn decode(
    document: &Document<'_>,
    duplicates: Duplicates,
    numbers: Numbers,
) -> Result<Data, Error> {
    let (data, not_finite) = decode_all(document, duplicates, numbers)?;
    if not_finite { refuse_not_finite(data) } else { Ok(data) }
}

/// The same with texts where the target wants some.
pub(crate) fn decode_into(
    document: &Document<'_>,
    duplicates: Duplicates,
    target: Target,
) -> Result<Data, Error> {
    let (data, not_finite) = decode_all(document, duplicates, Numbers::Typed)?;
    let (texts, _) = decode_all(document, Duplicates::LastWins, Numbers::Texts)?;
    let data = target.choose(&data, &texts);
    if not_finite { refuse_not_finite(data) } else { Ok(data) }
}

/// Decodes a document, and says whether it holds numbers that JSON cannot write.
fn decode_all(
    document: &Document<'_>,
    duplicates: Duplicates,
    numbers: Numbers,
) -> Result<(Data, bool), Error> {
    let mut decoder = Decoder {
        document,
        duplicates,
        numbers,
        steps: 1,
        aliased_steps: 0,
        done: HashMap::new(),
        type_errors: Vec::new(),
        unsupported: None,
        not_finite: false,
        nesting: 0,
    };
    let data = decoder.node(0, Role::Root)?;
    if let Some((_, position)) = decoder.type_errors.first() {
        let errors: Vec<&str> = decoder.type_errors.iter().map(|(text, _)| text.as_str()).collect();
        let message = format!("yaml: unmarshal errors:\n  {}", errors.join("\n  "));
        return Err(Error::new(ErrorKind::Meaning, message).at(*position));
    }
    if let Some(unsupported) = decoder.unsupported {
        return Err(unsupported.error);
    }
    Ok((data, decoder.not_finite))
}

fn refuse_not_finite(data: Data) -> Result<Data, Error> {
    match first_not_finite(&data) {
        Some(value) => Err(unsupported_value(value)),
        None => Ok(data),
    }
}

/// Go: `encoding/json`, `UnsupportedValueError`.
pub(crate) fn unsupported_value(value: f64) -> Error {
    let name = match value {
        _ if value.is_nan() => "NaN",
        _ if value > 0.0 => "+Inf",
        _ => "-Inf",
    };
    Error::new(ErrorKind::Unrepresentable, format!("json: unsupported value: {name}"))
}

/// The first number in the order of JSON's writing that JSON cannot write.
fn first_not_finite(data: &Data) -> Option<f64> {
    let mut open = vec![data];
    while let Some(data) = open.pop() {
        match data {
            Data::Float(value) if !value.is_finite() => return Some(*value),
            Data::List(list) => open.extend(list.iter().rev()),
            Data::Map(map) => open.extend(map.iter().rev().map(|(_, value)| value)),
            _ => {}
        }
    }
    None
}

/// The value of a scalar entry as its type in go-yaml.
pub(crate) fn scalar<'d>(document: &'d Document<'_>, index: u32) -> Result<Typed<'d>, Error> {
    let EntryKind::Scalar { text, tag, plain } = document.entry(index).kind else {
        return Ok(Typed::Scalar(Scalar::Null));
    };
    let text = document.text(text);
    if tag == Tag::None && !plain {
        return Ok(Typed::Scalar(Scalar::String(text)));
    }
    if tag == Tag::Binary {
        let bytes = base64::decode(text)
            .ok_or_else(|| Error::meaning("!!binary value contains invalid base64 data"))
            .map_err(|error| error.at(document.position(index)))?;
        return Ok(Typed::Bytes(bytes));
    }
    resolve(tag, text).map(Typed::Scalar).map_err(|error| error.at(document.position(index)))
}

/// A scalar, or the bytes of a `!!binary` one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Typed<'d> {
    Scalar(Scalar<'d>),
    Bytes(Vec<u8>),
}

impl<'d> Typed<'d> {
    /// The value as JSON has it.
    #[expect(clippy::cast_precision_loss, reason = "Go: encoding/json reads every number as a float64")]
    pub(crate) fn to_data(&self, numbers: Numbers) -> Data {
        match self {
            Self::Scalar(scalar) if numbers == Numbers::Texts => scalar.to_text(),
            Self::Scalar(Scalar::Int(value)) if numbers == Numbers::Typed => Data::Int(*value),
            Self::Scalar(Scalar::Null) => Data::Null,
            Self::Scalar(Scalar::Bool(value)) => Data::Bool(*value),
            Self::Scalar(Scalar::Int(value)) => Data::Float(*value as f64),
            Self::Scalar(Scalar::Uint(value)) => Data::Float(*value as f64),
            Self::Scalar(Scalar::Float(value)) => Data::Float(*value),
            Self::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => Data::String(Str::from(*text)),
            Self::Bytes(bytes) => Data::String(Str::from(replace_invalid(bytes))),
        }
    }

    /// The key as JSON has it; `None` for those that `sigs.k8s.io/yaml` refuses.
    pub(crate) fn to_key(&self) -> Option<Cow<'d, str>> {
        Some(match self {
            Self::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => Cow::Borrowed(*text),
            Self::Scalar(Scalar::Bool(value)) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Scalar(Scalar::Int(value)) => Cow::Owned(value.to_string()),
            Self::Scalar(Scalar::Float(value)) => Cow::Owned(number::format_single_float(*value)),
            Self::Bytes(bytes) => Cow::Owned(replace_invalid(bytes)),
            Self::Scalar(Scalar::Null | Scalar::Uint(_)) => return None,
        })
    }

    /// What keys are compared by: Go's type and value.
    fn identity(&self) -> KeyIdentity {
        match self {
            Self::Scalar(Scalar::Null) => KeyIdentity::Null,
            Self::Scalar(Scalar::Bool(value)) => KeyIdentity::Bool(*value),
            Self::Scalar(Scalar::Int(value)) => KeyIdentity::Int(*value),
            Self::Scalar(Scalar::Uint(value)) => KeyIdentity::Uint(*value),
            Self::Scalar(Scalar::Float(value)) if value.is_nan() => KeyIdentity::Unequal,
            Self::Scalar(Scalar::Float(value)) => KeyIdentity::Float((*value + 0.0).to_bits()),
            Self::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => {
                KeyIdentity::String(text.as_bytes().to_vec())
            }
            Self::Bytes(bytes) => KeyIdentity::String(bytes.clone()),
        }
    }
}

impl Scalar<'_> {
    /// The text that it becomes where one is wanted (Go: `sigs.k8s.io/yaml`, `convertToJSONableObject`).
    fn to_text(self) -> Data {
        Data::from(match self {
            Self::Null => return Data::Null,
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Uint(value) => value.to_string(),
            Self::Float(value) => number::format_go_single_float(value),
            Self::String(text) | Self::Timestamp(text) => return Data::String(Str::from(text)),
        })
    }
}

#[derive(PartialEq, Eq, Hash)]
enum KeyIdentity {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    String(Vec<u8>),
    /// NaN.
    Unequal,
}

/// An anchored collection that is decoded.
#[derive(Clone)]
struct Done {
    data: Data,
    /// How many steps go-yaml takes to decode it.
    steps: u64,
    /// Its strict errors, which go-yaml repeats at each alias.
    type_errors: Vec<(String, Position)>,
}

/// A key that JSON cannot have.
struct Unsupported {
    map: u32,
    key: String,
    error: Error,
}

/// A collection whose parts are being decoded.
struct Frame {
    index: u32,
    /// The next part.
    next: u32,
    end: u32,
    steps_before: u64,
    errors_before: usize,
    collected: Collected,
    role: Role,
}

enum Collected {
    Items(Vec<Data>),
    Members { members: Vec<(Str, Data)>, seen: Option<HashSet<KeyIdentity>>, key: Option<(Option<Str>, u32)> },
}

/// What a collection is to the one around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Root,
    Item,
    Key,
    Value,
    /// The value of `<<`, or an item of it.
    Merged,
}

struct Decoder<'d, 'i> {
    document: &'d Document<'i>,
    duplicates: Duplicates,
    numbers: Numbers,
    /// Go: `decode.go`, `decodeCount`.
    steps: u64,
    /// Go: `decode.go`, `aliasCount`.
    aliased_steps: u64,
    done: HashMap<u32, Done>,
    type_errors: Vec<(String, Position)>,
    /// The first key that JSON cannot have; it counts only once all of the YAML is decoded.
    unsupported: Option<Unsupported>,
    not_finite: bool,
    nesting: u32,
}

impl Decoder<'_, '_> {
    /// Decodes an entry and all that is in it.
    fn node(&mut self, index: u32, role: Role) -> Result<Data, Error> {
        let mut frames: Vec<Frame> = Vec::new();
        let mut value = self.begin(index, role, &mut frames)?;
        loop {
            // A finished value goes into the collection around it …
            if let Some((data, index, role)) = value.take() {
                let Some(frame) = frames.last_mut() else { return Ok(data) };
                match role {
                    Role::Key => return Err(self.invalid_key(index)),
                    Role::Root | Role::Item | Role::Value | Role::Merged => {
                        self.collect(frame, data, index, role);
                    }
                }
            }
            // … and the innermost collection goes on with its next part, or is finished itself.
            let Some(frame) = frames.last_mut() else { return Ok(Data::Null) };
            if frame.next >= frame.end {
                if let Some(frame) = frames.pop() {
                    value = Some(self.finish(frame));
                }
                continue;
            }
            let part = frame.next;
            frame.next = self.document.entry(part).end;
            value = match &mut frame.collected {
                Collected::Items(_) => self.begin(part, Role::Item, &mut frames)?,
                Collected::Members { key: key @ None, .. } if !self.document.is_merge(part) => {
                    let target = self.document.target(part);
                    if matches!(self.document.entry(target).kind, EntryKind::Scalar { .. }) {
                        *key = Some((self.key(part)?, part));
                        None
                    } else {
                        self.begin(part, Role::Key, &mut frames)?
                    }
                }
                Collected::Members { key: None, .. } => {
                    let value = frame.next;
                    frame.next = self.document.entry(value).end;
                    self.merge(value, &mut frames)?
                }
                Collected::Members { .. } => self.begin(part, Role::Value, &mut frames)?,
            };
        }
    }

    /// Decodes a scalar or an alias, or opens a collection.
    fn begin(
        &mut self,
        index: u32,
        role: Role,
        frames: &mut Vec<Frame>,
    ) -> Result<Option<(Data, u32, Role)>, Error> {
        self.step()?;
        let entry = self.document.entry(index);
        let collected = match entry.kind {
            EntryKind::Scalar { .. } => {
                let data = scalar(self.document, index)?.to_data(self.numbers);
                self.not_finite |= matches!(data, Data::Float(value) if !value.is_finite());
                return Ok(Some((data, index, role)));
            }
            EntryKind::Alias(target) => {
                let errors = self.type_errors.len();
                let data = self.alias(index, target)?;
                if role == Role::Merged {
                    self.type_errors.truncate(errors); // the map that it goes into finds them
                }
                return Ok(Some((data, index, role)));
            }
            EntryKind::Sequence => Collected::Items(Vec::new()),
            EntryKind::Mapping => Collected::Members {
                members: Vec::new(),
                // The keys of a merged map are seen by the map that it goes into.
                seen: (self.duplicates == Duplicates::Refuse && role != Role::Merged).then(HashSet::new),
                key: None,
            },
        };
        frames.push(Frame {
            index,
            next: index + 1,
            end: entry.end,
            steps_before: self.steps - 1,
            errors_before: self.type_errors.len(),
            collected,
            role,
        });
        Ok(None)
    }

    fn finish(&mut self, frame: Frame) -> (Data, u32, Role) {
        let data = match frame.collected {
            Collected::Items(items) => Data::List(DataList::from(items)),
            Collected::Members { members, .. } => Data::Map(members.into_iter().collect::<DataMap>()),
        };
        if self.document.entry(frame.index).anchored {
            let type_errors = self.type_errors.get(frame.errors_before..).unwrap_or_default().to_vec();
            let steps = self.steps - frame.steps_before;
            self.done.insert(frame.index, Done { data: data.clone(), steps, type_errors });
        }
        (data, frame.index, frame.role)
    }

    fn collect(&mut self, frame: &mut Frame, data: Data, index: u32, role: Role) {
        match &mut frame.collected {
            Collected::Items(items) => items.push(data),
            Collected::Members { members, seen, .. } if role == Role::Merged => {
                if let Some(seen) = seen {
                    self.see_merged(index, seen);
                }
                if let Data::Map(map) = data {
                    members.extend(map.iter().cloned());
                }
            }
            Collected::Members { members, seen, key } => {
                let Some((name, key)) = key.take() else { return };
                if let Some(seen) = seen {
                    self.see(key, index, seen);
                }
                match name {
                    Some(name) => members.push((name, data)),
                    None => self.refuse_key(frame.index, key, index),
                }
            }
        }
    }

    /// One call of go-yaml's `unmarshal`.
    #[inline]
    fn step(&mut self) -> Result<(), Error> {
        self.steps += 1;
        if self.aliased_steps > 100 { self.check_aliasing() } else { Ok(()) }
    }

    /// Refuses documents that are mostly aliases (Go: `decode.go`, `allowedAliasRatio`).
    #[expect(clippy::cast_precision_loss, reason = "counts of steps are far below 2^52")]
    fn check_aliasing(&self) -> Result<(), Error> {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let steps = self.steps as f64;
        let allowed = match steps {
            _ if steps <= LOW => 0.99,
            _ if steps >= HIGH => 0.10,
            _ => 0.99 - 0.89 * ((steps - LOW) / (HIGH - LOW)),
        };
        if self.aliased_steps > 100 && self.steps > 1000 && self.aliased_steps as f64 / steps > allowed {
            return Err(Error::new(ErrorKind::Limit, "yaml: document contains excessive aliasing"));
        }
        Ok(())
    }

    fn alias(&mut self, index: u32, target: u32) -> Result<Data, Error> {
        let entry = self.document.entry(target);
        if index < entry.end {
            return Err(self.contains_itself(index));
        }
        if let EntryKind::Scalar { .. } = entry.kind {
            self.steps += 1;
            self.aliased_steps += 1;
            self.check_aliasing()?;
            let data = scalar(self.document, target)?.to_data(self.numbers);
            self.not_finite |= matches!(data, Data::Float(value) if !value.is_finite());
            return Ok(data);
        }
        if !self.done.contains_key(&target) {
            // Anchored, but not decoded for itself: a list behind `<<`, which its map took apart.
            let (steps, aliased) = (self.steps, self.aliased_steps);
            self.nested(target, Role::Root)?;
            (self.steps, self.aliased_steps) = (steps, aliased);
        }
        let Some(done) = self.done.get(&target) else { return Ok(Data::Null) };
        self.steps += done.steps;
        self.aliased_steps += done.steps;
        let data = done.data.clone();
        self.type_errors.extend(done.type_errors.iter().cloned());
        self.check_aliasing()?;
        Ok(data)
    }

    /// Decodes an entry on the side.
    fn nested(&mut self, index: u32, role: Role) -> Result<Data, Error> {
        const DEEPEST: u32 = 100;
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(Error::new(ErrorKind::Limit, format!("yaml: merges nest deeper than {DEEPEST}")));
        }
        let data = self.node(index, role)?;
        self.nesting -= 1;
        Ok(data)
    }

    fn contains_itself(&self, index: u32) -> Error {
        let name = self.document.alias_name(index);
        Error::meaning(format_args!("anchor '{name}' value contains itself"))
            .at(self.document.position(index))
    }

    /// A key's name in JSON; `None` for one that JSON cannot have.
    fn key(&mut self, index: u32) -> Result<Option<Str>, Error> {
        self.step()?;
        let target = self.document.target(index);
        if target != index {
            self.steps += 1;
            self.aliased_steps += 1;
            self.check_aliasing()?;
        }
        Ok(scalar(self.document, target)?.to_key().map(|key| Str::from(&*key)))
    }

    /// Takes the value of `<<` into the map (Go: `decode.go`, `merge`).
    fn merge(&mut self, index: u32, frames: &mut Vec<Frame>) -> Result<Option<(Data, u32, Role)>, Error> {
        let kind = |index: u32| self.document.entry(self.document.target(index)).kind;
        let is_alias = matches!(self.document.entry(index).kind, EntryKind::Alias(_));
        match kind(index) {
            EntryKind::Mapping => self.begin(index, Role::Merged, frames),
            EntryKind::Sequence if !is_alias => {
                let items: Vec<u32> = self.document.parts(index).collect();
                // Earlier maps win, so they come last.
                for &item in items.iter().rev() {
                    if !matches!(kind(item), EntryKind::Mapping) {
                        return Err(self.wants_map(item));
                    }
                    let data = self.nested(item, Role::Merged)?;
                    if let Some(frame) = frames.last_mut() {
                        self.collect(frame, data, item, Role::Merged);
                    }
                }
                Ok(None)
            }
            _ => Err(self.wants_map(index)),
        }
    }

    fn wants_map(&self, index: u32) -> Error {
        Error::meaning("map merge requires map or sequence of maps as the value")
            .at(self.document.position(index))
    }

    /// Notes a key, or that it was there before (Go: `decode.go`, `setMapIndex`, which names the value's line).
    fn see(&mut self, key: u32, value: u32, seen: &mut HashSet<KeyIdentity>) {
        let target = self.document.target(key);
        let Ok(typed) = scalar(self.document, target) else { return };
        let identity = typed.identity();
        if identity != KeyIdentity::Unequal && !seen.insert(identity) {
            let line = self.document.entry(value).line + 1;
            let key_syntax = GoSyntax::scalar(&typed);
            let text = format!("line {line}: key {key_syntax} already set in map");
            self.type_errors.push((text, self.document.position(key)));
        }
    }

    /// Notes the keys of a map that is merged.
    fn see_merged(&mut self, index: u32, seen: &mut HashSet<KeyIdentity>) {
        let mut open = vec![self.document.target(index)];
        while let Some(index) = open.pop() {
            match self.document.entry(index).kind {
                EntryKind::Mapping => {
                    let mut parts = self.document.parts(index);
                    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                        if self.document.is_merge(key) {
                            open.push(self.document.target(value));
                        } else {
                            self.see(key, value, seen);
                        }
                    }
                }
                EntryKind::Sequence => {
                    open.extend(self.document.parts(index).map(|item| self.document.target(item)));
                }
                _ => {}
            }
        }
    }

    fn invalid_key(&self, index: u32) -> Error {
        let syntax = GoSyntax::new(self.document).node(index);
        Error::meaning(format_args!("invalid map key: {syntax}")).at(self.document.position(index))
    }

    /// Notes a key that JSON cannot have (Go: `sigs.k8s.io/yaml`, `convertToJSONableObject`); of equal ones the last.
    fn refuse_key(&mut self, map: u32, key: u32, value: u32) {
        let syntax = GoSyntax::new(self.document);
        let key_syntax = syntax.node(key);
        if self.unsupported.as_ref().is_some_and(|known| known.map != map || known.key != key_syntax) {
            return;
        }
        let key_type = match scalar(self.document, self.document.target(key)) {
            Ok(Typed::Scalar(Scalar::Uint(_))) => "uint64",
            _ => "%!s(<nil>)",
        };
        let value_syntax = syntax.node(value);
        let message =
            format!("unsupported map key of type: {key_type}, key: {key_syntax}, value: {value_syntax}");
        let error = Error::new(ErrorKind::Meaning, message).at(self.document.position(key));
        self.unsupported = Some(Unsupported { map, key: key_syntax, error });
    }
}
