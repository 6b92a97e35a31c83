//! Directives, tags and anchors.

use super::cursor::Cursor;
use super::token::{TagDirective, TagToken, Text, TokenKind};
use crate::Error;

impl Cursor<'_> {
    /// `%YAML 1.1` or `%TAG !handle! prefix`, with the rest of the line.
    pub(super) fn directive(&mut self) -> Result<TokenKind, Error> {
        self.pass(1);
        let name = self.word();
        self.need(1)?;
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.is_gap(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match self.resolve(name) {
            "YAML" => self.version()?,
            "TAG" => self.tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        self.need(1)?;
        self.pass_blanks();
        if self.byte(0) == b'#' {
            self.pass_line();
        }
        self.need(1)?;
        if !self.is_at_end() && self.break_width(0) == 0 {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.pass_break();
        Ok(kind)
    }

    fn version(&mut self) -> Result<TokenKind, Error> {
        self.pass_blanks();
        let major = self.version_number()?;
        if self.byte(0) != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.pass(1);
        let minor = self.version_number()?;
        Ok(TokenKind::VersionDirective { major, minor })
    }

    fn version_number(&mut self) -> Result<u8, Error> {
        let start = self.at;
        let mut number = 0;
        while self.byte(0).is_ascii_digit() {
            if self.at - start >= 2 {
                return Err(self.error("found extremely long version number"));
            }
            number = number * 10 + (self.byte(0) - b'0');
            self.pass(1);
        }
        self.need(1)?;
        if self.at == start {
            return Err(self.error("did not find expected version number"));
        }
        Ok(number)
    }

    fn tag_directive(&mut self) -> Result<TokenKind, Error> {
        self.pass_blanks();
        let handle = self.tag_handle()?;
        if handle.len() > 1 && !handle.ends_with(b"!") {
            return Err(self.error("did not find expected '!'"));
        }
        self.need(1)?;
        if !self.is_blank(0) {
            return Err(self.error("did not find expected whitespace"));
        }
        self.pass_blanks();
        let prefix = self.tag_uri(None)?;
        self.need(1)?;
        if !self.is_gap(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective(Box::new(TagDirective { handle, prefix })))
    }

    /// `&name` or `*name`.
    pub(super) fn anchor(&mut self) -> Result<Text, Error> {
        self.pass(1);
        let name = self.word();
        self.need(1)?;
        let ends =
            self.is_gap(0) || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        Ok(name)
    }

    /// `!<uri>`, `!suffix`, `!handle!suffix` or `!`.
    pub(super) fn tag(&mut self) -> Result<TagToken, Error> {
        let tag = if self.byte(1) == b'<' {
            self.pass(2);
            let suffix = self.tag_uri(None)?;
            if self.byte(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.pass(1);
            TagToken { handle: Vec::new(), suffix }
        } else {
            let handle = self.tag_handle()?;
            if handle.len() > 1 && handle.ends_with(b"!") {
                let suffix = self.tag_uri(None)?;
                TagToken { handle, suffix }
            } else {
                let suffix = self.tag_uri(Some(&handle))?;
                if suffix.is_empty() {
                    TagToken { handle: Vec::new(), suffix: b"!".to_vec() }
                } else {
                    TagToken { handle: b"!".to_vec(), suffix }
                }
            }
        };
        self.need(1)?;
        if !self.is_gap(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(tag)
    }

    fn tag_handle(&mut self) -> Result<Vec<u8>, Error> {
        self.need(1)?;
        if self.byte(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.at;
        self.pass(1);
        self.word();
        self.need(1)?;
        if self.byte(0) == b'!' {
            self.pass(1);
        }
        Ok(self.slice(start, self.at).as_bytes().to_vec())
    }

    /// A tag's URI behind the start of one that was taken for a handle.
    fn tag_uri(&mut self, head: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut uri = head.and_then(|head| head.get(1..)).unwrap_or_default().to_vec();
        let start = self.at;
        loop {
            match self.byte(0) {
                b'%' => self.uri_escape(&mut uri)?,
                byte @ (b'0'..=b'9'
                | b'A'..=b'Z'
                | b'a'..=b'z'
                | b'_'
                | b'-'
                | b';'
                | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']') => {
                    uri.push(byte);
                    self.pass(1);
                }
                _ => break,
            }
        }
        self.need(1)?;
        if head.is_none() && self.at == start {
            return Err(self.error("did not find expected tag URI"));
        }
        Ok(uri)
    }

    /// The `%XX` of one character.
    fn uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = None;
        while left != Some(0) {
            self.need(3)?;
            let digit =
                |ahead| char::from(self.byte(ahead)).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (b'%', Some(high), Some(low)) = (self.byte(0), digit(1), digit(2)) else {
                return Err(self.error("did not find URI escaped octet"));
            };
            let octet = high << 4 | low;
            left = Some(match left {
                None => match octet {
                    0..0x80 => 0,
                    0xC0..0xE0 => 1,
                    0xE0..0xF0 => 2,
                    0xF0..0xF8 => 3,
                    _ => return Err(self.error("found an incorrect leading UTF-8 octet")),
                },
                Some(_) if octet & 0xC0 != 0x80 => {
                    return Err(self.error("found an incorrect trailing UTF-8 octet"));
                }
                Some(left) => left - 1,
            });
            uri.push(octet);
            self.pass(3);
        }
        Ok(())
    }

    /// A run of letters, digits, `_` and `-`; maybe none.
    fn word(&mut self) -> Text {
        let start = self.at;
        while self.is_word() {
            self.pass(1);
        }
        Self::stretch(start, self.at)
    }
}

impl Text {
    fn is_empty(self) -> bool {
        self.start == self.end
    }
}
