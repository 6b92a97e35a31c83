//! The functions that every template has (Go: `text/template/funcs.go`).

use pintle_value::{Kind, Number, Str, Type, Value, types};

use crate::code::{Operand, Wrap, zero_of};
use crate::{escape, printf};

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Html,
    Index,
    Slice,
    Js,
    Len,
    Not,
    Or,
    Print,
    Printf,
    Println,
    UrlQuery,
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
    Ne,
}

/// A parameter of a built-in function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Param {
    /// Go's `reflect.Value`: anything, and nothing as well.
    Reflect,
    Type(&'static Type),
}

const REFLECT: &[Param] = &[Param::Reflect];
const REFLECTS: &[Param] = &[Param::Reflect, Param::Reflect];
const PRINTF: &[Param] = &[Param::Type(&types::STRING), Param::Type(&types::ANY)];
const ANY: &[Param] = &[Param::Type(&types::ANY)];

impl Builtin {
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"and" => Self::And,
            b"call" => Self::Call,
            b"html" => Self::Html,
            b"index" => Self::Index,
            b"slice" => Self::Slice,
            b"js" => Self::Js,
            b"len" => Self::Len,
            b"not" => Self::Not,
            b"or" => Self::Or,
            b"print" => Self::Print,
            b"printf" => Self::Printf,
            b"println" => Self::Println,
            b"urlquery" => Self::UrlQuery,
            b"eq" => Self::Eq,
            b"ge" => Self::Ge,
            b"gt" => Self::Gt,
            b"le" => Self::Le,
            b"lt" => Self::Lt,
            b"ne" => Self::Ne,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Call => "call",
            Self::Html => "html",
            Self::Index => "index",
            Self::Slice => "slice",
            Self::Js => "js",
            Self::Len => "len",
            Self::Not => "not",
            Self::Or => "or",
            Self::Print => "print",
            Self::Printf => "printf",
            Self::Println => "println",
            Self::UrlQuery => "urlquery",
            Self::Eq => "eq",
            Self::Ge => "ge",
            Self::Gt => "gt",
            Self::Le => "le",
            Self::Lt => "lt",
            Self::Ne => "ne",
        }
    }

    /// The parameters, and whether the last one takes any number of arguments.
    pub(crate) fn signature(self) -> (&'static [Param], bool) {
        match self {
            Self::And | Self::Or | Self::Call | Self::Index | Self::Slice | Self::Eq => (REFLECTS, true),
            Self::Html | Self::Js | Self::UrlQuery | Self::Print | Self::Println => (ANY, true),
            Self::Printf => (PRINTF, true),
            Self::Len | Self::Not => (REFLECT, false),
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (REFLECTS, false),
        }
    }

    /// Calls the function with arguments that fit its signature. Texts it makes have at most `limit` bytes.
    ///
    /// `and`, `or` and `call` are not called but compiled.
    pub(crate) fn call(self, args: &[Operand], limit: usize) -> Result<Operand, String> {
        let text = |text: Result<Str, pintle_value::WalkError>| {
            text.map(|text| Operand::plain(Value::String(text))).map_err(|error| error.to_string())
        };
        match self {
            Self::Index => return index(args),
            Self::Slice => return slice(args),
            Self::Print => return text(printf::sprint(&values(args), limit)),
            Self::Println => return text(printf::sprintln(&values(args), limit)),
            Self::Printf => {
                let format =
                    args.first().and_then(|format| format.value.as_str()).cloned().unwrap_or_default();
                let rest = args.get(1..).unwrap_or_default();
                return text(printf::sprintf(&format, &values(rest), limit));
            }
            Self::Html => return text(eval_args(args, limit).map(|text| escape::html(&text))),
            Self::Js => return text(eval_args(args, limit).map(|text| escape::js(&text))),
            Self::UrlQuery => return text(eval_args(args, limit).map(|text| escape::url_query(&text))),
            Self::Len => return len(args.first()),
            _ => {}
        }
        let nothing = Operand::default();
        let a = args.first().unwrap_or(&nothing);
        let b = args.get(1).unwrap_or(&nothing);
        let truth = match self {
            Self::Not => !a.value.is_true(),
            Self::Eq => eq(a, args.get(1..).unwrap_or_default())?,
            Self::Ne => !eq(a, std::slice::from_ref(b))?,
            Self::Lt => lt(a, b)?,
            Self::Le => lt(a, b)? || eq(a, std::slice::from_ref(b))?,
            Self::Gt => !(lt(a, b)? || eq(a, std::slice::from_ref(b))?),
            Self::Ge => !lt(a, b)?,
            _ => false,
        };
        Ok(Operand::plain(Value::Bool(truth)))
    }
}

fn values(args: &[Operand]) -> Vec<Value> {
    args.iter().map(|arg| arg.value.clone()).collect()
}

/// Go: `evalArgs`.
fn eval_args(args: &[Operand], limit: usize) -> Result<Str, pintle_value::WalkError> {
    let printable = |arg: &Operand| match &arg.value {
        Value::Nil => Value::from("<no value>"),
        value => value.clone(),
    };
    let args: Vec<Value> = args.iter().map(printable).collect();
    printf::sprint(&args, limit)
}

fn type_name(value: &Value) -> &'static str {
    value.go_type().map_or("<nil>", |go_type| go_type.name)
}

/// The name of what a pointer points to (Go: `indirect`).
fn pointee_name(value: &Value) -> &'static str {
    value
        .go_type()
        .map_or("<nil>", |go_type| go_type.elem.filter(|_| go_type.kind == Kind::Ptr).unwrap_or(go_type).name)
}

/// Whether Go's `indirect` ends at a nil pointer or interface.
fn is_nil_pointer(operand: &Operand) -> bool {
    match &operand.value {
        Value::Nil => operand.wrap == Wrap::Interface,
        Value::Object(object) => object.go_type().kind == Kind::Ptr && !object.is_true(),
        _ => false,
    }
}

/// Go: `indexArg`.
fn index_arg(index: &Operand, most: usize) -> Result<usize, String> {
    let int = match &index.value {
        Value::Int(int) => *int,
        Value::Number(number) if !matches!(number, Number::Float32(_)) => {
            number.as_int().or_else(|| number.as_uint().map(u64::cast_signed)).unwrap_or(0)
        }
        Value::Nil if index.wrap != Wrap::Interface => return Err("cannot index slice/array with nil".into()),
        _ => return Err(format!("cannot index slice/array with type {}", index.type_name())),
    };
    match usize::try_from(int) {
        Ok(at) if at <= most => Ok(at),
        _ => Err(format!("index out of range: {int}")),
    }
}

/// Go: `index`.
fn index(args: &[Operand]) -> Result<Operand, String> {
    let Some((item, indexes)) = args.split_first() else { return Ok(Operand::default()) };
    if item.value.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes {
        let index = Operand::plain(index.value.clone());
        if is_nil_pointer(&item) {
            return Err("index of nil pointer".into());
        }
        item = if let Some(list) = item.value.as_list() {
            let at = index_arg(&index, list.len())?;
            // Go checks against len with "greater than", so that len itself panics in reflect.
            let value = list.get(at).ok_or("reflect: slice index out of range")?;
            Operand::element(value, list.go_type().elem)
        } else if let Some(map) = item.value.as_map() {
            let elem = map.go_type().elem;
            let key_type = map.go_type().key.unwrap_or(&types::STRING);
            match &index.value {
                Value::String(key) => match map.get(key) {
                    Some(value) => Operand::element(value, elem),
                    None => elem.map_or_else(|| Operand::wrapped(Value::Nil), zero_of),
                },
                Value::Nil => return Err(format!("value is nil; should be of type {key_type}")),
                other => return Err(format!("value has type {}; should be {key_type}", type_name(other))),
            }
        } else if let Value::String(text) = &item.value {
            let at = index_arg(&index, text.len())?;
            let byte = text.get(at).ok_or("reflect: string index out of range")?;
            Operand::plain(Value::Number(Number::Uint8(*byte)))
        } else {
            return Err(format!("can't index item of type {}", pointee_name(&item.value)));
        };
    }
    Ok(item)
}

/// Go: `slice`.
fn slice(args: &[Operand]) -> Result<Operand, String> {
    let Some((item, indexes)) = args.split_first() else { return Ok(Operand::default()) };
    if item.value.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if is_nil_pointer(item) {
        return Err("slice of nil pointer".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let list = item.value.as_list();
    let (most, len) = match (&item.value, &list) {
        (Value::String(_), _) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        (Value::String(text), _) => (text.len(), text.len()),
        (_, Some(list)) => (list.capacity(), list.len()),
        _ => return Err(format!("can't slice item of type {}", pointee_name(&item.value))),
    };
    let mut bounds = [0, len, 0];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_arg(index, most)?;
    }
    let [from, to, end] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    if indexes.len() == 3 && to > end {
        return Err(format!("invalid slice index: {to} > {end}"));
    }
    let value = match (&item.value, list) {
        (Value::String(text), _) => Value::from(text.get(from..to).unwrap_or_default()),
        (_, Some(list)) => Value::List(list.slice(from, to).unwrap_or(list)),
        _ => Value::Nil,
    };
    Ok(Operand::plain(value))
}

/// Go: `length`.
fn len(item: Option<&Operand>) -> Result<Operand, String> {
    let Some(item) = item else { return Ok(Operand::default()) };
    if is_nil_pointer(item) {
        return Err("len of nil pointer".into());
    }
    let len = match &item.value {
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::String(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        value => match (value.as_map(), value.as_list()) {
            (Some(map), _) => map.len(),
            (_, Some(list)) => list.len(),
            _ => return Err(format!("len of type {}", pointee_name(value))),
        },
    };
    Ok(Operand::plain(Value::Int(i64::try_from(len).unwrap_or(i64::MAX))))
}

/// Go's basic kinds, with the value.
enum Basic<'v> {
    Bool(bool),
    Complex(f64, f64),
    Int(i64),
    Float(f64),
    String(&'v Str),
    Uint(u64),
    Invalid,
}

impl<'v> Basic<'v> {
    fn of(value: &'v Value) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Number(Number::Float32(value)) => Self::Float(f64::from(*value)),
            Value::Number(number) => match (number.as_int(), number.as_uint()) {
                (Some(int), _) => Self::Int(int),
                (_, Some(uint)) => Self::Uint(uint),
                _ => Self::Invalid,
            },
            Value::Complex(parts) => Self::Complex(parts.0, parts.1),
            Value::String(text) => Self::String(text),
            Value::Nil | Value::List(_) | Value::Map(_) | Value::Object(_) => Self::Invalid,
        }
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", type_name(a), type_name(b))
}

/// Go: `eq`.
fn eq(a: &Operand, others: &[Operand]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    let a = &a.value;
    for b in others.iter().map(|other| &other.value) {
        let equal = match (Basic::of(a), Basic::of(b)) {
            (Basic::Int(a), Basic::Uint(b)) | (Basic::Uint(b), Basic::Int(a)) => u64::try_from(a) == Ok(b),
            (Basic::Bool(a), Basic::Bool(b)) => a == b,
            (Basic::Complex(real, imaginary), Basic::Complex(other, another)) => {
                real == other && imaginary == another
            }
            (Basic::Float(a), Basic::Float(b)) => a == b,
            (Basic::Int(a), Basic::Int(b)) => a == b,
            (Basic::Uint(a), Basic::Uint(b)) => a == b,
            (Basic::String(a), Basic::String(b)) => a == b,
            (Basic::Invalid, Basic::Invalid) => eq_other(a, b)?,
            _ if a.is_nil() || b.is_nil() => false,
            _ => return Err(incompatible(a, b)),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Equality of lists, maps, objects and nothing.
fn eq_other(a: &Value, b: &Value) -> Result<bool, String> {
    let shown = |verb: &[u8], value: &Value| {
        printf::sprintf(verb, std::slice::from_ref(value), 1 << 20).unwrap_or_default()
    };
    if !(a.kind() == b.kind() || a.is_nil() || b.is_nil()) {
        let (a_type, b_type) = (type_name(a), type_name(b));
        return Err(format!(
            "non-comparable types {}: {a_type}, {b_type}: {}",
            shown(b"%s", a),
            shown(b"%v", b)
        ));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b))
            if !matches!(b.go_type().kind, Kind::Map | Kind::Slice | Kind::Func) =>
        {
            Ok(std::rc::Rc::ptr_eq(a, b)
                || a.go_type() == b.go_type()
                    && a.go_type().kind == Kind::Struct
                    && a.to_data() == b.to_data())
        }
        _ => Err(format!("non-comparable type {}: {}", shown(b"%s", b), type_name(b))),
    }
}

/// Go: `isNil`.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        Value::Object(object) => {
            matches!(object.go_type().kind, Kind::Ptr | Kind::Func | Kind::Chan) && !object.is_true()
        }
        _ => false,
    }
}

/// Go: `lt`.
fn lt(a: &Operand, b: &Operand) -> Result<bool, String> {
    let (a, b) = (&a.value, &b.value);
    Ok(match (Basic::of(a), Basic::of(b)) {
        (Basic::Invalid, _) | (_, Basic::Invalid) | (Basic::Bool(_), Basic::Bool(_)) => {
            return Err("invalid type for comparison".into());
        }
        (Basic::Complex(..), Basic::Complex(..)) => return Err("invalid type for comparison".into()),
        (Basic::Int(a), Basic::Uint(b)) => u64::try_from(a).map_or(true, |a| a < b),
        (Basic::Uint(a), Basic::Int(b)) => u64::try_from(b).is_ok_and(|b| a < b),
        (Basic::Float(a), Basic::Float(b)) => a < b,
        (Basic::Int(a), Basic::Int(b)) => a < b,
        (Basic::String(a), Basic::String(b)) => a < b,
        (Basic::Uint(a), Basic::Uint(b)) => a < b,
        _ => return Err(incompatible(a, b)),
    })
}
