//! What templates write, and where each byte came from.

use std::sync::Arc;

use crate::code::Source;

/// The text that a template wrote, with the places in templates that wrote it.
#[derive(Clone, Default)]
pub struct Output {
    pub(crate) bytes: Vec<u8>,
    marks: Vec<Mark>,
    sources: Vec<Arc<Source>>,
}

#[derive(Clone, Copy)]
struct Mark {
    offset: u32,
    source: u32,
    pos: u32,
    /// Whether the bytes from here on are those of the source, one by one.
    verbatim: bool,
}

/// Where a byte of the output came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// The name that the template's text was parsed under.
    pub template: pintle_value::Str,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

impl Output {
    /// An empty output.
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the places out that wrote the bytes. The output is empty then, and has its memory for what is written next.
    pub fn take_places(&mut self) -> Self {
        let places = Self { bytes: Vec::new(), marks: self.marks.clone(), sources: self.sources.clone() };
        self.clear();
        places
    }

    /// The bytes, without their places.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Makes room for so many bytes.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// Forgets what was written but keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.marks.clear();
        self.sources.clear();
    }

    /// The place in a template that wrote the byte at `offset`: the text itself, or the action whose value it is part
    /// of. What `include` or `tpl` gave to another function has the place of the action around.
    pub fn position(&self, offset: usize) -> Option<Position> {
        let offset = u32::try_from(offset).ok()?;
        let index = self.marks.partition_point(|mark| mark.offset <= offset).checked_sub(1)?;
        let mark = self.marks.get(index)?;
        let source = self.sources.get(mark.source as usize)?;
        let pos = if mark.verbatim { mark.pos + (offset - mark.offset) } else { mark.pos };
        Some(source.position(pos))
    }

    /// Remembers that what is written next comes from here.
    pub(crate) fn mark(&mut self, source: &Arc<Source>, pos: u32, verbatim: bool) {
        let known = match self.marks.last() {
            Some(mark) if self.sources.get(mark.source as usize).is_some_and(|s| Arc::ptr_eq(s, source)) => {
                mark.source
            }
            _ => {
                let found = self.sources.iter().position(|known| Arc::ptr_eq(known, source));
                let index = found.unwrap_or_else(|| {
                    self.sources.push(Arc::clone(source));
                    self.sources.len() - 1
                });
                u32::try_from(index).unwrap_or(u32::MAX)
            }
        };
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let mark = Mark { offset, source: known, pos, verbatim };
        match self.marks.last_mut() {
            // What was marked last wrote nothing. A loop can do that for ever.
            Some(last) if last.offset == offset => *last = mark,
            _ => self.marks.push(mark),
        }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("bytes", &self.bytes.len())
            .field("marks", &self.marks.len())
            .finish_non_exhaustive()
    }
}
