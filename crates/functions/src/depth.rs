//! How deep a function follows values into each other.

use pintle_template::CallError;

/// How deep values may nest where a function walks through them. Go's own walks end in a fatal stack overflow only
/// at millions, but a map that holds itself is the only one that templates make that deep.
pub(crate) const MAX_DEPTH: usize = 1_000;

/// The error of a value that nests deeper than [`MAX_DEPTH`].
pub(crate) fn too_deep() -> CallError {
    CallError::new(format!("value nests deeper than {MAX_DEPTH} levels; does a map hold itself?"))
}
