//! TOML as `BurntSushi/toml` 1.6 writes it (`encode.go`): plain members first, then tables, both in the order of
//! their keys, nested tables indented.

use pintle_template::CallError;
use pintle_value::{FloatBits, FloatFormat, Kind, List, Number, Value, append_float};

use crate::dates::{DURATION, TimeObject};
use crate::depth::{MAX_DEPTH, too_deep};
use crate::semver::VersionObject;

/// The most bytes that are written.
const MAX_BYTES: usize = 64 << 20;

/// The most values that are looked at. A value can be small in memory and large in TOML, where the same list is in it
/// many times.
const MAX_VALUES: usize = 10_000_000;

/// Writes a value, as a text of at most `longest` bytes. A [`CallError::Message`] is an error of the library, a panic is
/// one of Go's, or that of a limit.
pub(super) fn write(value: &Value, longest: usize) -> Result<Vec<u8>, CallError> {
    if value.is_nil() {
        return Err(CallError::panic("reflect: call of reflect.Value.Type on zero Value"));
    }
    let mut writer = Writer { out: Vec::new(), key: Vec::new(), values: 0, longest: longest.min(MAX_BYTES) };
    writer.value(value, MAX_DEPTH)?;
    Ok(writer.out)
}

/// TOML's kinds, as far as the layout depends on them (`BurntSushi`: `tomlTypeOfGo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Nil,
    Plain,
    Table,
    Tables,
}

struct Writer {
    out: Vec<u8>,
    /// The keys that lead to the current value, quoted where they must be.
    key: Vec<Vec<u8>>,
    values: usize,
    longest: usize,
}

type Result_ = Result<(), CallError>;

impl Writer {
    /// Counts a value, and checks the limits.
    fn step(&mut self, depth: usize) -> Result<usize, CallError> {
        self.values += 1;
        // Each value is at least a byte, sooner or later.
        let most = MAX_VALUES.min(self.longest);
        if self.values > most || self.out.len() > self.longest {
            return Err(CallError::panic(format!(
                "toml: value is over the limit of {most} values or {} bytes",
                self.longest
            )));
        }
        depth.checked_sub(1).ok_or_else(too_deep)
    }

    fn sort(&mut self, value: &Value, depth: usize) -> Result<Sort, CallError> {
        let depth = self.step(depth)?;
        if let Some(list) = value.as_list() {
            if list.is_nil() {
                return Ok(Sort::Nil);
            }
            let mut tables = !list.is_empty();
            for item in list.items().iter() {
                match self.sort(item, depth)? {
                    Sort::Nil => return Err(CallError::new("toml: cannot encode array with nil element")),
                    Sort::Table => {}
                    Sort::Plain | Sort::Tables => tables = false,
                }
            }
            return Ok(if tables { Sort::Tables } else { Sort::Plain });
        }
        if let Some(map) = value.as_map() {
            return Ok(if map.is_nil() { Sort::Nil } else { Sort::Table });
        }
        Ok(match value {
            Value::Nil => Sort::Nil,
            Value::Complex(_) => {
                return Err(CallError::new(format!("unsupported type: {}", value.kind().name())));
            }
            Value::Object(object) if object.go_type().kind == Kind::Struct && !is_text(value) => Sort::Table,
            _ => Sort::Plain,
        })
    }

    /// `BurntSushi`: `encode`.
    fn value(&mut self, value: &Value, depth: usize) -> Result_ {
        let depth = self.step(depth)?;
        if value.as_list().is_some() {
            return match self.sort(value, depth)? {
                Sort::Tables => self.tables(value, depth),
                _ => self.member(value, depth),
            };
        }
        if let Some(map) = value.as_map() {
            return if map.is_nil() { Ok(()) } else { self.table(value, depth) };
        }
        match value {
            Value::Complex(_) => {
                let (key, kind) = (self.path(), value.kind().name());
                let key = String::from_utf8_lossy(&key).into_owned();
                Err(CallError::new(format!("unsupported type for key '{key}': {kind}")))
            }
            Value::Object(object) if object.go_type().kind == Kind::Struct && !is_text(value) => {
                self.table(value, depth)
            }
            _ => self.member(value, depth),
        }
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn indent(&mut self) {
        let width = self.key.len().saturating_sub(1) * 2;
        self.out.resize(self.out.len() + width, b' ');
    }

    fn path(&self) -> Vec<u8> {
        self.key.join(&b'.')
    }

    /// `[key]` and what is below it (`BurntSushi`: `eTable`).
    fn table(&mut self, value: &Value, depth: usize) -> Result_ {
        if self.key.len() == 1 {
            self.newline();
        }
        if !self.key.is_empty() {
            self.indent();
            let path = self.path();
            self.out.push(b'[');
            self.out.extend_from_slice(&path);
            self.out.push(b']');
            self.newline();
        }
        self.members(value, depth)
    }

    /// `[[key]]` for each item (`BurntSushi`: `eArrayOfTables`).
    fn tables(&mut self, value: &Value, depth: usize) -> Result_ {
        if self.key.is_empty() {
            return Err(CallError::new("toml: top-level values must be Go maps or structs"));
        }
        let items = value.as_list().map_or_else(Vec::new, |list| list.to_vec());
        for item in &items {
            self.newline();
            self.indent();
            let path = self.path();
            self.out.extend_from_slice(b"[[");
            self.out.extend_from_slice(&path);
            self.out.extend_from_slice(b"]]");
            self.newline();
            self.members(item, depth)?;
        }
        Ok(())
    }

    /// Plain members first, then the tables.
    fn sorted_members(&mut self, value: &Value, depth: usize) -> Result<[Vec<Member>; 2], CallError> {
        let (mut plain, mut tables) = (Vec::new(), Vec::new());
        for (key, member) in members(value) {
            match self.sort(&member, depth)? {
                Sort::Table | Sort::Tables => tables.push((key, Some(member))),
                Sort::Plain => plain.push((key, Some(member))),
                Sort::Nil => plain.push((key, None)),
            }
        }
        Ok([plain, tables])
    }

    /// `BurntSushi`: `eMap`.
    fn members(&mut self, value: &Value, depth: usize) -> Result_ {
        for (key, member) in self.sorted_members(value, depth)?.into_iter().flatten() {
            if let Some(member) = member {
                self.key.push(quoted_key(&key));
                self.value(&member, depth)?;
                self.key.pop();
            }
        }
        Ok(())
    }

    /// `BurntSushi`: `eMap` with `inline`, which leaves a comma where a nil member was the last one.
    fn inline_table(&mut self, value: &Value, depth: usize) -> Result_ {
        let [plain, tables] = self.sorted_members(value, depth)?;
        self.out.push(b'{');
        let comma_behind_plain = !tables.is_empty();
        for (members, trailing) in [(plain, comma_behind_plain), (tables, false)] {
            let last = members.len().saturating_sub(1);
            for (index, (key, member)) in members.into_iter().enumerate() {
                if let Some(member) = member {
                    self.out.extend_from_slice(&quoted_key(&key));
                    self.out.extend_from_slice(b" = ");
                    self.element(&member, depth)?;
                    if trailing || index != last {
                        self.out.extend_from_slice(b", ");
                    }
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// `key = value` (`BurntSushi`: `writeKeyValue`).
    fn member(&mut self, value: &Value, depth: usize) -> Result_ {
        let Some(key) = self.key.last().cloned() else { return self.element(value, depth) };
        self.indent();
        self.out.extend_from_slice(&key);
        self.out.extend_from_slice(b" = ");
        self.element(value, depth)?;
        self.newline();
        Ok(())
    }

    /// `BurntSushi`: `eElement`.
    fn element(&mut self, value: &Value, depth: usize) -> Result_ {
        let depth = self.step(depth)?;
        if let Some(list) = value.as_list() {
            return self.array(&list, depth);
        }
        if value.as_map().is_some() {
            return self.inline_table(value, depth);
        }
        match value {
            Value::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Float(value) => self.float(*value, FloatBits::Double),
            Value::Number(Number::Float32(value)) => self.float(f64::from(*value), FloatBits::Single),
            Value::Number(number) => {
                let text = match (number.as_int(), number.as_uint()) {
                    (Some(number), _) => number.to_string(),
                    (None, number) => number.unwrap_or_default().to_string(),
                };
                self.out.extend_from_slice(text.as_bytes());
            }
            Value::String(text) => self.quoted(text),
            Value::Object(object) => {
                if let Some(object) = value.downcast::<TimeObject>() {
                    let text = time_text(object);
                    self.out.extend_from_slice(&text);
                } else if is_text(value) || object.go_type() == &DURATION {
                    self.quoted(&object.print());
                } else if object.go_type().kind == Kind::Struct {
                    self.inline_table(value, depth)?;
                } else {
                    let number = object.to_data().as_i64().unwrap_or_default();
                    self.out.extend_from_slice(number.to_string().as_bytes());
                }
            }
            Value::Complex(_) | Value::Nil | Value::List(_) | Value::Map(_) => {
                let name = crate::kinds::type_name(value);
                return Err(CallError::new(format!("unexpected type: {name}")));
            }
        }
        Ok(())
    }

    fn array(&mut self, list: &List, depth: usize) -> Result_ {
        self.out.push(b'[');
        for (index, item) in list.to_vec().iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            self.element(item, depth)?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// `BurntSushi`: `floatAddDecimal`.
    fn float(&mut self, value: f64, bits: FloatBits) {
        if !value.is_finite() {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            let name = if value.is_nan() { "nan" } else { "inf" };
            self.out.extend_from_slice(format!("{sign}{name}").as_bytes());
            return;
        }
        let start = self.out.len();
        append_float(&mut self.out, value, FloatFormat::General, None, bits);
        let written = self.out.get(start..).unwrap_or_default();
        if !written.iter().any(|byte| matches!(byte, b'e' | b'.')) {
            self.out.extend_from_slice(b".0");
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        self.out.push(b'"');
        escape(&mut self.out, text);
        self.out.push(b'"');
    }
}

/// A key, and its value unless that is nil.
type Member = (pintle_value::Str, Option<Value>);

/// The members of a map, or the exported fields of a struct.
fn members(value: &Value) -> Vec<(pintle_value::Str, Value)> {
    if let Some(map) = value.as_map() {
        return map.entries();
    }
    match value {
        Value::Object(object) => {
            let data = object.to_data();
            let fields = data.as_map().into_iter().flatten();
            fields.map(|(key, data)| (key.clone(), Value::from(data))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the type writes itself as text (Go: `encoding.TextMarshaler`).
fn is_text(value: &Value) -> bool {
    value.downcast::<TimeObject>().is_some() || value.downcast::<VersionObject>().is_some()
}

/// The form of a time depends on how it was read: with an offset, without, date only, time only.
fn time_text(object: &TimeObject) -> Vec<u8> {
    let layout: &[u8] = match object.time.zone.name() {
        super::read::LOCAL_DATETIME => b"2006-01-02T15:04:05.999999999",
        super::read::LOCAL_DATE => b"2006-01-02",
        super::read::LOCAL_TIME => b"15:04:05.999999999",
        _ => b"2006-01-02T15:04:05.999999999Z07:00",
    };
    object.time.format(layout)
}

/// `BurntSushi`: `Key.maybeQuoted`.
pub(super) fn quoted_key(key: &[u8]) -> Vec<u8> {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(bare) {
        return key.to_vec();
    }
    let mut out = vec![b'"'];
    escape(&mut out, key);
    out.push(b'"');
    out
}

/// `BurntSushi`: `dblQuotedReplacer`.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\x08' => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\x0C' => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..b' ' | 0x7F => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(*byte),
        }
    }
}
