//! Go's `reflect.DeepEqual`.

use std::convert::Infallible;

use crate::{MAX_DEPTH, Value};

/// Whether both are deeply equal (Go: `reflect.DeepEqual`): of the same type, and equal in all parts. A nil list or
/// map differs from an empty one, `NaN` from itself; values nested deeper than [`MAX_DEPTH`] are not equal.
pub fn deep_equal(a: &Value, b: &Value) -> bool {
    deep_equal_counted(a, b, |_| Ok::<(), Infallible>(())).unwrap_or_default()
}

/// The same as [`deep_equal`], telling `spend` before each part how many steps it takes: one for each value, and one for
/// each 64 bytes of text. Ends with the first error of `spend`: two small values can take for ever where each holds the
/// same lists many times.
#[expect(clippy::float_cmp, reason = "Go compares exactly")]
pub fn deep_equal_counted<E>(
    a: &Value,
    b: &Value,
    mut spend: impl FnMut(u64) -> Result<(), E>,
) -> Result<bool, E> {
    let mut todo = vec![(a.clone(), b.clone(), 0_usize)];
    while let Some((a, b, depth)) = todo.pop() {
        if depth > MAX_DEPTH {
            return Ok(false);
        }
        let equal = match (&a, &b) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::Complex(a), Value::Complex(b)) => a == b,
            (Value::String(a), Value::String(b)) => {
                if a.len() == b.len() {
                    spend(a.len() as u64 / 64)?;
                }
                a == b
            }
            (Value::List(a), Value::List(b)) => {
                if a.go_type() != b.go_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                    return Ok(false);
                }
                if !a.is_same(b) {
                    spend(a.len() as u64)?;
                    todo.extend(a.to_vec().into_iter().zip(b.to_vec()).map(|(a, b)| (a, b, depth + 1)));
                }
                true
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.go_type() != b.go_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                    return Ok(false);
                }
                if !a.is_same(b) {
                    spend(a.len() as u64)?;
                    for ((key, a), (other, b)) in a.entries().into_iter().zip(b.entries()) {
                        if key != other {
                            return Ok(false);
                        }
                        todo.push((a, b, depth + 1));
                    }
                }
                true
            }
            (Value::Object(a), Value::Object(b)) => {
                std::rc::Rc::ptr_eq(a, b) || (a.go_type() == b.go_type() && a.to_data() == b.to_data())
            }
            _ => false,
        };
        if !equal {
            return Ok(false);
        }
    }
    Ok(true)
}
