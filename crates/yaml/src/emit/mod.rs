//! Values to YAML, byte for byte as Helm writes them.

mod analysis;
mod node;
mod order;
mod writer;

use pintle_value::{Data, Json, JsonError, Str, Value};

use self::node::{Node, Shape, Written};
use self::writer::{Place, Writer};
use crate::decode::{Duplicates, Numbers, decode};
use crate::document::Document;
use crate::{Error, ErrorKind, Limits};

pub(crate) use self::node::replace_invalid;

/// Which of go-yaml's two writers to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flavour {
    /// `sigs.k8s.io/yaml.Marshal`, Helm's `toYaml` and all that Helm writes itself: the value as JSON, read and
    /// written by go-yaml v2. Lines fold at 80 columns, lists are not indented in maps.
    V2,
    /// go-yaml v3 with an indentation of two, Helm's `toYamlPretty`: nothing folds, lists are indented, floats keep
    /// their exponent.
    V3,
}

/// Writes values as YAML.
///
/// ```
/// use pintle_value::Value;
/// use pintle_yaml::{Emitter, Flavour};
///
/// let value = Value::from("yes");
/// let mut out = Vec::new();
/// Emitter::new(Flavour::V2).max_bytes(1 << 20).emit(&value, &mut out)?;
/// assert_eq!(out, b"\"yes\"\n");
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Emitter {
    flavour: Flavour,
    bytes: usize,
    depth: usize,
}

impl Emitter {
    /// A writer of this flavour, with limits of 256 MiB and a depth of 10,000.
    pub fn new(flavour: Flavour) -> Self {
        Self { flavour, bytes: 256 << 20, depth: 10_000 }
    }

    /// Refuses to write more bytes than this. A value can be small in memory and large in YAML, where the same map
    /// is in it many times.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Refuses values that nest deeper than this.
    #[must_use]
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Writes a value of a template run behind what is in `out`; on an error nothing is written.
    pub fn emit(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        self.emit_node(|| Node::Value(value.clone()), out)
    }

    /// Writes data behind what is in `out`; on an error nothing is written.
    pub fn emit_data(&self, data: &Data, out: &mut Vec<u8>) -> Result<(), Error> {
        self.emit_node(|| Node::Data(data.clone()), out)
    }

    fn emit_node(&self, node: impl Fn() -> Node, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        match self.walk(node(), start, out) {
            Ok(()) => Ok(()),
            Err(Stop::Failed(error)) => {
                out.truncate(start);
                Err(error)
            }
            Err(Stop::ReadAgain) => {
                out.truncate(start);
                let json = Json::new().limit(self.bytes.saturating_mul(6)).text(&node().into_value());
                let json = json.map_err(|error| json_error(&error))?;
                let limits = Limits::default().max_bytes(u32::MAX as usize).max_nodes(u32::MAX as usize);
                let document = Document::first(&json, &limits)?;
                let data = match &document {
                    Some(document) => decode(document, Duplicates::LastWins, Numbers::Typed)?,
                    None => Data::Null,
                };
                self.walk(Node::Data(data), start, out).map_err(|stop| match stop {
                    Stop::Failed(error) => error,
                    // What was read has no such characters any more, but keys may be as long as before.
                    Stop::ReadAgain => Error::new(ErrorKind::Unrepresentable, "yaml: a key is too long"),
                })
            }
        }
    }

    fn walk(&self, root: Node, start: usize, out: &mut Vec<u8>) -> Result<(), Stop> {
        let mut writer = Writer::new(out, self.flavour);
        let mut frames: Vec<Frame> = Vec::new();
        let mut next = Some((root, Place::Root));
        loop {
            if let Some((node, place)) = next.take() {
                self.check(&node, &frames)?;
                if writer.out.len() - start > self.bytes {
                    return Err(Stop::Failed(Error::new(
                        ErrorKind::Limit,
                        format!("yaml: the text is longer than the limit of {} bytes", self.bytes),
                    )));
                }
                let containing = Identity::of(&node);
                match node.shape(self.flavour)? {
                    Shape::Scalar(scalar) => {
                        let written = scalar.written(self.flavour);
                        self.check_text(&written.text)?;
                        writer.write_scalar(&written.text, written.style, written.tag, place);
                    }
                    Shape::List(items) if items.is_empty() => writer.write_empty("[]"),
                    Shape::Map(members) if members.is_empty() => writer.write_empty("{}"),
                    Shape::List(items) => {
                        writer.start_list(place);
                        frames.push(Frame { containing, parts: Parts::Items(items.into_iter()) });
                    }
                    Shape::Map(members) => {
                        writer.start_map();
                        let parts = Parts::Members(self.sorted(members).into_iter());
                        frames.push(Frame { containing, parts });
                    }
                }
            }
            let Some(frame) = frames.last_mut() else { break };
            next = match &mut frame.parts {
                Parts::Items(items) => items.next().map(|item| {
                    writer.start_item();
                    (item, Place::Item)
                }),
                Parts::Members(members) => match members.next() {
                    Some((key, value)) => {
                        let written = Written::of_string(&key, self.flavour);
                        self.check_key(&written.text)?;
                        writer.write_key(&written.text, written.style, written.tag);
                        Some((value, Place::Value))
                    }
                    None => None,
                },
            };
            if next.is_none() {
                writer.end_collection();
                frames.pop();
            }
        }
        writer.end();
        Ok(())
    }

    fn sorted(&self, mut members: Vec<(Str, Node)>) -> Vec<(Str, Node)> {
        if members.len() > 1 {
            // Keys that are not UTF-8 are compared as Go's runes compare: each bad byte is U+FFFD.
            if members.iter().all(|(key, _)| key.as_str().is_some()) {
                order::sort(&mut members, |(key, _)| key.as_str().unwrap_or_default(), self.flavour);
            } else {
                let mut named: Vec<(String, (Str, Node))> =
                    members.into_iter().map(|member| (replace_invalid(&member.0), member)).collect();
                order::sort(&mut named, |(name, _)| name, self.flavour);
                members = named.into_iter().map(|(_, member)| member).collect();
            }
        }
        members
    }

    /// Refuses a node that is too deep, or that contains itself.
    fn check(&self, node: &Node, frames: &[Frame]) -> Result<(), Stop> {
        if frames.len() < self.depth {
            return Ok(());
        }
        let is_cycle = frames.iter().any(|frame| match (&frame.containing, node) {
            (Identity::Map(map), _) => node.as_map().is_some_and(|node| node.is_same(map)),
            (Identity::List(list), _) => node.as_list().is_some_and(|node| node.is_same(list)),
            (Identity::Other, _) => false,
        });
        match (is_cycle, self.flavour, node.as_map()) {
            (true, Flavour::V2, map) => {
                let go_type = match (map, node.as_list()) {
                    (Some(map), _) => map.go_type().name,
                    (None, Some(list)) => list.go_type().name,
                    (None, None) => "interface {}",
                };
                let message = format!(
                    "error marshaling into JSON: json: unsupported value: encountered a cycle via {go_type}"
                );
                Err(Stop::Failed(Error::new(ErrorKind::Unrepresentable, message)))
            }
            _ if frames.len() > self.depth || matches!(node.as_map(), Some(map) if !map.is_empty()) => {
                Err(Stop::Failed(too_deep(self.depth)))
            }
            _ => Ok(()),
        }
    }

    /// Stops at a text that JSON and YAML would not hand on as it is.
    fn check_text(&self, text: &str) -> Result<(), Stop> {
        let is_odd = |character: char| matches!(character, '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
        if self.flavour == Flavour::V2
            && text.bytes().any(|byte| matches!(byte, 0x7F | 0xC2 | 0xEF))
            && text.contains(is_odd)
        {
            return Err(Stop::ReadAgain);
        }
        Ok(())
    }

    /// Stops at a key that would be no simple key in JSON: one of more than 1,024 characters there.
    fn check_key(&self, text: &str) -> Result<(), Stop> {
        const LONGEST_ESCAPE: usize = 6;
        const SIMPLE_KEY: usize = 1000;
        if self.flavour == Flavour::V2 && text.len() * LONGEST_ESCAPE > SIMPLE_KEY {
            let length: usize = text
                .chars()
                .map(|character| match character {
                    '"' | '\\' | '\x08'..='\x0A' | '\x0C' | '\r' => 2,
                    '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => LONGEST_ESCAPE,
                    _ => 1,
                })
                .sum();
            if length > 1022 {
                return Err(Stop::Failed(Error::new(
                    ErrorKind::Unrepresentable,
                    "yaml: did not find expected ',' or '}'",
                )));
            }
        }
        self.check_text(text)
    }
}

/// Why the walk ended early.
enum Stop {
    Failed(Error),
    /// The text has to be read again as Go does, for what reading changes in it or refuses.
    ReadAgain,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Frame {
    containing: Identity,
    parts: Parts,
}

enum Parts {
    Items(std::vec::IntoIter<Node>),
    Members(std::vec::IntoIter<(Str, Node)>),
}

/// Which map or list a frame is of.
enum Identity {
    Map(pintle_value::Map),
    List(pintle_value::List),
    Other,
}

impl Identity {
    fn of(node: &Node) -> Self {
        match (node.as_map(), node.as_list()) {
            (Some(map), _) => Self::Map(map.clone()),
            (_, Some(list)) => Self::List(list.clone()),
            _ => Self::Other,
        }
    }
}

fn json_error(error: &JsonError) -> Error {
    let kind = match error {
        JsonError::Walk(_) => ErrorKind::Limit,
        _ => ErrorKind::Unrepresentable,
    };
    Error::new(kind, error.to_string()).while_at("error marshaling into JSON")
}

fn too_deep(depth: usize) -> Error {
    Error::new(ErrorKind::Limit, format!("yaml: exceeded max depth of {depth}"))
}

/// Writes a value of a template run behind what is in `out`, with [`Emitter`]'s default limits.
pub fn emit(value: &Value, flavour: Flavour, out: &mut Vec<u8>) -> Result<(), Error> {
    Emitter::new(flavour).emit(value, out)
}

/// Data as YAML, with [`Emitter`]'s default limits.
///
/// ```
/// use pintle_value::Data;
/// use pintle_yaml::{Flavour, emit_data};
///
/// let data: Data = [("ports", Data::from(vec![Data::from(80_i64)]))].into_iter().collect();
/// assert_eq!(emit_data(&data, Flavour::V2)?, "ports:\n- 80\n");
/// assert_eq!(emit_data(&data, Flavour::V3)?, "ports:\n  - 80\n");
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
pub fn emit_data(data: &Data, flavour: Flavour) -> Result<String, Error> {
    let mut out = Vec::new();
    Emitter::new(flavour).emit_data(data, &mut out)?;
    Ok(into_text(out))
}

/// A value of a template run as YAML, with [`Emitter`]'s default limits.
pub fn emit_value(value: &Value, flavour: Flavour) -> Result<String, Error> {
    let mut out = Vec::new();
    Emitter::new(flavour).emit(value, &mut out)?;
    Ok(into_text(out))
}

/// What was written is UTF-8 always; nothing is lost.
fn into_text(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
