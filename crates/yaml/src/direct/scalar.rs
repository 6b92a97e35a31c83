//! Scalars of the common shape.

use memchr::memmem;
use pintle_value::{Data, Str};

use super::{Reader, Result, Unusual, is_nothing, starts_plain};
use crate::decode::Typed;
use crate::resolve::resolve;
use crate::tag::Tag;

impl<'t> Reader<'t, '_> {
    /// Reads a scalar, or a simple list in brackets, whose first line is `value`; lines that go on are indented deeper
    /// than `around`.
    pub(super) fn scalar(&mut self, value: &'t str, around: usize) -> Result<Data> {
        self.count()?;
        match value.as_bytes() {
            [quote @ (b'"' | b'\''), ..] => {
                let (text, behind) = self.quoted(value, *quote)?;
                ends(behind)?;
                Ok(Data::String(text))
            }
            [b'|', ..] => self.literal(value, around),
            [b'[', ..] => self.bracketed(value),
            [b'{', b'}', ..] => {
                ends(value.get(2..).unwrap_or_default())?;
                Ok(Data::Map(pintle_value::DataMap::default()))
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
            let content = line.trim_start_matches(' ');
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
        match typed.to_data(self.numbers) {
            Data::Float(value) if !value.is_finite() => Err(Unusual),
            data => Ok(data),
        }
    }

    /// A quoted scalar that ends on its first line, and what stands behind it; `None` for one that does not.
    pub(super) fn quoted_within(&mut self, line: &'t str, quote: u8) -> Result<Option<(Str, &'t str)>> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let inner = line.get(1..).unwrap_or_default();
        let found = pass_quoted(inner, quote, &mut text);
        let found = found.map(|behind| behind.map(|behind| (Str::from(text.as_str()), behind)));
        self.scratch = text;
        found
    }

    /// A quoted scalar, and what stands behind it on its last line.
    fn quoted(&mut self, line: &'t str, quote: u8) -> Result<(Str, &'t str)> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let mut inner = line.get(1..).unwrap_or_default();
        let behind = loop {
            if let Some(behind) = pass_quoted(inner, quote, &mut text)? {
                break behind;
            }
            // Blanks around a line break are dropped; those that were written here are the line's own.
            let kept = text.trim_end_matches(' ').len();
            text.truncate(kept);
            let mut breaks = 1;
            inner = loop {
                let line = self.next_line().ok_or(Unusual)?;
                let content = line.trim_start_matches(' ');
                if content.is_empty() {
                    breaks += 1;
                    continue;
                }
                if line.len() == content.len() {
                    return Err(Unusual); // it may be the end of the document
                }
                break content;
            };
            fold(&mut text, breaks);
        };
        let found = Str::from(text.as_str());
        self.scratch = text;
        Ok((found, behind))
    }

    /// A literal block scalar (YAML 1.1 §9.3.1).
    fn literal(&mut self, header: &'t str, around: usize) -> Result<Data> {
        let end = match header.trim_end_matches(' ') {
            "|" => End::One,
            "|-" => End::None,
            "|+" => End::All,
            _ => return Err(Unusual),
        };
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let mut indent = None;
        let mut breaks = 0_usize;
        let mut longest_blank = 0;
        loop {
            let before = self.at;
            let Some(line) = self.next_line() else { break };
            let content = line.trim_start_matches(' ');
            let blanks = line.len() - content.len();
            match indent {
                // A line of blanks that are text.
                Some(indent) if content.is_empty() && blanks > indent => {}
                _ if content.is_empty() => {
                    longest_blank = longest_blank.max(blanks);
                    breaks += 1;
                    continue;
                }
                Some(indent) if blanks < indent => {
                    self.at = before;
                    if content.starts_with('\t') {
                        return Err(Unusual);
                    }
                    break;
                }
                Some(_) => {}
                None => {
                    if blanks <= around || blanks < longest_blank || content.starts_with('\t') {
                        return Err(Unusual);
                    }
                    indent = Some(blanks);
                }
            }
            text.extend(std::iter::repeat_n('\n', std::mem::take(&mut breaks)));
            text.push_str(line.get(indent.unwrap_or(0)..).unwrap_or_default());
            breaks = 1;
        }
        // Where the text ends without a line break, go-yaml's rules are its own.
        if indent.is_none() || !self.text.ends_with('\n') && self.at >= self.text.len() {
            return Err(Unusual);
        }
        match end {
            End::None => {}
            End::One => text.push('\n'),
            End::All => text.extend(std::iter::repeat_n('\n', breaks)),
        }
        let found = Str::from(text.as_str());
        self.scratch = text;
        Ok(Data::String(found))
    }

    /// A list of scalars in brackets, on one line.
    fn bracketed(&mut self, value: &'t str) -> Result<Data> {
        let mut items = Vec::new();
        let mut rest = value.get(1..).unwrap_or_default().trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix(']') {
            ends(behind)?;
            return Ok(Data::List(items.into()));
        }
        loop {
            self.count()?;
            let behind = if let Some(quote @ (b'"' | b'\'')) = rest.as_bytes().first() {
                let (text, behind) = self.quoted_within(rest, *quote)?.ok_or(Unusual)?;
                items.push(Data::String(text));
                behind
            } else {
                let end = rest.find([',', ']']).ok_or(Unusual)?;
                let (item, behind) = rest.split_at_checked(end).ok_or(Unusual)?;
                let item = item.trim_end_matches(' ');
                if !is_simple_word(item) {
                    return Err(Unusual);
                }
                items.push(self.resolved(item)?);
                behind
            };
            let behind = behind.trim_start_matches(' ');
            if let Some(behind) = behind.strip_prefix(']') {
                ends(behind)?;
                return Ok(Data::List(items.into()));
            }
            rest = behind.strip_prefix(',').ok_or(Unusual)?.trim_start_matches(' ');
        }
    }
}

/// How many line breaks a block scalar keeps at its end.
enum End {
    None,
    One,
    All,
}

/// A line of a plain scalar, and whether a comment follows it.
fn plain_line(content: &str) -> Result<(&str, bool)> {
    let comment = memmem::find(content.as_bytes(), b" #");
    let text = comment.and_then(|at| content.get(..at)).unwrap_or(content).trim_end_matches(' ');
    let has_colon = || {
        memchr::memchr_iter(b':', text.as_bytes())
            .any(|at| matches!(text.as_bytes().get(at + 1), None | Some(b' ')))
    };
    if has_colon() || memchr::memchr(b'\t', text.as_bytes()).is_some() {
        return Err(Unusual);
    }
    Ok((text, comment.is_some()))
}

/// Passes the rest of a line of a quoted scalar and adds it to `text`; gives what stands behind the closing quote.
fn pass_quoted<'t>(line: &'t str, quote: u8, text: &mut String) -> Result<Option<&'t str>> {
    let mut rest = line;
    loop {
        let special = memchr::memchr3(quote, b'\\', b'\t', rest.as_bytes());
        let Some((before, found)) = special.and_then(|at| rest.split_at_checked(at)) else {
            text.push_str(rest);
            return Ok(None);
        };
        text.push_str(before);
        let (read, width) = match found.as_bytes() {
            [b'\'', b'\'', ..] if quote == b'\'' => ('\'', 2),
            [b'\\', ..] if quote == b'\'' => ('\\', 1),
            [b'\\', b'"', ..] => ('"', 2),
            [b'\\', b'\\', ..] => ('\\', 2),
            [b'\\', b'n', ..] => ('\n', 2),
            [b'\\', b't', ..] => ('\t', 2),
            [first, ..] if *first == quote => return Ok(found.get(1..)),
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
fn ends(behind: &str) -> Result<()> {
    let rest = behind.trim_start_matches(' ');
    let is_comment = rest.starts_with('#') && rest.len() < behind.len();
    if rest.is_empty() || is_comment && is_nothing(rest) { Ok(()) } else { Err(Unusual) }
}

/// Whether an item in brackets is made of nothing that could be an indicator.
fn is_simple_word(item: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-=+$*".contains(&byte);
    match item.as_bytes() {
        [b'-'] => false,
        [b'-', next, ..] if !next.is_ascii_alphanumeric() && *next != b'-' => false,
        [first, ..] if *first != b'*' && *first != b'=' => item.bytes().all(inner),
        _ => false,
    }
}
