//! Between this project's data and minijinja's values.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;
use pintle_value::{Data, DataMap};

use crate::expressions::reason;
use crate::{ExpressionError, Limits};

const TOO_MANY: &str = "it gives more values than it may";

/// What an expression sees of data.
pub(crate) fn to_value(
    data: &Data,
    path: &str,
    depth: usize,
    limit: usize,
) -> Result<Value, ExpressionError> {
    if depth > limit {
        return Err(ExpressionError::TooDeep { path: path.to_owned(), limit });
    }
    Ok(match data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        // A whole number stays one, so that `nodes * 2` is no float.
        Data::Float(value) => data.as_i64().map_or_else(|| Value::from(*value), Value::from),
        Data::String(text) => Value::from(text.to_str_lossy().into_owned()),
        Data::List(list) => {
            let items: Vec<Value> =
                list.iter().map(|item| to_value(item, path, depth + 1, limit)).collect::<Result<_, _>>()?;
            Value::from(items)
        }
        Data::Map(map) => map_to_value(map, path, depth, limit)?,
    })
}

/// What an expression sees of a map.
pub(crate) fn map_to_value(
    map: &DataMap,
    path: &str,
    depth: usize,
    limit: usize,
) -> Result<Value, ExpressionError> {
    let members: BTreeMap<String, Value> = map
        .iter()
        .map(|(key, data)| Ok((key.to_str_lossy().into_owned(), to_value(data, path, depth + 1, limit)?)))
        .collect::<Result<_, ExpressionError>>()?;
    Ok(Value::from(members))
}

/// Makes data of what an expression gave.
pub(crate) struct Converter<'a> {
    path: &'a str,
    limits: &'a Limits,
    /// How many values there may be still.
    left: usize,
}

impl<'a> Converter<'a> {
    /// For the expression at a path.
    pub(crate) fn new(path: &'a str, limits: &'a Limits) -> Self {
        Self { path, limits, left: limits.values }
    }

    /// The data of a value that lies so deep.
    pub(crate) fn data(&mut self, value: &Value, depth: usize) -> Result<Data, ExpressionError> {
        if depth > self.limits.depth {
            return Err(ExpressionError::TooDeep { path: self.path.to_owned(), limit: self.limits.depth });
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| self.failed(TOO_MANY.to_owned()))?;
        match value.kind() {
            ValueKind::None => Ok(Data::Null),
            ValueKind::Bool => Ok(Data::Bool(value.is_true())),
            ValueKind::Number => Ok(match i64::try_from(value.clone()) {
                Ok(whole) if value.is_integer() => Data::Int(whole),
                _ => Data::Float(f64::try_from(value.clone()).map_err(|error| self.failed(reason(&error)))?),
            }),
            ValueKind::String => Ok(Data::from(value.as_str().unwrap_or_default())),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| self.failed(reason(&error)))?;
                items.map(|item| self.data(&item, depth + 1)).collect()
            }
            ValueKind::Map => {
                let mut members = Vec::new();
                for key in value.try_iter().map_err(|error| self.failed(reason(&error)))? {
                    let member = value.get_item(&key).map_err(|error| self.failed(reason(&error)))?;
                    members.push((key.to_string(), self.data(&member, depth + 1)?));
                }
                Ok(members.into_iter().collect())
            }
            other => Err(ExpressionError::NoData { path: self.path.to_owned(), kind: other.to_string() }),
        }
    }

    fn failed(&self, reason: String) -> ExpressionError {
        ExpressionError::Failed { path: self.path.to_owned(), reason }
    }
}
