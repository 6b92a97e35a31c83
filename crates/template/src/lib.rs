//! Go's text/template: lexer, parser, compiler, executor and fmt verbs.

mod error;
mod function;

pub use error::Error;
pub use function::{Call, CallError, Function, Functions, Handler};
