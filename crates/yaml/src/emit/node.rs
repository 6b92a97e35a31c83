//! The two kinds of values as one thing that can be written.

use std::borrow::Cow;

use pintle_value::{Data, Number, Object, Str, Value, types};

use super::analysis::{Style, wanted_style};
use crate::decode::unsupported_value;
use crate::number::{format_float, format_single_float};
use crate::{Error, ErrorKind, Flavour, base64};

/// A value that is being written.
pub(super) enum Node {
    Data(Data),
    Value(Value),
}

/// What a [`Node`] is.
pub(super) enum Shape {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Str, Node)>),
}

/// A scalar before it is written.
pub(super) enum Scalar {
    Word(Cow<'static, str>),
    String(Str),
}

impl Node {
    /// The value, for what takes nothing else.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Data(data) => Value::from(&data),
            Self::Value(value) => value,
        }
    }

    /// The data of a value that is no data itself; objects are what they are in JSON.
    pub(super) fn shape(self, flavour: Flavour) -> Result<Shape, Error> {
        match self {
            Self::Data(data) => data_shape(data, flavour),
            Self::Value(value) => value_shape(value, flavour),
        }
    }

    /// The map, for the check whether a value contains itself.
    pub(super) fn as_map(&self) -> Option<&pintle_value::Map> {
        match self {
            Self::Value(Value::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// The list, for the check whether a value contains itself.
    pub(super) fn as_list(&self) -> Option<&pintle_value::List> {
        match self {
            Self::Value(Value::List(list)) => Some(list),
            _ => None,
        }
    }
}

fn data_shape(data: Data, flavour: Flavour) -> Result<Shape, Error> {
    Ok(Shape::Scalar(match data {
        Data::Null => Scalar::Word("null".into()),
        Data::Bool(value) => word_of_bool(value),
        Data::Int(value) => Scalar::Word(value.to_string().into()),
        Data::Float(value) => float(value, flavour)?,
        Data::String(text) => Scalar::String(text),
        Data::List(list) => return Ok(Shape::List(list.iter().cloned().map(Node::Data).collect())),
        Data::Map(map) => {
            return Ok(Shape::Map(
                map.iter().map(|(key, value)| (key.clone(), Node::Data(value.clone()))).collect(),
            ));
        }
    }))
}

fn value_shape(value: Value, flavour: Flavour) -> Result<Shape, Error> {
    Ok(Shape::Scalar(match value {
        Value::Nil => Scalar::Word("null".into()),
        Value::Bool(value) => word_of_bool(value),
        Value::Int(value) => Scalar::Word(value.to_string().into()),
        Value::Float(value) => float(value, flavour)?,
        Value::Number(Number::Float32(value)) => single_float(value, flavour)?,
        Value::Number(number) => Scalar::Word(match (number.as_int(), number.as_uint()) {
            (Some(value), _) => value.to_string().into(),
            (_, Some(value)) => value.to_string().into(),
            (None, None) => "0".into(),
        }),
        Value::Complex(_) => {
            let message = match flavour {
                Flavour::V2 => "error marshaling into JSON: json: unsupported type: complex128",
                Flavour::V3 => "cannot marshal type: complex128",
            };
            return Err(Error::new(ErrorKind::Unrepresentable, message));
        }
        Value::String(text) => Scalar::String(text),
        Value::List(list) if list.is_nil() && flavour == Flavour::V2 => Scalar::Word("null".into()),
        Value::List(list) if list.go_type() == &types::BYTES && flavour == Flavour::V2 => {
            let bytes: Vec<u8> = list.items().iter().map(byte).collect();
            Scalar::String(Str::from(base64::encode(&bytes)))
        }
        Value::List(list) => {
            if let Some(data) = list.untouched() {
                return data_shape(Data::List(data.clone()), flavour);
            }
            return Ok(Shape::List(list.to_vec().into_iter().map(Node::Value).collect()));
        }
        Value::Map(map) if map.is_nil() && flavour == Flavour::V2 => Scalar::Word("null".into()),
        Value::Map(map) => {
            if let Some(data) = map.untouched() {
                return data_shape(Data::Map(data.clone()), flavour);
            }
            return Ok(Shape::Map(
                map.entries().into_iter().map(|(key, value)| (key, Node::Value(value))).collect(),
            ));
        }
        Value::Object(object) if flavour == Flavour::V3 => return object_shape(object.as_ref()),
        Value::Object(object) => return data_shape(object.to_data(), flavour),
    }))
}

/// What go-yaml v3 makes of a value that is more than data (Go: `encode.go`, `marshal`): it knows two types of Go's
/// package `time`; most others are the text, list or map that they are in JSON.
fn object_shape(object: &dyn Object) -> Result<Shape, Error> {
    Ok(Shape::Scalar(match (object.go_type().name, object.to_data()) {
        ("time.Time", Data::String(text)) => Scalar::Word(text.to_str_lossy().into_owned().into()),
        ("time.Duration", _) => Scalar::String(object.print()),
        (_, data) => return data_shape(data, Flavour::V3),
    }))
}

fn byte(value: &Value) -> u8 {
    match value {
        Value::Number(Number::Uint8(byte)) => *byte,
        Value::Int(number) => u8::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

fn word_of_bool(value: bool) -> Scalar {
    Scalar::Word(if value { "true" } else { "false" }.into())
}

/// A float as the flavour writes it: v2 reads JSON's text again, where a whole number below 1e21 has no point and is
/// an integer if it fits (with zeros for the digits that the float has not).
fn float(value: f64, flavour: Flavour) -> Result<Scalar, Error> {
    if flavour == Flavour::V2 {
        if !value.is_finite() {
            return Err(unsupported_value(value).while_at("error marshaling into JSON"));
        }
        if value.fract() == 0.0 && value.abs() < 1e21 {
            let digits = value.to_string();
            if let Ok(whole) = digits.parse::<i64>() {
                return Ok(Scalar::Word(whole.to_string().into()));
            }
            if digits.parse::<u64>().is_ok() {
                return Ok(Scalar::Word(digits.into()));
            }
        }
    }
    Ok(Scalar::Word(format_float(value).into()))
}

fn single_float(value: f32, flavour: Flavour) -> Result<Scalar, Error> {
    if flavour == Flavour::V3 || !value.is_finite() {
        return match flavour {
            Flavour::V3 => Ok(Scalar::Word(format_single_float(f64::from(value)).into())),
            Flavour::V2 => float(f64::from(value), flavour),
        };
    }
    // JSON has the shortest digits of the float32, which are read as a float64.
    float(format!("{value:e}").parse().unwrap_or_else(|_| f64::from(value)), flavour)
}

impl Scalar {
    /// The text, the style it asks for and its tag.
    pub(super) fn written(&self, flavour: Flavour) -> Written<'_> {
        match self {
            Self::Word(word) => Written { text: Cow::Borrowed(word), style: Style::Plain, tag: None },
            Self::String(text) => Written::of_string(text, flavour),
        }
    }
}

pub(super) struct Written<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) style: Style,
    pub(super) tag: Option<&'static str>,
}

impl<'s> Written<'s> {
    pub(super) fn of_string(text: &'s Str, flavour: Flavour) -> Self {
        match (std::str::from_utf8(text), flavour) {
            (Ok(text), _) => {
                Self { text: Cow::Borrowed(text), style: wanted_style(text, flavour), tag: None }
            }
            (Err(_), Flavour::V2) => {
                let text = replace_invalid(text);
                Self { style: wanted_style(&text, flavour), text: Cow::Owned(text), tag: None }
            }
            (Err(_), Flavour::V3) => {
                let text = binary(text);
                let style = if text.contains('\n') { Style::Literal } else { Style::Plain };
                Self { text: Cow::Owned(text), style, tag: Some("!!binary") }
            }
        }
    }
}

/// Text with U+FFFD for each byte that is not UTF-8 (Go: `encoding/json`).
pub(crate) fn replace_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Go: `resolve.go`, `encodeBase64`: lines of 70 letters.
fn binary(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let encoded = base64::encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut text = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text
}
