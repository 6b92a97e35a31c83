//! The grammar of `--set` and its kin: `a.b[0].c=value,d={x,y}`
//! (Helm: `pkg/strvals/parser.go`, `pkg/strvals/literal_parser.go`).

use std::collections::BTreeMap;

use pintle_value::{Data, Str};

use crate::node::Node;
use pintle_value::quoted;

/// The largest index of a list that a flag may set (Helm: `MaxIndex`).
const MAX_INDEX: usize = 65_536;
/// The most dots in a name (Helm: `MaxNestedNameLevel`).
const MAX_NAME_LEVEL: usize = 30;
/// The most steps of all kinds in a name. Helm has no such limit; a Go stack grows.
const MAX_STEPS: usize = 256;
/// The most places that flags may add to lists, all together. Helm has no such limit.
const MAX_PLACES: usize = 4 * 1024 * 1024;

/// How the text behind the `=` is read.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// `--set`: numbers, booleans and null are what they look like.
    Typed,
    /// `--set-string`: always a string.
    Text,
    /// `--set-json`: JSON.
    Json,
    /// `--set-literal`: all that follows, as it is.
    Literal,
    /// `--set-file`: the content of the file of that name.
    File(&'a dyn Fn(&str) -> Result<Vec<u8>, String>),
}

/// Why a flag could not be read: Helm's text.
type Message = String;

/// Why reading stopped. That the text is at its end is no error where it reaches the top, as in Helm.
enum Stop {
    End,
    Error(Message),
}

impl Stop {
    fn error(message: impl Into<Message>) -> Self {
        Self::Error(message.into())
    }

    /// Go's `fmt.Errorf("prefix: %w")`: the end stays the end.
    fn within(self, prefix: &str) -> Self {
        match self {
            Self::End => Self::End,
            Self::Error(message) => Self::Error(format!("{prefix}: {message}")),
        }
    }
}

/// Reads one flag into the values.
pub(crate) fn parse_into(
    text: &str,
    kind: Kind<'_>,
    values: &mut BTreeMap<Str, Node>,
    places: &mut usize,
) -> Result<(), Message> {
    let mut parser = Parser { rest: text, kind, steps: 0, places };
    loop {
        parser.steps = 0;
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Error(message)) => return Err(message),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    kind: Kind<'a>,
    steps: usize,
    places: &'a mut usize,
}

impl Parser<'_> {
    fn literal(&self) -> bool {
        matches!(self.kind, Kind::Literal)
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    /// The letters up to one of `stop`, and that one; `None` where the text ends first. A backslash takes the next
    /// letter as it is, but not in a literal.
    fn until(&mut self, stop: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(letter) = self.next() {
            match letter {
                letter if stop.contains(&letter) => return (text, Some(letter)),
                '\\' if !self.literal() => match self.next() {
                    Some(letter) => text.push(letter),
                    None => break,
                },
                letter => text.push(letter),
            }
        }
        (text, None)
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(Stop::error(format!("value name has more than the maximum of {MAX_STEPS} steps")));
        }
        Ok(())
    }

    fn key(&mut self, data: &mut BTreeMap<Str, Node>, mut level: usize) -> Result<(), Stop> {
        self.step()?;
        let stop: &[char] = if self.literal() { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stop);
        match last {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::error(format!("key {} has no value", quoted(&key)))),
            Some('[') => {
                let index = self.index().map_err(|stop| stop.within("error parsing index"))?;
                let mut items = match data.get_mut(key.as_bytes()) {
                    None => Vec::new(),
                    Some(node) => take_list(node)?,
                };
                let result = self.item(&mut items, index, level);
                set(data, &key, Node::List(items));
                result
            }
            Some('=') => self.value(data, &key),
            Some(',') => Err(Stop::error(format!("key {} has no value (cannot end with ,)", quoted(&key)))),
            Some(_) => {
                level += 1;
                if level > MAX_NAME_LEVEL {
                    return Err(Stop::error(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_NAME_LEVEL}"
                    )));
                }
                let empty = || Err(Stop::error(format!("key map {} has no value", quoted(&key))));
                if let Some(node) = data.get_mut(key.as_bytes()) {
                    let go_type = node.go_type();
                    let inner = node.as_map_mut().ok_or_else(|| not_a(go_type, "map[string]interface {}"))?;
                    let result = self.key(inner, level);
                    return if result.is_ok() && inner.is_empty() { empty() } else { result };
                }
                let mut inner = BTreeMap::new();
                let result = self.key(&mut inner, level);
                if result.is_ok() && inner.is_empty() {
                    return empty();
                }
                if !inner.is_empty() {
                    set(data, &key, Node::Map(inner));
                }
                result
            }
        }
    }

    /// What follows a `=` behind a key.
    fn value(&mut self, data: &mut BTreeMap<Str, Node>, key: &str) -> Result<(), Stop> {
        match self.kind {
            Kind::Literal => {
                let text = std::mem::take(&mut self.rest);
                set(data, key, Node::Data(Data::from(text)));
                Ok(())
            }
            Kind::Json => {
                let value = self.json()?;
                set(data, key, Node::Data(value));
                Ok(())
            }
            _ => {
                if self.rest.is_empty() {
                    set(data, key, Node::Data(Data::from("")));
                    return Err(Stop::End);
                }
                let value = match self.list()? {
                    Some(list) => Node::List(list),
                    None => self.scalar()?,
                };
                set(data, key, value);
                Ok(())
            }
        }
    }

    /// The value up to a comma.
    fn scalar(&mut self) -> Result<Node, Stop> {
        let (text, _) = self.until(&[',']);
        self.convert(text)
    }

    fn convert(&self, text: String) -> Result<Node, Stop> {
        Ok(Node::Data(match self.kind {
            Kind::Typed => typed(text),
            Kind::File(read) => Data::String(Str::from(read(&text).map_err(Stop::Error)?)),
            _ => Data::from(text),
        }))
    }

    /// A list in braces; `None` where there is none.
    fn list(&mut self) -> Result<Option<Vec<Node>>, Stop> {
        let Some(rest) = self.rest.strip_prefix('{') else { return Ok(None) };
        self.rest = rest;
        let mut list = Vec::new();
        loop {
            let (text, end) = self.until(&[',', '}']);
            match end {
                None => return Err(Stop::error("list must terminate with '}'")),
                Some('}') => {
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    list.push(self.convert(text)?);
                    return Ok(Some(list));
                }
                Some(_) => list.push(self.convert(text)?),
            }
        }
    }

    fn json(&mut self) -> Result<Data, Stop> {
        if self.blank() {
            return Ok(Data::Null);
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Data>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(Stop::error(error.to_string())),
            None => return Err(Stop::error("unexpected EOF")),
        };
        let end = values.byte_offset();
        self.rest = self.rest.get(end..).unwrap_or_default();
        self.blank();
        Ok(floats(value))
    }

    /// Skips blanks; gives whether the text ended or a comma, which is skipped too, came first.
    fn blank(&mut self) -> bool {
        loop {
            let mut letters = self.rest.chars();
            match letters.next() {
                None => return true,
                Some(',') => {
                    self.rest = letters.as_str();
                    return true;
                }
                Some(letter) if letter.is_whitespace() => self.rest = letters.as_str(),
                Some(_) => return false,
            }
        }
    }

    /// The number up to a `]`.
    fn index(&mut self) -> Result<i64, Stop> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            return Err(Stop::End);
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let reason = if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            "invalid syntax"
        } else {
            match text.parse() {
                Ok(index) => return Ok(index),
                Err(_) => "value out of range",
            }
        };
        Err(Stop::error(format!("strconv.Atoi: parsing {}: {reason}", quoted(&text))))
    }

    fn item(&mut self, list: &mut Vec<Node>, index: i64, level: usize) -> Result<(), Stop> {
        self.step()?;
        let Ok(place) = usize::try_from(index) else {
            return Err(Stop::error(format!("negative {index} index not allowed")));
        };
        let (key, end) = self.until(&['[', '.', '=']);
        if !key.is_empty() {
            let letters: Vec<String> = key.chars().map(quote_letter).collect();
            let letters = letters.join(" ");
            return Err(Stop::error(format!("unexpected data at end of array index: [{letters}]")));
        }
        match end {
            None => Err(Stop::End),
            Some('=') => {
                let value = match self.kind {
                    Kind::Literal => Node::Data(Data::from(std::mem::take(&mut self.rest))),
                    Kind::Json => Node::Data(self.json()?),
                    _ if self.rest.is_empty() => Node::Data(Data::from("")),
                    _ => match self.list()? {
                        Some(list) => Node::List(list),
                        None => self.scalar()?,
                    },
                };
                self.put(list, place, value)
            }
            Some('[') => {
                let next = self.index().map_err(|stop| stop.within("error parsing index"))?;
                let mut inner = match list.get_mut(place) {
                    Some(node) if !node.is_null() => take_list(node)?,
                    _ => Vec::new(),
                };
                let result = self.item(&mut inner, next, level);
                match result {
                    Ok(()) => self.put(list, place, Node::List(inner)),
                    Err(stop) => {
                        if let Some(node) = list.get_mut(place).filter(|node| !node.is_null()) {
                            *node = Node::List(inner);
                        }
                        Err(stop)
                    }
                }
            }
            Some(_) => {
                if let Some(node) = list.get_mut(place) {
                    if node.as_map_mut().is_none() {
                        *node = Node::Map(BTreeMap::new());
                    }
                    return match node.as_map_mut() {
                        Some(inner) => self.key(inner, level),
                        None => Ok(()),
                    };
                }
                let mut inner = BTreeMap::new();
                self.key(&mut inner, level)?;
                self.put(list, place, Node::Map(inner))
            }
        }
    }

    /// Helm: `setIndex`.
    fn put(&mut self, list: &mut Vec<Node>, place: usize, value: Node) -> Result<(), Stop> {
        if place > MAX_INDEX {
            return Err(Stop::error(format!(
                "index of {place} is greater than maximum supported index of {MAX_INDEX}"
            )));
        }
        if list.len() <= place {
            *self.places += place + 1 - list.len();
            if *self.places > MAX_PLACES {
                return Err(Stop::error(format!(
                    "lists grow by more than the maximum of {MAX_PLACES} items"
                )));
            }
            list.resize(place + 1, Node::NULL);
        }
        if let Some(slot) = list.get_mut(place) {
            *slot = value;
        }
        Ok(())
    }
}

/// Sets a member; one without a name is dropped (Helm: `set`).
fn set(data: &mut BTreeMap<Str, Node>, key: &str, value: Node) {
    if !key.is_empty() {
        data.insert(Str::from(key), value);
    }
}

fn take_list(node: &mut Node) -> Result<Vec<Node>, Stop> {
    let go_type = node.go_type();
    node.take_list().ok_or_else(|| not_a(go_type, "[]interface {}"))
}

/// The text of Go's panic, which Helm recovers.
fn not_a(actual: &str, wanted: &str) -> Stop {
    Stop::error(format!(
        "unable to parse key: interface conversion: interface {{}} is {actual}, not {wanted}"
    ))
}

/// Helm: `typedVal`.
fn typed(text: String) -> Data {
    // Go's EqualFold takes the long s for an s.
    let folded = text.replace('ſ', "s");
    if folded.eq_ignore_ascii_case("true") {
        return Data::Bool(true);
    }
    if folded.eq_ignore_ascii_case("false") {
        return Data::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Data::Null;
    }
    if text == "0" {
        return Data::Int(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse()
    {
        return Data::Int(number);
    }
    Data::from(text)
}

/// Go's JSON reader makes every number a float.
#[expect(clippy::cast_precision_loss, reason = "Go reads numbers of JSON as float64")]
pub(crate) fn floats(data: Data) -> Data {
    match data {
        Data::Int(number) => Data::Float(number as f64),
        Data::List(list) => list.iter().cloned().map(floats).collect(),
        Data::Map(map) => map.iter().map(|(key, value)| (key.clone(), floats(value.clone()))).collect(),
        other => other,
    }
}

/// Go's `%q` of a rune.
fn quote_letter(letter: char) -> String {
    let quoted = quoted(letter.encode_utf8(&mut [0; 4]));
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    match letter {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => format!("'{inner}'"),
    }
}
