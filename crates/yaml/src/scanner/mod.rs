//! Characters to tokens: indentation, simple keys and indicators, as libyaml and go-yaml see them.
//!
//! The rules are libyaml's (`scanner.c`) with go-yaml's changes (`scannerc.go`); the notions of *simple key* (what may
//! turn out to be a key once a `:` is seen) and of *rolling* the indentation are theirs.

mod cursor;
mod directive;
mod scalar;
mod token;

use std::collections::VecDeque;

pub(crate) use cursor::{Cursor, width};
pub(crate) use token::{Mark, Style, TagDirective, TagToken, Text, Token, TokenKind};

use crate::input::Input;
use crate::{Error, Limits};

/// How many characters after its start a simple key must have ended (YAML 1.1 §7.4.2).
const SIMPLE_KEY_LENGTH: u32 = 1024;

pub(crate) struct Scanner<'t> {
    pub(crate) cursor: Cursor<'t>,
    depth: usize,
    started: bool,
    ended: bool,
    tokens: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    flow_level: usize,
    /// The column of the innermost block collection, -1 outside of any.
    indent: i64,
    indents: Vec<i64>,
    simple_key_allowed: bool,
    /// One for each flow level, the block context's first.
    simple_keys: Vec<SimpleKey>,
}

#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// Whether the scanner still waits for the key's `:` before it hands out the key's first token. go-yaml forgets
    /// a key whose flow collection is empty (Go: `scannerc.go`, `simple_keys_by_tok`).
    awaited: bool,
    token_number: usize,
    mark: Mark,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(input: &'t Input<'_>, limits: &Limits) -> Self {
        Self {
            cursor: Cursor::new(input),
            depth: limits.depth,
            started: false,
            ended: false,
            tokens: VecDeque::new(),
            taken: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
        }
    }

    /// The next token; the end of the stream for ever once it is reached.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<&Token, Error> {
        static END: Token =
            Token { kind: TokenKind::StreamEnd, mark: Mark { offset: 0, line: 0, column: 0 } };
        while self.needs_more()? {
            self.fetch()?;
        }
        Ok(self.tokens.front().unwrap_or(&END))
    }

    /// Takes the token that was peeked at.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Token> {
        self.taken += 1;
        self.tokens.pop_front()
    }

    /// Whether the first token of the queue may still turn out to be a key, or there is none.
    fn needs_more(&mut self) -> Result<bool, Error> {
        if self.tokens.is_empty() {
            return Ok(!self.ended);
        }
        let first = self.simple_keys.partition_point(|key| key.token_number < self.taken);
        for index in first..self.simple_keys.len() {
            match self.simple_keys.get(index) {
                Some(key) if key.token_number == self.taken => {
                    if key.awaited {
                        return self.is_key_possible(index);
                    }
                }
                _ => break,
            }
        }
        Ok(false)
    }

    fn fetch(&mut self) -> Result<(), Error> {
        if !self.started {
            self.started = true;
            self.cursor.need(1)?;
            self.push(TokenKind::StreamStart, self.cursor.mark());
            return Ok(());
        }
        self.pass_gap()?;
        self.unroll_indent(i64::from(self.cursor.column()));
        self.cursor.need(4)?;

        let byte = self.cursor.byte(0);
        if byte == 0 {
            return self.fetch_end();
        }
        if self.cursor.column() == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if self.cursor.is_document_indicator() {
                return self.fetch_document_indicator(byte);
            }
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.cursor.is_gap(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.cursor.is_gap(1) => self.fetch_key(),
            b':' if in_flow || self.cursor.is_gap(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(byte),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !in_flow => self.fetch_block_scalar(byte),
            b'\'' | b'"' => self.fetch_quoted_scalar(byte),
            b' ' | b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                Err(self.cursor.error("found character that cannot start any token"))
            }
            _ => self.fetch_plain_scalar(),
        }
    }

    /// Passes blanks, comments and line breaks.
    fn pass_gap(&mut self) -> Result<(), Error> {
        loop {
            self.cursor.need(1)?;
            self.cursor.pass_byte_order_mark();
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.cursor.byte(0) == b' ' || (tabs && self.cursor.byte(0) == b'\t') {
                self.cursor.pass(1);
            }
            if self.cursor.byte(0) == b'#' {
                self.cursor.pass_line();
            }
            self.cursor.need(1)?;
            if self.cursor.pass_break().is_none() {
                return Ok(());
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    #[inline]
    fn push(&mut self, kind: TokenKind, mark: Mark) {
        self.tokens.push_back(Token { kind, mark });
    }

    /// Puts a token where the token `number` stands, or last where that one was taken.
    fn insert(&mut self, number: Option<usize>, kind: TokenKind, mark: Mark) {
        let index = number.and_then(|number| number.checked_sub(self.taken));
        match index {
            Some(index) if index <= self.tokens.len() => self.tokens.insert(index, Token { kind, mark }),
            _ => self.push(kind, mark),
        }
    }

    /// Whether a `:` here would make a key of the simple key at `index`.
    fn is_key_possible(&mut self, index: usize) -> Result<bool, Error> {
        let line = self.cursor.line;
        let column = self.cursor.column();
        let Some(key) = self.simple_keys.get_mut(index) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < line || key.mark.column + SIMPLE_KEY_LENGTH < column {
            if key.required {
                return Err(self.cursor.error("could not find expected ':'"));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// Remembers that the next token may start a simple key.
    fn save_simple_key(&mut self) -> Result<(), Error> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark();
        let required = self.flow_level == 0 && self.indent == i64::from(mark.column);
        self.remove_simple_key()?;
        let token_number = self.taken + self.tokens.len();
        if let Some(key) = self.simple_keys.last_mut() {
            *key = SimpleKey { possible: true, required, awaited: true, token_number, mark };
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Error> {
        if let Some(key) = self.simple_keys.last_mut()
            && key.possible
        {
            if key.required {
                return Err(self.cursor.error("could not find expected ':'"));
            }
            key.possible = false;
            key.awaited = false;
        }
        Ok(())
    }

    /// Enters a block collection at this column if it is deeper than the one that is open.
    fn roll_indent(
        &mut self,
        column: u32,
        number: Option<usize>,
        kind: TokenKind,
        mark: Mark,
    ) -> Result<(), Error> {
        if self.flow_level > 0 || self.indent >= i64::from(column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = i64::from(column);
        if self.indents.len() > self.depth {
            return Err(self.too_deep());
        }
        self.insert(number, kind, mark);
        Ok(())
    }

    /// Leaves the block collections that are deeper than this column.
    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.cursor.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn too_deep(&self) -> Error {
        self.cursor.error(&format!("exceeded max depth of {}", self.depth))
    }

    fn fetch_end(&mut self) -> Result<(), Error> {
        self.cursor.end_line();
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.ended = true;
        self.push(TokenKind::StreamEnd, self.cursor.mark());
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let kind = self.cursor.directive()?;
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, byte: u8) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = if byte == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        self.push(kind, self.cursor.mark());
        self.cursor.pass(3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_simple_key()?;
        let mark = self.cursor.mark();
        let token_number = self.taken + self.tokens.len();
        self.simple_keys.push(SimpleKey { token_number, mark, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > self.depth {
            return Err(self.too_deep());
        }
        self.simple_key_allowed = true;
        self.push(kind, mark);
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(inner) = self.simple_keys.pop()
                && let Some(outer) = self.simple_keys.last_mut()
                && outer.token_number == inner.token_number
            {
                outer.awaited = false;
            }
        }
        self.simple_key_allowed = false;
        self.push(kind, self.cursor.mark());
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push(TokenKind::FlowEntry, self.cursor.mark());
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.cursor.error("block sequence entries are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push(TokenKind::BlockEntry, mark);
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        let mark = self.cursor.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.cursor.error("mapping keys are not allowed in this context"));
            }
            self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push(TokenKind::Key, mark);
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        let mark = self.cursor.mark();
        let index = self.simple_keys.len().saturating_sub(1);
        if self.is_key_possible(index)? {
            let key = self.simple_keys.get(index).copied().unwrap_or_default();
            let number = Some(key.token_number);
            self.insert(number, TokenKind::Key, key.mark);
            self.roll_indent(key.mark.column, number, TokenKind::BlockMappingStart, key.mark)?;
            if let Some(key) = self.simple_keys.last_mut() {
                key.possible = false;
                key.awaited = false;
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(self.cursor.error("mapping values are not allowed in this context"));
                }
                self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push(TokenKind::Value, mark);
        self.cursor.pass(1);
        Ok(())
    }

    fn fetch_anchor(&mut self, indicator: u8) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let name = self.cursor.anchor()?;
        let kind = if indicator == b'*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let tag = self.cursor.tag()?;
        self.push(TokenKind::Tag(Box::new(tag)), mark);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, indicator: u8) -> Result<(), Error> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let mark = self.cursor.mark();
        let text = self.cursor.block_scalar(indicator == b'|', self.indent)?;
        self.push(TokenKind::Scalar { text, style: Style::Block }, mark);
        Ok(())
    }

    fn fetch_quoted_scalar(&mut self, quote: u8) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let text = self.cursor.quoted_scalar(quote)?;
        self.push(TokenKind::Scalar { text, style: Style::Quoted }, mark);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Result<(), Error> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let mark = self.cursor.mark();
        let (text, ends_line) = self.cursor.plain_scalar(self.flow_level > 0, self.indent)?;
        self.simple_key_allowed = ends_line;
        self.push(TokenKind::Scalar { text, style: Style::Plain }, mark);
        Ok(())
    }
}
