//! JSON as Go 1.27's `encoding/json` reads it into `interface {}`, with its error texts.

use pintle_value::{Data, DataList, DataMap, Str, pointer_token, quoted};

use crate::runes::{self, RUNE_ERROR};
use crate::strconv::{NumberError, parse_float};

/// How deep arrays and objects may nest (Go: `jsontext`, `maxNestingDepth`).
const MAX_DEPTH: usize = 10_000;

/// Why a text is no JSON, or holds a number that Go cannot.
#[derive(Debug)]
pub(super) struct ReadError {
    /// Go's text.
    pub(super) text: String,
    /// What Go decodes all the same: everything, with 0 for a number that is out of range. Of a syntax error nothing.
    pub(super) decoded: Option<Data>,
}

/// Reads a text that is one JSON value (Go: `json.Unmarshal`).
pub(super) fn read(text: &[u8]) -> Result<Data, ReadError> {
    let mut reader = Reader { text, at: 0, depth: MAX_DEPTH, numbers: Numbers::Floats, out_of_range: None };
    let data = reader.document().and_then(|data| match reader.peek() {
        None => Ok(data),
        Some(_) => Err(reader.unexpected("after top-level value")),
    });
    match data {
        Err(text) => Err(ReadError { text, decoded: None }),
        Ok(data) => match reader.out_of_range {
            Some(text) => Err(ReadError { text, decoded: Some(data) }),
            None => Ok(data),
        },
    }
}

/// Reads the JSON value that a text begins with, and gives what follows it, as a `json.Decoder` of Go with `UseNumber`
/// does: whole numbers within `i64` are [`Data::Int`], and no number is too large. The error is Go's text. Arrays and
/// objects may nest so deep; Go's own limit is 10,000, with the same error.
pub fn decode_json(text: &[u8], depth: usize) -> Result<(Data, &[u8]), String> {
    let mut reader = Reader { text, at: 0, depth, numbers: Numbers::AsWritten, out_of_range: None };
    if reader.peek().is_none() {
        return Err("EOF".to_owned());
    }
    match reader.document() {
        Ok(data) => Ok((data, text.get(reader.at..).unwrap_or_default())),
        Err(error) if error == end() => Err("unexpected EOF".to_owned()),
        Err(error) => Err(error),
    }
}

/// What a number becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// A float; one that is too large is an error.
    Floats,
    /// A whole number or a float, as it is written (Go: `UseNumber`).
    AsWritten,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// How deep arrays and objects may nest.
    depth: usize,
    numbers: Numbers,
    /// The error of the first number that does not fit.
    out_of_range: Option<String>,
}

/// An array or object that is not complete yet.
enum Open {
    Array(Vec<Data>),
    /// The members, and the name of the one whose value comes next.
    Object(Vec<(Str, Data)>, Str),
}

type Result_<T> = std::result::Result<T, String>;

impl Reader<'_> {
    fn document(&mut self) -> Result_<Data> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let Some(mut value) = self.value(&mut open)? else {
                continue; // an array or object was opened
            };
            // Hand the value to what it stands in, and close whatever ends behind it.
            loop {
                let Some(around) = open.last_mut() else { return Ok(value) };
                match around {
                    Open::Array(items) => items.push(value),
                    Open::Object(members, name) => members.push((std::mem::take(name), value)),
                }
                let is_array = matches!(around, Open::Array(_));
                match (self.peek(), is_array) {
                    (Some(b','), _) => {
                        self.at += 1;
                        if !is_array {
                            let name = self.name()?;
                            if let Some(Open::Object(_, next)) = open.last_mut() {
                                *next = name;
                            }
                        }
                        break;
                    }
                    (Some(b']'), true) | (Some(b'}'), false) => {
                        self.at += 1;
                        value = match open.pop() {
                            Some(Open::Object(members, _)) => {
                                Data::Map(members.into_iter().collect::<DataMap>())
                            }
                            Some(Open::Array(items)) => Data::List(DataList::from(items)),
                            None => Data::Null,
                        };
                    }
                    (None, _) => return Err(end()),
                    (Some(_), true) => return Err(self.unexpected("after array element")),
                    (Some(_), false) => return Err(self.unexpected("after object key:value pair")),
                }
            }
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Reads a scalar, an empty array or an empty object; `None` where one that is not empty begins.
    fn value(&mut self, open: &mut Vec<Open>) -> Result_<Option<Data>> {
        let first = self.peek().ok_or_else(end)?;
        if matches!(first, b'[' | b'{') && open.len() >= self.depth {
            return Err("exceeded max depth".to_owned());
        }
        Ok(Some(match first {
            b'[' => {
                self.at += 1;
                if self.peek() != Some(b']') {
                    open.push(Open::Array(Vec::new()));
                    return Ok(None);
                }
                self.at += 1;
                Data::List(DataList::default())
            }
            b'{' => {
                self.at += 1;
                if self.peek() != Some(b'}') {
                    let name = self.name()?;
                    open.push(Open::Object(Vec::new(), name));
                    return Ok(None);
                }
                self.at += 1;
                Data::Map(DataMap::default())
            }
            b'"' => Data::String(self.string()?),
            b'n' => self.literal("null", Data::Null)?,
            b't' => self.literal("true", Data::Bool(true))?,
            b'f' => self.literal("false", Data::Bool(false))?,
            b'-' | b'0'..=b'9' => self.number(open)?,
            _ => return Err(self.unexpected("looking for beginning of value")),
        }))
    }

    /// A member's name and the colon behind it.
    fn name(&mut self) -> Result_<Str> {
        match self.peek() {
            None => return Err(end()),
            Some(b'"') => {}
            Some(_) => return Err(self.unexpected("looking for beginning of object key string")),
        }
        let name = self.string()?;
        match self.peek() {
            None => Err(end()),
            Some(b':') => {
                self.at += 1;
                Ok(name)
            }
            Some(_) => Err(self.unexpected("after object key")),
        }
    }

    fn literal(&mut self, name: &str, data: Data) -> Result_<Data> {
        for wanted in name.bytes() {
            match self.text.get(self.at) {
                None => return Err(end()),
                Some(byte) if *byte == wanted => self.at += 1,
                Some(_) => {
                    let wanted = char::from(wanted);
                    return Err(self.unexpected(&format!("in literal {name} (expecting '{wanted}')")));
                }
            }
        }
        Ok(data)
    }

    fn number(&mut self, open: &[Open]) -> Result_<Data> {
        let start = self.at;
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = self.text.get(start..self.at).unwrap_or_default();
        if self.numbers == Numbers::AsWritten {
            let number = String::from_utf8_lossy(number);
            let whole = number.parse().map(Data::Int);
            return Ok(whole.unwrap_or_else(|_| Data::Float(number.parse().unwrap_or_default())));
        }
        match parse_float(number) {
            Ok(number) => Ok(Data::Float(number)),
            Err(NumberError::Range | NumberError::Syntax) => {
                if self.out_of_range.is_none() {
                    self.out_of_range = Some(out_of_range(number, open));
                }
                Ok(Data::Float(0.0))
            }
        }
    }

    fn digits(&mut self) -> Result_<()> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        match self.text.get(self.at) {
            _ if count > 0 => Ok(()),
            None => Err(end()),
            Some(_) => Err(self.unexpected("in numeric literal")),
        }
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn string(&mut self) -> Result_<Str> {
        self.at += 1;
        let plain =
            self.rest().iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ' | 0x80..)).count();
        if self.text.get(self.at + plain) == Some(&b'"') {
            let text = Str::from(self.text.get(self.at..self.at + plain).unwrap_or_default());
            self.at += plain + 1;
            return Ok(text);
        }
        let mut out = Vec::new();
        loop {
            match self.text.get(self.at) {
                None => return Err(end()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Str::from(out));
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(0..b' ') => return Err(self.unexpected("in string")),
                Some(_) => {
                    let (rune, width) = runes::decode(self.rest());
                    // A sequence that the text's end cuts off is an unexpected end like any other.
                    runes::push(&mut out, rune);
                    self.at += width.max(1);
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result_<()> {
        let byte = match self.text.get(self.at + 1) {
            None => return Err(end()),
            Some(b'u') => return self.unicode_escape(out),
            Some(b'b') => b'\x08',
            Some(b'f') => b'\x0C',
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(_) => return Err(invalid_escape(self.rest().get(..2).unwrap_or_default())),
        };
        out.push(byte);
        self.at += 2;
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut Vec<u8>) -> Result_<()> {
        let first = self.four_digits(0)?;
        self.at += 6;
        if !(0xD800..0xE000).contains(&first) {
            runes::push(out, char::from_u32(first).unwrap_or(RUNE_ERROR));
            return Ok(());
        }
        // Half of a pair, unless the other half follows.
        if first < 0xDC00 && self.rest().starts_with(b"\\u") {
            let second = self.four_digits(0)?;
            if (0xDC00..0xE000).contains(&second) {
                self.at += 6;
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                runes::push(out, char::from_u32(code).unwrap_or(RUNE_ERROR));
                return Ok(());
            }
        }
        runes::push(out, RUNE_ERROR);
        Ok(())
    }

    /// The number behind the `\u` at this distance.
    fn four_digits(&self, distance: usize) -> Result_<u32> {
        let escape = self.text.get(self.at + distance..).unwrap_or_default();
        let escape = escape.get(..6).unwrap_or(escape);
        let digits = escape.get(2..).unwrap_or_default();
        let mut number = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(digit) => number = number * 16 + digit,
                None => return Err(invalid_escape(escape)),
            }
        }
        if digits.len() < 4 { Err(end()) } else { Ok(number) }
    }

    /// Go's error about the character at this place.
    fn unexpected(&self, place: &str) -> String {
        format!("invalid character {} {place}", quoted_character(self.rest()))
    }
}

fn end() -> String {
    "unexpected end of JSON input".to_owned()
}

/// Go: `jsonwire.QuoteRune`.
fn quoted_character(text: &[u8]) -> String {
    let (rune, width) = runes::decode(text);
    if rune == RUNE_ERROR && width == 1 {
        return format!("'\\x{:02x}'", text.first().copied().unwrap_or_default());
    }
    let mut out = Vec::new();
    pintle_value::append_quoted_rune(&mut out, rune, pintle_value::Quote::Printable);
    String::from_utf8_lossy(&out).into_owned()
}

/// Go: `jsonwire.NewInvalidEscapeSequenceError`.
fn invalid_escape(escape: &[u8]) -> String {
    let odd = |(rune, _): (char, usize)| {
        rune == '`' || rune == RUNE_ERROR || rune.is_whitespace() || !pintle_value::is_print(rune)
    };
    if runes::runes(escape).any(odd) {
        format!("invalid escape sequence {} in string", quoted(escape))
    } else {
        format!("invalid escape sequence `{}` in string", String::from_utf8_lossy(escape))
    }
}

/// Go: `json.UnmarshalTypeError` of a number that is no `float64`, at its path.
fn out_of_range(number: &[u8], open: &[Open]) -> String {
    let number = String::from_utf8_lossy(number);
    let path: Vec<String> = open
        .iter()
        .map(|around| match around {
            Open::Array(items) => items.len().to_string(),
            Open::Object(_, name) => pointer_token(&name.to_str_lossy()).into_owned(),
        })
        .collect();
    let Some(last) = path.last() else {
        return format!("json: cannot unmarshal number {number} into Go value of type float64");
    };
    // Go takes a path that ends with a number for one of an array.
    let last = last.rsplit('.').next().unwrap_or_default();
    let indexed = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let field = if indexed { "" } else { "Go struct field " };
    format!("json: cannot unmarshal number {number} into {field}.{} of type float64", path.join("."))
}
