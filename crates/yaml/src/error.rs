//! Why YAML could not be read or written.

use std::fmt;

/// A place in a text; line and column count from 1, the column in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column in bytes, from 1; 0 where it is not known.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// Why YAML could not be read or written.
///
/// [`Display`](fmt::Display) gives the text that Helm gives for the same fault, go-yaml's counting of lines
/// included (it is one line early in the errors of its grammar); [`position`](Self::position) gives the true place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    context: Option<&'static str>,
    message: String,
    position: Option<Position>,
}

/// What sort of fault an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not UTF-8 or UTF-16, or has control characters.
    Encoding,
    /// The text is not YAML.
    Syntax,
    /// The text is YAML, but has no meaning: an unknown anchor, a map as a key, a tag that its value denies.
    Meaning,
    /// The value has no form in JSON or YAML: infinity, a cycle, a control character.
    Unrepresentable,
    /// The value is not of the wanted type.
    Type,
    /// A limit was met: of bytes, nodes, depth or aliases.
    Limit,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, context: None, message: message.into(), position: None }))
    }

    pub(crate) fn meaning(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Meaning, format!("yaml: {message}"))
    }

    /// Names the place, unless a place was named before.
    #[must_use]
    pub(crate) fn at(mut self, position: Position) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// Puts a step of Helm's reading (`error converting YAML to JSON`) before the message.
    #[must_use]
    pub(crate) fn while_at(mut self, step: &'static str) -> Self {
        self.0.context.get_or_insert(step);
        self
    }

    /// What sort of fault this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where the fault was found, if it has a place.
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// The message of the YAML layer alone, without the step of `sigs.k8s.io/yaml` before it.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = self.0.context {
            write!(f, "{context}: ")?;
        }
        f.write_str(&self.0.message)?;
        match self.0.position {
            // Only serde's messages, which Go has no word for, leave the place to be added.
            Some(position) if self.0.kind == ErrorKind::Type => write!(f, " at {position}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Type, message.to_string())
    }
}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Unrepresentable, message.to_string())
    }
}
