//! How a plain Rust function becomes a template function: one entry of a theme's table.

use std::sync::Arc;

use pintle_template::{Call, CallError, Function, Functions};
use pintle_value::{List, Map, Number, Str, Type, Value, types};

/// The code of an entry: arguments of the declared types in, one value out.
pub(crate) type Code = fn(&mut dyn Call, &[Value]) -> Result<Value, CallError>;

/// One function, with all names that it is registered under.
pub(crate) struct Entry {
    pub(crate) names: &'static [&'static str],
    pub(crate) params: &'static [&'static Type],
    pub(crate) variadic: bool,
    pub(crate) code: Code,
}

impl Entry {
    pub(crate) fn register(&self, functions: &mut Functions) {
        let handler: pintle_template::Handler = Arc::new(self.code);
        for name in self.names {
            let function =
                Function { params: self.params, variadic: self.variadic, handler: Arc::clone(&handler) };
            functions.insert(*name, function);
        }
    }
}

/// Writes a theme's table: names, Go types of the parameters (`..` before that of a variadic one), function.
///
/// Functions under `pure` see their arguments only; those under `hosted` get the [`Call`] first.
macro_rules! functions {
    ($(#[$meta:meta])* $table:ident;
     pure { $($($name:literal)|+ ($($ty:ident)* $(.. $rest:ident)?) => $function:expr;)* }
     hosted { $($($host_name:literal)|+ ($($host_ty:ident)* $(.. $host_rest:ident)?) => $host_function:expr;)* }
    ) => {
        $(#[$meta])*
        pub(crate) static $table: &[$crate::table::Entry] = &[
            $($crate::table::Entry {
                names: &[$($name),+],
                params: &[$($crate::table::param!($ty),)* $($crate::table::param!($rest),)?],
                variadic: [$($crate::table::some!($rest),)? false][0],
                code: |_call, args| {
                    let mut _args = args.iter();
                    $crate::table::Give::give($function(
                        $($crate::table::argument!(_args, $ty),)*
                        $($crate::table::remaining!(_args, $rest),)?
                    ))
                },
            },)*
            $($crate::table::Entry {
                names: &[$($host_name),+],
                params: &[$($crate::table::param!($host_ty),)* $($crate::table::param!($host_rest),)?],
                variadic: [$($crate::table::some!($host_rest),)? false][0],
                code: |call, args| {
                    let mut _args = args.iter();
                    $crate::table::Give::give($host_function(
                        call,
                        $($crate::table::argument!(_args, $host_ty),)*
                        $($crate::table::remaining!(_args, $host_rest),)?
                    ))
                },
            },)*
        ];
    };
}

macro_rules! some {
    ($rest:ident) => {
        true
    };
}

macro_rules! param {
    (any) => {
        &pintle_value::types::ANY
    };
    (bool) => {
        &pintle_value::types::BOOL
    };
    (int) => {
        &pintle_value::types::INT
    };
    (uint32) => {
        &pintle_value::types::UINT32
    };
    (float) => {
        &pintle_value::types::FLOAT64
    };
    (string) => {
        &pintle_value::types::STRING
    };
    (map) => {
        &pintle_value::types::ANY_MAP
    };
    (list) => {
        &pintle_value::types::ANY_SLICE
    };
    (time) => {
        &$crate::dates::TIME
    };
    (certificate) => {
        &$crate::certificate::CERTIFICATE
    };
}

macro_rules! argument {
    ($args:ident, any) => {
        $args.next().unwrap_or(&pintle_value::Value::Nil)
    };
    ($args:ident, bool) => {
        matches!($args.next(), Some(pintle_value::Value::Bool(true)))
    };
    ($args:ident, int) => {
        $crate::table::int($args.next())
    };
    ($args:ident, uint32) => {
        $crate::table::uint32($args.next())
    };
    ($args:ident, string) => {
        $crate::table::string($args.next())
    };
    ($args:ident, map) => {
        &$crate::table::map($args.next())
    };
    ($args:ident, list) => {
        &$crate::table::list($args.next())
    };
    ($args:ident, time) => {
        &$crate::dates::argument($args.next())
    };
    ($args:ident, certificate) => {
        &$crate::certificate::argument($args.next())
    };
}

macro_rules! remaining {
    ($args:ident, $any:ident) => {
        $args.as_slice()
    };
}

pub(crate) use {argument, functions, param, remaining, some};

static EMPTY: Str = Str::EMPTY;

/// The `string` that the executor checked; empty where it passed anything else.
pub(crate) fn string(value: Option<&Value>) -> &Str {
    match value {
        Some(Value::String(text)) => text,
        _ => &EMPTY,
    }
}

/// The `int` that the executor checked.
pub(crate) fn int(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

/// The `uint32` that the executor checked.
pub(crate) fn uint32(value: Option<&Value>) -> u32 {
    match value {
        Some(Value::Number(Number::Uint32(number))) => *number,
        _ => 0,
    }
}

/// The `map[string]interface {}` that the executor checked; the nil map for nil.
pub(crate) fn map(value: Option<&Value>) -> Map {
    value.and_then(Value::as_map).unwrap_or_else(|| Map::nil(&types::ANY_MAP))
}

/// The `[]interface {}` that the executor checked; the nil slice for nil.
pub(crate) fn list(value: Option<&Value>) -> List {
    value.and_then(Value::as_list).unwrap_or_else(|| List::nil(&types::ANY_SLICE))
}

/// What a function may return.
pub(crate) trait Give {
    fn give(self) -> Result<Value, CallError>;
}

/// A Go `int64`, which a template tells apart from an `int`.
pub(crate) struct Int64(pub(crate) i64);

impl Give for Int64 {
    fn give(self) -> Result<Value, CallError> {
        Ok(Value::int64(self.0))
    }
}

impl Give for &Str {
    fn give(self) -> Result<Value, CallError> {
        Ok(Value::String(self.clone()))
    }
}

impl Give for &Value {
    fn give(self) -> Result<Value, CallError> {
        Ok(self.clone())
    }
}

impl Give for Option<&Value> {
    fn give(self) -> Result<Value, CallError> {
        Ok(self.cloned().unwrap_or_default())
    }
}

impl<T: Give> Give for Result<T, CallError> {
    fn give(self) -> Result<Value, CallError> {
        self?.give()
    }
}

macro_rules! give_from {
    ($($from:ty),* $(,)?) => {$(
        impl Give for $from {
            fn give(self) -> Result<Value, CallError> {
                Ok(Value::from(self))
            }
        }
    )*};
}

give_from!(Value, bool, i64, f64, &str, String, &[u8], Vec<u8>, Str, List, Map);
