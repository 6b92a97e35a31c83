//! Small sandboxed expressions: per-tenant values, readiness rules and conditions.
