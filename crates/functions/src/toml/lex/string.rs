//! Strings: basic and literal ones, of one line and of several.

use pintle_value::quoted;

use super::{EOF, Kind, Lexer, State};

impl Lexer<'_> {
    pub(super) fn string(&mut self) -> State {
        match self.next() {
            EOF => self.refuse("unexpected EOF; expected '\"'"),
            '\n' | '\r' => self.fail_on_previous_line("strings cannot contain newlines".to_owned()),
            '\\' => {
                self.push(State::String);
                State::StringEscape
            }
            '"' => {
                self.backup();
                let escaped = std::mem::take(&mut self.escaped);
                self.emit(if escaped { Kind::EscapedString } else { Kind::String });
                self.next();
                self.ignore();
                self.pop()
            }
            _ => State::String,
        }
    }

    pub(super) fn raw_string(&mut self) -> State {
        match self.next() {
            EOF => self.refuse("unexpected EOF; expected \"'\""),
            '\n' | '\r' => self.fail_on_previous_line("strings cannot contain newlines".to_owned()),
            '\'' => {
                self.backup();
                self.emit(Kind::RawString);
                self.next();
                self.ignore();
                self.pop()
            }
            _ => State::RawString,
        }
    }

    pub(super) fn multiline_string(&mut self) -> State {
        match self.next() {
            EOF => self.refuse("unexpected EOF; expected '\"\"\"'"),
            '\\' => {
                if matches!(self.next(), '\n' | '\r') {
                    return State::MultilineString;
                }
                self.backup();
                self.push(State::MultilineString);
                State::StringEscape
            }
            '"' => {
                let overlong =
                    |text: &[u8]| text.ends_with(b"\"\"\"\"\"") && !text.ends_with(b"\\\"\"\"\"\"");
                self.multiline_end('"', overlong, "unexpected '\"\"\"\"\"\"'", Kind::MultilineString)
                    .unwrap_or(State::MultilineString)
            }
            _ => State::MultilineString,
        }
    }

    pub(super) fn multiline_raw_string(&mut self) -> State {
        match self.next() {
            EOF => self.refuse("unexpected EOF; expected \"'''\""),
            '\'' => {
                let overlong = |text: &[u8]| text.ends_with(b"'''''");
                self.multiline_end('\'', overlong, "unexpected \"''''''\"", Kind::RawMultilineString)
                    .unwrap_or(State::MultilineRawString)
            }
            _ => State::MultilineRawString,
        }
    }

    /// After a quote in a string of several lines: up to two quotes may stand in front of the three that end it.
    /// `None` where the string goes on.
    fn multiline_end(
        &mut self,
        quote: char,
        overlong: fn(&[u8]) -> bool,
        message: &str,
        kind: Kind,
    ) -> Option<State> {
        if !self.accept(quote) {
            return None;
        }
        if !self.accept(quote) {
            self.backup();
            return None;
        }
        if self.peek() == quote {
            if overlong(self.current()) {
                return Some(self.refuse(message));
            }
            self.backup();
            self.backup();
            return None;
        }
        for _ in 0..3 {
            self.backup();
        }
        self.escaped = false;
        self.emit(kind);
        for _ in 0..3 {
            self.next();
        }
        self.ignore();
        Some(self.pop())
    }

    pub(super) fn string_escape(&mut self) -> State {
        self.escaped = true;
        match self.next() {
            'e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\' => self.pop(),
            'x' => self.hex_escape(2, "two", "\\x"),
            'u' => self.hex_escape(4, "four", "\\u"),
            'U' => self.hex_escape(8, "eight", "\\U"),
            other => self.fail(format!("invalid escape in string '\\{other}'")),
        }
    }

    fn hex_escape(&mut self, count: usize, name: &str, escape: &str) -> State {
        for _ in 0..count {
            if !self.next().is_ascii_hexdigit() {
                let current = quoted(self.current());
                return self.refuse(format!(
                    "expected {name} hexadecimal digits after '{escape}', but got {current} instead"
                ));
            }
        }
        self.pop()
    }
}
