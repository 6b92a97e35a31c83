//! Values out of a fuzzer's bytes. The same bytes give the same values, and any bytes give some.

use pintle_value::{Data, List, Map, Number, Str, Value};

/// What is left of an input.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte; 0 at the end.
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    /// Up to the next zero byte, which is taken too, or all that is left.
    pub(crate) fn text(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = &self.0[(text.len() + 1).min(self.0.len())..];
        text
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn number(&mut self) -> i64 {
        let mut bytes = [0; 8];
        for byte in &mut bytes {
            *byte = self.byte();
        }
        i64::from_le_bytes(bytes)
    }

    /// Any value that a template can meet.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.byte() % if depth == 0 { 14 } else { 18 } {
            0 => Value::Nil,
            1 => Value::Bool(self.byte().is_multiple_of(2)),
            2 => Value::Int(i64::from(self.byte().cast_signed())),
            3 => Value::Int(self.number()),
            4 => Value::int64(i64::from(self.byte())),
            5 => Value::Float(f64::from_bits(self.number().cast_unsigned())),
            6 => Value::Float(f64::from(self.byte()) / 8.0),
            7 => Value::Number(Number::Uint64(self.number().cast_unsigned())),
            8 => Value::List(List::strings(self.text().split(|byte| *byte == b' ').map(Str::from))),
            9..14 => Value::String(Str::from(self.text())),
            14 | 15 => {
                let count = self.byte() % 4;
                Value::List((0..count).map(|_| self.value(depth - 1)).collect())
            }
            _ => {
                let count = self.byte() % 4;
                let map = Map::new();
                for _ in 0..count {
                    let key = Str::from(self.text());
                    map.insert(key, self.value(depth - 1));
                }
                Value::Map(map)
            }
        }
    }

    /// Any data that JSON can hold.
    pub(crate) fn data(&mut self, depth: usize) -> Data {
        match self.byte() % if depth == 0 { 8 } else { 12 } {
            0 => Data::Null,
            1 => Data::Bool(self.byte().is_multiple_of(2)),
            2 => Data::Float(f64::from(self.byte().cast_signed())),
            3 => match f64::from_bits(self.number().cast_unsigned()) {
                float if float.is_finite() => Data::Float(float),
                _ => Data::Null,
            },
            4..8 => Data::from(String::from_utf8_lossy(self.text()).into_owned()),
            8 | 9 => {
                let count = self.byte() % 5;
                (0..count).map(|_| self.data(depth - 1)).collect()
            }
            _ => {
                let count = self.byte() % 5;
                let member = |input: &mut Self| {
                    let key = String::from_utf8_lossy(input.text()).into_owned();
                    (key, input.data(depth - 1))
                };
                (0..count).map(|_| member(self)).collect()
            }
        }
    }
}
