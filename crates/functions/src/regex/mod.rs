//! Regular expressions: Sprig's `regex.go` on Go's syntax (RE2).

mod class;
mod engine;
mod expand;
mod kept;
mod parser;

use std::sync::Arc;

use pintle_template::{Call, CallError};
use pintle_value::{List, Str, can_backquote, types};

use engine::Text;
pub use engine::{Regex, RegexError};
pub(crate) use kept::Kept;
pub use kept::Regexes;

use crate::host::HelmHost;
use crate::print;
use crate::strings::spend_bytes;
use crate::table::functions;

functions! {
    TABLE;
    pure {
        "regexQuoteMeta" (string) => quote_meta;
    }
    hosted {
        "regexMatch" (string string) => |call: &mut dyn Call, regex: &Str, text: &Str| {
            match mustered(call, regex)? {
                Ok(regex) => is_match(call, &regex, text),
                Err(_) => Ok(false),
            }
        };
        "mustRegexMatch" (string string) => |call: &mut dyn Call, regex: &Str, text: &Str| {
            let regex = must(call, regex)?;
            is_match(call, &regex, text)
        };
        "regexFind" (string string) => |call: &mut dyn Call, regex: &Str, text: &Str| {
            let regex = compiled(call, regex)?;
            find(call, &regex, text)
        };
        "mustRegexFind" (string string) => |call: &mut dyn Call, regex: &Str, text: &Str| {
            let regex = must(call, regex)?;
            find(call, &regex, text)
        };
        "regexFindAll" (string string int) => |call: &mut dyn Call, regex: &Str, text: &Str, count| {
            let regex = compiled(call, regex)?;
            find_all(call, &regex, text, count)
        };
        "mustRegexFindAll" (string string int) => |call: &mut dyn Call, regex: &Str, text: &Str, count| {
            let regex = must(call, regex)?;
            find_all(call, &regex, text, count)
        };
        "regexReplaceAll" (string string string) => |call: &mut dyn Call, regex: &Str, text: &Str, with: &Str| {
            let regex = compiled(call, regex)?;
            replace_all(call, &regex, text, with, Replacement::Template)
        };
        "mustRegexReplaceAll" (string string string) => |call: &mut dyn Call, regex: &Str, text: &Str, with: &Str| {
            let regex = must(call, regex)?;
            replace_all(call, &regex, text, with, Replacement::Template)
        };
        "regexReplaceAllLiteral" (string string string) => |call: &mut dyn Call, regex: &Str, text: &Str, with: &Str| {
            let regex = compiled(call, regex)?;
            replace_all(call, &regex, text, with, Replacement::Literal)
        };
        "mustRegexReplaceAllLiteral" (string string string) => |call: &mut dyn Call, regex: &Str, text: &Str, with: &Str| {
            let regex = must(call, regex)?;
            replace_all(call, &regex, text, with, Replacement::Literal)
        };
        "regexSplit" (string string int) => |call: &mut dyn Call, regex: &Str, text: &Str, count| {
            let regex = compiled(call, regex)?;
            split(call, &regex, text, count)
        };
        "mustRegexSplit" (string string int) => |call: &mut dyn Call, regex: &Str, text: &Str, count| {
            let regex = must(call, regex)?;
            split(call, &regex, text, count)
        };
    }
}

/// How a replacement is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replacement {
    /// `$1` and `${name}` stand for groups.
    Template,
    Literal,
}

/// The compiled expression, where it was met before that one; inside, Go's text of a syntax error. A run pays for each
/// expression once, whether an earlier run compiled it or not.
fn mustered(call: &mut dyn Call, expression: &Str) -> Result<Result<Arc<Regex>, Vec<u8>>, CallError> {
    call.spend(u64::try_from(expression.len()).unwrap_or(u64::MAX))?;
    let mut kept = None;
    if let Some(host) = call.host().downcast_mut::<HelmHost>() {
        if let Some(regex) = host.met.get(expression) {
            return Ok(Ok(regex));
        }
        kept = host.regexes.get(expression);
    }
    let regex = match kept.map_or_else(|| Regex::new(expression).map(Arc::new), Ok) {
        Ok(regex) => regex,
        Err(text) => return Ok(Err(text)),
    };
    call.spend(regex.compile_cost())?;
    call.make(regex.memory())?;
    if let Some(host) = call.host().downcast_mut::<HelmHost>() {
        host.met.insert(expression, &regex);
        host.regexes.insert(expression, &regex);
    }
    Ok(Ok(regex))
}

/// Go: `regexp.Compile`.
fn must(call: &mut dyn Call, expression: &Str) -> Result<Arc<Regex>, CallError> {
    mustered(call, expression)?.map_err(CallError::new)
}

/// Go: `regexp.MustCompile`, which panics.
fn compiled(call: &mut dyn Call, expression: &Str) -> Result<Arc<Regex>, CallError> {
    mustered(call, expression)?.map_err(|text| {
        let quoted = if can_backquote(expression) {
            [b"`", expression.as_bytes(), b"`"].concat()
        } else {
            print::quote(expression)
        };
        CallError::panic([b"regexp: Compile(", &quoted[..], b"): ", &text].concat())
    })
}

fn is_match(call: &mut dyn Call, regex: &Regex, text: &Str) -> Result<bool, CallError> {
    call.spend(regex.cost(text.len()))?;
    Ok(regex.is_match(&Text::new(text)))
}

fn find(call: &mut dyn Call, regex: &Regex, text: &Str) -> Result<Vec<u8>, CallError> {
    call.spend(regex.cost(text.len()))?;
    let text = Text::new(text);
    Ok(regex.find(&text, 0).map_or_else(Vec::new, |(from, to)| text.part(from, to).to_vec()))
}

/// Go: `Regexp.FindAllString`: the nil slice where nothing matches.
fn find_all(call: &mut dyn Call, regex: &Regex, text: &Str, count: i64) -> Result<List, CallError> {
    let text = Text::new(text);
    let found = all_matches(call, regex, &text, usize::try_from(count).ok())?;
    Ok(if found.is_empty() {
        List::nil(&types::STRING_SLICE)
    } else {
        List::strings(found.into_iter().map(|(from, to)| text.part(from, to)))
    })
}

/// All matches, each paid for before it is looked for.
fn all_matches(
    call: &mut dyn Call,
    regex: &Regex,
    text: &Text<'_>,
    count: Option<usize>,
) -> Result<Vec<(usize, usize)>, CallError> {
    const MATCH: u64 = 64;
    regex.find_all(text, count, |steps| {
        call.make(MATCH)?;
        call.spend(steps)
    })
}

/// Go: `Regexp.Split`.
fn split(call: &mut dyn Call, regex: &Regex, text: &Str, count: i64) -> Result<List, CallError> {
    if count == 0 {
        return Ok(List::nil(&types::STRING_SLICE));
    }
    let text = Text::new(text);
    if text.len() == 0 && !regex.is_empty() {
        return Ok(List::strings([""]));
    }
    let limit = usize::try_from(count).ok();
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (from, to) in all_matches(call, regex, &text, limit)? {
        if limit.is_some_and(|limit| parts.len() + 1 == limit) {
            break;
        }
        end = from;
        if to != 0 {
            parts.push(text.part(start, end));
        }
        start = to;
    }
    if end != text.len() {
        parts.push(text.part(start, text.len()));
    }
    Ok(List::strings(parts))
}

/// Go: `Regexp.replaceAll`.
fn replace_all(
    call: &mut dyn Call,
    regex: &Regex,
    text: &Str,
    with: &Str,
    replacement: Replacement,
) -> Result<Vec<u8>, CallError> {
    let text = Text::new(text);
    let mut captures = regex.captures();
    let mut out = Vec::with_capacity(text.len());
    let mut paid = text.len();
    let (mut last_end, mut at) = (0, 0);
    while at <= text.len() {
        call.spend(regex.cost_ahead(text.len() - at))?;
        let Some(groups) = regex.groups(&text, at, &mut captures) else { break };
        let Some((from, to)) = groups.first().copied().flatten() else { break };
        call.spend(regex.cost(to.saturating_sub(at)))?;
        out.extend_from_slice(text.part(last_end, from));
        if to > last_end || from == 0 {
            match replacement {
                Replacement::Literal => out.extend_from_slice(with),
                Replacement::Template => expand::expand(&mut out, with, &text, &groups, regex.names()),
            }
        }
        if out.len() > paid {
            spend_bytes(call, out.len() - paid)?;
            paid = out.len();
        }
        last_end = to;
        let step = text.width_at(at);
        at = if at + step > to {
            at + step
        } else if at + 1 > to {
            at + 1
        } else {
            to
        };
    }
    out.extend_from_slice(text.part(last_end, text.len()));
    Ok(out)
}

/// Go: `regexp.QuoteMeta`.
fn quote_meta(text: &Str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter() {
        if b"\\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
