//! Where the scanner stands in the text: bytes, lines, columns and what ends them.

use memchr::memchr2;

use super::token::{Mark, Text};
use crate::input::Input;
use crate::{Error, ErrorKind, Position};

/// A text, a place in it, and the text that scalars are assembled in.
pub(crate) struct Cursor<'t> {
    text: &'t str,
    fault: Option<&'static str>,
    doubled_mark: bool,
    pub(super) at: usize,
    pub(super) line: u32,
    line_start: usize,
    /// How many bytes of this line are not the first of their character.
    trailing: usize,
    pub(super) assembled: String,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(input: &'t Input<'_>) -> Self {
        Self {
            text: &input.text,
            fault: input.fault,
            doubled_mark: input.doubled_mark,
            at: 0,
            line: 0,
            line_start: 0,
            trailing: 0,
            assembled: String::new(),
        }
    }

    /// The byte `ahead` of the place; 0 past the end (the text itself has none).
    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn column(&self) -> u32 {
        u32::try_from(self.at - self.line_start - self.trailing).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark { offset: u32::try_from(self.at).unwrap_or(u32::MAX), line: self.line, column: self.column() }
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Fails where fewer than `count` characters can be read because the block of input behind them has a fault.
    #[inline]
    pub(super) fn need(&self, count: usize) -> Result<(), Error> {
        match self.fault {
            Some(fault) if self.rest().chars().take(count).count() < count => {
                Err(Error::new(ErrorKind::Encoding, format!("yaml: {fault}")).at(self.position()))
            }
            _ => Ok(()),
        }
    }

    /// A fault of the scanner at this place (Go: `decode.go`, `parser.fail`: no line for the first one).
    pub(super) fn error(&self, problem: &str) -> Error {
        let message = match self.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {}: {problem}", line + 1),
        };
        Error::new(ErrorKind::Syntax, message).at(self.position())
    }

    fn position(&self) -> Position {
        let column = u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX);
        Position { line: self.line + 1, column: column.saturating_add(1) }
    }

    /// How many bytes the line break `ahead` of the place has; 0 where there is none.
    #[inline]
    pub(super) fn break_width(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.byte(ahead + 1) == b'\n'),
            0xC2 if self.byte(ahead + 1) == 0x85 => 2,
            0xE2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// A blank, a line break or the end.
    #[inline]
    pub(super) fn is_gap(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b' ' | b'\t' | b'\n' | b'\r' | 0 => true,
            0xC2 | 0xE2 => self.break_width(ahead) > 0,
            _ => false,
        }
    }

    /// A letter, a digit, `_` or `-`: what names of anchors, handles and directives are made of.
    #[inline]
    pub(super) fn is_word(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// `---` or `...` at the start of a line.
    #[inline]
    pub(super) fn is_document_indicator(&self) -> bool {
        matches!(self.byte(0), b'-' | b'.')
            && self.column() == 0
            && self.byte(1) == self.byte(0)
            && self.byte(2) == self.byte(0)
            && self.is_gap(3)
    }

    /// Passes `count` bytes of ASCII that are no line break.
    #[inline]
    pub(super) fn pass(&mut self, count: usize) {
        self.at += count;
    }

    /// Passes one character that is no line break.
    #[inline]
    pub(super) fn pass_character(&mut self) {
        let width = width(self.byte(0));
        self.at = (self.at + width).min(self.text.len());
        self.trailing += width - 1;
    }

    /// Passes everything up to the end of the line, and gives it.
    pub(super) fn pass_line(&mut self) -> &'t str {
        let rest = self.rest();
        let mut line = memchr2(b'\n', b'\r', rest.as_bytes()).and_then(|end| rest.get(..end)).unwrap_or(rest);
        if !line.is_ascii() {
            if let Some(end) = line.find(['\u{85}', '\u{2028}', '\u{2029}']) {
                line = line.get(..end).unwrap_or(line);
            }
            self.trailing += line.len() - line.chars().count();
        }
        self.at += line.len();
        line
    }

    /// Passes a line break, and gives what it reads as: a line feed, or LS or PS themselves.
    pub(super) fn pass_break(&mut self) -> Option<char> {
        let width = self.break_width(0);
        let read = match (width, self.byte(2)) {
            (0, _) => return None,
            (3, 0xA8) => '\u{2028}',
            (3, _) => '\u{2029}',
            _ => '\n',
        };
        self.at += width;
        self.line += 1;
        self.line_start = self.at;
        self.trailing = 0;
        Some(read)
    }

    pub(super) fn pass_blanks(&mut self) {
        while self.is_blank(0) {
            self.at += 1;
        }
    }

    /// Passes the byte order mark that may start a line; what go-yaml takes for one may be any character.
    pub(super) fn pass_byte_order_mark(&mut self) {
        const FIRST_BLOCK: usize = 512;
        if self.doubled_mark && self.at < FIRST_BLOCK && self.column() == 0 && !self.is_at_end() {
            self.pass_character();
        }
    }

    /// The line that the end of the stream stands on.
    pub(super) fn end_line(&mut self) {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.at;
            self.trailing = 0;
        }
    }

    #[inline]
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The input from `start` to `end`.
    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The input from `start` to `end`, as the text of a token.
    #[inline]
    pub(super) fn stretch(start: usize, end: usize) -> Text {
        Text {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
            assembled: false,
        }
    }

    /// What was assembled since `start`, as the text of a token.
    pub(super) fn assembled_since(&self, start: usize) -> Text {
        let end = self.assembled.len();
        Text { assembled: true, ..Self::stretch(start, end) }
    }

    pub(crate) fn into_assembled(self) -> String {
        self.assembled
    }

    pub(crate) fn resolve(&self, text: Text) -> &str {
        let range = text.start as usize..text.end as usize;
        if text.assembled { self.assembled.get(range) } else { self.text.get(range) }.unwrap_or_default()
    }
}

/// How many bytes the character has that starts with this byte.
#[inline]
pub(crate) fn width(lead: u8) -> usize {
    match lead {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}
