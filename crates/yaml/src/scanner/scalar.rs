//! The three ways to write a scalar: plain, quoted, block.

use super::cursor::Cursor;
use super::token::Text;
use crate::Error;

/// The line breaks that a scalar folds.
#[derive(Default)]
struct Breaks {
    /// The first one; a line feed becomes a space if it is alone.
    leading: Option<char>,
    trailing: String,
}

impl Breaks {
    fn push(&mut self, character: char) {
        match self.leading {
            None => self.leading = Some(character),
            Some(_) => self.trailing.push(character),
        }
    }

    /// Writes the fold (YAML 1.1 §5.4: the first line feed is dropped, or becomes a space).
    fn fold(&mut self, out: &mut String) {
        match self.leading.take() {
            Some('\n') if self.trailing.is_empty() => out.push(' '),
            Some('\n') | None => {}
            Some(other) => out.push(other),
        }
        out.push_str(&self.trailing);
        self.trailing.clear();
    }
}

impl Cursor<'_> {
    /// A plain scalar, and whether a line ends behind it.
    pub(super) fn plain_scalar(&mut self, in_flow: bool, indent: i64) -> Result<(Text, bool), Error> {
        let indent = indent + 1;
        let start = self.at;
        let mut end = start;
        let mut assembled_from = None;
        let mut breaks = Breaks::default();
        let mut folded = false;
        loop {
            self.need(4)?;
            if self.is_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            let word = self.at;
            self.pass_plain_word(in_flow);
            if self.at > word {
                if folded {
                    folded = false;
                    if assembled_from.is_none() {
                        assembled_from = Some(self.assembled.len());
                        let so_far = self.slice(start, end);
                        self.assembled.push_str(so_far);
                    }
                    breaks.fold(&mut self.assembled);
                    let more = self.slice(word, self.at);
                    self.assembled.push_str(more);
                } else if assembled_from.is_some() {
                    let more = self.slice(end, self.at);
                    self.assembled.push_str(more);
                }
                end = self.at;
                self.need(2)?;
            }
            if !self.is_blank(0) && self.break_width(0) == 0 {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if folded && self.byte(0) == b'\t' && i64::from(self.column()) < indent {
                        return Err(self.error("found a tab character that violates indentation"));
                    }
                    self.pass(1);
                } else if let Some(character) = self.pass_break() {
                    breaks.push(character);
                    folded = true;
                } else {
                    break;
                }
                self.need(1)?;
            }
            if !in_flow && i64::from(self.column()) < indent {
                break;
            }
        }
        let text = match assembled_from {
            Some(from) => self.assembled_since(from),
            None => Self::stretch(start, end),
        };
        Ok((text, folded))
    }

    /// Passes what is neither blank nor an indicator that ends a plain scalar.
    #[inline]
    fn pass_plain_word(&mut self, in_flow: bool) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0 => return,
                b':' if self.is_gap(1) => return,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => return,
                0..0x80 => self.pass(1),
                _ if self.break_width(0) > 0 => return,
                _ => self.pass_character(),
            }
        }
    }

    /// A single-quoted or double-quoted scalar.
    pub(super) fn quoted_scalar(&mut self, quote: u8) -> Result<Text, Error> {
        self.pass(1);
        let assembled_from = self.assembled.len();
        let start = self.at;
        let mut pending = start; // what stands here up to the place is still to be copied, if anything is
        let mut breaks = Breaks::default();
        loop {
            self.need(4)?;
            if self.is_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.is_at_end() {
                return Err(self.error("found unexpected end of stream"));
            }
            let mut folded = false;
            loop {
                let byte = self.byte(0);
                match byte {
                    b' ' | b'\t' | b'\n' | b'\r' | 0 => break,
                    b'\'' if quote == b'\'' && self.byte(1) == b'\'' => {
                        self.copy(pending, self.at + 1);
                        self.pass(2);
                        pending = self.at;
                    }
                    _ if byte == quote => break,
                    b'\\' if quote == b'"' => {
                        self.copy(pending, self.at);
                        if self.break_width(1) > 0 {
                            self.pass(1);
                            self.pass_break();
                            folded = true;
                        } else {
                            self.escape()?;
                        }
                        pending = self.at;
                        if folded {
                            break;
                        }
                    }
                    0..0x80 => self.pass(1),
                    _ if self.break_width(0) > 0 => break,
                    _ => self.pass_character(),
                }
                self.need(2)?;
            }
            self.need(1)?;
            if self.byte(0) == quote {
                break;
            }
            // Blanks before a line break are dropped, as are those behind one; other blanks are text.
            let word_end = self.at;
            loop {
                if self.is_blank(0) {
                    self.pass(1);
                } else if let Some(character) = self.pass_break() {
                    if folded {
                        breaks.trailing.push(character);
                    } else {
                        self.copy(pending, word_end);
                        folded = true;
                        breaks.leading = Some(character);
                    }
                } else {
                    break;
                }
                self.need(1)?;
            }
            if folded {
                breaks.fold(&mut self.assembled);
                pending = self.at;
            }
        }
        let text = if pending == start {
            Self::stretch(start, self.at)
        } else {
            self.copy(pending, self.at);
            self.assembled_since(assembled_from)
        };
        self.pass(1);
        Ok(text)
    }

    fn copy(&mut self, start: usize, end: usize) {
        let stretch = self.slice(start, end);
        self.assembled.push_str(stretch);
    }

    /// The escape sequence of a double-quoted scalar (YAML 1.1 §5.6, and go-yaml's `\'`).
    fn escape(&mut self) -> Result<(), Error> {
        let digits = match self.byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            simple => {
                let character = match simple {
                    b'0' => '\0',
                    b'a' => '\x07',
                    b'b' => '\x08',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\x0B',
                    b'f' => '\x0C',
                    b'r' => '\r',
                    b'e' => '\x1B',
                    b' ' | b'"' | b'\'' | b'\\' => char::from(simple),
                    b'N' => '\u{85}',
                    b'_' => '\u{A0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return Err(self.error("found unknown escape character")),
                };
                self.assembled.push(character);
                self.pass(2);
                return Ok(());
            }
        };
        self.pass(2);
        self.need(digits)?;
        let mut value = 0_u32;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.byte(ahead)).to_digit(16) else {
                return Err(self.error("did not find expected hexdecimal number"));
            };
            value = value << 4 | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        self.assembled.push(character);
        self.pass(digits);
        Ok(())
    }

    /// A literal or folded block scalar inside a collection that is indented by `parent`.
    pub(super) fn block_scalar(&mut self, literal: bool, parent: i64) -> Result<Text, Error> {
        self.pass(1);
        let (chomping, increment) = self.block_header()?;
        self.pass_blanks();
        if self.byte(0) == b'#' {
            self.pass_line();
        }
        self.need(1)?;
        if !self.is_at_end() && self.break_width(0) == 0 {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.pass_break();

        let mut indent = if increment > 0 { parent.max(0) + increment } else { 0 };
        let from = self.assembled.len();
        let mut leading: Option<char> = None;
        let mut trailing = String::new();
        self.block_breaks(&mut indent, parent, &mut trailing)?;
        let mut was_blank = false;
        while i64::from(self.column()) == indent && !self.is_at_end() {
            // More-indented lines keep their line breaks (YAML 1.1 §9.2.3).
            let is_blank = self.is_blank(0);
            if !literal && !was_blank && !is_blank && leading == Some('\n') {
                if trailing.is_empty() {
                    self.assembled.push(' ');
                }
            } else if let Some(character) = leading {
                self.assembled.push(character);
            }
            self.assembled.push_str(&trailing);
            trailing.clear();
            was_blank = is_blank;
            let line = self.pass_line();
            self.assembled.push_str(line);
            self.need(2)?;
            leading = self.pass_break();
            self.block_breaks(&mut indent, parent, &mut trailing)?;
        }
        if chomping != Chomping::Strip
            && let Some(character) = leading
        {
            self.assembled.push(character);
        }
        if chomping == Chomping::Keep {
            self.assembled.push_str(&trailing);
        }
        Ok(self.assembled_since(from))
    }

    /// The chomping and indentation indicators, in either order.
    fn block_header(&mut self) -> Result<(Chomping, i64), Error> {
        let mut chomping = None;
        let mut increment = 0;
        for _ in 0..2 {
            self.need(1)?;
            match self.byte(0) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment == 0 => {
                    return Err(self.error("found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = i64::from(digit - b'0'),
                _ => break,
            }
            self.pass(1);
        }
        self.need(1)?;
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Passes indentation and empty lines; sets the indentation from the first line where none was given.
    fn block_breaks(&mut self, indent: &mut i64, parent: i64, breaks: &mut String) -> Result<(), Error> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || i64::from(self.column()) < *indent) && self.byte(0) == b' ' {
                self.pass(1);
            }
            let column = i64::from(self.column());
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.byte(0) == b'\t' {
                return Err(self.error("found a tab character where an indentation space is expected"));
            }
            self.need(1)?;
            match self.pass_break() {
                Some(character) => breaks.push(character),
                None => break,
            }
        }
        if *indent == 0 {
            *indent = deepest.max(parent + 1).max(1);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}
