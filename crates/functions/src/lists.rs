//! Slices: Sprig's `list.go` and the sequences of numbers.

use pintle_template::{Call, CallError};
use pintle_value::{List, Type, Value, deep_equal_counted, types};

use crate::cast::{to_int64, truncate};
use crate::table::{Give, functions};

/// Go's `[][]interface {}`, which `chunk` gives.
static SLICES: Type = Type::slice("[][]interface {}", &types::ANY_SLICE);

/// Go's text for a method called through a nil interface, as `reflect.TypeOf(nil).Kind()` does.
pub(crate) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

functions! {
    TABLE;
    pure {
        "list" | "tuple" (.. any) => |items: &[Value]| List::new(items.to_vec());
        "append" | "push" | "mustAppend" | "mustPush" (any any) => push;
        "prepend" | "mustPrepend" (any any) => prepend;
        "first" | "mustFirst" (any) => first;
        "last" | "mustLast" (any) => last;
        "rest" | "mustRest" (any) => rest;
        "initial" | "mustInitial" (any) => initial;
        "reverse" | "mustReverse" (any) => reverse;
        "compact" | "mustCompact" (any) => compact;
        "slice" | "mustSlice" (any .. any) => slice;
    }
    hosted {
        "concat" (.. any) => concat;
        "has" | "mustHas" (any any) => has;
        "chunk" | "mustChunk" (int any) => chunk;
        "uniq" | "mustUniq" (any) => uniq;
        "without" | "mustWithout" (any .. any) => without;
        "until" (int) => until;
        "untilStep" (int int int) => until_step;
        "seq" (.. int) => seq;
    }
}

/// The slice, or Sprig's error, which says what it "cannot" do on the value's kind.
fn slice_of(value: &Value, cannot: &str) -> Result<List, CallError> {
    if let Some(list) = value.as_list() {
        return Ok(list);
    }
    if value.is_nil() {
        return Err(CallError::panic(NIL_DEREFERENCE));
    }
    Err(CallError::new(format!("Cannot {cannot} type {}", value.kind().name())))
}

fn push(list: &Value, value: &Value) -> Result<List, CallError> {
    let mut items = slice_of(list, "push on")?.to_vec();
    items.push(value.clone());
    Ok(List::new(items))
}

fn prepend(list: &Value, value: &Value) -> Result<List, CallError> {
    let list = slice_of(list, "prepend on")?;
    Ok(std::iter::once(value.clone()).chain(list.items().iter().cloned()).collect())
}

fn first(list: &Value) -> Result<Value, CallError> {
    Ok(slice_of(list, "find first on")?.get(0).unwrap_or_default())
}

fn last(list: &Value) -> Result<Value, CallError> {
    Ok(slice_of(list, "find last on")?.items().last().cloned().unwrap_or_default())
}

fn rest(list: &Value) -> Result<List, CallError> {
    let list = slice_of(list, "find rest on")?;
    Ok(match list.items().split_first() {
        Some((_, rest)) => List::new(rest.to_vec()),
        None => List::nil(&types::ANY_SLICE),
    })
}

fn initial(list: &Value) -> Result<List, CallError> {
    let list = slice_of(list, "find initial on")?;
    Ok(match list.items().split_last() {
        Some((_, initial)) => List::new(initial.to_vec()),
        None => List::nil(&types::ANY_SLICE),
    })
}

fn reverse(list: &Value) -> Result<List, CallError> {
    Ok(slice_of(list, "find reverse on")?.items().iter().rev().cloned().collect())
}

fn compact(list: &Value) -> Result<List, CallError> {
    Ok(slice_of(list, "compact on")?.items().iter().filter(|item| item.is_true()).cloned().collect())
}

fn has(call: &mut dyn Call, needle: &Value, haystack: &Value) -> Result<bool, CallError> {
    if haystack.is_nil() {
        return Ok(false);
    }
    contains(call, &slice_of(haystack, "find has on")?.items(), needle)
}

fn contains(call: &mut dyn Call, items: &[Value], needle: &Value) -> Result<bool, CallError> {
    for item in items {
        if equal(call, needle, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Go: `reflect.DeepEqual`, paid for.
pub(crate) fn equal(call: &mut dyn Call, a: &Value, b: &Value) -> Result<bool, CallError> {
    deep_equal_counted(a, b, |steps| call.spend(steps))
}

fn uniq(call: &mut dyn Call, list: &Value) -> Result<List, CallError> {
    let list = slice_of(list, "find uniq on")?;
    let mut unique: Vec<Value> = Vec::new();
    for item in list.items().iter() {
        call.spend(unique.len() as u64)?;
        if !contains(call, &unique, item)? {
            unique.push(item.clone());
        }
    }
    Ok(List::new(unique))
}

fn without(call: &mut dyn Call, list: &Value, omit: &[Value]) -> Result<List, CallError> {
    let list = slice_of(list, "find without on")?;
    call.spend((list.len() as u64).saturating_mul(omit.len() as u64))?;
    let mut kept = Vec::new();
    for item in list.items().iter() {
        if !contains(call, omit, item)? {
            kept.push(item.clone());
        }
    }
    Ok(List::new(kept))
}

/// Sprig: `list.go`, `mustSlice`: a window on the same array, of the same type.
fn slice(list: &Value, indices: &[Value]) -> Result<Value, CallError> {
    let Some(window) = list.as_list() else {
        if list.is_nil() {
            return Err(CallError::panic(NIL_DEREFERENCE));
        }
        let kind = list.kind().name();
        return Err(CallError::new(format!("list should be type of slice or array but {kind}")));
    };
    if window.is_empty() {
        return Ok(Value::Nil);
    }
    let start = usize::try_from(indices.first().map_or(0, to_int64));
    let end = match indices.get(1) {
        Some(end) => usize::try_from(to_int64(end)),
        None => Ok(window.len()),
    };
    match (start, end) {
        (Ok(start), Ok(end)) => window.slice(start, end).map(Value::List),
        _ => None,
    }
    .ok_or_else(|| CallError::panic("reflect.Value.Slice: slice index out of bounds"))
}

/// Sprig: `list.go`, `concat`: of nothing it gives the nil slice.
fn concat(call: &mut dyn Call, lists: &[Value]) -> Result<List, CallError> {
    let count: usize = lists.iter().filter_map(Value::as_list).map(|list| list.len()).sum();
    make_items(call, count as u64)?;
    let mut items = Vec::new();
    for value in lists {
        let Some(list) = value.as_list() else {
            return Err(CallError::panic(match value {
                Value::Nil => NIL_DEREFERENCE.to_owned(),
                _ => format!("Cannot concat type {} as list", value.kind().name()),
            }));
        };
        items.extend_from_slice(&list.items());
    }
    Ok(if items.is_empty() { List::nil(&types::ANY_SLICE) } else { List::new(items) })
}

/// Sprig: `list.go`, `mustChunk`, which counts its chunks in floats.
#[expect(clippy::cast_precision_loss, reason = "Sprig counts in float64")]
fn chunk(call: &mut dyn Call, size: i64, list: &Value) -> Result<List, CallError> {
    let list = slice_of(list, "chunk")?;
    let (len, width) = (list.len() as f64, size as f64);
    let count = truncate(((len - 1.0) / width).floor()).wrapping_add(1);
    let too_long = || CallError::panic("runtime error: makeslice: len out of range");
    let count = usize::try_from(count).map_err(|_| too_long())?;
    call.spend(count as u64)?;
    make_items(call, (count as u64).saturating_mul(4))?;
    let items = list.items();
    let mut chunks = Vec::new();
    for index in 0..count {
        let mut wanted = size;
        if index + 1 == count {
            wanted = truncate((len % width).floor());
            if wanted == 0 {
                wanted = size;
            }
        }
        let wanted = usize::try_from(wanted).map_err(|_| too_long())?;
        let start = index.saturating_mul(usize::try_from(size).unwrap_or(0));
        let chunk = items.get(start..start.saturating_add(wanted));
        let chunk = chunk.ok_or_else(|| CallError::panic("reflect: slice index out of range"))?;
        chunks.push(Value::List(List::new(chunk.to_vec())));
    }
    Ok(List::typed(&SLICES, chunks))
}

fn until(call: &mut dyn Call, count: i64) -> Result<List, CallError> {
    until_step(call, 0, count, if count < 0 { -1 } else { 1 })
}

fn until_step(call: &mut dyn Call, start: i64, end: i64, step: i64) -> Result<List, CallError> {
    let numbers = steps(call, start, end, step)?;
    Ok(List::typed(&types::INT_SLICE, numbers.into_iter().map(Value::Int).collect()))
}

/// Pays for a list of so many items before it is made.
fn make_items(call: &mut dyn Call, count: u64) -> Result<(), CallError> {
    call.make(count.saturating_mul(size_of::<Value>() as u64))
}

/// The most numbers that one call makes.
const MAX_NUMBERS: u64 = 1 << 24;

/// Sprig: `numeric.go`, `untilStep`.
fn steps(call: &mut dyn Call, start: i64, end: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let down = end < start;
    if down && step >= 0 || !down && step <= 0 {
        return Ok(Vec::new());
    }
    let count = end.abs_diff(start).div_ceil(step.unsigned_abs());
    call.spend(count)?;
    if count > MAX_NUMBERS {
        return Err(CallError::new(format!("{count} numbers are over the limit of {MAX_NUMBERS}")));
    }
    make_items(call, count)?;
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|number| if down { *number > end } else { *number < end }) {
        numbers.push(number);
        next = number.checked_add(step);
    }
    Ok(numbers)
}

/// Sprig: `numeric.go`, `seq`, after the shell's command.
fn seq(call: &mut dyn Call, params: &[Value]) -> Result<Value, CallError> {
    let param = |index: usize| match params.get(index) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    };
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step) = match params.len() {
        1 => (1, param(0), toward(1, param(0))),
        2 => (param(0), param(1), toward(param(0), param(1))),
        3 => (param(0), param(2), param(1)),
        _ => return "".give(),
    };
    if params.len() == 3 && end < start && step > 0 {
        return "".give();
    }
    let numbers = steps(call, start, end.wrapping_add(toward(start, end)), step)?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(" ").give()
}
