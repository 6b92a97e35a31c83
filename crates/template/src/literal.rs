//! Literals as values: without a type, and as arguments of one.

use pintle_value::{Kind, Number, Type};

use crate::code::Constant;
use crate::node::NodeKind;
use crate::number::NumberNode;

/// Go: `canBeNil`.
pub(crate) fn can_be_nil(kind: Kind) -> bool {
    matches!(kind, Kind::Chan | Kind::Func | Kind::Interface | Kind::Map | Kind::Ptr | Kind::Slice)
}

/// Go: `evalEmptyInterface` of a literal.
pub(crate) fn untyped_literal(literal: &NodeKind) -> Result<Constant, String> {
    match literal {
        NodeKind::Bool(value) => Ok(Constant::Bool(*value)),
        NodeKind::String { text, .. } => Ok(Constant::String(text.clone())),
        NodeKind::Number(number) => ideal(number).ok_or_else(|| format!("{} overflows int", number.text)),
        _ => Ok(Constant::Invalid), // nothing else is a literal
    }
}

/// Go: `idealConstant`. `None` overflows `int`.
fn ideal(number: &NumberNode) -> Option<Constant> {
    let text: &[u8] = &number.text;
    if let Some((real, imaginary)) = number.complex {
        return Some(Constant::Complex(real, imaginary));
    }
    let rune = text.first() == Some(&b'\'');
    let hex = matches!(text, [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty())
        && !text.iter().any(|byte| matches!(byte, b'p' | b'P'));
    if let Some(float) = number.float
        && !hex
        && !rune
        && text.iter().any(|byte| b".eEpP".contains(byte))
    {
        return Some(Constant::Float(float));
    }
    if let Some(int) = number.int {
        return Some(Constant::Int(int));
    }
    if number.uint.is_some() { None } else { Some(Constant::Invalid) }
}

/// A literal as an argument of a certain type.
pub(crate) enum Literal {
    /// What it is without a type.
    Untyped,
    Constant(Constant),
    /// Another kind of literal was expected.
    Expected(&'static str),
    Unhandled,
}

/// Go: `evalArg`, from its second switch on.
#[expect(clippy::cast_possible_truncation, reason = "reflect.Value.SetInt and its like cut off")]
pub(crate) fn typed_literal(literal: &NodeKind, go_type: &'static Type) -> Literal {
    let number = match literal {
        NodeKind::Number(number) => Some(number),
        _ => None,
    };
    let int = |make: fn(i64) -> Constant| match number.and_then(|number| number.int) {
        Some(value) => Literal::Constant(make(value)),
        None => Literal::Expected("integer"),
    };
    let uint = |make: fn(u64) -> Number| match number.and_then(|number| number.uint) {
        Some(value) => Literal::Constant(Constant::Number(make(value))),
        None => Literal::Expected("unsigned integer"),
    };
    match go_type.kind {
        Kind::Bool => match literal {
            NodeKind::Bool(value) => Literal::Constant(Constant::Bool(*value)),
            _ => Literal::Expected("bool"),
        },
        Kind::String => match literal {
            NodeKind::String { text, .. } => Literal::Constant(Constant::String(text.clone())),
            _ => Literal::Expected("string"),
        },
        Kind::Interface if go_type.name == "interface {}" => Literal::Untyped,
        Kind::Int => int(Constant::Int),
        Kind::Int8 => int(|value| Constant::Number(Number::Int8(value as i8))),
        Kind::Int16 => int(|value| Constant::Number(Number::Int16(value as i16))),
        Kind::Int32 => int(|value| Constant::Number(Number::Int32(value as i32))),
        Kind::Int64 => int(|value| Constant::Number(Number::Int64(value))),
        Kind::Uint | Kind::Uintptr => uint(Number::Uint),
        Kind::Uint8 => uint(|value| Number::Uint8(value as u8)),
        Kind::Uint16 => uint(|value| Number::Uint16(value as u16)),
        Kind::Uint32 => uint(|value| Number::Uint32(value as u32)),
        Kind::Uint64 => uint(Number::Uint64),
        Kind::Float32 | Kind::Float64 => match number.and_then(|number| number.float) {
            Some(value) if go_type.kind == Kind::Float64 => Literal::Constant(Constant::Float(value)),
            Some(value) => Literal::Constant(Constant::Number(Number::Float32(value as f32))),
            None => Literal::Expected("float"),
        },
        Kind::Complex64 | Kind::Complex128 => match number.and_then(|number| number.complex) {
            Some((real, imaginary)) => Literal::Constant(Constant::Complex(real, imaginary)),
            None => Literal::Expected("complex"),
        },
        _ => Literal::Unhandled,
    }
}
