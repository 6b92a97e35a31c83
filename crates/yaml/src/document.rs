//! A document as a flat tree of nodes with positions.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::input::Input;
use crate::parser::{EventKind, Parser};
use crate::scanner::{Mark, Text};
use crate::tag::Tag;
use crate::{Error, ErrorKind, Limits, Position};

/// A parsed document: its nodes, and where each stands.
///
/// The text is borrowed where it can be; nothing is converted before it is asked for.
#[derive(Debug)]
pub struct Document<'i> {
    text: Cow<'i, str>,
    /// The scalars that are not one stretch of the text.
    assembled: String,
    /// In the order of the text: a collection, then what is in it.
    pub(crate) entries: Vec<Entry>,
}

/// One node of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: EntryKind,
    /// The index behind the last entry that is part of this one.
    pub(crate) end: u32,
    pub(crate) offset: u32,
    /// The line, from 0.
    pub(crate) line: u32,
    pub(crate) anchored: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum EntryKind {
    Scalar {
        text: Text,
        tag: Tag,
        plain: bool,
    },
    Sequence,
    Mapping,
    /// The index of the node that is meant.
    Alias(u32),
}

impl<'i> Document<'i> {
    /// Reads the first document of a text; `None` where there is none (Go: `decode.go`, `parser.parse`: what stands
    /// behind the first document is not looked at).
    pub(crate) fn first(bytes: &'i [u8], limits: &Limits) -> Result<Option<Self>, Error> {
        let input = Input::decode(bytes, limits)?;
        let mut parser = Parser::new(&input, limits);
        let entries = Composer::new(limits).compose(&mut parser)?;
        let assembled = parser.scanner.cursor.into_assembled();
        Ok(entries.map(|entries| Self { text: input.text, assembled, entries }))
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        let range = text.start as usize..text.end as usize;
        if text.assembled { self.assembled.get(range) } else { self.text.get(range) }.unwrap_or_default()
    }

    pub(crate) fn entry(&self, index: u32) -> Entry {
        self.entries.get(index as usize).copied().unwrap_or(Entry {
            kind: EntryKind::Scalar { text: Text::default(), tag: Tag::None, plain: true },
            end: index.saturating_add(1),
            offset: 0,
            line: 0,
            anchored: false,
        })
    }

    /// The entry that is meant: the alias's target for an alias.
    pub(crate) fn target(&self, index: u32) -> u32 {
        match self.entry(index).kind {
            EntryKind::Alias(target) => target,
            _ => index,
        }
    }

    pub(crate) fn position(&self, index: u32) -> Position {
        let entry = self.entry(index);
        let before = self.text.get(..entry.offset as usize).unwrap_or_default();
        let line_start = memchr::memrchr2(b'\n', b'\r', before.as_bytes()).map_or(0, |at| at + 1);
        let column = u32::try_from(before.len() - line_start).unwrap_or(u32::MAX);
        Position { line: entry.line.saturating_add(1), column: column.saturating_add(1) }
    }

    /// The name that an alias is written with.
    pub(crate) fn alias_name(&self, index: u32) -> &str {
        let start = self.entry(index).offset as usize + 1;
        let rest = self.text.get(start..).unwrap_or_default();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// Whether the entry is a merge key, `<<` (Go: `decode.go`, `isMerge`).
    pub(crate) fn is_merge(&self, index: u32) -> bool {
        match self.entry(index).kind {
            EntryKind::Scalar { text, tag, plain } => (plain || tag == Tag::Merge) && self.text(text) == "<<",
            _ => false,
        }
    }

    /// The direct parts of a collection: items, or keys and values in turn.
    pub(crate) fn parts(&self, index: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.entry(index).end;
        let mut next = index + 1;
        std::iter::from_fn(move || {
            let part = next;
            (part < end).then(|| {
                next = self.entry(part).end;
                part
            })
        })
    }
}

/// Makes a document of events.
struct Composer<'l> {
    limits: &'l Limits,
    entries: Vec<Entry>,
    open: Vec<u32>,
    deepest: usize,
    anchors: HashMap<String, u32>,
}

impl<'l> Composer<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, entries: Vec::new(), open: Vec::new(), deepest: 0, anchors: HashMap::new() }
    }

    fn compose(mut self, parser: &mut Parser<'_>) -> Result<Option<Vec<Entry>>, Error> {
        loop {
            let event = parser.next()?;
            match event.kind {
                EventKind::DocumentStart => {}
                EventKind::DocumentEnd => return self.finish().map(Some),
                EventKind::StreamEnd => return Ok(None),
                EventKind::Scalar { text, tag, plain, anchor } => {
                    self.push(EntryKind::Scalar { text, tag, plain }, event.mark, anchor, parser)?;
                }
                EventKind::SequenceStart { anchor } => {
                    let index = self.push(EntryKind::Sequence, event.mark, anchor, parser)?;
                    self.open(index);
                }
                EventKind::MappingStart { anchor } => {
                    let index = self.push(EntryKind::Mapping, event.mark, anchor, parser)?;
                    self.open(index);
                }
                EventKind::Alias(name) => {
                    let name = parser.scanner.cursor.resolve(name);
                    let target = self.anchors.get(name).copied().ok_or_else(|| {
                        Error::meaning(format_args!("unknown anchor '{name}' referenced"))
                            .at(position(event.mark))
                    })?;
                    self.push(EntryKind::Alias(target), event.mark, None, parser)?;
                }
                EventKind::CollectionEnd => {
                    let end = self.next_index()?;
                    if let Some(index) = self.open.pop()
                        && let Some(entry) = self.entries.get_mut(index as usize)
                    {
                        entry.end = end;
                    }
                }
            }
        }
    }

    fn next_index(&self) -> Result<u32, Error> {
        u32::try_from(self.entries.len()).ok().filter(|_| self.entries.len() <= self.limits.nodes).ok_or_else(
            || {
                Error::new(
                    ErrorKind::Limit,
                    format!("yaml: the document has more nodes than the limit of {}", self.limits.nodes),
                )
            },
        )
    }

    fn push(
        &mut self,
        kind: EntryKind,
        mark: Mark,
        anchor: Option<Text>,
        parser: &Parser<'_>,
    ) -> Result<u32, Error> {
        let index = self.next_index()?;
        if let Some(anchor) = anchor {
            self.anchors.insert(parser.scanner.cursor.resolve(anchor).to_owned(), index);
        }
        let anchored = anchor.is_some();
        self.entries.push(Entry { kind, end: index + 1, offset: mark.offset, line: mark.line, anchored });
        Ok(index)
    }

    fn open(&mut self, index: u32) {
        self.open.push(index);
        self.deepest = self.deepest.max(self.open.len());
    }

    /// The entries, unless they nest too deep for JSON, whose writer allows one level more than its reader
    /// (Go: `encoding/json`); the scanner has refused what is too deep for YAML.
    fn finish(self) -> Result<Vec<Entry>, Error> {
        match self.deepest.saturating_sub(self.limits.depth) {
            0 => Ok(self.entries),
            1 => Err(Error::new(ErrorKind::Limit, "while decoding JSON: exceeded max depth")
                .while_at("error unmarshaling JSON")),
            _ => Err(Error::new(ErrorKind::Limit, "exceeded max depth")),
        }
    }
}

fn position(mark: Mark) -> Position {
    Position { line: mark.line.saturating_add(1), column: mark.column.saturating_add(1) }
}
