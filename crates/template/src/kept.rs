//! What `tpl` parsed, kept for later runs of the same program: values change from render to render, and the templates in
//! them seldom do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pintle_value::Str;

use crate::code::Unit;

/// Parsed texts, by themselves.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Units>);

#[derive(Debug, Default)]
struct Units {
    units: HashMap<Str, Arc<Unit>>,
    /// The bytes of all texts.
    bytes: usize,
}

impl Kept {
    /// How many bytes of text are kept. What they are compiled to is some ten times larger.
    const MOST: usize = 1 << 20;

    pub(crate) fn get(&self, text: &Str) -> Option<Arc<Unit>> {
        self.units(|units| units.units.get(text).map(Arc::clone))
    }

    /// Keeps a text; in place of all others, where there would be too many.
    pub(crate) fn insert(&self, text: &Str, unit: &Arc<Unit>) {
        if text.len() > Self::MOST {
            return;
        }
        self.units(|units| {
            if units.units.contains_key(text) {
                return;
            }
            if units.bytes + text.len() > Self::MOST {
                *units = Units::default();
            }
            units.units.insert(text.clone(), Arc::clone(unit));
            units.bytes += text.len();
        });
    }

    fn units<T>(&self, act: impl FnOnce(&mut Units) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_allowed() {
        let kept = Kept::default();
        let unit = Arc::new(Unit { templates: HashMap::new() });
        let text = |letter: &str| Str::from(letter.repeat(Kept::MOST / 2));
        for letter in ["a", "b"] {
            kept.insert(&text(letter), &unit);
            kept.insert(&text(letter), &unit);
        }
        assert!(kept.get(&text("a")).is_some() && kept.get(&text("b")).is_some());
        kept.insert(&text("c"), &unit);
        assert!(kept.get(&text("a")).is_none() && kept.get(&text("c")).is_some());
        kept.insert(&Str::from("d".repeat(Kept::MOST + 1)), &unit);
        assert!(kept.get(&text("c")).is_some());
    }
}
