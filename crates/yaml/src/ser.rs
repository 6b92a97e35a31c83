//! Types of the caller to YAML, by serde.

use pintle_value::{List, Map, Number, Str, Value, types};
use serde::ser::{self, Serialize};

use crate::{Error, ErrorKind, Flavour, emit_value};

/// A serde value as YAML, as `sigs.k8s.io/yaml.Marshal` writes it: fields and keys in go-yaml's order, not the
/// type's.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Port {
///     protocol: &'static str,
///     port: u16,
/// }
/// let text = pintle_yaml::to_string(&Port { protocol: "TCP", port: 443 })?;
/// assert_eq!(text, "port: 443\nprotocol: TCP\n");
/// # Ok::<(), pintle_yaml::Error>(())
/// ```
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    emit_value(&value.serialize(Serializer)?, Flavour::V2)
}

/// Makes the value of a template run that a serde value is.
#[derive(Clone, Copy)]
struct Serializer;

/// The items of a list, and the variant that it is of.
struct Items {
    items: Vec<Value>,
    variant: Option<&'static str>,
}

/// The members of a map, and the variant that it is of.
struct Members {
    map: Map,
    key: Option<Str>,
    variant: Option<&'static str>,
}

impl Items {
    fn new(length: Option<usize>, variant: Option<&'static str>) -> Self {
        const MOST: usize = 1 << 16; // a length may be a lie
        Self { items: Vec::with_capacity(length.unwrap_or(0).min(MOST)), variant }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.items.push(value.serialize(Serializer)?);
        Ok(())
    }

    fn finish(self) -> Value {
        in_variant(self.variant, Value::List(List::new(self.items)))
    }
}

impl Members {
    fn new(variant: Option<&'static str>) -> Self {
        Self { map: Map::new(), key: None, variant }
    }

    fn insert<T: Serialize + ?Sized>(&mut self, key: impl Into<Str>, value: &T) -> Result<(), Error> {
        self.map.insert(key, value.serialize(Serializer)?);
        Ok(())
    }

    fn finish(self) -> Value {
        in_variant(self.variant, Value::Map(self.map))
    }
}

fn in_variant(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(name) => Value::Map([(name, value)].into_iter().collect()),
        None => value,
    }
}

fn too_large(what: &str) -> Error {
    Error::new(ErrorKind::Unrepresentable, format!("yaml: the number {what} is past 64 bits"))
}

impl ser::Serializer for Serializer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, value: bool) -> Result<Value, Error> {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Value, Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Value, Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Value, Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, Error> {
        Ok(Value::Int(value))
    }

    fn serialize_i128(self, value: i128) -> Result<Value, Error> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.serialize_i64(value),
            (_, Ok(value)) => self.serialize_u64(value),
            _ => Err(too_large(&value.to_string())),
        }
    }

    fn serialize_u8(self, value: u8) -> Result<Value, Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, Error> {
        Ok(Value::Number(Number::Uint64(value)))
    }

    fn serialize_u128(self, value: u128) -> Result<Value, Error> {
        self.serialize_u64(u64::try_from(value).map_err(|_| too_large(&value.to_string()))?)
    }

    fn serialize_f32(self, value: f32) -> Result<Value, Error> {
        Ok(Value::Number(Number::Float32(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<Value, Error> {
        Ok(Value::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Value, Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Value, Error> {
        Ok(Value::from(value))
    }

    /// Base64, as `[]byte` is in Go's JSON.
    fn serialize_bytes(self, value: &[u8]) -> Result<Value, Error> {
        let bytes = value.iter().map(|&byte| Value::Number(Number::Uint8(byte))).collect();
        Ok(Value::List(List::typed(&types::BYTES, bytes)))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Nil)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(in_variant(Some(variant), value.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items, Error> {
        Ok(Items::new(length, None))
    }

    fn serialize_tuple(self, length: usize) -> Result<Items, Error> {
        Ok(Items::new(Some(length), None))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items, Error> {
        Ok(Items::new(Some(length), None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items, Error> {
        Ok(Items::new(Some(length), Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, Error> {
        Ok(Members::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Error> {
        Ok(Members::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, Error> {
        Ok(Members::new(Some(variant)))
    }
}

macro_rules! serialize_items {
    ($($of:ident $method:ident)*) => {$(
        impl ser::$of for Items {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.finish())
            }
        }
    )*};
}

serialize_items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! serialize_fields {
    ($($of:ident)*) => {$(
        impl ser::$of for Members {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.insert(key, value)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.finish())
            }
        }
    )*};
}

serialize_fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(match key.serialize(Serializer)? {
            Value::String(text) => text,
            Value::Bool(value) => Str::from(if value { "true" } else { "false" }),
            Value::Int(value) => Str::from(value.to_string()),
            Value::Number(Number::Uint64(value)) => Str::from(value.to_string()),
            _ => return Err(ser::Error::custom("yaml: the key of a map is no string, number or boolean")),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        match self.key.take() {
            Some(key) => self.insert(key, value),
            None => Err(ser::Error::custom("yaml: a map's value comes before its key")),
        }
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.finish())
    }
}
