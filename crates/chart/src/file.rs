//! A file of a chart.

use std::fmt;
use std::sync::Arc;

use crate::Timestamp;

/// A file inside a chart: its path from the chart's folder, with `/` between the parts, and its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The path, such as `templates/deployment.yaml`.
    pub name: Arc<str>,
    /// The bytes, shared by all clones.
    pub data: Arc<[u8]>,
    /// When the file was last changed, where that is known.
    pub modified: Option<Timestamp>,
}

impl File {
    /// A file of this name and content, without a time.
    pub fn new(name: impl Into<Arc<str>>, data: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), data: Arc::from(data.as_ref()), modified: None }
    }

    /// The same file, last changed at this time.
    #[must_use]
    pub fn modified_at(mut self, time: Timestamp) -> Self {
        self.modified = Some(time);
        self
    }

    /// The same file under another name.
    #[must_use]
    pub fn renamed(&self, name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), data: Arc::clone(&self.data), modified: self.modified }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({}, {} bytes)", self.name, self.data.len())
    }
}
