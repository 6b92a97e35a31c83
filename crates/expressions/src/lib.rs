//! Small sandboxed expressions: per-tenant values, readiness rules and conditions.
//!
//! A fleet's values differ from tenant to tenant in a name, a label, an endpoint. [`Expressions::fill_in`] takes values
//! whose leaves may be expressions, and a context that the caller makes for one tenant, and gives plain values. Only a
//! whole leaf can be an expression, written `${{ … }}`; there is no text to template, so nothing can be injected into
//! YAML. The language is minijinja's, but that `*` is for numbers alone; what is undefined is an error, there is no
//! loader, and every expression ends within its [`Limits`].
//!
//! ```
//! use pintle_expressions::Expressions;
//! use pintle_value::Data;
//!
//! let values: Data = serde_json::from_str(r#"{"replicas": "${{ tenant.nodes * 2 }}", "host": "${{ 'app.' ~ tenant.name }}"}"#)?;
//! let context: Data = serde_json::from_str(r#"{"tenant": {"name": "acme", "nodes": 3}}"#)?;
//! let filled = Expressions::new().fill_in(&values, &context)?;
//! assert_eq!(filled.get("replicas"), Some(&Data::Int(6))); // typed, not text
//! assert_eq!(filled.get("host"), Some(&Data::from("app.acme")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Charts are never rendered by this: their language is Go's.
//!
//! With the feature `cel` there are conditions as well, in the language of Kubernetes: `Condition` is one over an object,
//! and `HealthCheck` says by three of them when objects of a kind are ready.

#[cfg(feature = "cel")]
mod condition;
mod convert;
mod error;
mod expressions;
#[cfg(feature = "cel")]
mod health;
mod multiplication;

#[cfg(feature = "cel")]
pub use condition::Condition;
pub use error::ExpressionError;
pub use expressions::{Expressions, Limits};
#[cfg(feature = "cel")]
pub use health::{Health, HealthCheck, health_check_of};
