//! TOML as `BurntSushi/toml` 1.6 reads it (`parse.go`): `int64`, `float64`, `bool`, `string`, `time.Time`,
//! `[]interface {}`, `map[string]interface {}`, and `[]map[string]interface {}` for arrays of tables.

use std::collections::HashMap;

use pintle_template::CallError;
use pintle_value::{List, Map, Str, Type, Value, quoted, types};

use super::lex::{Item, Kind, LexError, Lexer};
use super::write::quoted_key;
use crate::dates::{Time, TimeObject, Zone, parse_date};
use crate::runes;
use crate::strconv::{NumberError, parse_float, parse_int};

/// The zones that mark times without an offset, dates and times of day (`BurntSushi`: `internal/tz.go`).
pub(super) const LOCAL_DATETIME: &str = "datetime-local";
pub(super) const LOCAL_DATE: &str = "date-local";
pub(super) const LOCAL_TIME: &str = "time-local";

/// How deep arrays and inline tables may nest, and how many parts a key may have. Go goes on until its stack ends.
const MAX_DEPTH: usize = 200;

/// How many bytes of keys may be looked at. Each member costs its whole path, so that a long path and many members
/// below it cost far more than the text is long.
const MAX_KEY_BYTES: usize = 1 << 28;

/// Why a text was not read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The library's error.
    Parse(String),
    /// A panic of Go's.
    Panic(String),
}

impl ReadError {
    pub(super) fn into_panic(self) -> CallError {
        match self {
            Self::Parse(text) | Self::Panic(text) => CallError::panic(text),
        }
    }
}

type Result<T> = std::result::Result<T, ReadError>;

/// Reads a document. Its times are in `local` where they have no offset of their own.
pub(super) fn read(text: &[u8], local: &Zone) -> Result<Map> {
    let text = [b"\xFF\xFE".as_slice(), b"\xFE\xFF", b"\xEF\xBB\xBF"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark))
        .unwrap_or(text);
    if text.iter().take(6).any(|byte| *byte == 0) {
        return Err(ReadError::Parse(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"
                .to_owned(),
        ));
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        local,
        context: Vec::new(),
        current_key: Vec::new(),
        line: 0,
        root: Map::new(),
        arrays: HashMap::new(),
        implicit: HashMap::new(),
        key_bytes: 0,
    };
    loop {
        let item = parser.next()?;
        if item.kind == Kind::End {
            return Ok(parser.root);
        }
        parser.top_level(&item)?;
    }
}

type Key = Vec<Vec<u8>>;

struct Parser<'a> {
    lexer: Lexer<'a>,
    local: &'a Zone,
    /// The keys of the table that members go into.
    context: Key,
    current_key: Vec<u8>,
    /// The line of the last key.
    line: usize,
    root: Map,
    /// The paths at which an array was written.
    arrays: HashMap<Vec<u8>, bool>,
    /// The paths of tables that another key's path implied.
    implicit: HashMap<Vec<u8>, bool>,
    /// The bytes of all paths that were looked at.
    key_bytes: usize,
}

/// `BurntSushi`: `Key.String`.
fn path(key: &[Vec<u8>]) -> Vec<u8> {
    key.iter().map(|part| quoted_key(part)).collect::<Vec<_>>().join(&b'.')
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<Item<'a>> {
        self.lexer.item().map_err(|LexError { message, line }| self.error(line, &message))
    }

    /// `BurntSushi`: `ParseError.Error`.
    fn error(&self, line: usize, message: &str) -> ReadError {
        let last_key = match (self.current_key.is_empty(), self.context.is_empty()) {
            (true, _) => path(&self.context),
            (false, true) => self.current_key.clone(),
            (false, false) => [&path(&self.context)[..], b".", &self.current_key].concat(),
        };
        ReadError::Parse(if last_key.is_empty() {
            format!("toml: line {line}: {message}")
        } else {
            format!("toml: line {line} (last key {}): {message}", quoted(&last_key))
        })
    }

    fn refuse<T>(&self, message: &str) -> Result<T> {
        Err(self.error(self.line, message))
    }

    fn bug<T>(message: &str) -> Result<T> {
        Err(ReadError::Panic(format!("BUG: {message}\n\n")))
    }

    fn top_level(&mut self, item: &Item<'a>) -> Result<()> {
        match item.kind {
            Kind::CommentStart => {
                self.next()?;
            }
            Kind::TableStart => {
                let key = self.key(Kind::TableEnd)?;
                self.enter(&key, Entry::Table)?;
            }
            Kind::ArrayTableStart => {
                let key = self.key(Kind::ArrayTableEnd)?;
                self.enter(&key, Entry::ArrayOfTables)?;
            }
            Kind::KeyStart => {
                let outer = self.context.clone();
                self.open_key()?;
                let item = self.next()?;
                let value = self.value(&item, MAX_DEPTH)?;
                let key = self.current_key.clone();
                self.set(&key, value)?;
                self.mark(&key, item.kind);
                self.context = outer;
                self.current_key.clear();
            }
            _ => return Self::bug("Unexpected type at top level"),
        }
        Ok(())
    }

    /// Reads a key up to its end; the first part's line is where errors about it are.
    fn key(&mut self, end: Kind) -> Result<Key> {
        let mut key = Vec::new();
        let mut item = self.next()?;
        self.line = item.line;
        while item.kind != end {
            if item.kind == Kind::End {
                return Self::bug("unexpected end of a key");
            }
            key.push(self.key_part(&item)?);
            item = self.next()?;
            let walked: usize = self.context.iter().chain(&key).map(|part| part.len() + 1).sum();
            self.key_bytes = self.key_bytes.saturating_add(walked);
            if key.len() + self.context.len() > MAX_DEPTH || self.key_bytes > MAX_KEY_BYTES {
                return self.refuse("keys nest too deeply");
            }
        }
        Ok(key)
    }

    fn key_part(&mut self, item: &Item<'a>) -> Result<Vec<u8>> {
        match item.kind {
            Kind::Text => Ok(item.text.to_vec()),
            Kind::String
            | Kind::EscapedString
            | Kind::MultilineString
            | Kind::RawString
            | Kind::RawMultilineString => match self.value(item, MAX_DEPTH)? {
                Value::String(text) => Ok(text.to_vec()),
                _ => Self::bug("Unexpected key type"),
            },
            _ => Self::bug("Unexpected key type"),
        }
    }

    /// Reads the key of a member: its last part becomes the current key, the others tables around it.
    fn open_key(&mut self) -> Result<Key> {
        let mut key = self.key(Kind::KeyEnd)?;
        self.current_key = key.pop().unwrap_or_default();
        for part in &key {
            let mut table = self.context.clone();
            table.push(part.clone());
            self.implicit.insert(path(&table), true);
            self.enter(&table, Entry::Table)?;
        }
        Ok(key)
    }

    fn value(&mut self, item: &Item<'a>, depth: usize) -> Result<Value> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.error(item.line, "arrays and tables nest too deeply"));
        };
        Ok(match item.kind {
            Kind::String | Kind::RawString => Value::from(item.text),
            Kind::EscapedString => Value::from(self.unescape(item, item.text)?),
            Kind::MultilineString => {
                let text = without_escaped_newlines(without_first_newline(item.text));
                Value::from(self.unescape(item, &text)?)
            }
            Kind::RawMultilineString => Value::from(without_first_newline(item.text)),
            Kind::Integer => self.integer(item)?,
            Kind::Float => self.float(item)?,
            Kind::Bool => Value::Bool(item.text == b"true"),
            Kind::Datetime => self.datetime(item)?,
            Kind::Array => self.array(depth)?,
            Kind::InlineTableStart => self.inline_table(depth)?,
            _ => return Self::bug("Unexpected value type"),
        })
    }

    fn integer(&self, item: &Item<'_>) -> Result<Value> {
        let text = item.text;
        if !underscores_ok(text) {
            return Err(self.error(
                item.line,
                &format!("Invalid integer {}: underscores must be surrounded by digits", quoted(text)),
            ));
        }
        if has_leading_zero(text) {
            return Err(self
                .error(item.line, &format!("Invalid integer {}: cannot have leading zeroes", quoted(text))));
        }
        match parse_int(text, 0) {
            Ok(number) => Ok(Value::int64(number)),
            Err(NumberError::Range) => {
                Err(self.error(item.line, &format!("{} is out of range for int64", lossy(text))))
            }
            Err(NumberError::Syntax) => {
                Self::bug(&format!("Expected integer value, but got '{}'.", lossy(text)))
            }
        }
    }

    fn float(&self, item: &Item<'_>) -> Result<Value> {
        let text = item.text;
        let fail =
            |message: &str| Err(self.error(item.line, &format!("Invalid float {}: {message}", quoted(text))));
        let mut parts =
            text.split(|byte| matches!(byte, b'.' | b'e' | b'E')).filter(|part| !part.is_empty()).peekable();
        let first = parts.peek().copied();
        if !parts.all(underscores_ok) {
            return fail("underscores must be surrounded by digits");
        }
        if first.is_some_and(has_leading_zero) {
            return fail("cannot have leading zeroes");
        }
        let mut after_point = false;
        for byte in text {
            if after_point && !byte.is_ascii_digit() {
                break;
            }
            after_point = *byte == b'.';
        }
        if after_point {
            return fail("'.' must be followed by one or more digits");
        }
        let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'_').collect();
        match &plain[..] {
            b"+nan" => return Ok(Value::Float(f64::NAN)),
            b"-nan" => return Ok(Value::Float(-f64::NAN)),
            _ => {}
        }
        match parse_float(&plain) {
            Ok(number) => Ok(Value::Float(number)),
            Err(NumberError::Range) => {
                Err(self.error(item.line, &format!("{} is out of range for float64", lossy(text))))
            }
            Err(NumberError::Syntax) => {
                Err(self.error(item.line, &format!("Invalid float value: {}", quoted(text))))
            }
        }
    }

    fn datetime(&self, item: &Item<'_>) -> Result<Value> {
        let text: Vec<u8> = item
            .text
            .trim_ascii()
            .iter()
            .map(|byte| match *byte {
                b'z' => b'Z',
                b't' | b' ' => b'T',
                byte => byte,
            })
            .collect();
        let local = || self.local.clone();
        let fixed = |name: &'static str| Zone::fixed(name, self.local.at(0).offset);
        let forms: [(&[u8], Zone); 7] = [
            (b"2006-01-02T15:04:05.999999999Z07:00", local()),
            (b"2006-01-02T15:04:05.999999999", fixed(LOCAL_DATETIME)),
            (b"2006-01-02", fixed(LOCAL_DATE)),
            (b"15:04:05.999999999", fixed(LOCAL_TIME)),
            (b"2006-01-02T15:04Z07:00", local()),
            (b"2006-01-02T15:04", fixed(LOCAL_DATETIME)),
            (b"15:04", fixed(LOCAL_TIME)),
        ];
        let found: Option<(&[u8], Time)> =
            forms.iter().find_map(|(layout, zone)| Some((*layout, parse_date(layout, &text, zone).ok()?)));
        match found {
            Some((layout, time)) if !misses_zero(&text, layout) => {
                Ok(Value::object(TimeObject { time, local: local() }))
            }
            _ => Err(self.error(item.line, &format!("invalid datetime: {}", quoted(&text)))),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value> {
        let key = self.current_key.clone();
        self.mark(&key, Kind::Array);
        let mut items = Vec::new();
        loop {
            let item = self.next()?;
            match item.kind {
                Kind::ArrayEnd => return Ok(Value::List(List::new(items))),
                Kind::CommentStart => {
                    self.next()?;
                }
                Kind::InlineTableStart => {
                    let Some(depth) = depth.checked_sub(1) else {
                        return Err(self.error(item.line, "arrays and tables nest too deeply"));
                    };
                    items.push(self.inline_table_in(depth, Entry::ArrayOfTables)?);
                }
                _ => items.push(self.value(&item, depth)?),
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Result<Value> {
        self.inline_table_in(depth, Entry::Table)
    }

    fn inline_table_in(&mut self, depth: usize, entry: Entry) -> Result<Value> {
        let table = Map::new();
        let outer_context = self.context.clone();
        let outer_key = std::mem::take(&mut self.current_key);
        let mut inner = outer_context.clone();
        inner.push(outer_key.clone());
        self.context.clone_from(&inner);
        self.implicit.insert(path(&inner), true);
        self.enter(&inner, entry)?;
        loop {
            let item = self.next()?;
            match item.kind {
                Kind::InlineTableEnd => break,
                Kind::CommentStart => {
                    self.next()?;
                    continue;
                }
                _ => {}
            }
            let tables = self.open_key()?;
            let value_item = self.next()?;
            let value = self.value(&value_item, depth)?;
            let key = self.current_key.clone();
            self.set(&key, value.clone())?;
            self.mark(&key, value_item.kind);
            let mut target = table.clone();
            for name in tables {
                if !target.contains_key(&name) {
                    target.insert(Str::from(&name[..]), Value::Map(Map::new()));
                }
                let Some(Value::Map(next)) = target.get(&name) else {
                    let context = quoted_list(&self.context);
                    return self.refuse(&format!("{context} is not a table"));
                };
                target = next;
            }
            target.insert(Str::from(&key[..]), value);
            self.context.clone_from(&inner);
        }
        self.context = outer_context;
        self.current_key = outer_key;
        Ok(Value::Map(table))
    }

    /// Goes to a table, making those on the way (`BurntSushi`: `addContext`).
    fn enter(&mut self, key: &[Vec<u8>], entry: Entry) -> Result<()> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let mut table = self.root.clone();
        for (index, name) in parents.iter().enumerate() {
            let walked = key.get(..=index).unwrap_or_default();
            if !table.contains_key(name) {
                self.implicit.insert(path(walked), true);
                table.insert(Str::from(&name[..]), Value::Map(Map::new()));
            }
            let Some(next) = table_of(table.get(name)) else {
                let walked = lossy(&path(walked));
                return self.refuse(&format!("Key '{walked}' was already created as a hash."));
            };
            table = next;
        }
        self.context = parents.to_vec();
        match entry {
            Entry::Table => self.set(last, Value::Map(Map::new()))?,
            Entry::ArrayOfTables => {
                let tables = match table.get(last) {
                    None => List::typed(&types::MAP_SLICE, Vec::new()),
                    Some(Value::List(tables)) if *tables.go_type() == types::MAP_SLICE => tables,
                    Some(_) => {
                        let key = lossy(&path(key));
                        return self.refuse(&format!(
                            "Key '{key}' was already created and cannot be used as an array."
                        ));
                    }
                };
                table.insert(Str::from(&last[..]), Value::List(tables.append(Value::Map(Map::new()))));
            }
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a member of the current table (`BurntSushi`: `setValue`).
    fn set(&mut self, key: &[u8], value: Value) -> Result<()> {
        let mut table = self.root.clone();
        let mut walked: Key = Vec::with_capacity(self.context.len() + 1);
        for name in &self.context {
            walked.push(name.clone());
            let Some(member) = table.get(name) else {
                let walked = lossy(&path(&walked));
                return Self::bug(&format!("Context for key '{walked}' has not been established."));
            };
            let Some(next) = table_of(Some(member)) else {
                let walked = lossy(&path(&walked));
                return self.refuse(&format!("Key '{walked}' has already been defined."));
            };
            table = next;
        }
        walked.push(key.to_vec());
        let whole = path(&walked);
        if table.contains_key(key) {
            let implicit = self.implicit.remove(&whole).is_some();
            if !implicit {
                return self.refuse(&format!("Key '{}' has already been defined.", lossy(&whole)));
            }
            if self.arrays.contains_key(&whole) {
                table.insert(Str::from(key), value);
            }
            return Ok(());
        }
        table.insert(Str::from(key), value);
        Ok(())
    }

    /// Notes whether the member is an array (`BurntSushi`: `setType`).
    fn mark(&mut self, key: &[u8], kind: Kind) {
        let mut whole = self.context.clone();
        if !key.is_empty() || whole.is_empty() {
            whole.push(key.to_vec());
        }
        if kind == Kind::Array {
            self.arrays.insert(path(&whole), true);
        } else {
            self.arrays.remove(&path(&whole));
        }
    }

    fn unescape(&self, item: &Item<'_>, text: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            let escape = rest.get(at + 1..).unwrap_or_default();
            let digits = |count: usize| escape.get(1..=count).unwrap_or_default();
            let (byte, len) = match escape.first() {
                Some(b'b') => (0x08, 1),
                Some(b't') => (0x09, 1),
                Some(b'n') => (0x0A, 1),
                Some(b'f') => (0x0C, 1),
                Some(b'r') => (0x0D, 1),
                Some(b'e') => (0x1B, 1),
                Some(b'"') => (b'"', 1),
                Some(b'\\') => (b'\\', 1),
                Some(byte @ (b' ' | b'\t')) => {
                    let message = format!("invalid escape: '\\{}'", char::from(*byte));
                    return Err(self.error(item.line, &message));
                }
                Some(kind @ (b'x' | b'u' | b'U')) => {
                    let count = match kind {
                        b'x' => 2,
                        b'u' => 4,
                        _ => 8,
                    };
                    let digits = lossy(digits(count));
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    let Some(rune) = code else {
                        let message = format!("Escaped character '\\u{digits}' is not valid UTF-8.");
                        return Err(self.error(item.line, &message));
                    };
                    runes::push(&mut out, rune);
                    rest = escape.get(1 + count..).unwrap_or_default();
                    continue;
                }
                other => {
                    let found = other.map(|byte| char::from(*byte)).unwrap_or_default();
                    return Self::bug(&format!("Expected valid escape code after \\, but got '{found}'."));
                }
            };
            out.push(byte);
            rest = escape.get(len..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        Ok(out)
    }
}

/// What a table's header opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Table,
    ArrayOfTables,
}

/// The table that a member is, or the last one of an array of tables.
fn table_of(member: Option<Value>) -> Option<Map> {
    static TABLES: &Type = &types::MAP_SLICE;
    match member? {
        Value::Map(map) => Some(map),
        Value::List(list) if list.go_type() == TABLES => list.items().last().and_then(Value::as_map),
        _ => None,
    }
}

/// Go's `%q` of a `[]string`.
fn quoted_list(key: &[Vec<u8>]) -> String {
    format!("[{}]", key.iter().map(quoted).collect::<Vec<_>>().join(" "))
}

fn without_first_newline(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\n").or_else(|| text.strip_prefix(b"\r\n")).unwrap_or(text)
}

/// Takes out a backslash at a line's end with all white space behind it (`BurntSushi`: `stripEscapedNewlines`).
fn without_escaped_newlines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let behind = escape.get(1..).unwrap_or_default();
        if behind.starts_with(b"\\") {
            out.extend_from_slice(b"\\\\");
            rest = behind.get(1..).unwrap_or_default();
            continue;
        }
        let blanks = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if behind.get(..blanks).unwrap_or_default().contains(&b'\n') {
            rest = behind.get(blanks..).unwrap_or_default();
        } else {
            out.push(b'\\');
            rest = behind;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// `BurntSushi`: `numHasLeadingZero`.
fn has_leading_zero(text: &[u8]) -> bool {
    match text {
        [b'0', b'b' | b'o' | b'x', ..] => false,
        [b'0', _, ..] | [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// `BurntSushi`: `numUnderscoresOK`.
fn underscores_ok(text: &[u8]) -> bool {
    if matches!(text, b"nan" | b"+nan" | b"-nan" | b"inf" | b"-inf" | b"+inf") {
        return true;
    }
    let mut accept = false;
    for byte in text {
        if *byte == b'_' && !accept {
            return false;
        }
        accept = byte.is_ascii_hexdigit();
    }
    accept
}

/// `BurntSushi`: `missingLeadingZero`: Go reads `1-2-3` for `01-02-03`, which TOML does not allow.
fn misses_zero(text: &[u8], layout: &[u8]) -> bool {
    for (wanted, found) in layout.iter().zip(text) {
        if matches!(wanted, b'.' | b'Z') {
            return false;
        }
        if !wanted.is_ascii_digit() && wanted != found {
            return true;
        }
    }
    false
}
