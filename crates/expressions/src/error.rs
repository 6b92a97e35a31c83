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
    /// A condition cannot be read, or gave no answer.
    #[error("the condition {text:?} {reason}")]
    Condition {
        /// The condition; shortened where it is too long.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A condition names a member that the object does not have, perhaps not yet.
    #[error("the condition {text:?} names {member}, which the object does not have")]
    Missing {
        /// The condition.
        text: String,
        /// The member.
        member: String,
    },
}
