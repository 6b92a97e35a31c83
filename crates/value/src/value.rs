//! The value that a template computes with.

use std::rc::Rc;

use crate::go_type::{Kind, Type, types};
use crate::{Data, List, Map, Number, Object, Str};

/// A Go value of one template run.
///
/// Not `Send`: the values of a run are counted without atomics and never leave the call that renders.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The nil interface: no type, no value.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `float64`.
    Float(f64),
    /// A number of any other integer or float type.
    Number(Number),
    /// `complex128`.
    Complex(Rc<(f64, f64)>),
    /// `string`.
    String(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// Anything with fields or methods.
    Object(Rc<dyn Object>),
}

impl Value {
    /// An empty string.
    pub const EMPTY: Self = Self::String(Str::EMPTY);

    /// A Go `int64`.
    pub fn int64(value: i64) -> Self {
        Self::Number(Number::Int64(value))
    }

    /// A value with fields or methods.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The Go type; `None` for nil.
    pub fn go_type(&self) -> Option<&'static Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => &types::BOOL,
            Self::Int(_) => &types::INT,
            Self::Float(_) => &types::FLOAT64,
            Self::Number(number) => number.go_type(),
            Self::Complex(_) => &types::COMPLEX128,
            Self::String(_) => &types::STRING,
            Self::List(list) => list.go_type(),
            Self::Map(map) => map.go_type(),
            Self::Object(object) => object.go_type(),
        })
    }

    /// The kind; [`Kind::Invalid`] for nil.
    pub fn kind(&self) -> Kind {
        self.go_type().map_or(Kind::Invalid, |go_type| go_type.kind)
    }

    /// Whether this is the nil interface.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The string.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::String(str) => Some(str),
            _ => None,
        }
    }

    /// The map, also of a named map type.
    pub fn as_map(&self) -> Option<Map> {
        match self {
            Self::Map(map) => Some(map.clone()),
            Self::Object(object) => object.as_map(),
            _ => None,
        }
    }

    /// The slice, also of a named slice type.
    pub fn as_list(&self) -> Option<List> {
        match self {
            Self::List(list) => Some(list.clone()),
            Self::Object(object) => object.as_list(),
            _ => None,
        }
    }

    /// The object, where it is of this concrete type.
    pub fn downcast<T: Object + 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Whether a template's `if` takes it for true (Go: `text/template.IsTrue`): not nil, not zero, not empty.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Number(Number::Float32(value)) => *value != 0.0,
            Self::Number(number) => {
                number.as_int().is_some_and(|n| n != 0) || number.as_uint().is_some_and(|n| n != 0)
            }
            Self::Complex(parts) => parts.0 != 0.0 || parts.1 != 0.0,
            Self::String(str) => !str.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.is_true(),
        }
    }
}

impl From<&Data> for Value {
    /// A view of the data; see [`Map`]. [`Data::Int`] is Go's `int64`, as Helm's `--set` makes it.
    fn from(data: &Data) -> Self {
        match data {
            Data::Null => Self::Nil,
            Data::Bool(value) => Self::Bool(*value),
            Data::Int(value) => Self::Number(Number::Int64(*value)),
            Data::Float(value) => Self::Float(*value),
            Data::String(value) => Self::String(value.clone()),
            Data::List(list) => Self::List(List::from(list)),
            Data::Map(map) => Self::Map(Map::view(map.clone())),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $make:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                $make(value)
            }
        }
    )*};
}

value_from! {
    bool => Self::Bool,
    i64 => Self::Int,
    f64 => Self::Float,
    &str => |value| Self::String(Str::from(value)),
    String => |value| Self::String(Str::from(value)),
    &[u8] => |value| Self::String(Str::from(value)),
    Vec<u8> => |value| Self::String(Str::from(value)),
    Str => Self::String,
    List => Self::List,
    Map => Self::Map,
    Number => Self::Number,
}

const _: () = assert!(size_of::<Value>() == 24, "a value is copied at every step of a run");
