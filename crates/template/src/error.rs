//! The errors of parsing and running templates.

use std::fmt;

use pintle_value::Str;

/// A template that could not be parsed or run.
///
/// [`Display`](fmt::Display) gives Go's text, word for word. An error that passed through `include` or `tpl` is a
/// chain as Go's wrapped errors are; [`chain`](Self::chain) walks it.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: ErrorKind,
    /// From the outermost to the innermost; the text of each is its own and that of all behind it.
    links: Vec<Link>,
}

#[derive(Clone, PartialEq)]
struct Link {
    text: String,
    place: Option<Place>,
}

/// What kind of error an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// The template failed while it ran (Go: `template.ExecError`).
    Execute,
    /// No template of that name is defined; the text is Go's.
    NoTemplate,
    /// The run reached one of its limits.
    Limit(Limit),
    /// The run was cancelled.
    Cancelled,
}

/// The limit that a run reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::steps`](crate::Limits::steps).
    Steps,
    /// [`Limits::output`](crate::Limits::output).
    Output,
    /// [`Limits::memory`](crate::Limits::memory).
    Memory,
    /// [`Limits::depth`](crate::Limits::depth).
    Depth,
    /// [`Limits::deadline`](crate::Limits::deadline).
    Time,
}

/// Where in a template an error happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The name that the text was parsed under: a file.
    pub file: Str,
    /// The name of the template that was running: the file's, or that of a `define` in it.
    pub template: Str,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 0 as Go counts it; 0 as well for an error of parsing, which has none.
    pub column: u32,
    /// The text of the node that failed, such as `.Values.image.tag`; empty for an error of parsing.
    pub node: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: String, place: Option<Place>) -> Self {
        Self(Box::new(Inner { kind, links: vec![Link { text, place }] }))
    }

    /// This error inside another one, whose text ends with this one's.
    #[must_use]
    pub(crate) fn within(mut self, text: String, place: Option<Place>) -> Self {
        if matches!(self.0.kind, ErrorKind::NoTemplate | ErrorKind::Parse) && place.is_some() {
            self.0.kind = ErrorKind::Execute;
        }
        self.0.links.insert(0, Link { text, place });
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error's text and those of the errors that it wraps, from the outside in: what Go's `errors.Unwrap` would
    /// walk through. (Go meets the text of each `ExecError` twice.)
    pub fn chain(&self) -> Vec<String> {
        (0..self.0.links.len()).map(|from| self.text_from(from)).collect()
    }

    /// Where it happened, the outermost template first: the file that was rendered, then what it included.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = &Place> {
        self.0.links.iter().filter_map(|link| link.place.as_ref())
    }

    /// The length of the error's text.
    pub(crate) fn text_len(&self) -> usize {
        self.0.links.iter().map(|link| link.text.len()).sum()
    }

    fn text_from(&self, from: usize) -> String {
        self.0.links.iter().skip(from).map(|link| link.text.as_str()).collect()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.links.iter().try_for_each(|link| f.write_str(&link.text))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.0.kind)
    }
}

impl std::error::Error for Error {}
