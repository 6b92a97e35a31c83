//! Values as Go's verb `%#v` writes them, which go-yaml puts into error messages.

use std::fmt::Write;

use pintle_value::quoted;

use crate::decode::{Typed, scalar};
use crate::document::{Document, EntryKind};
use crate::number;
use crate::resolve::Scalar;

/// Where a text that is only a part of a message is cut off.
const LONGEST: usize = 64 << 10;
/// How deep such a text goes.
const DEEPEST: usize = 100;

pub(crate) struct GoSyntax<'d, 'i> {
    document: &'d Document<'i>,
}

impl<'d, 'i> GoSyntax<'d, 'i> {
    pub(crate) fn new(document: &'d Document<'i>) -> Self {
        Self { document }
    }

    /// What an entry decodes to.
    pub(crate) fn node(&self, index: u32) -> String {
        let mut out = String::new();
        self.write(index, 0, &mut out);
        if out == "interface {}(nil)" { "<nil>".to_owned() } else { out }
    }

    /// A scalar.
    pub(crate) fn scalar(typed: &Typed<'_>) -> String {
        let mut out = String::new();
        write_typed(typed, &mut out);
        if out == "interface {}(nil)" { "<nil>".to_owned() } else { out }
    }

    fn write(&self, index: u32, depth: usize, out: &mut String) {
        if out.len() > LONGEST || depth > DEEPEST {
            return;
        }
        let index = self.document.target(index);
        match self.document.entry(index).kind {
            EntryKind::Scalar { .. } => {
                let typed = scalar(self.document, index).unwrap_or(Typed::Scalar(Scalar::Null));
                write_typed(&typed, out);
            }
            EntryKind::Sequence => {
                out.push_str("[]interface {}{");
                for (at, item) in self.document.parts(index).enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    self.write(item, depth + 1, out);
                }
                out.push('}');
            }
            EntryKind::Mapping | EntryKind::Alias(_) => {
                out.push_str("map[interface {}]interface {}{");
                let mut members = Vec::new();
                self.members(index, depth, &mut members);
                // Of equal keys the last one counts: the sort keeps their order, and dedup_by the first of each run.
                members.reverse();
                members.sort_by(|a, b| a.order.cmp(&b.order));
                members.dedup_by(|a, b| a.order == b.order);
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&member.key);
                    out.push(':');
                    self.write(member.value, depth + 1, out);
                }
                out.push('}');
            }
        }
    }

    /// The members of a map with those that are merged into it; the later ones count.
    fn members(&self, index: u32, depth: usize, members: &mut Vec<Member>) {
        if depth > DEEPEST || members.len() > LONGEST {
            return;
        }
        let mut parts = self.document.parts(self.document.target(index));
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            if self.document.is_merge(key) {
                let target = self.document.target(value);
                if let EntryKind::Sequence = self.document.entry(target).kind {
                    let items: Vec<u32> = self.document.parts(target).collect();
                    for item in items.into_iter().rev() {
                        self.members(item, depth + 1, members);
                    }
                } else {
                    self.members(target, depth + 1, members);
                }
                continue;
            }
            let key = self.document.target(key);
            let typed = scalar(self.document, key).unwrap_or(Typed::Scalar(Scalar::Null));
            let mut text = String::new();
            write_typed(&typed, &mut text);
            members.push(Member { order: Order::of(&typed), key: text, value });
        }
    }
}

struct Member {
    order: Order,
    key: String,
    value: u32,
}

/// Go: `internal/fmtsort`, which goes by the addresses of types first; this is their order in Helm 4.3.1.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Nil,
    String(Vec<u8>),
    Uint(u64),
    Int(i64),
    /// The bits, so that they are in the order of the numbers.
    Float(i64),
    Bool(bool),
}

impl Order {
    fn of(typed: &Typed<'_>) -> Self {
        match typed {
            Typed::Scalar(Scalar::Null) => Self::Nil,
            Typed::Scalar(Scalar::Bool(value)) => Self::Bool(*value),
            Typed::Scalar(Scalar::Int(value)) => Self::Int(*value),
            Typed::Scalar(Scalar::Uint(value)) => Self::Uint(*value),
            Typed::Scalar(Scalar::Float(value)) => {
                let bits = value.to_bits().cast_signed();
                Self::Float(if bits < 0 { bits ^ i64::MAX } else { bits })
            }
            Typed::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => {
                Self::String(text.as_bytes().to_vec())
            }
            Typed::Bytes(bytes) => Self::String(bytes.clone()),
        }
    }
}

fn write_typed(typed: &Typed<'_>, out: &mut String) {
    // A String takes all that is written.
    let _ = match typed {
        Typed::Scalar(Scalar::Null) => out.write_str("interface {}(nil)"),
        Typed::Scalar(Scalar::Bool(value)) => write!(out, "{value}"),
        Typed::Scalar(Scalar::Int(value)) => write!(out, "{value}"),
        Typed::Scalar(Scalar::Uint(value)) => write!(out, "{value:#x}"),
        Typed::Scalar(Scalar::Float(value)) => out.write_str(&number::format_go_float(*value)),
        Typed::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => out.write_str(&quoted(text)),
        Typed::Bytes(bytes) => out.write_str(&quoted(bytes)),
    };
}
