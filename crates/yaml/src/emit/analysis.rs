//! What a scalar's characters allow, and the style that follows.

use crate::Flavour;
use crate::resolve::{is_base60, old_bool, stays_string};
use crate::scanner::width;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What a scalar's characters allow (libyaml: `emitter.c`, `yaml_emitter_analyze_scalar`), outside of flow
/// collections, which are never written around scalars here.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent permissions, as libyaml has them")]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain_allowed: bool,
    single_quoted_allowed: bool,
    block_allowed: bool,
}

impl Analysis {
    pub(super) fn of(text: &str, flavour: Flavour) -> Self {
        let bytes = text.as_bytes();
        let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
        if bytes.is_empty() {
            return Self {
                multiline: false,
                plain_allowed: true,
                single_quoted_allowed: true,
                block_allowed: false,
            };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut breaks = false;
        let mut special = false;
        let mut tabs = false;
        let mut break_space = false;
        let mut space_break = false;
        let mut previous_space = false;
        let mut previous_break = false;
        let mut after_gap = true;
        let mut index = 0;
        while let Some(&byte) = bytes.get(index) {
            let width = width(byte);
            if byte.is_ascii_alphanumeric() {
                previous_space = false;
                previous_break = false;
                after_gap = false;
                index += 1;
                continue;
            }
            let before_gap = index + width >= bytes.len() || matches!(at(index + width), b' ' | b'\t');
            indicators |= match byte {
                b':' => before_gap,
                b'#' => after_gap,
                b'?' | b'-' if index == 0 => before_gap,
                b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
                | b'@' | b'`' => index == 0,
                _ => false,
            };
            let is_break = is_break(bytes, index);
            if byte == b'\t' && flavour == Flavour::V3 {
                tabs = true;
            } else if !is_printable(bytes, index) {
                special = true;
            }
            if byte == b' ' {
                break_space |= previous_break;
                previous_space = true;
                previous_break = false;
            } else if is_break {
                breaks = true;
                space_break |= previous_space;
                previous_space = false;
                previous_break = true;
            } else {
                previous_space = false;
                previous_break = false;
            }
            after_gap = is_break || matches!(byte, b' ' | b'\t' | 0);
            index += width;
        }
        // What the last character was tells whether the text ends with a space or a break.
        let (trailing_space, trailing_break) = (previous_space, previous_break);
        let bordered = at(0) == b' ' || is_break_at_start(bytes) || trailing_space || trailing_break;
        let awkward = space_break || special;
        Self {
            multiline: breaks,
            plain_allowed: !(bordered || break_space || awkward || tabs || breaks || indicators),
            single_quoted_allowed: !(break_space || awkward || tabs),
            block_allowed: !(trailing_space || awkward),
        }
    }

    /// The style for a text that is no key, or a key written behind `?`, or one in front of `:`.
    pub(super) fn style(self, wanted: Style, is_simple_key: bool) -> Style {
        let mut style = wanted;
        if style == Style::Plain && !self.plain_allowed {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted_allowed {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.block_allowed || is_simple_key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// The style that a string asks for (Go: `encode.go`, `stringv`).
pub(super) fn wanted_style(text: &str, flavour: Flavour) -> Style {
    if memchr::memchr(b'\n', text.as_bytes()).is_some() {
        return Style::Literal;
    }
    let is_old_bool = flavour == Flavour::V3 && old_bool(text).is_some();
    if stays_string(text, flavour) && !is_base60(text) && !is_old_bool {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

pub(super) fn is_break(bytes: &[u8], index: usize) -> bool {
    match bytes.get(index) {
        Some(b'\r' | b'\n') => true,
        Some(0xC2) => bytes.get(index + 1) == Some(&0x85),
        Some(0xE2) => {
            bytes.get(index + 1) == Some(&0x80) && matches!(bytes.get(index + 2), Some(0xA8 | 0xA9))
        }
        _ => false,
    }
}

fn is_break_at_start(bytes: &[u8]) -> bool {
    is_break(bytes, 0)
}

/// Go: `yamlprivateh.go`, `is_printable`, which knows no character of four bytes.
pub(super) fn is_printable(bytes: &[u8], index: usize) -> bool {
    let at = |ahead: usize| bytes.get(index + ahead).copied().unwrap_or(0);
    match at(0) {
        b'\n' | 0x20..=0x7E | 0xC3..=0xEC | 0xEE => true,
        0xC2 => at(1) >= 0xA0,
        0xED => at(1) < 0xA0,
        0xEF => !matches!((at(1), at(2)), (0xBB, 0xBF) | (0xBF, 0xBE | 0xBF)),
        _ => false,
    }
}
