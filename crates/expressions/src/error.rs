//! Why an expression gave no value.

/// Why an expression gave no value. No text quotes the context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It cannot be read, or failed: an undefined name, a wrong type, no fuel left.
    #[error("the expression at {path}: {reason}")]
    Failed {
        /// Where the leaf stands in the values (`ingress.hosts[0]`).
        path: String,
        /// Why.
        reason: String,
    },
    /// It gave something that values cannot hold.
    #[error("the expression at {path} gives {kind}, which values cannot hold")]
    NoData {
        /// Where the leaf stands in the values.
        path: String,
        /// What it gave.
        kind: String,
    },
    /// Values or context are nested too deeply.
    #[error("the values at {path} are nested deeper than {limit}")]
    TooDeep {
        /// Where.
        path: String,
        /// The limit.
        limit: usize,
    },
}
