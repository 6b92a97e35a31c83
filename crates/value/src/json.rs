//! JSON as Go's `encoding/json` writes it.

use std::fmt;

use crate::{
    Data, Event, FloatBits, FloatFormat, Number, Str, Value, WalkError, append_float, decode_rune, walk,
};

/// Writes values as JSON, byte for byte as `encoding/json` does: keys sorted by their bytes, floats in their shortest
/// form, what is not UTF-8 as U+FFFD, U+2028 and U+2029 escaped.
///
/// ```
/// use pintle_value::{Json, Value};
/// assert_eq!(Json::new().text(&Value::from("<a>")).unwrap(), br#""\u003ca\u003e""#);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Json {
    escape_html: bool,
    indent: Option<&'static str>,
    limit: usize,
}

/// Why a value could not be written as JSON.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JsonError {
    /// Go's `json: unsupported value: …`: a number that JSON has not, a value that holds itself.
    Unsupported(String),
    /// Go's `json: unsupported type: …`.
    UnsupportedType(&'static str),
    /// Nested too deep or too long.
    Walk(WalkError),
}

impl fmt::Display for JsonError {
    /// Go's text of the error where it has one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "json: unsupported value: {what}"),
            Self::UnsupportedType(name) => write!(f, "json: unsupported type: {name}"),
            Self::Walk(error) => write!(f, "json: {error}"),
        }
    }
}

impl std::error::Error for JsonError {}

impl From<WalkError> for JsonError {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Cycle(go_type) => Self::Unsupported(format!("encountered a cycle via {go_type}")),
            error => Self::Walk(error),
        }
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::new()
    }
}

impl Json {
    /// As `json.Marshal` writes: compact, `<`, `>` and `&` escaped, at most 64 MiB.
    pub fn new() -> Self {
        Self { escape_html: true, indent: None, limit: 64 << 20 }
    }

    /// Leaves `<`, `>` and `&` as they are (`SetEscapeHTML(false)`).
    pub fn raw_html(mut self) -> Self {
        self.escape_html = false;
        self
    }

    /// Puts each item and member on a line of its own, behind one `indent` per level (`json.MarshalIndent`).
    pub fn indent(mut self, indent: &'static str) -> Self {
        self.indent = Some(indent);
        self
    }

    /// How many bytes the text may have.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The JSON text of `value`.
    pub fn text(&self, value: &Value) -> Result<Vec<u8>, JsonError> {
        let mut out = Vec::new();
        self.append(&mut out, value)?;
        Ok(out)
    }

    /// The JSON text of `data`.
    pub fn data_text(&self, data: &Data) -> Result<Vec<u8>, JsonError> {
        self.text(&Value::from(data))
    }

    /// Appends the JSON text of `value` to `out`.
    pub fn append(&self, out: &mut Vec<u8>, value: &Value) -> Result<(), JsonError> {
        self.append_within(out, value, 0)
    }

    /// Appends a value around which so many lists and maps are open.
    fn append_within(&self, out: &mut Vec<u8>, value: &Value, around: usize) -> Result<(), JsonError> {
        let start = out.len();
        let mut depth = around;
        // Whether the list or map that ends next had nothing in it, and whether bytes of one are hidden by base64.
        let mut empty = true;
        let mut hidden = 0_usize;
        walk(value, |event| {
            if hidden > 0 {
                match event {
                    Event::List(_) | Event::Map(_) => hidden += 1,
                    Event::EndList | Event::EndMap => hidden -= 1,
                    _ => {}
                }
                empty = false;
                return Ok(());
            }
            match event {
                Event::Leaf(leaf) => self.leaf(out, leaf, depth)?,
                Event::List(list) if list.is_nil() => {
                    out.extend_from_slice(b"null");
                    hidden = 1;
                }
                Event::List(list) if list.go_type().elem.is_some_and(|elem| elem.name == "uint8") => {
                    let bytes: Vec<u8> = list.items().iter().map(byte).collect();
                    base64(out, &bytes);
                    hidden = 1;
                }
                Event::Map(map) if map.is_nil() => {
                    out.extend_from_slice(b"null");
                    hidden = 1;
                }
                Event::List(_) | Event::Map(_) => {
                    out.push(if matches!(event, Event::List(_)) { b'[' } else { b'{' });
                    depth += 1;
                    empty = true;
                }
                Event::EndList | Event::EndMap => {
                    depth -= 1;
                    if !empty {
                        self.line(out, depth);
                    }
                    out.push(if matches!(event, Event::EndList) { b']' } else { b'}' });
                    empty = false;
                }
                Event::Item(index) | Event::Key(_, index) => {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.line(out, depth);
                    if let Event::Key(key, _) = event {
                        self.string(out, key);
                        out.extend_from_slice(if self.indent.is_some() { b": " } else { b":" });
                    }
                    empty = false;
                }
            }
            if out.len() - start > self.limit { Err(WalkError::TooLong.into()) } else { Ok(()) }
        })
    }

    /// Appends `text` as a JSON string (Go: `encoding/json`, `appendString`).
    pub fn string(&self, out: &mut Vec<u8>, text: &[u8]) {
        out.push(b'"');
        let mut rest = text;
        while let Some(stop) = rest.iter().position(|byte| self.special(*byte)) {
            let (plain, tail) = rest.split_at(stop);
            out.extend_from_slice(plain);
            let Some((rune, width)) = decode_rune(tail) else { break };
            match rune {
                '"' | '\\' => out.extend_from_slice(&[b'\\', tail.first().copied().unwrap_or_default()]),
                '\x08' => out.extend_from_slice(b"\\b"),
                '\x0c' => out.extend_from_slice(b"\\f"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                char::REPLACEMENT_CHARACTER if width == 1 => out.extend_from_slice("\u{FFFD}".as_bytes()),
                '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(rune)).as_bytes());
                }
                _ => out.extend_from_slice(tail.get(..width).unwrap_or_default()),
            }
            rest = tail.get(width..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out.push(b'"');
    }

    fn special(&self, byte: u8) -> bool {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x80.. => true,
            b'<' | b'>' | b'&' => self.escape_html,
            _ => false,
        }
    }

    /// A struct's members, in their own order.
    fn members(&self, out: &mut Vec<u8>, members: &[(&str, Value)], depth: usize) -> Result<(), JsonError> {
        out.push(b'{');
        for (index, (name, value)) in members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.line(out, depth + 1);
            self.string(out, name.as_bytes());
            out.extend_from_slice(if self.indent.is_some() { b": " } else { b":" });
            self.append_within(out, value, depth + 1)?;
        }
        self.line(out, depth);
        out.push(b'}');
        Ok(())
    }

    fn line(&self, out: &mut Vec<u8>, depth: usize) {
        if let Some(indent) = self.indent {
            out.push(b'\n');
            for _ in 0..depth {
                out.extend_from_slice(indent.as_bytes());
            }
        }
    }

    fn leaf(&self, out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), JsonError> {
        match value {
            Value::Nil => out.extend_from_slice(b"null"),
            Value::String(text) => self.string(out, text),
            Value::Float(value) => return float(out, *value, FloatBits::Double),
            Value::Number(Number::Float32(value)) => {
                return float(out, f64::from(*value), FloatBits::Single);
            }
            Value::Complex(_) => return Err(JsonError::UnsupportedType("complex128")),
            Value::Object(object) => {
                return match object.json_members() {
                    Some(members) => self.members(out, &members, depth),
                    None => self.append_within(out, &Value::from(&object.to_data()), depth),
                };
            }
            other => _ = crate::print(out, other, usize::MAX), // booleans and integers
        }
        Ok(())
    }
}

/// Go: `encoding/json`, `floatEncoder.encode`.
fn float(out: &mut Vec<u8>, value: f64, bits: FloatBits) -> Result<(), JsonError> {
    if !value.is_finite() {
        let mut text = Vec::new();
        append_float(&mut text, value, FloatFormat::General, None, bits);
        return Err(JsonError::Unsupported(Str::from(text).to_string()));
    }
    let magnitude = value.abs();
    #[expect(clippy::cast_possible_truncation, reason = "the number was a float32")]
    let exponent = magnitude != 0.0
        && match bits {
            FloatBits::Double => !(1e-6..1e21).contains(&magnitude),
            FloatBits::Single => !(1e-6_f32..1e21_f32).contains(&(magnitude as f32)),
        };
    if !exponent {
        append_float(out, value, FloatFormat::Fixed, None, bits);
        return Ok(());
    }
    append_float(out, value, FloatFormat::Exponent, None, bits);
    if let [.., b'e', b'-', b'0', last] = out.as_slice() {
        let last = *last; // e-09 becomes e-9
        out.truncate(out.len() - 2);
        out.push(last);
    }
    Ok(())
}

fn byte(value: &Value) -> u8 {
    match value {
        Value::Number(Number::Uint8(byte)) => *byte,
        _ => 0,
    }
}

fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push(b'"');
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = ALPHABET.get(group >> (18 - 6 * place) & 63).copied().unwrap_or_default();
            out.push(if place > chunk.len() { b'=' } else { digit });
        }
    }
    out.push(b'"');
}
