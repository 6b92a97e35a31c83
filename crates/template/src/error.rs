//! The errors of parsing and running templates.

/// A template that could not be parsed or run.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
#[non_exhaustive]
pub struct Error {
    /// Go's text of the error.
    pub text: String,
}
