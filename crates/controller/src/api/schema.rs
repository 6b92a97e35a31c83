//! Schemas that the derive cannot say: Flux's patterns and plain integers.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A Go duration of at least one number with a unit from milliseconds to hours.
pub(super) const INTERVAL: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// As [`INTERVAL`], without hours: what Flux's sources take as a timeout.
pub(super) const SOURCE_TIMEOUT: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";

/// Go's `int`: an integer without a format.
pub(super) fn integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer"})
}

/// `metav1.Time`.
pub(super) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

/// Any JSON at all, kept as it is.
pub(super) fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}
