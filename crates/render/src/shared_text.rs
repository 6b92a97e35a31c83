//! Parts of a text that share its memory.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A text, or a part of one, that is shared: the documents of a file are parts of its text. A clone copies nothing, and
/// keeps all of the text in memory.
#[derive(Clone)]
pub struct SharedText {
    whole: Arc<str>,
    part: Range<usize>,
}

impl SharedText {
    /// The part of the text that begins here and has this length; empty where there is none.
    pub(crate) fn part(whole: &Arc<str>, start: usize, length: usize) -> Self {
        let part = start..start.saturating_add(length);
        Self { whole: Arc::clone(whole), part }
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        self.whole.get(self.part.clone()).unwrap_or_default()
    }
}

impl From<Arc<str>> for SharedText {
    fn from(whole: Arc<str>) -> Self {
        let part = 0..whole.len();
        Self { whole, part }
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        Self::from(Arc::from(text))
    }
}

impl AsRef<str> for SharedText {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for SharedText {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SharedText {}

impl fmt::Display for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
