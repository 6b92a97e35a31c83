//! Go's types, as far as a template can see them.

use std::fmt;

/// The kinds of Go's `reflect.Kind` that a template can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is Go's kind of the same name")]
#[non_exhaustive]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    Array,
    Chan,
    Func,
    Interface,
    Map,
    Ptr,
    Slice,
    String,
    Struct,
}

impl Kind {
    /// Go's name of the kind, as `kindOf` prints it (`reflect.Kind.String`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Uintptr => "uintptr",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
            Self::Array => "array",
            Self::Chan => "chan",
            Self::Func => "func",
            Self::Interface => "interface",
            Self::Map => "map",
            Self::Ptr => "ptr",
            Self::Slice => "slice",
            Self::String => "string",
            Self::Struct => "struct",
        }
    }
}

/// A Go type: what `%T`, `typeOf` and the checks of function arguments go by.
///
/// Types are statics and compared by name; [`types`] holds those that templates meet.
#[derive(Debug)]
pub struct Type {
    /// The name as `%T` prints it, such as `map[string]interface {}`.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The key's type, of a map.
    pub key: Option<&'static Type>,
    /// The element's type, of a map, slice, array, channel or pointer.
    pub elem: Option<&'static Type>,
    /// The methods of a named map type whose values are [`Map`](crate::Map)s.
    pub map_methods: Option<MapMethods>,
}

/// The methods of a named map type.
#[derive(Clone, Copy, Debug)]
pub struct MapMethods {
    /// Their names; a member of such a name cannot be reached as a field.
    pub names: &'static [&'static str],
    /// An object with the methods of this map.
    pub object: fn(crate::Map) -> std::rc::Rc<dyn crate::Object>,
}

impl Type {
    /// A type without elements.
    pub const fn plain(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, key: None, elem: None, map_methods: None }
    }

    /// A slice type.
    pub const fn slice(name: &'static str, elem: &'static Type) -> Self {
        Self { name, kind: Kind::Slice, key: None, elem: Some(elem), map_methods: None }
    }

    /// A map type.
    pub const fn map(name: &'static str, key: &'static Type, elem: &'static Type) -> Self {
        Self { name, kind: Kind::Map, key: Some(key), elem: Some(elem), map_methods: None }
    }

    /// Whether the type has a name of its own, as `int` and `common.Values` have and `map[string]int` has not.
    pub fn is_named(&self) -> bool {
        !(self.name.starts_with('[')
            || self.name.starts_with('*')
            || self.name.starts_with("map[")
            || self.name.starts_with("func(")
            || self.name.starts_with("interface ")
            || self.name.starts_with("struct "))
    }

    /// This map type with methods.
    #[must_use]
    pub const fn with_methods(mut self, methods: MapMethods) -> Self {
        self.map_methods = Some(methods);
        self
    }

    /// A pointer type.
    pub const fn pointer(name: &'static str, elem: &'static Type) -> Self {
        Self { name, kind: Kind::Ptr, key: None, elem: Some(elem), map_methods: None }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.name == other.name && self.kind == other.kind)
    }
}

impl Eq for Type {}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The types that templates meet.
#[expect(missing_docs, reason = "each is Go's type that its name string says")]
pub mod types {
    use super::{Kind, Type};

    pub static ANY: Type = Type::plain("interface {}", Kind::Interface);
    pub static BOOL: Type = Type::plain("bool", Kind::Bool);
    pub static INT: Type = Type::plain("int", Kind::Int);
    pub static INT8: Type = Type::plain("int8", Kind::Int8);
    pub static INT16: Type = Type::plain("int16", Kind::Int16);
    pub static INT32: Type = Type::plain("int32", Kind::Int32);
    pub static INT64: Type = Type::plain("int64", Kind::Int64);
    pub static UINT: Type = Type::plain("uint", Kind::Uint);
    pub static UINT8: Type = Type::plain("uint8", Kind::Uint8);
    pub static UINT16: Type = Type::plain("uint16", Kind::Uint16);
    pub static UINT32: Type = Type::plain("uint32", Kind::Uint32);
    pub static UINT64: Type = Type::plain("uint64", Kind::Uint64);
    pub static FLOAT32: Type = Type::plain("float32", Kind::Float32);
    pub static FLOAT64: Type = Type::plain("float64", Kind::Float64);
    pub static COMPLEX64: Type = Type::plain("complex64", Kind::Complex64);
    pub static COMPLEX128: Type = Type::plain("complex128", Kind::Complex128);
    pub static STRING: Type = Type::plain("string", Kind::String);
    pub static ERROR: Type = Type::plain("error", Kind::Interface);
    pub static ANY_SLICE: Type = Type::slice("[]interface {}", &ANY);
    pub static STRING_SLICE: Type = Type::slice("[]string", &STRING);
    pub static INT_SLICE: Type = Type::slice("[]int", &INT);
    pub static BYTES: Type = Type::slice("[]uint8", &UINT8);
    pub static MAP_SLICE: Type = Type::slice("[]map[string]interface {}", &ANY_MAP);
    pub static ANY_MAP: Type = Type::map("map[string]interface {}", &STRING, &ANY);
    pub static STRING_MAP: Type = Type::map("map[string]string", &STRING, &STRING);
    /// Helm's `common.Values`, a map type with methods.
    pub static VALUES: Type = Type::map("common.Values", &STRING, &ANY);
}
