//! Go values with fields and methods: structs, pointers to them, functions, typed nils.

use std::any::Any;
use std::fmt;

use crate::{Str, Type, Value};

/// Why a method of an [`Object`] gave no value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MethodError {
    /// The method returned an error with this text.
    Message(Str),
    /// The method panicked with this text; Go's templates report it as the call's error.
    Panic(Str),
    /// The method has other results than a template can take, as this text says; it was not called.
    Signature(Str),
}

impl fmt::Display for MethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(text) | Self::Panic(text) | Self::Signature(text) => write!(f, "{text}"),
        }
    }
}

impl std::error::Error for MethodError {}

/// What Go's `fmt` finds beneath the methods of a value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Underlying {
    /// A number, string, list or map of a named type.
    Value(Value),
    /// The fields of a struct, by name and in order.
    Struct(Vec<(&'static str, Value)>),
    /// The fields of the struct that a pointer points to.
    Pointer(Vec<(&'static str, Value)>),
    /// A pointer to nothing.
    NilPointer,
}

/// A Go value that is more than data: it has a named type, fields or methods.
///
/// `.Files`, `.Capabilities`, a `time.Time`, a `*semver.Version` are such values. Everything that a template cannot
/// tell apart from a plain map should be a [`Map`](crate::Map) instead.
pub trait Object: fmt::Debug {
    /// The Go type; a pointer's for a pointer.
    fn go_type(&self) -> &'static Type;

    /// The exported field `name`, of a struct or a pointer to one.
    fn field(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The parameter types of the method `name`, and whether the last one is variadic; `None` where there is no
    /// such method. A function (of kind [`Func`](crate::Kind::Func)) is called by the method with the empty name.
    fn method(&self, name: &str) -> Option<(&'static [&'static Type], bool)> {
        let _ = name;
        None
    }

    /// Calls the method `name` with arguments that were checked against [`method`](Self::method).
    fn call(&self, name: &str, args: &[Value]) -> Result<Value, MethodError> {
        let _ = args;
        Err(MethodError::Panic(Str::from(format!("no method {name}"))))
    }

    /// The members, where the object is a map (a named map type with methods).
    fn as_map(&self) -> Option<crate::Map> {
        None
    }

    /// The items, where the object is a slice (a named slice type with methods).
    fn as_list(&self) -> Option<crate::List> {
        None
    }

    /// The iteration, where the object is a function that a template can range over.
    fn sequence(&self) -> Option<crate::Sequence> {
        None
    }

    /// What `%v` prints: the `String` or `Error` method's text where the type has one, else Go's default form.
    fn print(&self) -> Str;

    /// Whether the type has a `String` or `Error` method, which verbs for strings call; without one they print what
    /// [`underlying`](Self::underlying) gives.
    fn prints_itself(&self) -> bool {
        true
    }

    /// What an action prints. It takes the address of what it can, and so finds methods that only the pointer has
    /// (Go: `text/template`, `printableValue`).
    fn print_addressed(&self) -> Str {
        self.print()
    }

    /// What the object is as JSON: `MarshalJSON` or the exported fields under their JSON names.
    fn to_data(&self) -> crate::Data;

    /// The members of the object's JSON text, where they must stand in another order than that of their names, as those
    /// of a Go struct do. `None` takes what [`to_data`](Self::to_data) gives.
    fn json_members(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// What lies beneath the object's methods, for verbs that do not call `String` (`%d` of a `time.Month`). `None`
    /// prints as the object's own text.
    fn underlying(&self) -> Option<Underlying> {
        None
    }

    /// Whether a template's `if` takes it for true (`template.IsTrue`). Structs are, nil pointers are not.
    fn is_true(&self) -> bool {
        true
    }

    /// For functions that know the concrete type.
    fn as_any(&self) -> &dyn Any;
}
