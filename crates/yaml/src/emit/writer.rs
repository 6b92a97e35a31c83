//! Characters of YAML to an output: indentation, folding, quoting.
//!
//! What this keeps in mind between two writes (column, whether the last character was white space, whether only
//! indentation stands on the line) is what libyaml's emitter keeps (`emitter.c`), so that folds fall where they do
//! there.

use super::analysis::{Analysis, Style, is_break, is_printable};
use crate::Flavour;
use crate::scanner::width;

/// How many columns an indentation has.
const INDENT: usize = 2;

pub(super) struct Writer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    flavour: Flavour,
    /// The column past which a line is folded.
    best_width: usize,
    column: usize,
    /// The column of the collection, `None` outside of any.
    indent: Option<usize>,
    indents: Vec<Option<usize>>,
    whitespace: bool,
    indention: bool,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Item,
    Key,
    SimpleKey,
    Value,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, flavour: Flavour) -> Self {
        let best_width = match flavour {
            Flavour::V2 => 80,
            Flavour::V3 => usize::MAX,
        };
        Self {
            out,
            flavour,
            best_width,
            column: 0,
            indent: None,
            indents: Vec::new(),
            whitespace: true,
            indention: true,
        }
    }

    /// Ends the last line of the document.
    pub(super) fn end(&mut self) {
        self.write_indent();
    }

    pub(super) fn start_list(&mut self, place: Place) {
        let in_mapping = matches!(place, Place::Key | Place::SimpleKey | Place::Value);
        let indentless = self.flavour == Flavour::V2 && in_mapping && !self.indention;
        self.increase_indent(0, if indentless { 0 } else { INDENT });
    }

    pub(super) fn start_item(&mut self) {
        self.write_indent();
        self.write_indicator("-", true, false, true);
    }

    pub(super) fn start_map(&mut self) {
        self.increase_indent(0, INDENT);
    }

    pub(super) fn end_collection(&mut self) {
        self.indent = self.indents.pop().flatten();
    }

    /// `[]` or `{}`.
    pub(super) fn write_empty(&mut self, brackets: &str) {
        self.write_indicator(brackets, true, false, false);
    }

    /// A key and what separates it from its value; says where the value stands.
    pub(super) fn write_key(&mut self, text: &str, wanted: Style, tag: Option<&str>) {
        const LONGEST_SIMPLE_KEY: usize = 128;
        self.write_indent();
        let analysis = Analysis::of(text, self.flavour);
        let length = text.len() + tag.map_or(0, str::len);
        if !analysis.multiline && length <= LONGEST_SIMPLE_KEY {
            self.write_analyzed(text, wanted, tag, Place::SimpleKey, analysis);
            self.write_indicator(":", false, false, false);
        } else {
            self.write_indicator("?", true, false, true);
            self.write_analyzed(text, wanted, tag, Place::Key, analysis);
            self.write_indent();
            self.write_indicator(":", true, false, true);
        }
    }

    pub(super) fn write_scalar(&mut self, text: &str, wanted: Style, tag: Option<&str>, place: Place) {
        let analysis = Analysis::of(text, self.flavour);
        self.write_analyzed(text, wanted, tag, place, analysis);
    }

    fn write_analyzed(
        &mut self,
        text: &str,
        wanted: Style,
        tag: Option<&str>,
        place: Place,
        analysis: Analysis,
    ) {
        let is_simple_key = place == Place::SimpleKey;
        let style = analysis.style(wanted, is_simple_key);
        if let Some(tag) = tag {
            if !self.whitespace {
                self.put(b' ');
            }
            self.put_text(tag);
            self.whitespace = false;
            self.indention = false;
        }
        self.increase_indent(INDENT, INDENT);
        match style {
            Style::Plain => self.write_plain(text, !is_simple_key),
            Style::SingleQuoted => self.write_single_quoted(text, !is_simple_key),
            Style::DoubleQuoted => self.write_double_quoted(text, !is_simple_key),
            Style::Literal => self.write_literal(text),
        }
        self.end_collection();
    }

    fn increase_indent(&mut self, outermost: usize, step: usize) {
        self.indents.push(self.indent);
        self.indent = Some(self.indent.map_or(outermost, |indent| indent + step));
    }

    fn put(&mut self, byte: u8) {
        self.out.push(byte);
        self.column += 1;
    }

    fn put_text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn put_break(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
        self.indention = true;
    }

    /// Copies the character at `at`, and gives the place behind it.
    fn copy(&mut self, text: &str, at: usize) -> usize {
        let end = at + width(text.as_bytes().get(at).copied().unwrap_or(0));
        self.out.extend_from_slice(text.as_bytes().get(at..end).unwrap_or_default());
        self.column += 1;
        end
    }

    /// Copies the line break at `at`, and gives the place behind it.
    fn copy_break(&mut self, text: &str, at: usize) -> usize {
        if text.as_bytes().get(at) == Some(&b'\n') {
            self.put_break();
            return at + 1;
        }
        let end = self.copy(text, at);
        self.column = 0;
        self.indention = true;
        end
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(b' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn write_indicator(&mut self, indicator: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(b' ');
        }
        self.put_text(indicator);
        self.whitespace = is_space;
        self.indention &= is_indention;
    }

    fn write_plain(&mut self, text: &str, may_fold: bool) {
        if !self.whitespace {
            self.put(b' ');
        }
        if self.fits(text) || !may_fold {
            self.put_text(text); // a text that stays plain has no line breaks
        } else {
            let bytes = text.as_bytes();
            let mut spaces = false;
            let mut at = 0;
            while let Some(&byte) = bytes.get(at) {
                if byte == b' ' {
                    if !spaces && self.column > self.best_width && bytes.get(at + 1) != Some(&b' ') {
                        self.write_indent();
                        at += 1;
                    } else {
                        at = self.copy(text, at);
                    }
                    spaces = true;
                } else {
                    at = self.copy(text, at);
                    spaces = false;
                }
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// Whether no fold can fall in a text that is written here.
    fn fits(&self, text: &str) -> bool {
        self.column.saturating_add(text.len()) <= self.best_width
    }

    fn write_single_quoted(&mut self, text: &str, may_fold: bool) {
        self.write_indicator("'", true, false, false);
        let bytes = text.as_bytes();
        let mut spaces = false;
        let mut breaks = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == b' ' {
                let folds = may_fold
                    && !spaces
                    && self.column > self.best_width
                    && at > 0
                    && at + 1 < bytes.len()
                    && bytes.get(at + 1) != Some(&b' ');
                if folds {
                    self.write_indent();
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else if is_break(bytes, at) {
                if !breaks && byte == b'\n' {
                    self.put_break();
                }
                at = self.copy_break(text, at);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if byte == b'\'' {
                    self.put(b'\'');
                }
                at = self.copy(text, at);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
        self.write_indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_double_quoted(&mut self, text: &str, may_fold: bool) {
        self.write_indicator("\"", true, false, false);
        let bytes = text.as_bytes();
        // go-yaml looks for a byte order mark at the text's start, whichever character it is at, and escapes all.
        let all_escaped = text.starts_with('\u{FEFF}');
        let mut spaces = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if all_escaped || matches!(byte, b'"' | b'\\') || !is_printable(bytes, at) || is_break(bytes, at)
            {
                let character = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                self.write_escape(character);
                at += character.len_utf8();
                spaces = false;
            } else if byte == b' ' {
                let folds =
                    may_fold && !spaces && self.column > self.best_width && at > 0 && at + 1 < bytes.len();
                if folds {
                    self.write_indent();
                    if bytes.get(at + 1) == Some(&b' ') {
                        self.put(b'\\');
                    }
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else {
                at = self.copy(text, at);
                spaces = false;
            }
        }
        self.write_indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, character: char) {
        let escape = match character {
            '\0' => "\\0".into(),
            '\x07' => "\\a".into(),
            '\x08' => "\\b".into(),
            '\t' => "\\t".into(),
            '\n' => "\\n".into(),
            '\x0B' => "\\v".into(),
            '\x0C' => "\\f".into(),
            '\r' => "\\r".into(),
            '\x1B' => "\\e".into(),
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\u{85}' => "\\N".into(),
            '\u{A0}' => "\\_".into(),
            '\u{2028}' => "\\L".into(),
            '\u{2029}' => "\\P".into(),
            _ => match u32::from(character) {
                code @ 0..=0xFF => format!("\\x{code:02X}"),
                code @ 0x100..=0xFFFF => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            },
        };
        self.put_text(&escape);
    }

    fn write_literal(&mut self, text: &str) {
        self.write_indicator("|", true, false, false);
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b' ') || is_break(bytes, 0) {
            self.write_indicator("2", false, false, false);
        }
        if let Some(hint) = chomping_hint(text) {
            self.write_indicator(hint, false, false, false);
        }
        self.put_break();
        self.whitespace = true;
        let mut line_start = true;
        let mut at = 0;
        while at < bytes.len() {
            if is_break(bytes, at) {
                at = self.copy_break(text, at);
                line_start = true;
                continue;
            }
            if line_start {
                self.write_indent();
                line_start = false;
            }
            // The rest of the line in one piece; breaks other than line feeds are looked for only where they can be.
            let rest = text.get(at..).unwrap_or_default();
            let line = rest
                .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
                .next()
                .filter(|line| !line.is_empty())
                .unwrap_or(rest);
            self.put_text(line);
            at += line.len();
            self.indention = false;
        }
    }
}

/// `-` for a text that ends without a line break, `+` for one that ends with several.
fn chomping_hint(text: &str) -> Option<&'static str> {
    let mut backwards = text.chars().rev();
    let mut is_break = || {
        backwards
            .next()
            .map(|character| matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
    };
    match (is_break(), is_break()) {
        (Some(true), None | Some(true)) => Some("+"),
        (Some(true), Some(false)) => None,
        _ => Some("-"),
    }
}
