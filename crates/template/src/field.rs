//! Fields, map members and methods of values, and functions that are values.

use std::rc::Rc;

use pintle_value::{Kind, Map, Number, Object, Str, Type, Value};

use crate::code::{Operand, zero_of};
use crate::error::{Error, ErrorKind};
use crate::execution::MissingKey;
use crate::function::CallError;

/// What a field's name leads to.
pub(crate) enum Method {
    Value(Operand),
    Method { object: Rc<dyn Object>, params: &'static [&'static Type], variadic: bool },
}

/// Go: `text/template/exec.go`, `evalField`, but for the call of a method.
#[inline]
pub(crate) fn field(
    receiver: &Operand,
    name: &Str,
    missing: MissingKey,
    has_args: bool,
) -> Result<Method, String> {
    if let Value::Map(map) = &receiver.value {
        if let Some(methods) = &map.go_type().map_methods
            && methods.names.iter().any(|method| *name == *method)
        {
            let object = (methods.object)(map.clone());
            if let Some((params, variadic)) = object.method(&name.to_str_lossy()) {
                return Ok(Method::Method { object, params, variadic });
            }
        }
        return member(map, name, missing, has_args);
    }
    if receiver.is_invalid() {
        if missing == MissingKey::Error {
            return Err(format!("nil data; no entry for key {}", pintle_value::quoted(name)));
        }
        return Ok(Method::Value(Operand::default()));
    }
    let type_name = receiver.type_name();
    let object = match &receiver.value {
        Value::Nil => return Err(format!("nil pointer evaluating {type_name}.{name}")),
        Value::Object(object) => object,
        _ => return Err(format!("can't evaluate field {name} in type {type_name}")),
    };
    let text = name.to_str_lossy();
    if let Some((params, variadic)) = object.method(&text) {
        return Ok(Method::Method { object: Rc::clone(object), params, variadic });
    }
    if let Some(map) = object.as_map() {
        return member(&map, name, missing, has_args);
    }
    let is_nil = object.go_type().kind == Kind::Ptr && !object.is_true();
    match object.field(&text) {
        Some(_) if is_nil => Err(format!("nil pointer evaluating {type_name}.{name}")),
        Some(_) if has_args => Err(format!("{name} has arguments but cannot be invoked as function")),
        Some(Value::Nil) => Ok(Method::Value(Operand::wrapped(Value::Nil))),
        Some(value) => Ok(Method::Value(Operand::plain(value))),
        None => Err(format!("can't evaluate field {name} in type {type_name}")),
    }
}

#[inline]
fn member(map: &Map, name: &Str, missing: MissingKey, has_args: bool) -> Result<Method, String> {
    if has_args {
        return Err(format!("{name} is not a method but has arguments"));
    }
    let elem = map.go_type().elem;
    Ok(Method::Value(match (map.get_str(name), missing) {
        (Some(value), _) => Operand::element(value, elem),
        (None, MissingKey::Invalid) => Operand::default(),
        (None, MissingKey::Zero) => elem.map_or_else(|| Operand::wrapped(Value::Nil), zero_of),
        (None, MissingKey::Error) => {
            return Err(format!("map has no entry for key {}", pintle_value::quoted(name)));
        }
    }))
}

/// The number `value` in the type of `like`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the value lies between 0 and a number of that type"
)]
pub(crate) fn number_like(like: &Value, value: u64) -> Value {
    Value::Number(match like {
        Value::Number(Number::Int8(_)) => Number::Int8(value as i8),
        Value::Number(Number::Int16(_)) => Number::Int16(value as i16),
        Value::Number(Number::Int32(_)) => Number::Int32(value as i32),
        Value::Number(Number::Int64(_)) => Number::Int64(value as i64),
        Value::Number(Number::Uint(_)) => Number::Uint(value),
        Value::Number(Number::Uint8(_)) => Number::Uint8(value as u8),
        Value::Number(Number::Uint16(_)) => Number::Uint16(value as u16),
        Value::Number(Number::Uint32(_)) => Number::Uint32(value as u32),
        Value::Number(Number::Uint64(_)) => Number::Uint64(value),
        _ => return Value::Int(value as i64),
    })
}

/// Go: `text/template/funcs.go`, `call`.
pub(crate) fn call_function(name: &str, function: &Value, args: Vec<Value>) -> Result<Value, CallError> {
    let Some(go_type) = function.go_type() else { return Err(CallError::new("call of nil")) };
    // What comes through a pipe has no name of its own: Go takes `reflect.Value.String`.
    let piped = match function {
        Value::String(text) => text.to_str_lossy().into_owned(),
        _ => format!("<{go_type} Value>"),
    };
    let name = if name.is_empty() { piped.as_str() } else { name };
    let Value::Object(object) = function else {
        return Err(CallError::new(format!("non-function {name} of type {go_type}")));
    };
    let signature = if go_type.kind == Kind::Func { object.method("") } else { None };
    let Some((params, variadic)) = signature else {
        return Err(CallError::new(format!("non-function {name} of type {go_type}")));
    };
    let (given, fixed) = (args.len(), params.len() - usize::from(variadic && !params.is_empty()));
    if variadic && given < fixed {
        return Err(CallError::new(format!(
            "wrong number of args for {name}: got {given} want at least {fixed}"
        )));
    }
    if !variadic && given != params.len() {
        return Err(CallError::new(format!(
            "wrong number of args for {name}: got {given} want {}",
            params.len()
        )));
    }
    let mut converted = Vec::with_capacity(given);
    for (at, arg) in args.into_iter().enumerate() {
        let param = if at < fixed { params.get(at) } else { params.last() };
        let Some(param) = param else { continue };
        let prepared = prepare(arg, param).map_err(|text| CallError::Template {
            prefix: Str::from(format!("arg {at}: ")),
            error: Box::new(Error::new(ErrorKind::Execute, text, None)),
        });
        converted.push(prepared?);
    }
    object.call("", &converted).map_err(|error| CallError::new(error.to_string()))
}

/// Go: `prepareArg`.
pub(crate) fn prepare(value: Value, go_type: &'static Type) -> Result<Value, String> {
    let Some(actual) = value.go_type() else {
        if !crate::literal::can_be_nil(go_type.kind) {
            return Err(format!("value is nil; should be of type {go_type}"));
        }
        return Ok(crate::code::nil_of(go_type).value);
    };
    if crate::machine::assignable(actual, go_type) {
        return Ok(value);
    }
    let int = match &value {
        Value::Int(int) => Some(*int),
        Value::Number(number) => number.as_int().or_else(|| number.as_uint().map(u64::cast_signed)),
        _ => None,
    };
    if let Some(int) = int
        && is_int(go_type.kind)
    {
        return Ok(number_like(&zero_of(go_type).value, int.cast_unsigned()));
    }
    Err(format!("value has type {actual}; should be {go_type}"))
}

fn is_int(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int
            | Kind::Int8
            | Kind::Int16
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint
            | Kind::Uint8
            | Kind::Uint16
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Uintptr
    )
}
