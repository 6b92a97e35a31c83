//! Lists and maps in brackets, on one line, of words that nothing could be wrong with.

use pintle_value::{Data, DataMap, Str};

use super::{Reader, Result, Unusual, unindented};
use crate::decode::Typed;
use crate::resolve::resolve;
use crate::tag::Tag;

/// How deep they nest here.
const DEEPEST: usize = 16;

impl<'t> Reader<'t, '_> {
    /// Reads the collection that a line begins with, inside so many others, and gives what stands behind it. It was
    /// counted.
    pub(super) fn flow(&mut self, line: &'t str, depth: usize) -> Result<(Data, &'t str)> {
        if depth >= self.limits.depth || depth >= self.frames.len() + DEEPEST {
            return Err(Unusual);
        }
        let is_list = line.starts_with('[');
        let close = if is_list { ']' } else { '}' };
        let (mut items, mut members) = (Vec::new(), Vec::<(Str, Data)>::new());
        let mut rest = unindented(line.get(1..).unwrap_or_default());
        let mut behind = rest.strip_prefix(close);
        while behind.is_none() {
            if !is_list {
                self.count()?;
                let (key, after) = self.flow_scalar(rest)?;
                let key = key.to_key().ok_or(Unusual)?;
                rest = unindented(after.strip_prefix(": ").ok_or(Unusual)?);
                members.push((Str::from(&*key), Data::Null));
            }
            self.count()?;
            let (value, after) = if rest.starts_with(['[', '{']) {
                self.flow(rest, depth + 1)?
            } else {
                let (value, after) = self.flow_scalar(rest)?;
                (Self::finite(value.to_data(self.numbers))?, after)
            };
            match members.last_mut() {
                Some((_, member)) => *member = value,
                None => items.push(value),
            }
            let after = unindented(after);
            behind = after.strip_prefix(close);
            if behind.is_none() {
                rest = unindented(after.strip_prefix(',').ok_or(Unusual)?);
            }
        }
        let count = members.len();
        let data = if is_list {
            Data::List(items.into())
        } else {
            Data::Map(members.into_iter().collect::<DataMap>())
        };
        match &data {
            Data::Map(map) if map.len() < count => Err(Unusual), // a key that stands twice
            _ => Ok((data, behind.unwrap_or_default())),
        }
    }

    /// A word or a quoted scalar, and what stands behind it.
    fn flow_scalar(&mut self, line: &'t str) -> Result<(Typed<'t>, &'t str)> {
        if let Some(quote @ (b'"' | b'\'')) = line.as_bytes().first() {
            let (text, behind) = self.quoted_within(line, *quote)?.ok_or(Unusual)?;
            return Ok((Typed::Bytes(text.as_bytes().to_vec()), behind));
        }
        let end = line.find([',', ']', '}', ':']).ok_or(Unusual)?;
        let (word, behind) = line.split_at_checked(end).ok_or(Unusual)?;
        let word = word.trim_end_matches(' ');
        if !is_simple(word) {
            return Err(Unusual);
        }
        Ok((Typed::Scalar(resolve(Tag::None, word).map_err(|_| Unusual)?), behind))
    }
}

/// Whether a word is made of nothing that could be an indicator.
fn is_simple(word: &str) -> bool {
    let may_begin = |byte: u8| byte.is_ascii_alphanumeric() || b"_./+$".contains(&byte);
    match word.as_bytes() {
        [b'-', next, ..] if !next.is_ascii_alphanumeric() && *next != b'-' => false,
        [b'-', _, rest @ ..] => rest.iter().all(|byte| may_begin(*byte) || b"-=*".contains(byte)),
        [first, rest @ ..] => {
            may_begin(*first) && rest.iter().all(|byte| may_begin(*byte) || b"-=*".contains(byte))
        }
        [] => false,
    }
}
