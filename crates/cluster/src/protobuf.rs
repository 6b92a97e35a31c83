//! Kubernetes' protobuf, which servers write and programs read with less work than JSON.
//!
//! An answer is four bytes and a message that holds the object (Kubernetes: apimachinery
//! `pkg/runtime/serializer/protobuf/protobuf.go`; `pkg/runtime/generated.proto`, `Unknown`).

use bytes::{Buf as _, Bytes, BytesMut};
use prost::Message;

/// What such an answer calls itself.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Asks for it, and for JSON where the server does not know it.
pub(crate) const PREFERRED: &str = "application/vnd.kubernetes.protobuf, application/json";

/// What an answer begins with.
const MAGIC: &[u8] = b"k8s\0";

/// The field `raw` of `Unknown`: the object.
const RAW: u64 = 2;

/// The field `metadata` of every list, and `items` of most (Kubernetes: `generated.proto` of each API).
const METADATA: u64 = 1;
const ITEMS: u64 = 2;

/// The most bytes of one object of a list. A record has at most 1 MiB of data and 256 KiB of annotations (Kubernetes:
/// `MaxSecretSize`, `TotalAnnotationSizeLimitB`); the rest is room for what its managers leave.
const LONGEST_ITEM: usize = 8 << 20;

/// What all lists say of themselves (Kubernetes: apimachinery `pkg/apis/meta/v1/generated.proto`, `ListMeta`).
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ListMeta {
    #[prost(string, tag = "3")]
    pub(crate) r#continue: String,
}

/// Why bytes are not what they are said to be.
#[derive(Debug, thiserror::Error)]
#[error("its protobuf {0}")]
pub(crate) struct Malformed(&'static str);

#[derive(Clone, PartialEq, Message)]
struct Unknown {
    #[prost(bytes = "bytes", tag = "2")]
    raw: Bytes,
}

/// The object of an answer that is all there; `None` where it is not one in protobuf.
pub(crate) fn object<T: Message + Default>(answer: &Bytes) -> Option<T> {
    let unknown = answer.starts_with(MAGIC).then(|| answer.slice(MAGIC.len()..))?;
    T::decode(Unknown::decode(unknown).ok()?.raw).ok()
}

/// Takes a list apart while it comes, so that its first objects are read while the server sends the last.
#[derive(Debug)]
pub(crate) struct ListReader {
    arrived: BytesMut,
    place: Place,
    /// How many of the next bytes are of no use.
    skipped: usize,
}

/// What the next bytes are.
#[derive(Clone, Copy, Debug)]
enum Place {
    Start,
    /// Fields of `Unknown` before the list.
    Before,
    /// Fields of the list, of which so many bytes are left.
    Within(usize),
    /// Fields of `Unknown` after the list.
    After,
}

/// A part of a list.
#[derive(Debug)]
pub(crate) enum Part {
    /// What it says of itself: it comes first.
    Metadata(ListMeta),
    /// The message of one object.
    Item(Bytes),
}

/// What came of looking at the next bytes.
enum Step {
    On,
    Wait,
    Found(Part),
}

impl ListReader {
    pub(crate) fn new() -> Self {
        Self { arrived: BytesMut::new(), place: Place::Start, skipped: 0 }
    }

    /// Takes what came of the answer.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.arrived.extend_from_slice(bytes);
    }

    /// The next part; `None` where more has to come first.
    pub(crate) fn next(&mut self) -> Result<Option<Part>, Malformed> {
        loop {
            match self.step()? {
                Step::On => {}
                Step::Wait => return Ok(None),
                Step::Found(part) => return Ok(Some(part)),
            }
        }
    }

    fn step(&mut self) -> Result<Step, Malformed> {
        let skipped = self.skipped.min(self.arrived.len());
        self.arrived.advance(skipped);
        self.skipped -= skipped;
        match self.place {
            _ if self.skipped > 0 => Ok(Step::Wait),
            Place::Start if self.arrived.len() < MAGIC.len() => Ok(Step::Wait),
            Place::Start if self.arrived.starts_with(MAGIC) => {
                self.arrived.advance(MAGIC.len());
                self.place = Place::Before;
                Ok(Step::On)
            }
            Place::Start => Err(Malformed("does not begin as that of Kubernetes does")),
            Place::Within(0) => {
                self.place = Place::After;
                Ok(Step::On)
            }
            Place::Within(left) => self.part(left),
            Place::Before | Place::After => {
                let Some(field) = Field::at(&self.arrived)? else { return Ok(Step::Wait) };
                self.arrived.advance(field.head);
                match (self.place, field.number) {
                    (Place::Before, RAW) => self.place = Place::Within(field.size),
                    _ => self.skipped = field.size,
                }
                Ok(Step::On)
            }
        }
    }

    fn part(&mut self, left: usize) -> Result<Step, Malformed> {
        let Some(field) = Field::at(&self.arrived)? else { return Ok(Step::Wait) };
        let whole = field.head.saturating_add(field.size);
        let left = left.checked_sub(whole).ok_or(Malformed("has a field that ends behind its message"))?;
        if !matches!(field.number, METADATA | ITEMS) {
            self.arrived.advance(field.head);
            self.skipped = field.size;
            self.place = Place::Within(left);
            return Ok(Step::On);
        }
        if field.size > LONGEST_ITEM {
            return Err(Malformed("has an object that is too large"));
        }
        if self.arrived.len() < whole {
            return Ok(Step::Wait);
        }
        self.place = Place::Within(left);
        self.arrived.advance(field.head);
        let message = self.arrived.split_to(field.size).freeze();
        Ok(Step::Found(match field.number {
            METADATA => {
                let metadata =
                    ListMeta::decode(message).map_err(|_| Malformed("has a list without metadata"))?;
                Part::Metadata(metadata)
            }
            _ => Part::Item(message),
        }))
    }

    /// Whether all of the answer came.
    pub(crate) fn is_at_end(&self) -> bool {
        let within = matches!(self.place, Place::Start | Place::Before | Place::Within(1..));
        !within && self.arrived.is_empty() && self.skipped == 0
    }
}

/// Where a field of a message lies (Protocol Buffers: "Encoding", Message Structure).
struct Field {
    number: u64,
    /// How many bytes there are before its value.
    head: usize,
    /// How many bytes its value has.
    size: usize,
}

impl Field {
    /// The field that these bytes begin with; `None` where more of them are needed.
    fn at(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((key, head)) = varint(bytes)? else { return Ok(None) };
        let value = bytes.get(head..).unwrap_or_default();
        let (head, size) = match key & 7 {
            0 => match varint(value)? {
                Some((_, size)) => (head, size),
                None => return Ok(None),
            },
            1 => (head, 8),
            2 => match varint(value)? {
                Some((size, digits)) => {
                    let size = usize::try_from(size).map_err(|_| Malformed("has a field without end"))?;
                    (head + digits, size)
                }
                None => return Ok(None),
            },
            5 => (head, 4),
            _ => return Err(Malformed("has a field of an unknown type")),
        };
        Ok(Some(Self { number: key >> 3, head, size }))
    }
}

/// A number, and how many bytes it has; `None` where more of them are needed (Protocol Buffers: "Encoding", Base 128
/// Varints).
fn varint(bytes: &[u8]) -> Result<Option<(u64, usize)>, Malformed> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        // The tenth byte has one bit of a number of 64.
        if place == 9 && *byte > 1 {
            break;
        }
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((number, place + 1)));
        }
    }
    if bytes.len() < 10 { Ok(None) } else { Err(Malformed("has a number without end")) }
}
