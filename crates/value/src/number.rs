//! Go's numbers other than `int` and `float64`.

use crate::go_type::{Type, types};

/// A number whose Go type is neither `int` nor `float64`; those two are variants of [`Value`](crate::Value)
/// themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is Go's type of the same name")]
#[non_exhaustive]
pub enum Number {
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Uint(u64),
    Uint8(u8),
    Uint16(u16),
    Uint32(u32),
    Uint64(u64),
    Float32(f32),
}

impl Number {
    /// The Go type.
    pub fn go_type(self) -> &'static Type {
        match self {
            Self::Int8(_) => &types::INT8,
            Self::Int16(_) => &types::INT16,
            Self::Int32(_) => &types::INT32,
            Self::Int64(_) => &types::INT64,
            Self::Uint(_) => &types::UINT,
            Self::Uint8(_) => &types::UINT8,
            Self::Uint16(_) => &types::UINT16,
            Self::Uint32(_) => &types::UINT32,
            Self::Uint64(_) => &types::UINT64,
            Self::Float32(_) => &types::FLOAT32,
        }
    }

    /// The number, where it is of a signed integer type (`reflect.Value.Int`).
    pub fn as_int(self) -> Option<i64> {
        Some(match self {
            Self::Int8(value) => value.into(),
            Self::Int16(value) => value.into(),
            Self::Int32(value) => value.into(),
            Self::Int64(value) => value,
            _ => return None,
        })
    }

    /// The number, where it is of an unsigned integer type (`reflect.Value.Uint`).
    pub fn as_uint(self) -> Option<u64> {
        Some(match self {
            Self::Uint(value) | Self::Uint64(value) => value,
            Self::Uint8(value) => value.into(),
            Self::Uint16(value) => value.into(),
            Self::Uint32(value) => value.into(),
            _ => return None,
        })
    }
}
