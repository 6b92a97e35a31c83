//! The lexer (Go: `text/template/parse/lex.go`).

use std::ops::Range;

use pintle_value::{decode_rune, is_digit, is_letter, is_print, quoted};

/// What a token is. Those from [`Kind::Block`] on are keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token: a range of the text, or the text of an error.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Where it starts, in bytes from the start of the text.
    pub(crate) pos: usize,
    pub(crate) end: usize,
    pub(crate) line: u32,
    /// The message, of an error.
    pub(crate) error: Option<String>,
}

impl Token {
    pub(crate) fn range(&self) -> Range<usize> {
        self.pos..self.end
    }
}

pub(crate) const LEFT_DELIM: &[u8] = b"{{";
pub(crate) const RIGHT_DELIM: &[u8] = b"}}";

/// Whether `break` and `continue` are keywords: they are, unless functions have these names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keywords {
    pub(crate) break_ok: bool,
    pub(crate) continue_ok: bool,
}

#[derive(Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t [u8],
    keywords: Keywords,
    pos: usize,
    start: usize,
    line: u32,
    start_line: u32,
    paren_depth: u32,
    inside_action: bool,
    failed: bool,
}

enum Step {
    Emit(Token),
    Text,
    LeftDelim,
    Comment,
    RightDelim,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t [u8], keywords: Keywords) -> Self {
        Self {
            text,
            keywords,
            pos: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            failed: false,
        }
    }

    /// The next token; after the end or an error only [`Kind::Eof`].
    pub(crate) fn next_token(&mut self) -> Token {
        if self.failed {
            return self.token(Kind::Eof, 0, 0);
        }
        let mut step = if self.inside_action { self.inside_action() } else { Step::Text };
        loop {
            step = match step {
                Step::Emit(token) => return token,
                Step::Text => self.text(),
                Step::LeftDelim => self.left_delim(),
                Step::Comment => self.comment(),
                Step::RightDelim => self.right_delim(),
            };
        }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> &'t [u8] {
        self.text.get(from..to).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let (rune, width) = decode_rune(self.rest())?;
        self.pos += width;
        self.line += u32::from(rune == '\n');
        Some(rune)
    }

    fn peek(&self) -> Option<char> {
        decode_rune(self.rest()).map(|(rune, _)| rune)
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn token(&self, kind: Kind, pos: usize, end: usize) -> Token {
        Token { kind, pos, end, line: self.start_line, error: None }
    }

    fn take(&mut self, kind: Kind) -> Token {
        let token = self.token(kind, self.start, self.pos);
        self.start = self.pos;
        self.start_line = self.line;
        token
    }

    fn emit(&mut self, kind: Kind) -> Step {
        Step::Emit(self.take(kind))
    }

    /// Skips what was not read rune by rune, so that its lines were not counted yet.
    fn ignore(&mut self) {
        self.line += lines(self.slice(self.start, self.pos));
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn fail(&mut self, message: impl Into<String>) -> Step {
        self.failed = true;
        let token = Token { error: Some(message.into()), ..self.token(Kind::Error, self.start, self.start) };
        Step::Emit(token)
    }

    fn text(&mut self) -> Step {
        let Some(stop) = memchr::memmem::find(self.rest(), LEFT_DELIM) else {
            self.pos = self.text.len();
            if self.pos > self.start {
                self.line += lines(self.slice(self.start, self.pos));
                return self.emit(Kind::Text);
            }
            return self.emit(Kind::Eof);
        };
        if stop > 0 {
            self.pos += stop;
            let mut trim = 0;
            if has_left_trim(self.slice(self.pos + LEFT_DELIM.len(), self.text.len())) {
                let text = self.slice(self.start, self.pos);
                trim = text.len()
                    - text.iter().rposition(|byte| !is_space_byte(*byte)).map_or(0, |last| last + 1);
            }
            self.pos -= trim;
            self.line += lines(self.slice(self.start, self.pos));
            let token = self.take(Kind::Text);
            self.pos += trim;
            self.ignore();
            if token.end > token.pos {
                return Step::Emit(token);
            }
        }
        Step::LeftDelim
    }

    /// Whether a right delimiter comes next, and whether it has a trim marker.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT_DELIM)) {
            return Some(true);
        }
        rest.starts_with(RIGHT_DELIM).then_some(false)
    }

    fn left_delim(&mut self) -> Step {
        self.pos += LEFT_DELIM.len();
        let after_marker = if has_left_trim(self.rest()) { 2 } else { 0 };
        if self.slice(self.pos + after_marker, self.text.len()).starts_with(b"/*") {
            self.pos += after_marker;
            self.ignore();
            return Step::Comment;
        }
        let token = self.take(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += after_marker;
        self.ignore();
        self.paren_depth = 0;
        Step::Emit(token)
    }

    fn comment(&mut self) -> Step {
        self.pos += 2;
        let Some(stop) = memchr::memmem::find(self.rest(), b"*/") else {
            return self.fail("unclosed comment");
        };
        self.pos += stop + 2;
        let Some(trim) = self.at_right_delim() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.pos += RIGHT_DELIM.len() + if trim { 2 } else { 0 };
        if trim {
            self.skip_spaces();
        }
        self.ignore();
        Step::Text
    }

    fn right_delim(&mut self) -> Step {
        let trim = self.at_right_delim() == Some(true);
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += RIGHT_DELIM.len();
        let token = self.take(Kind::RightDelim);
        if trim {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        Step::Emit(token)
    }

    fn skip_spaces(&mut self) {
        self.pos += self.rest().iter().take_while(|byte| is_space_byte(**byte)).count();
    }

    fn inside_action(&mut self) -> Step {
        if self.at_right_delim().is_some() {
            if self.paren_depth == 0 {
                return Step::RightDelim;
            }
            return self.fail("unclosed left paren");
        }
        let Some(rune) = self.next() else {
            return self.fail("unclosed action");
        };
        match rune {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() == Some('=') {
                    self.emit(Kind::Declare)
                } else {
                    self.fail("expected :=")
                }
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quote(b'"', Kind::String, "unterminated quoted string"),
            '\'' => self.quote(b'\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_quote(),
            '$' => self.field_or_variable(Kind::Variable),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos -= 1;
                self.number()
            }
            rune if is_alphanumeric(rune) => self.identifier(),
            '(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen)
            }
            ')' => match self.paren_depth.checked_sub(1) {
                Some(depth) => {
                    self.paren_depth = depth;
                    self.emit(Kind::RightParen)
                }
                None => self.fail("unexpected right paren"),
            },
            ' '..='~' => self.emit(Kind::Char),
            rune => self.fail(format!("unrecognized character in action: {}", sharp_unicode(rune))),
        }
    }

    /// A run of spaces, of which the first was read. The last may belong to a trim marker.
    fn space(&mut self) -> Step {
        let mut count = 1;
        self.pos -= 1;
        self.line -= u32::from(self.rest().first() == Some(&b'\n'));
        while let Some(byte) = self.rest().first().filter(|byte| is_space_byte(**byte)) {
            self.pos += 1;
            self.line += u32::from(*byte == b'\n');
            count += 1;
        }
        count -= 1;
        let last = self.slice(self.pos - 1, self.text.len());
        if has_right_trim(last) && last.get(2..).is_some_and(|rest| rest.starts_with(RIGHT_DELIM)) {
            self.pos -= 1;
            self.line -= u32::from(last.first() == Some(&b'\n'));
            if count == 1 {
                return Step::RightDelim;
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Step {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match self.slice(self.start, self.pos) {
            b"block" => Kind::Block,
            b"break" if self.keywords.break_ok => Kind::Break,
            b"continue" if self.keywords.continue_ok => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"range" => Kind::Range,
            b"nil" => Kind::Nil,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn skip_alphanumeric(&mut self) {
        let ascii = self.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
        self.pos += ascii.count();
        while let Some((rune, width)) = decode_rune(self.rest()).filter(|(rune, _)| is_alphanumeric(*rune)) {
            debug_assert!(rune != '\n');
            self.pos += width;
        }
    }

    fn field_or_variable(&mut self, kind: Kind) -> Step {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    fn bad_character(&mut self) -> Step {
        let rune = self.peek().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.fail(format!("bad character {}", sharp_unicode(rune)))
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT_DELIM),
        }
    }

    fn quote(&mut self, quote: u8, kind: Kind, unterminated: &str) -> Step {
        while let Some(stop) = memchr::memchr3(quote, b'\\', b'\n', self.rest()) {
            self.pos += stop;
            match self.next() {
                Some('\\') if !matches!(self.next(), None | Some('\n')) => {}
                Some(rune) if rune == char::from(quote) => return self.emit(kind),
                _ => break,
            }
        }
        self.fail(unterminated)
    }

    fn raw_quote(&mut self) -> Step {
        let Some(end) = memchr::memchr(b'`', self.rest()) else {
            return self.fail("unterminated raw quoted string");
        };
        let from = self.pos;
        self.pos += end + 1;
        self.line += lines(self.slice(from, self.pos));
        self.emit(Kind::RawString)
    }

    fn number(&mut self) -> Step {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || self.slice(self.pos - 1, self.pos) != b"i" {
                return self.bad_number();
            }
            return self.emit(Kind::Complex);
        }
        self.emit(Kind::Number)
    }

    fn bad_number(&mut self) -> Step {
        let text = quoted(self.slice(self.start, self.pos));
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if digits.len() == 10 + 1 && self.accept(b"eE") {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        if digits.len() == 16 + 6 + 1 && self.accept(b"pP") {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn lines(text: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX)
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || is_letter(rune) || is_digit(rune)
}

fn has_left_trim(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_trim(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space_byte(*space))
}

/// Go's `%#U`.
fn sharp_unicode(rune: char) -> String {
    if is_print(rune) {
        format!("U+{:04X} '{rune}'", u32::from(rune))
    } else {
        format!("U+{:04X}", u32::from(rune))
    }
}
