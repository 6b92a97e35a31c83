//! Where a value came from.

use std::fmt;
use std::sync::Arc;

/// The place that a value, a template position or a fault was read from.
///
/// Every part but [`file`](Self::file) may be unknown; lines and columns count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Origin {
    /// The file inside the chart (`web/values.yaml`), the user's values file, or the flag (`--set`).
    pub file: Arc<str>,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column in bytes, from 1; 0 where it is not known.
    pub column: u32,
    /// The path of the value inside its file (`image.tag`); empty for the whole file.
    pub path: String,
}

impl Origin {
    /// A whole file, or a flag by its name.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// The same file at a line and a column, both from 1.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = line;
        self.column = column;
        self
    }

    /// The same place, naming the value by its path.
    #[must_use]
    pub fn value(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}

impl fmt::Display for Origin {
    /// Writes `file:line:column (path)`, leaving out what is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        if !self.path.is_empty() {
            write!(f, " ({})", self.path)?;
        }
        Ok(())
    }
}
