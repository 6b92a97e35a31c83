//! Tokens to events: YAML's grammar.
//!
//! The productions are those at the head of libyaml's `parser.c`; one state stands for each place inside one, so that
//! nesting costs a vector's element and no stack.

use crate::input::Input;
use crate::scanner::{Mark, Scanner, Style, TagDirective, TagToken, Text, Token, TokenKind};
use crate::tag::Tag;
use crate::{Error, ErrorKind, Limits, Position};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) mark: Mark,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum EventKind {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(Text),
    /// `plain` says that the value decides what the scalar is (Go: `implicit`).
    Scalar {
        text: Text,
        tag: Tag,
        plain: bool,
        anchor: Option<Text>,
    },
    SequenceStart {
        anchor: Option<Text>,
    },
    MappingStart {
        anchor: Option<Text>,
    },
    CollectionEnd,
}

#[derive(Clone, Copy, Debug)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry { first: bool },
    IndentlessSequenceEntry,
    BlockMappingKey { first: bool },
    BlockMappingValue,
    FlowSequenceEntry { first: bool },
    FlowSequencePairKey,
    FlowSequencePairValue,
    FlowSequencePairEnd,
    FlowMappingKey { first: bool },
    FlowMappingValue { empty: bool },
    End,
}

/// Where a node stands, which decides what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Block,
    /// A block sequence may start at the column of its parent mapping.
    BlockOrIndentless,
    Flow,
}

pub(crate) struct Parser<'t> {
    pub(crate) scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    tag_directives: Vec<TagDirective>,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(input: &'t Input<'_>, limits: &Limits) -> Self {
        Self {
            scanner: Scanner::new(input, limits),
            state: State::StreamStart,
            states: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Event, Error> {
        match self.state {
            State::StreamStart => {
                self.scanner.peek()?;
                self.scanner.take();
                self.state = State::ImplicitDocumentStart;
                self.next()
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(Place::Block),
            State::BlockSequenceEntry { first } => self.block_sequence_entry(first),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey { first } => self.block_mapping_key(first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceEntry { first } => self.flow_sequence_entry(first),
            State::FlowSequencePairKey => self.flow_sequence_pair_key(),
            State::FlowSequencePairValue => self.flow_sequence_pair_value(),
            State::FlowSequencePairEnd => {
                let mark = self.scanner.peek()?.mark;
                self.state = State::FlowSequenceEntry { first: false };
                Ok(Event { kind: EventKind::CollectionEnd, mark })
            }
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue { empty } => self.flow_mapping_value(empty),
            State::End => Ok(Event { kind: EventKind::StreamEnd, mark: Mark::default() }),
        }
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Takes the token, and looks at the one behind it.
    fn advance(&mut self) -> Result<&Token, Error> {
        self.scanner.take();
        self.scanner.peek()
    }

    fn document_start(&mut self, implicit: bool) -> Result<Event, Error> {
        let mut token = self.scanner.peek()?;
        if !implicit {
            while matches!(token.kind, TokenKind::DocumentEnd) {
                self.scanner.take();
                token = self.scanner.peek()?;
            }
        }
        let mark = token.mark;
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                return Ok(Event { kind: EventKind::StreamEnd, mark });
            }
            TokenKind::VersionDirective { .. } | TokenKind::TagDirective(_) | TokenKind::DocumentStart => {
                self.directives()?;
                let token = self.scanner.peek()?;
                if !matches!(token.kind, TokenKind::DocumentStart) {
                    return Err(error("did not find expected <document start>", token.mark));
                }
                self.scanner.take();
                self.state = State::DocumentContent;
            }
            _ if implicit => {
                self.directives()?;
                self.state = State::BlockNode;
            }
            _ => return Err(error("did not find expected <document start>", mark)),
        }
        self.states.push(State::DocumentEnd);
        Ok(Event { kind: EventKind::DocumentStart, mark })
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut versioned = false;
        loop {
            let token = self.scanner.peek()?;
            let mark = token.mark;
            match &token.kind {
                TokenKind::VersionDirective { major, minor } => {
                    if versioned {
                        return Err(error("found duplicate %YAML directive", mark));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(error("found incompatible YAML document", mark));
                    }
                    versioned = true;
                }
                TokenKind::TagDirective(directive) => {
                    if self.tag_directives.iter().any(|known| known.handle == directive.handle) {
                        return Err(error("found duplicate %TAG directive", mark));
                    }
                    self.tag_directives.push(TagDirective::clone(directive));
                }
                _ => break,
            }
            self.scanner.take();
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective(_)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let mark = token.mark;
                self.pop();
                Ok(empty_scalar(mark))
            }
            _ => self.node(Place::Block),
        }
    }

    fn document_end(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::DocumentEnd) {
            self.scanner.take();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event { kind: EventKind::DocumentEnd, mark })
    }

    fn node(&mut self, place: Place) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if let TokenKind::Alias(name) = token.kind {
            self.scanner.take();
            self.pop();
            return Ok(Event { kind: EventKind::Alias(name), mark });
        }
        let mut anchor = None;
        let mut written: Option<(Box<TagToken>, Mark)> = None;
        loop {
            match &self.scanner.peek()?.kind {
                TokenKind::Anchor(name) if anchor.is_none() => {
                    anchor = Some(*name);
                    self.scanner.take();
                }
                TokenKind::Tag(_) if written.is_none() => {
                    if let Some(Token { kind: TokenKind::Tag(tag), mark }) = self.scanner.take() {
                        written = Some((tag, mark));
                    }
                }
                _ => break,
            }
        }
        let mut tag = Tag::None;
        let mut is_plain_tag = false;
        if let Some((written, mark)) = written {
            let uri = self.tag_uri(&written).ok_or_else(|| error("found undefined tag handle", mark))?;
            is_plain_tag = uri == b"!";
            tag = Tag::from_uri(&uri);
        }
        let token = self.scanner.peek()?;
        let kind = match token.kind {
            TokenKind::BlockEntry if place == Place::BlockOrIndentless => {
                self.state = State::IndentlessSequenceEntry;
                EventKind::SequenceStart { anchor }
            }
            TokenKind::Scalar { text, style } => {
                let plain = is_plain_tag || (tag == Tag::None && style == Style::Plain);
                self.scanner.take();
                self.pop();
                EventKind::Scalar { text, tag, plain, anchor }
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceEntry { first: true };
                EventKind::SequenceStart { anchor }
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingKey { first: true };
                EventKind::MappingStart { anchor }
            }
            TokenKind::BlockSequenceStart if place != Place::Flow => {
                self.state = State::BlockSequenceEntry { first: true };
                EventKind::SequenceStart { anchor }
            }
            TokenKind::BlockMappingStart if place != Place::Flow => {
                self.state = State::BlockMappingKey { first: true };
                EventKind::MappingStart { anchor }
            }
            _ if anchor.is_some() || tag != Tag::None => {
                self.pop();
                EventKind::Scalar { text: Text::default(), tag, plain: tag == Tag::None, anchor }
            }
            _ => return Err(error("did not find expected node content", token.mark)),
        };
        Ok(Event { kind, mark })
    }

    /// The URI of a tag; `None` for one whose handle no directive declares.
    fn tag_uri(&self, written: &TagToken) -> Option<Vec<u8>> {
        if written.handle.is_empty() {
            return Some(written.suffix.clone());
        }
        let declared = self.tag_directives.iter().find(|directive| directive.handle == written.handle);
        let prefix = match (declared, written.handle.as_slice()) {
            (Some(directive), _) => directive.prefix.as_slice(),
            (None, b"!") => b"!",
            (None, b"!!") => b"tag:yaml.org,2002:",
            (None, _) => return None,
        };
        let uri = [prefix, &written.suffix].concat();
        (!uri.is_empty()).then_some(uri)
    }

    fn block_sequence_entry(&mut self, first: bool) -> Result<Event, Error> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let token = self.scanner.peek()?;
        let mark = token.mark;
        match token.kind {
            TokenKind::BlockEntry => {
                if matches!(self.advance()?.kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry { first: false };
                    return Ok(empty_scalar(mark));
                }
                self.states.push(State::BlockSequenceEntry { first: false });
                self.node(Place::Block)
            }
            TokenKind::BlockEnd => Ok(self.collection_end(mark)),
            _ => Err(error("did not find expected '-' indicator", mark)),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if !matches!(token.kind, TokenKind::BlockEntry) {
            self.pop();
            return Ok(Event { kind: EventKind::CollectionEnd, mark });
        }
        match self.advance()?.kind {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = State::IndentlessSequenceEntry;
                Ok(empty_scalar(mark))
            }
            _ => {
                self.states.push(State::IndentlessSequenceEntry);
                self.node(Place::Block)
            }
        }
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event, Error> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let token = self.scanner.peek()?;
        let mark = token.mark;
        match token.kind {
            TokenKind::Key => match self.advance()?.kind {
                TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                    self.state = State::BlockMappingValue;
                    Ok(empty_scalar(mark))
                }
                _ => {
                    self.states.push(State::BlockMappingValue);
                    self.node(Place::BlockOrIndentless)
                }
            },
            TokenKind::BlockEnd => Ok(self.collection_end(mark)),
            _ => Err(error("did not find expected key", mark)),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::Value)
            && !matches!(self.advance()?.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd)
        {
            self.states.push(State::BlockMappingKey { first: false });
            return self.node(Place::BlockOrIndentless);
        }
        self.state = State::BlockMappingKey { first: false };
        Ok(empty_scalar(mark))
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event, Error> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let mut token = self.scanner.peek()?;
        if !first && !matches!(token.kind, TokenKind::FlowSequenceEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return Err(error("did not find expected ',' or ']'", token.mark));
            }
            token = self.advance()?;
        }
        let mark = token.mark;
        match token.kind {
            TokenKind::FlowSequenceEnd => Ok(self.collection_end(mark)),
            TokenKind::Key => {
                self.scanner.take();
                self.state = State::FlowSequencePairKey;
                Ok(Event { kind: EventKind::MappingStart { anchor: None }, mark })
            }
            _ => {
                self.states.push(State::FlowSequenceEntry { first: false });
                self.node(Place::Flow)
            }
        }
    }

    fn flow_sequence_pair_key(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            // go-yaml takes the token too, `:` or not (Go: `parserc.go`, flow_sequence_entry_mapping_key).
            self.scanner.take();
            self.state = State::FlowSequencePairValue;
            return Ok(empty_scalar(mark));
        }
        self.states.push(State::FlowSequencePairValue);
        self.node(Place::Flow)
    }

    fn flow_sequence_pair_value(&mut self) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::Value)
            && !matches!(self.advance()?.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd)
        {
            self.states.push(State::FlowSequencePairEnd);
            return self.node(Place::Flow);
        }
        self.state = State::FlowSequencePairEnd;
        Ok(empty_scalar(mark))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event, Error> {
        if first {
            self.scanner.peek()?;
            self.scanner.take();
        }
        let mut token = self.scanner.peek()?;
        if !first && !matches!(token.kind, TokenKind::FlowMappingEnd) {
            if !matches!(token.kind, TokenKind::FlowEntry) {
                return Err(error("did not find expected ',' or '}'", token.mark));
            }
            token = self.advance()?;
        }
        let mark = token.mark;
        match token.kind {
            TokenKind::FlowMappingEnd => Ok(self.collection_end(mark)),
            TokenKind::Key => {
                let token = self.advance()?;
                if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                    let mark = token.mark;
                    self.state = State::FlowMappingValue { empty: false };
                    return Ok(empty_scalar(mark));
                }
                self.states.push(State::FlowMappingValue { empty: false });
                self.node(Place::Flow)
            }
            _ => {
                self.states.push(State::FlowMappingValue { empty: true });
                self.node(Place::Flow)
            }
        }
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event, Error> {
        let token = self.scanner.peek()?;
        let mut mark = token.mark;
        if !empty && matches!(token.kind, TokenKind::Value) {
            let token = self.advance()?;
            mark = token.mark;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey { first: false });
                return self.node(Place::Flow);
            }
        }
        self.state = State::FlowMappingKey { first: false };
        Ok(empty_scalar(mark))
    }

    fn collection_end(&mut self, mark: Mark) -> Event {
        self.scanner.take();
        self.pop();
        Event { kind: EventKind::CollectionEnd, mark }
    }
}

fn empty_scalar(mark: Mark) -> Event {
    let kind = EventKind::Scalar { text: Text::default(), tag: Tag::None, plain: true, anchor: None };
    Event { kind, mark }
}

/// A fault of the grammar at a token (Go: `decode.go`, `parser.fail`, which counts these lines from 0).
fn error(problem: &str, mark: Mark) -> Error {
    let message = match mark.line {
        0 => format!("yaml: {problem}"),
        line => format!("yaml: line {line}: {problem}"),
    };
    Error::new(ErrorKind::Syntax, message)
        .at(Position { line: mark.line + 1, column: mark.column.saturating_add(1) })
}
