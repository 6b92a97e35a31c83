//! From the values of a run back to data.

use crate::{Data, Event, Number, Str, Value, WalkError, walk::walk_around};

enum Open {
    List(Vec<Data>),
    Map(Vec<(Str, Data)>, Str),
}

impl Value {
    /// The value as data that outlives the run: objects as their JSON, nil lists and maps as `null`, integers as
    /// [`Data::Int`] (as [`Data::Float`] where they do not fit), complex numbers as their text.
    ///
    /// A view that was never touched gives back the data that it is a view of. A value that holds itself, or is
    /// nested too deep, is an error.
    pub fn to_data(&self) -> Result<Data, WalkError> {
        let mut open: Vec<Open> = Vec::new();
        let mut done = Data::Null;
        walk_around(self, is_untouched, |event| {
            let data = match event {
                Event::Leaf(leaf) => leaf_data(leaf),
                Event::List(list) => {
                    // A nil list has no items: it becomes null when it ends.
                    open.push(Open::List(Vec::with_capacity(list.len())));
                    return Ok(());
                }
                Event::Map(map) => {
                    open.push(Open::Map(Vec::with_capacity(map.len()), Str::EMPTY));
                    return Ok(());
                }
                Event::Item(_) => return Ok(()),
                Event::Key(key, _) => {
                    if let Some(Open::Map(_, name)) = open.last_mut() {
                        *name = key.clone();
                    }
                    return Ok(());
                }
                Event::EndList | Event::EndMap => match open.pop() {
                    Some(Open::List(items)) => Data::from(items),
                    Some(Open::Map(members, _)) => Data::Map(members.into_iter().collect()),
                    None => Data::Null,
                },
            };
            match open.last_mut() {
                Some(Open::List(items)) => items.push(data),
                Some(Open::Map(members, name)) => members.push((std::mem::take(name), data)),
                None => done = data,
            }
            Ok::<(), WalkError>(())
        })?;
        Ok(done)
    }
}

#[expect(clippy::cast_precision_loss, reason = "Data has no integer past int64")]
fn leaf_data(value: &Value) -> Data {
    match value {
        Value::Bool(value) => Data::Bool(*value),
        Value::Int(value) => Data::Int(*value),
        Value::Float(value) => Data::Float(*value),
        Value::Number(Number::Float32(value)) => Data::Float(f64::from(*value)),
        Value::Number(number) => match (number.as_int(), number.as_uint()) {
            (Some(value), _) => Data::Int(value),
            (_, Some(value)) => i64::try_from(value).map_or(Data::Float(value as f64), Data::Int),
            _ => Data::Null,
        },
        Value::String(text) => Data::String(text.clone()),
        Value::Object(object) => object.to_data(),
        Value::Complex(_) => Data::String(crate::printed(value, usize::MAX).unwrap_or_default()),
        Value::List(list) => list.untouched().map_or(Data::Null, |data| Data::List(data.clone())),
        Value::Map(map) => map.untouched().map_or(Data::Null, |data| Data::Map(data.clone())),
        Value::Nil => Data::Null,
    }
}

/// Whether this is still a view of data, which nothing needs to walk through.
fn is_untouched(value: &Value) -> bool {
    match value {
        Value::List(list) => list.untouched().is_some(),
        Value::Map(map) => map.untouched().is_some(),
        _ => false,
    }
}
