//! Go's functions that a template can range over.

use std::fmt;

use crate::Value;

/// An iteration over a Go function (`iter.Seq`, `iter.Seq2`).
pub struct Sequence {
    items: Box<dyn Iterator<Item = (Value, Option<Value>)>>,
    /// Whether each item is a pair (`iter.Seq2`).
    pub pairs: bool,
    started: bool,
}

impl Sequence {
    /// A sequence of single values (`iter.Seq`).
    pub fn of(items: impl Iterator<Item = Value> + 'static) -> Self {
        Self { items: Box::new(items.map(|item| (item, None))), pairs: false, started: false }
    }

    /// A sequence of pairs (`iter.Seq2`).
    pub fn of_pairs(items: impl Iterator<Item = (Value, Value)> + 'static) -> Self {
        let items = items.map(|(first, second)| (first, Some(second)));
        Self { items: Box::new(items), pairs: true, started: false }
    }

    /// Whether an item was asked for.
    pub fn started(&self) -> bool {
        self.started
    }
}

impl Iterator for Sequence {
    type Item = (Value, Option<Value>);

    fn next(&mut self) -> Option<Self::Item> {
        self.started = true;
        self.items.next()
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence").field("pairs", &self.pairs).finish_non_exhaustive()
    }
}
