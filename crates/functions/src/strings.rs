//! Strings: Go's package `strings` and Sprig's `strings.go`.

use std::collections::BTreeSet;

use memchr::memmem;
use pintle_template::{Call, CallError};
use pintle_value::{List, Map, Str, Type, Value, types};

use crate::runes;
use crate::strconv::{NumberError, parse_int};
use crate::table::functions;
use crate::{case, print, wrap};

functions! {
    TABLE;
    pure {
        "hello" () => || "Hello!";
        "trim" (string) => |text: &Str| trim_space(text).to_vec();
        "upper" (string) => |text: &Str| runes::map(text, runes::to_upper);
        "lower" (string) => |text: &Str| runes::map(text, runes::to_lower);
        "title" (string) => case::title;
        "untitle" (string) => case::untitle;
        "swapcase" (string) => case::swap;
        "snakecase" (string) => |text: &Str| case::separated(text, '_');
        "kebabcase" (string) => |text: &Str| case::separated(text, '-');
        "camelcase" (string) => case::pascal;
        "nospace" (string) => case::without_space;
        "initials" (string) => case::initials;
        "abbrev" (int string) => wrap::abbrev;
        "abbrevboth" (int int string) => wrap::abbrev_both;
        "wrap" (int string) => wrap::wrap;
        "substr" (int int string) => substr;
        "trunc" (int string) => trunc;
        "trimall" | "trimAll" (string string) => |cutset: &Str, text: &Str| trim_all(text, cutset).to_vec();
        "trimSuffix" (string string) => |suffix: &Str, text: &Str| {
            text.strip_suffix(suffix.as_bytes()).unwrap_or(text).to_vec()
        };
        "trimPrefix" (string string) => |prefix: &Str, text: &Str| {
            text.strip_prefix(prefix.as_bytes()).unwrap_or(text).to_vec()
        };
        "contains" (string string) => |part: &Str, text: &Str| memmem::find(text, part).is_some();
        "hasPrefix" (string string) => |prefix: &Str, text: &Str| text.starts_with(prefix);
        "hasSuffix" (string string) => |suffix: &Str, text: &Str| text.ends_with(suffix);
        "plural" (string string int) => |one: &Str, many: &Str, count| {
            if count == 1 { one.clone() } else { many.clone() }
        };
        "atoi" (string) => atoi;
    }
    hosted {
        "quote" (.. any) => quote;
        "squote" (.. any) => single_quote;
        "cat" (.. any) => cat;
        "toString" (any) => |call: &mut dyn Call, value: &Value| print::to_string(call, value);
        "toStrings" (any) => to_strings;
        "join" (string any) => join;
        "sortAlpha" (any) => sort_alpha;
        "split" (string string) => |call: &mut dyn Call, separator: &Str, text: &Str| {
            split_paid(call, text, separator, -1).map(|parts| numbered(&parts))
        };
        "splitn" (string int string) => |call: &mut dyn Call, separator: &Str, count, text: &Str| {
            split_paid(call, text, separator, count).map(|parts| numbered(&parts))
        };
        "splitList" (string string) => |call: &mut dyn Call, separator: &Str, text: &Str| {
            split_paid(call, text, separator, -1).map(List::strings)
        };
        "repeat" (int string) => repeat;
        "indent" (int string) => indent;
        "nindent" (int string) => nindent;
        "replace" (string string string) => replace;
        "wrapWith" (int string string) => wrap::wrap_with;
    }
}

/// Go: `strings.TrimSpace`.
pub(crate) fn trim_space(text: &[u8]) -> &[u8] {
    trim(text, runes::is_space)
}

/// Go: `strings.TrimFunc`.
fn trim(mut text: &[u8], drop: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (rune, width) = runes::decode(text);
        if width == 0 || !drop(rune) {
            break;
        }
        text = text.get(width..).unwrap_or_default();
    }
    loop {
        let (rune, width) = runes::decode_last(text);
        if width == 0 || !drop(rune) {
            return text;
        }
        text = text.get(..text.len() - width).unwrap_or_default();
    }
}

/// Go: `strings.Trim`. A byte that is not UTF-8 counts as U+FFFD on both sides.
fn trim_all<'a>(text: &'a [u8], cutset: &[u8]) -> &'a [u8] {
    let cutset: BTreeSet<char> = runes::runes(cutset).map(|(rune, _)| rune).collect();
    trim(text, |rune| cutset.contains(&rune))
}

/// Sprig: `strings.go`, `trunc`. Counts bytes, so it may cut a character in two.
fn trunc(count: i64, text: &Str) -> Str {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let kept = if count < 0 && len + count > 0 {
        tail(text, len + count)
    } else if count >= 0 && len > count {
        head(text, count)
    } else {
        return text.clone();
    };
    Str::from(kept)
}

fn head(text: &[u8], end: i64) -> &[u8] {
    usize::try_from(end).ok().and_then(|end| text.get(..end)).unwrap_or(text)
}

fn tail(text: &[u8], start: i64) -> &[u8] {
    usize::try_from(start).ok().and_then(|start| text.get(start..)).unwrap_or_default()
}

/// Sprig: `strings.go`, `substring`. Where Go would slice out of bounds, its panic's text.
fn substr(start: i64, end: i64, text: &Str) -> Result<Str, CallError> {
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let bounds = |what: String| CallError::panic(format!("runtime error: slice bounds out of range [{what}"));
    if start < 0 {
        return match end {
            ..0 => Err(bounds(format!(":{end}]"))),
            _ if end > len => Err(bounds(format!(":{end}] with length {len}"))),
            _ => Ok(Str::from(head(text, end))),
        };
    }
    if end < 0 || end > len {
        return if start > len {
            Err(bounds(format!("{start}:{len}]")))
        } else {
            Ok(Str::from(tail(text, start)))
        };
    }
    if start > end {
        return Err(bounds(format!("{start}:{end}]")));
    }
    Ok(Str::from(tail(head(text, end), start)))
}

/// Sprig: `strings.go`, `quote`: `%q` of each value's text, nil left out.
fn quote(call: &mut dyn Call, values: &[Value]) -> Result<Vec<u8>, CallError> {
    joined(call, values, |call, out, value| {
        out.extend_from_slice(&print::quote(&print::to_string(call, value)?));
        Ok(())
    })
}

/// Sprig: `strings.go`, `squote`: `'%v'` of each value, nil left out. Quotes inside are not escaped.
fn single_quote(call: &mut dyn Call, values: &[Value]) -> Result<Vec<u8>, CallError> {
    joined(call, values, |call, out, value| {
        out.push(b'\'');
        out.extend_from_slice(&print::sprint_within(call, value)?);
        out.push(b'\'');
        Ok(())
    })
}

/// Sprig: `strings.go`, `cat`: `%v` of each value, nil left out.
fn cat(call: &mut dyn Call, values: &[Value]) -> Result<Vec<u8>, CallError> {
    joined(call, values, |call, out, value| {
        out.extend_from_slice(&print::sprint_within(call, value)?);
        Ok(())
    })
}

fn joined(
    call: &mut dyn Call,
    values: &[Value],
    write: impl Fn(&mut dyn Call, &mut Vec<u8>, &Value) -> Result<(), CallError>,
) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    for (index, value) in values.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let start = out.len();
        write(call, &mut out, value)?;
        spend_bytes(call, out.len() - start)?;
    }
    Ok(out)
}

/// Sprig: `strings.go`, `strslice`: a `[]string` as it is, the texts of a slice's items but nil, one text of
/// anything else.
fn to_strings(call: &mut dyn Call, value: &Value) -> Result<List, CallError> {
    Ok(match value.as_list() {
        Some(list) if *list.go_type() == types::STRING_SLICE => list,
        Some(list) => {
            let mut texts = Vec::with_capacity(list.len());
            for item in list.items().iter().filter(|item| !item.is_nil()) {
                let text = print::to_string(call, item)?;
                if item.as_str().is_none() {
                    spend_bytes(call, text.len())?;
                }
                texts.push(text);
            }
            List::strings(texts)
        }
        None if value.is_nil() => List::strings(Vec::<Str>::new()),
        None => List::strings([print::to_string(call, value)?]),
    })
}

/// Sprig: `strings.go`, `join`.
fn join(call: &mut dyn Call, separator: &Str, value: &Value) -> Result<Vec<u8>, CallError> {
    let list = to_strings(call, value)?;
    let texts: usize = list.items().iter().filter_map(Value::as_str).map(Str::len).sum();
    let len = texts.saturating_add(separator.len().saturating_mul(list.len().saturating_sub(1)));
    spend_bytes(call, len)?;
    let mut out = Vec::with_capacity(len);
    for (index, item) in list.items().iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        if let Value::String(text) = item {
            out.extend_from_slice(text);
        }
    }
    Ok(out)
}

/// Sprig: `list.go`, `sortAlpha`. A `[]string` is sorted in place, so every name of it sees the new order.
fn sort_alpha(call: &mut dyn Call, value: &Value) -> Result<List, CallError> {
    if value.as_list().is_none() {
        return Ok(List::strings([print::to_string(call, value)?]));
    }
    let list = to_strings(call, value)?;
    // Each text is looked at about as often as the list can be halved.
    let bytes: u64 =
        list.items().iter().filter_map(Value::as_str).map(|text| text.len() as u64 / 64 + 1).sum();
    call.spend(bytes.saturating_mul(u64::from(list.len().checked_ilog2().unwrap_or_default()) + 1))?;
    let mut texts: Vec<Str> = list.items().iter().filter_map(Value::as_str).cloned().collect();
    texts.sort();
    for (index, text) in texts.into_iter().enumerate() {
        list.set(index, Value::String(text));
    }
    Ok(list)
}

/// The parts of a text, paid for before they are made.
fn split_paid(call: &mut dyn Call, text: &Str, separator: &Str, count: i64) -> Result<Vec<Str>, CallError> {
    const PART: u64 = 64;
    let places = match separator.len() {
        0 => text.len(),
        1 => separator.first().map_or(0, |byte| memchr::memchr_iter(*byte, text).count()),
        _ => memmem::find_iter(text, separator.as_bytes()).count(),
    };
    let most = u64::try_from(count).unwrap_or(u64::MAX);
    let parts = most.min(places as u64 + 1);
    call.spend(parts)?;
    call.make(parts.saturating_mul(PART).saturating_add(text.len() as u64))?;
    Ok(split(text, separator, count))
}

/// Go: `strings.SplitN`; a negative count gives all parts, 0 none.
pub(crate) fn split(text: &[u8], separator: &[u8], count: i64) -> Vec<Str> {
    let limit = match count {
        0 => return Vec::new(),
        ..0 => usize::MAX,
        _ => usize::try_from(count).unwrap_or(usize::MAX),
    };
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while parts.len() + 1 < limit && !rest.is_empty() {
            let (_, width) = runes::decode(rest);
            let (part, behind) = rest.split_at_checked(width).unwrap_or((rest, &[]));
            parts.push(Str::from(part));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Str::from(rest));
        }
        return parts;
    }
    let finder = memmem::Finder::new(separator);
    while parts.len() + 1 < limit {
        let Some(at) = finder.find(rest) else { break };
        parts.push(Str::from(rest.get(..at).unwrap_or_default()));
        rest = rest.get(at + separator.len()..).unwrap_or_default();
    }
    parts.push(Str::from(rest));
    parts
}

/// Sprig: `strings.go`, `split`: `_0`, `_1`, … .
fn numbered(parts: &[Str]) -> Map {
    static STRING_MAP: &Type = &types::STRING_MAP;
    let map = Map::typed(STRING_MAP);
    for (index, part) in parts.iter().enumerate() {
        map.insert(format!("_{index}"), Value::String(part.clone()));
    }
    map
}

/// Go: `strings.Replace(text, old, new, -1)`.
pub(crate) fn replace_all(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        out.extend_from_slice(new);
        let mut rest = text;
        while !rest.is_empty() {
            let (_, width) = runes::decode(rest);
            let (rune, behind) = rest.split_at_checked(width).unwrap_or((rest, &[]));
            out.extend_from_slice(rune);
            out.extend_from_slice(new);
            rest = behind;
        }
        return out;
    }
    let mut last = 0;
    for at in memmem::find_iter(text, old) {
        out.extend_from_slice(text.get(last..at).unwrap_or_default());
        out.extend_from_slice(new);
        last = at + old.len();
    }
    out.extend_from_slice(text.get(last..).unwrap_or_default());
    out
}

/// Sprig: `strings.go`, `replace`.
fn replace(call: &mut dyn Call, old: &Str, new: &Str, text: &Str) -> Result<Vec<u8>, CallError> {
    let places = match old.len() {
        0 => text.len() + 1,
        len => text.len() / len,
    };
    spend_bytes(call, places.saturating_mul(new.len().saturating_sub(old.len())))?;
    Ok(replace_all(text, old, new))
}

/// Go: `strings.Repeat`.
fn repeat(call: &mut dyn Call, count: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    let len = repeated_len(count, text.len())?;
    spend_bytes(call, len)?;
    Ok(text.repeat(usize::try_from(count).unwrap_or_default()))
}

fn repeated_len(count: i64, len: usize) -> Result<usize, CallError> {
    if count < 0 {
        return Err(CallError::panic("strings: negative Repeat count"));
    }
    usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(len))
        .filter(|len| isize::try_from(*len).is_ok())
        .ok_or_else(|| CallError::panic("strings: Repeat output length overflow"))
}

/// Sprig: `strings.go`, `indent`.
fn indent(call: &mut dyn Call, spaces: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    indented(call, spaces, text, Vec::new())
}

/// Sprig: `strings.go`, `nindent`.
fn nindent(call: &mut dyn Call, spaces: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    indented(call, spaces, text, vec![b'\n'])
}

fn indented(call: &mut dyn Call, spaces: i64, text: &[u8], mut out: Vec<u8>) -> Result<Vec<u8>, CallError> {
    let width = repeated_len(spaces, 1)?;
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let padding = lines.saturating_mul(width);
    if padding > text.len() {
        spend_bytes(call, padding)?;
    }
    out.reserve(text.len() + padding + 1);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.resize(out.len() + width, b' ');
        out.extend_from_slice(line);
    }
    Ok(out)
}

/// What need not be paid for before it is made: the result is paid for anyway.
const FREE: usize = 4096;

/// The most bytes that one call makes out of small arguments; the run's own limits are most often lower.
const MAX_BYTES: usize = 1 << 30;

/// Pays for making `bytes` out of nothing.
pub(crate) fn spend_bytes(call: &mut dyn Call, bytes: usize) -> Result<(), CallError> {
    call.spend(u64::try_from(bytes / 64).unwrap_or(u64::MAX))?;
    if bytes > MAX_BYTES {
        return Err(CallError::new(format!("result of {bytes} bytes is over the limit of {MAX_BYTES}")));
    }
    if bytes > FREE {
        call.make(bytes as u64)?;
    }
    Ok(())
}

/// Sprig drops `Atoi`'s error but not its number, which is the nearest one where the text's does not fit.
fn atoi(text: &Str) -> i64 {
    match parse_int(text, 10) {
        Ok(number) => number,
        Err(NumberError::Syntax) => 0,
        Err(NumberError::Range) if text.starts_with(b"-") => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
    }
}
