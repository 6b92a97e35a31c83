//! Compiled expressions, kept for when they are met again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pintle_value::Str;

use super::Regex;

/// Expressions that runs have compiled, for later runs of the same templates: values change from render to render, and
/// expressions seldom do. Clones share what they keep; at most 256 expressions and 32 MiB.
#[derive(Clone, Debug, Default)]
pub struct Regexes(Arc<Mutex<Kept>>);

impl Regexes {
    pub(crate) fn get(&self, expression: &Str) -> Option<Arc<Regex>> {
        self.kept(|kept| kept.get(expression))
    }

    pub(crate) fn insert(&self, expression: &Str, regex: &Arc<Regex>) {
        self.kept(|kept| kept.insert(expression, regex));
    }

    fn kept<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Compiled expressions, by themselves.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    regexes: HashMap<Str, Arc<Regex>>,
    /// The memory of all.
    bytes: u64,
}

impl Kept {
    const MOST: usize = 256;
    const MOST_BYTES: u64 = 32 << 20;

    pub(crate) fn get(&self, expression: &Str) -> Option<Arc<Regex>> {
        self.regexes.get(expression).map(Arc::clone)
    }

    /// Keeps an expression; in place of all others, where there would be too many.
    pub(crate) fn insert(&mut self, expression: &Str, regex: &Arc<Regex>) {
        if self.regexes.contains_key(expression) {
            return;
        }
        let bytes = regex.memory();
        if self.regexes.len() >= Self::MOST || self.bytes.saturating_add(bytes) > Self::MOST_BYTES {
            *self = Self::default();
        }
        self.regexes.insert(expression.clone(), Arc::clone(regex));
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_allowed() {
        let regexes = Regexes::default();
        let regex = Arc::new(Regex::compile("a").unwrap());
        let name = |number: usize| Str::from(number.to_string());
        for number in 0..Kept::MOST {
            regexes.insert(&name(number), &regex);
            regexes.insert(&name(number), &regex);
        }
        assert!(regexes.get(&name(0)).is_some());
        regexes.insert(&name(Kept::MOST), &regex);
        assert!(regexes.get(&name(0)).is_none() && regexes.get(&name(Kept::MOST)).is_some());
    }
}
