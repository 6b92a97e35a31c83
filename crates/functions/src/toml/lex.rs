//! TOML cut into items, with the errors of `BurntSushi/toml` 1.6 (`lex.go`).

use std::collections::VecDeque;

use pintle_value::{Quote, append_quoted_rune, quoted};

use crate::runes;

mod string;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    End,
    Text,
    String,
    EscapedString,
    RawString,
    MultilineString,
    RawMultilineString,
    Bool,
    Integer,
    Float,
    Datetime,
    Array,
    ArrayEnd,
    TableStart,
    TableEnd,
    ArrayTableStart,
    ArrayTableEnd,
    KeyStart,
    KeyEnd,
    CommentStart,
    InlineTableStart,
    InlineTableEnd,
}

/// An item with its text and the line that it ends on.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a [u8],
    pub(super) line: usize,
}

/// Where the text is no TOML.
#[derive(Clone, Debug)]
pub(super) struct LexError {
    pub(super) message: String,
    pub(super) line: usize,
}

/// What is read next.
#[derive(Clone, Copy, Debug)]
enum State {
    Top,
    TopEnd,
    TableStart,
    TableEnd,
    ArrayTableEnd,
    TableNameStart,
    TableNameEnd,
    BareName,
    QuotedName,
    KeyStart,
    KeyNameStart,
    KeyEnd,
    Value,
    ArrayValue,
    ArrayValueEnd,
    ArrayEnd,
    InlineTableValue,
    InlineTableValueEnd,
    InlineTableEnd,
    String,
    StringEscape,
    MultilineString,
    RawString,
    MultilineRawString,
    NumberOrDateStart,
    NumberOrDate,
    BaseNumberOrDate,
    Datetime,
    Integer(fn(char) -> bool),
    DecimalNumber,
    DecimalNumberStart,
    Float,
    Bool,
    CommentStart,
    Comment,
    /// After an error nothing is read.
    Failed,
}

/// What `next` gives at the end of the text. TOML allows no such character.
const EOF: char = '\0';

pub(super) struct Lexer<'a> {
    text: &'a [u8],
    start: usize,
    at: usize,
    line: usize,
    state: State,
    stack: Vec<State>,
    items: VecDeque<Result<Item<'a>, LexError>>,
    /// The widths of the last characters, the latest one first.
    widths: [usize; 4],
    escaped: bool,
    at_end: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            start: 0,
            at: 0,
            line: 1,
            state: State::Top,
            stack: Vec::new(),
            items: VecDeque::new(),
            widths: [0; 4],
            escaped: false,
            at_end: false,
        }
    }

    /// The next item. After [`Kind::End`] and after an error there is none.
    pub(super) fn item(&mut self) -> Result<Item<'a>, LexError> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return item;
            }
            if matches!(self.state, State::Failed) {
                return Err(LexError { message: "nothing to read".to_owned(), line: self.line });
            }
            self.state = self.step();
        }
    }

    fn push(&mut self, state: State) {
        self.stack.push(state);
    }

    fn pop(&mut self) -> State {
        self.stack.pop().unwrap_or(State::Failed)
    }

    fn current(&self) -> &'a [u8] {
        self.text.get(self.start..self.at).unwrap_or_default()
    }

    fn emit(&mut self, kind: Kind) {
        let item = Item { kind, text: self.current(), line: self.line };
        self.items.push_back(Ok(item));
        self.start = self.at;
    }

    /// The next character; [`EOF`] at the end, U+FFFD behind an error.
    fn next(&mut self) -> char {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first() else {
            self.at_end = true;
            return EOF;
        };
        if *first == b'\n' {
            self.line += 1;
        }
        let (rune, width) = runes::decode(rest);
        let control = rune.is_ascii_control() && !matches!(rune, '\t' | '\r' | '\n');
        if rune == runes::RUNE_ERROR && width == 1 {
            self.fail(format!("invalid UTF-8 byte: 0x{first:02x}"));
            return runes::RUNE_ERROR;
        }
        if control || rune == '\r' && rest.get(1) != Some(&b'\n') {
            let code = u32::from(rune);
            let message = format!("TOML files cannot contain control characters: '0x{code:02x}'");
            self.items.push_back(Err(LexError { message, line: self.line }));
            return runes::RUNE_ERROR;
        }
        self.widths.rotate_right(1);
        if let Some(last) = self.widths.first_mut() {
            *last = width;
        }
        self.at += width;
        rune
    }

    fn ignore(&mut self) {
        self.start = self.at;
    }

    /// Takes the last character back; up to four in a row.
    fn backup(&mut self) {
        if self.at_end {
            self.at_end = false;
            return;
        }
        let width = self.widths.first().copied().unwrap_or_default();
        self.widths.rotate_left(1);
        self.at = self.at.saturating_sub(width);
        if self.text.get(self.at) == Some(&b'\n') {
            self.line -= 1;
        }
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.next() == wanted;
        if !found {
            self.backup();
        }
        found
    }

    fn peek(&mut self) -> char {
        let rune = self.next();
        self.backup();
        rune
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.next()) {}
        self.backup();
        self.ignore();
    }

    /// `BurntSushi`: `error`.
    fn fail(&mut self, message: String) -> State {
        if self.at_end {
            return self.fail_on_previous_line(message);
        }
        self.items.push_back(Err(LexError { message, line: self.line }));
        State::Failed
    }

    fn fail_on_previous_line(&mut self, message: String) -> State {
        self.items.push_back(Err(LexError { message, line: self.line - 1 }));
        State::Failed
    }

    /// `BurntSushi`: `errorf`.
    fn refuse(&mut self, message: impl Into<String>) -> State {
        let behind_line = self.at_end && self.at >= 1 && self.text.get(self.at - 1) == Some(&b'\n');
        let line = if behind_line { self.line - 1 } else { self.line };
        self.items.push_back(Err(LexError { message: message.into(), line }));
        State::Failed
    }

    fn skip(&mut self, next: State) -> State {
        self.ignore();
        next
    }

    fn step(&mut self) -> State {
        match self.state {
            State::Top => self.top(),
            State::TopEnd => self.top_end(),
            State::TableStart => self.table_start(),
            State::TableEnd => {
                self.emit(Kind::TableEnd);
                State::TopEnd
            }
            State::ArrayTableEnd => match self.next() {
                ']' => {
                    self.emit(Kind::ArrayTableEnd);
                    State::TopEnd
                }
                other => self.refuse(format!(
                    "expected end of table array name delimiter ']', but got {} instead",
                    quoted_rune(other)
                )),
            },
            State::TableNameStart => self.table_name_start(),
            State::TableNameEnd => self.table_name_end(),
            State::BareName => self.bare_name(),
            State::QuotedName => self.quoted_name(),
            State::KeyStart => self.key_start(),
            State::KeyNameStart => self.key_name_start(),
            State::KeyEnd => self.key_end(),
            State::Value => self.value(),
            State::ArrayValue => self.array_value(),
            State::ArrayValueEnd => self.array_value_end(),
            State::ArrayEnd => {
                self.ignore();
                self.emit(Kind::ArrayEnd);
                self.pop()
            }
            State::InlineTableValue => self.inline_table_value(),
            State::InlineTableValueEnd => self.inline_table_value_end(),
            State::InlineTableEnd => {
                self.ignore();
                self.emit(Kind::InlineTableEnd);
                self.pop()
            }
            State::String => self.string(),
            State::StringEscape => self.string_escape(),
            State::MultilineString => self.multiline_string(),
            State::RawString => self.raw_string(),
            State::MultilineRawString => self.multiline_raw_string(),
            State::NumberOrDateStart => {
                if self.next() == '0' {
                    State::BaseNumberOrDate
                } else {
                    State::NumberOrDate
                }
            }
            State::NumberOrDate => match self.next() {
                '0'..='9' => State::NumberOrDate,
                '-' | ':' => State::Datetime,
                '_' => State::DecimalNumber,
                '.' | 'e' | 'E' => State::Float,
                _ => self.finish(Kind::Integer),
            },
            State::BaseNumberOrDate => self.base_number_or_date(),
            State::Datetime => match self.next() {
                '0'..='9' | '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+' => State::Datetime,
                _ => self.finish(Kind::Datetime),
            },
            State::Integer(digit) => match self.next() {
                '_' => State::Integer(digit),
                rune if digit(rune) => State::Integer(digit),
                _ => self.finish(Kind::Integer),
            },
            State::DecimalNumber => match self.next() {
                '0'..='9' | '_' => State::DecimalNumber,
                '.' | 'e' | 'E' => State::Float,
                _ => self.finish(Kind::Integer),
            },
            State::DecimalNumberStart => self.decimal_number_start(),
            State::Float => match self.next() {
                '0'..='9' | '_' | '.' | '-' | '+' | 'e' | 'E' => State::Float,
                _ => self.finish(Kind::Float),
            },
            State::Bool => self.bool(),
            State::CommentStart => {
                self.ignore();
                self.emit(Kind::CommentStart);
                State::Comment
            }
            State::Comment => match self.next() {
                '\n' | '\r' | EOF => self.finish(Kind::Text),
                _ => State::Comment,
            },
            State::Failed => State::Failed,
        }
    }

    /// Ends an item in front of the character that was just read.
    fn finish(&mut self, kind: Kind) -> State {
        self.backup();
        self.emit(kind);
        self.pop()
    }

    fn top(&mut self) -> State {
        match self.next() {
            ' ' | '\t' | '\n' | '\r' => self.skip(State::Top),
            '#' => {
                self.push(State::Top);
                State::CommentStart
            }
            '[' => State::TableStart,
            EOF if self.at > self.start => self.refuse("unexpected EOF"),
            EOF => {
                self.emit(Kind::End);
                State::Failed
            }
            _ => {
                self.backup();
                self.push(State::TopEnd);
                State::KeyStart
            }
        }
    }

    fn top_end(&mut self) -> State {
        match self.next() {
            '#' => {
                self.push(State::Top);
                State::CommentStart
            }
            ' ' | '\t' => State::TopEnd,
            '\n' | '\r' => self.skip(State::Top),
            EOF => {
                self.emit(Kind::End);
                State::Failed
            }
            other => self.refuse(format!(
                "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                quoted_rune(other)
            )),
        }
    }

    fn table_start(&mut self) -> State {
        if self.peek() == '[' {
            self.next();
            self.emit(Kind::ArrayTableStart);
            self.push(State::ArrayTableEnd);
        } else {
            self.emit(Kind::TableStart);
            self.push(State::TableEnd);
        }
        State::TableNameStart
    }

    fn table_name_start(&mut self) -> State {
        self.skip_blanks();
        match self.peek() {
            ']' | EOF => self.refuse("unexpected end of table name (table names cannot be empty)"),
            '.' => self.refuse("unexpected table separator (table names cannot be empty)"),
            '"' | '\'' => {
                self.ignore();
                self.push(State::TableNameEnd);
                State::QuotedName
            }
            _ => {
                self.push(State::TableNameEnd);
                State::BareName
            }
        }
    }

    fn table_name_end(&mut self) -> State {
        self.skip_blanks();
        match self.next() {
            '.' => self.skip(State::TableNameStart),
            ']' => self.pop(),
            other => self.refuse(format!(
                "expected '.' or ']' to end table name, but got {} instead",
                quoted_rune(other)
            )),
        }
    }

    fn bare_name(&mut self) -> State {
        match self.next() {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => State::BareName,
            _ => self.finish(Kind::Text),
        }
    }

    fn quoted_name(&mut self) -> State {
        match self.next() {
            '"' => self.skip(State::String),
            '\'' => self.skip(State::RawString),
            ' ' | '\t' => self.skip(State::Value),
            EOF => self.refuse("unexpected EOF; expected value"),
            other => self.refuse(format!("expected value but found {} instead", quoted_rune(other))),
        }
    }

    fn key_start(&mut self) -> State {
        self.skip_blanks();
        match self.peek() {
            '=' | EOF => self.refuse("unexpected '=': key name appears blank"),
            '.' => self.refuse("unexpected '.': keys cannot start with a '.'"),
            rune => {
                if matches!(rune, '"' | '\'') {
                    self.ignore();
                }
                self.emit(Kind::KeyStart);
                State::KeyNameStart
            }
        }
    }

    fn key_name_start(&mut self) -> State {
        self.skip_blanks();
        match self.peek() {
            '"' | '\'' => {
                self.ignore();
                self.push(State::KeyEnd);
                State::QuotedName
            }
            '=' | EOF => self.refuse("unexpected '='"),
            '.' => self.refuse("unexpected '.'"),
            _ => {
                self.push(State::KeyEnd);
                State::BareName
            }
        }
    }

    fn key_end(&mut self) -> State {
        self.skip_blanks();
        match self.next() {
            EOF => self.refuse("unexpected EOF; expected key separator '='"),
            '.' => self.skip(State::KeyNameStart),
            '=' => {
                self.emit(Kind::KeyEnd);
                self.skip(State::Value)
            }
            other => {
                let message = format!("expected '.' or '=', but got {} instead", quoted_rune(other));
                if other == '\n' { self.fail_on_previous_line(message) } else { self.refuse(message) }
            }
        }
    }

    fn value(&mut self) -> State {
        let rune = self.next();
        match rune {
            ' ' | '\t' => return self.skip(State::Value),
            '0'..='9' => {
                self.backup();
                return State::NumberOrDateStart;
            }
            '[' => {
                self.ignore();
                self.emit(Kind::Array);
                return State::ArrayValue;
            }
            '{' => {
                self.ignore();
                self.emit(Kind::InlineTableStart);
                return State::InlineTableValue;
            }
            '"' => return self.string_start('"', State::String, State::MultilineString),
            '\'' => return self.string_start('\'', State::RawString, State::MultilineRawString),
            '.' => return self.refuse("floats must start with a digit, not '.'"),
            // Whatever begins like one of both: `nnf` is taken for a float as well.
            'i' | 'n' if self.accept('n') && self.accept('f') || self.accept('a') && self.accept('n') => {
                self.emit(Kind::Float);
                return self.pop();
            }
            '-' | '+' => return State::DecimalNumberStart,
            _ => {}
        }
        if runes::is_letter(rune) {
            self.backup();
            return State::Bool;
        }
        let message = format!("expected value but found {} instead", quoted_rune(rune));
        match rune {
            EOF => self.refuse("unexpected EOF; expected value"),
            '\n' => self.fail_on_previous_line(message),
            _ => self.refuse(message),
        }
    }

    fn string_start(&mut self, quote: char, single: State, multi: State) -> State {
        if self.accept(quote) {
            if self.accept(quote) {
                return self.skip(multi);
            }
            self.backup();
        }
        self.skip(single)
    }

    fn array_value(&mut self) -> State {
        match self.next() {
            ' ' | '\t' | '\n' | '\r' => self.skip(State::ArrayValue),
            '#' => {
                self.push(State::ArrayValue);
                State::CommentStart
            }
            ',' => self.refuse("unexpected comma"),
            ']' => State::ArrayEnd,
            _ => {
                self.backup();
                self.push(State::ArrayValueEnd);
                State::Value
            }
        }
    }

    fn array_value_end(&mut self) -> State {
        match self.next() {
            ' ' | '\t' | '\n' | '\r' => self.skip(State::ArrayValueEnd),
            '#' => {
                self.push(State::ArrayValueEnd);
                State::CommentStart
            }
            ',' => self.skip(State::ArrayValue),
            ']' => State::ArrayEnd,
            other => self.refuse(format!(
                "expected a comma (',') or array terminator (']'), but got {}",
                rune_or_end(other)
            )),
        }
    }

    fn inline_table_value(&mut self) -> State {
        match self.next() {
            ' ' | '\t' | '\n' | '\r' => self.skip(State::InlineTableValue),
            '#' => {
                self.push(State::InlineTableValue);
                State::CommentStart
            }
            ',' => self.refuse("unexpected comma"),
            '}' => State::InlineTableEnd,
            _ => {
                self.backup();
                self.push(State::InlineTableValueEnd);
                State::KeyStart
            }
        }
    }

    fn inline_table_value_end(&mut self) -> State {
        match self.next() {
            ' ' | '\t' | '\n' | '\r' => self.skip(State::InlineTableValueEnd),
            '#' => {
                self.push(State::InlineTableValueEnd);
                State::CommentStart
            }
            ',' => {
                self.ignore();
                self.skip_blanks();
                if self.peek() == '}' { State::InlineTableValueEnd } else { State::InlineTableValue }
            }
            '}' => State::InlineTableEnd,
            other => self.refuse(format!(
                "expected a comma or an inline table terminator '}}', but got {} instead",
                rune_or_end(other)
            )),
        }
    }

    fn base_number_or_date(&mut self) -> State {
        let (digit, name): (fn(char) -> bool, _) = match self.next() {
            '0'..='9' => return State::NumberOrDate,
            '_' => return State::DecimalNumber,
            '.' | 'e' | 'E' => return State::Float,
            'b' => (|rune| matches!(rune, '0' | '1'), "a binary"),
            'o' => (|rune| matches!(rune, '0'..='7'), "an octal"),
            'x' => (|rune| rune.is_ascii_hexdigit(), "a hexadecimal"),
            _ => return self.finish(Kind::Integer),
        };
        let first = self.peek();
        if !digit(first) {
            let current = String::from_utf8_lossy(self.current()).into_owned();
            return self.refuse(format!("not {name} number: '{current}{first}'"));
        }
        State::Integer(digit)
    }

    fn decimal_number_start(&mut self) -> State {
        let rune = self.next();
        let word = match rune {
            'i' => Some(['n', 'f']),
            'n' => Some(['a', 'n']),
            _ => None,
        };
        if let Some(word) = word {
            if word.into_iter().all(|letter| self.accept(letter)) {
                self.emit(Kind::Float);
                return self.pop();
            }
            let current = String::from_utf8_lossy(self.current()).into_owned();
            return self.refuse(format!("invalid float: '{current}'"));
        }
        if rune == '0' {
            let base = self.peek();
            if matches!(base, 'b' | 'o' | 'x') {
                let current = String::from_utf8_lossy(self.current()).into_owned();
                return self.refuse(format!("cannot use sign with non-decimal numbers: '{current}{base}'"));
            }
        }
        match rune {
            '.' => self.refuse("floats must start with a digit, not '.'"),
            '0'..='9' => State::DecimalNumber,
            other => self.refuse(format!("expected a digit but got {}", quoted_rune(other))),
        }
    }

    fn bool(&mut self) -> State {
        let mut word = String::new();
        loop {
            let rune = self.next();
            if !runes::is_letter(rune) {
                self.backup();
                break;
            }
            word.push(rune);
        }
        if matches!(word.as_str(), "true" | "false") {
            self.emit(Kind::Bool);
            return self.pop();
        }
        self.refuse(format!("expected value but found {} instead", quoted(&word)))
    }
}

fn is_blank(rune: char) -> bool {
    matches!(rune, ' ' | '\t')
}

fn quoted_rune(rune: char) -> String {
    let mut out = Vec::new();
    append_quoted_rune(&mut out, rune, Quote::Printable);
    String::from_utf8_lossy(&out).into_owned()
}

fn rune_or_end(rune: char) -> String {
    if rune == EOF { "end of file".to_owned() } else { format!("'{rune}'") }
}
