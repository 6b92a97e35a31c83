//! Scalars of the common shape.

use pintle_value::{Data, Str};

use super::{Reader, Result, Unusual, is_nothing, plain_end, starts_plain, unindented};
use crate::decode::Typed;
use crate::resolve::resolve;
use crate::tag::Tag;

impl<'t> Reader<'t, '_> {
    /// Reads a scalar, or a collection in brackets, whose first line is `value`; lines that go on are indented deeper
    /// than `around`.
    pub(super) fn scalar(&mut self, value: &'t str, around: usize) -> Result<Data> {
        self.count()?;
        match value.as_bytes() {
            [quote @ (b'"' | b'\''), ..] => {
                let (text, behind) = self.quoted(value, *quote)?;
                ends(behind)?;
                Ok(Data::String(text))
            }
            [b'|' | b'>', ..] => self.block(value, around),
            [b'[' | b'{', ..] => {
                let (data, behind) = self.flow(value, self.frames.len())?;
                ends(behind)?;
                Ok(data)
            }
            _ if starts_plain(value) => self.plain(value, around),
            _ => Err(Unusual),
        }
    }

    fn plain(&mut self, value: &'t str, around: usize) -> Result<Data> {
        let (first, commented) = plain_line(value)?;
        if commented || !self.goes_on(around) {
            return self.resolved(first);
        }
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        text.push_str(first);
        let mut breaks = 0_usize;
        loop {
            let before = self.at;
            let Some(line) = self.next_line() else { break };
            let content = unindented(line);
            if content.is_empty() {
                breaks += 1;
                continue;
            }
            if line.len() - content.len() <= around || content.starts_with('#') {
                self.at = before;
                break;
            }
            let (more, commented) = plain_line(content)?;
            fold(&mut text, breaks + 1);
            breaks = 0;
            text.push_str(more);
            if commented {
                break;
            }
        }
        let data = self.resolved(&text);
        self.scratch = text;
        data
    }

    /// Whether the next line that is not blank may belong to a plain scalar.
    fn goes_on(&self, around: usize) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let content = rest.trim_start_matches([' ', '\n']);
        let before = rest.get(..rest.len() - content.len()).unwrap_or_default();
        let indent = before.len() - memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |at| at + 1);
        indent > around && !content.is_empty() && !content.starts_with('#')
    }

    fn resolved(&self, text: &str) -> Result<Data> {
        let typed = resolve(Tag::None, text).map(Typed::Scalar).map_err(|_| Unusual)?;
        Self::finite(typed.to_data(self.numbers))
    }

    /// Leaves numbers that JSON cannot have to the scanner.
    pub(super) fn finite(data: Data) -> Result<Data> {
        match data {
            Data::Float(value) if !value.is_finite() => Err(Unusual),
            data => Ok(data),
        }
    }

    /// A quoted scalar that ends on its first line, and what stands behind it; `None` for one that does not.
    pub(super) fn quoted_within(&mut self, line: &'t str, quote: u8) -> Result<Option<(Str, &'t str)>> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let passed = pass_quoted(line.get(1..).unwrap_or_default(), quote, &mut text);
        let found = Str::from(text.as_str());
        self.scratch = text;
        Ok(match passed? {
            Passed::Quote(behind) => Some((found, behind)),
            Passed::Break | Passed::EscapedBreak => None,
        })
    }

    /// A quoted scalar, and what stands behind it on its last line.
    fn quoted(&mut self, line: &'t str, quote: u8) -> Result<(Str, &'t str)> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let mut line = line.get(1..).unwrap_or_default();
        let behind = loop {
            // Blanks before a line break are dropped, unless they are escaped.
            let inner = line.trim_end_matches(' ');
            if inner.len() < line.len() && inner.ends_with('\\') {
                return Err(Unusual);
            }
            let passed = pass_quoted(inner, quote, &mut text)?;
            if let Passed::Quote(behind) = passed {
                break behind;
            }
            let mut breaks = 1;
            line = loop {
                let line = self.next_line().ok_or(Unusual)?;
                let content = unindented(line);
                if content.is_empty() {
                    breaks += 1;
                    continue;
                }
                if line.len() == content.len() {
                    return Err(Unusual); // it may be the end of the document
                }
                break content;
            };
            match passed {
                Passed::EscapedBreak => text.extend(std::iter::repeat_n('\n', breaks - 1)),
                _ => fold(&mut text, breaks),
            }
        };
        let found = Str::from(text.as_str());
        self.scratch = text;
        Ok((found, behind))
    }
}

/// A line of a plain scalar, and whether a comment follows it.
fn plain_line(content: &str) -> Result<(&str, bool)> {
    let end = plain_end(content)?;
    if end.colon.is_some() {
        return Err(Unusual);
    }
    let text = end.comment.and_then(|at| content.get(..at)).unwrap_or(content);
    Ok((text.trim_end_matches(' '), end.comment.is_some()))
}

/// Where a line of a quoted scalar ends.
enum Passed<'t> {
    /// At the closing quote, behind which this stands.
    Quote(&'t str),
    /// At the line's end.
    Break,
    /// At a backslash at the line's end.
    EscapedBreak,
}

/// Passes the rest of a line of a quoted scalar and adds it to `text`.
fn pass_quoted<'t>(line: &'t str, quote: u8, text: &mut String) -> Result<Passed<'t>> {
    let mut rest = line;
    loop {
        let special = memchr::memchr3(quote, b'\\', b'\t', rest.as_bytes());
        let Some((before, found)) = special.and_then(|at| rest.split_at_checked(at)) else {
            text.push_str(rest);
            return Ok(Passed::Break);
        };
        text.push_str(before);
        let (read, width) = match found.as_bytes() {
            [b'\'', b'\'', ..] if quote == b'\'' => ('\'', 2),
            [b'\\', ..] if quote == b'\'' => ('\\', 1),
            [b'\\'] => return Ok(Passed::EscapedBreak),
            [b'\\', escaped @ (b'"' | b'\\' | b' '), ..] => (char::from(*escaped), 2),
            [b'\\', b'n', ..] => ('\n', 2),
            [b'\\', b't', ..] => ('\t', 2),
            [first, ..] if *first == quote => return Ok(Passed::Quote(found.get(1..).unwrap_or_default())),
            _ => return Err(Unusual),
        };
        text.push(read);
        rest = found.get(width..).unwrap_or_default();
    }
}

/// Writes what so many line breaks within a scalar read as (YAML 1.1 §5.4).
fn fold(text: &mut String, breaks: usize) {
    if breaks == 1 {
        text.push(' ');
    }
    text.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
}

/// Fails where more than blanks and a comment stand behind a value.
pub(super) fn ends(behind: &str) -> Result<()> {
    let rest = unindented(behind);
    let is_comment = rest.starts_with('#') && rest.len() < behind.len();
    if rest.is_empty() || is_comment && is_nothing(rest) { Ok(()) } else { Err(Unusual) }
}
