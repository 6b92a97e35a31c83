//! Literal and folded scalars (YAML 1.1 §9.3).

use pintle_value::{Data, Str};

use super::{Reader, Result, Unusual, unindented};

/// What stands behind `|` or `>`.
struct Header {
    folds: bool,
    end: End,
    /// How much deeper than what is around the text is indented, where that is said.
    indent: Option<usize>,
}

/// How many line breaks are kept at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    None,
    One,
    All,
}

impl Header {
    fn read(text: &str) -> Result<Self> {
        let mut header = Self { folds: text.starts_with('>'), end: End::One, indent: None };
        for byte in text.trim_end_matches(' ').bytes().skip(1) {
            match byte {
                b'-' if header.end == End::One => header.end = End::None,
                b'+' if header.end == End::One => header.end = End::All,
                b'1'..=b'9' if header.indent.is_none() => header.indent = Some(usize::from(byte - b'0')),
                _ => return Err(Unusual),
            }
        }
        Ok(header)
    }
}

impl<'t> Reader<'t, '_> {
    /// Reads a block scalar, whose lines are indented deeper than `around`.
    pub(super) fn block(&mut self, header: &'t str, around: usize) -> Result<Data> {
        let header = Header::read(header)?;
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        let mut indent = header.indent.map(|more| around + more);
        let mut is_first = true;
        let mut breaks = 0_usize;
        let mut longest_blank = 0;
        let mut was_indented = false;
        loop {
            let before = self.at;
            let Some(line) = self.next_line() else { break };
            let content = unindented(line);
            let blanks = line.len() - content.len();
            let is_blank = content.is_empty();
            let from = match indent {
                // Blanks past the indent are text.
                Some(indent) if blanks > indent || blanks == indent && !is_blank => indent,
                _ if is_blank => {
                    longest_blank = longest_blank.max(blanks);
                    breaks += 1;
                    continue;
                }
                Some(_) => {
                    self.at = before;
                    if content.starts_with('\t') {
                        return Err(Unusual);
                    }
                    break;
                }
                None => {
                    if blanks <= around || blanks < longest_blank || content.starts_with('\t') {
                        return Err(Unusual);
                    }
                    indent = Some(blanks);
                    blanks
                }
            };
            let line = line.get(from..).unwrap_or_default();
            let is_indented = line.starts_with([' ', '\t']);
            let folded = header.folds && !is_first && !was_indented && !is_indented;
            if folded && breaks == 1 {
                text.push(' ');
            }
            text.extend(std::iter::repeat_n('\n', breaks - usize::from(folded)));
            text.push_str(line);
            (breaks, is_first, was_indented) = (1, false, is_indented);
        }
        // Without a line, and where the text ends without a line break, go-yaml's rules are its own.
        if is_first || !self.text.ends_with('\n') && self.at >= self.text.len() {
            return Err(Unusual);
        }
        match header.end {
            End::None => {}
            End::One => text.push('\n'),
            End::All => text.extend(std::iter::repeat_n('\n', breaks)),
        }
        let found = Str::from(text.as_str());
        self.scratch = text;
        Ok(Data::String(found))
    }
}
