//! Go's text/template: lexer, parser, compiler, executor and fmt verbs.
//!
//! Templates are parsed and compiled once, as a set ([`Templates`]), and run any number of times, also at once
//! ([`Program`]). What a run may use and how far it may go is an [`Execution`]; what it wrote, and which place in which
//! template wrote it, an [`Output`]. Behaviour and error texts are those of Go 1.27.
//!
//! ```
//! use pintle_template::{Execution, Functions, Output, Templates};
//! use pintle_value::{Data, Value};
//!
//! let mut templates = Templates::new("set", Functions::new());
//! templates.parse("hello", "{{ range .names }}Hello {{ . | printf \"%q\" }}!\n{{ end }}")?;
//! let program = templates.finish();
//!
//! let data: Data = serde_json::from_str(r#"{"names": ["Ada", "Grace"]}"#).unwrap();
//! let mut out = Output::new();
//! program.execute("hello", &Value::from(&data), &mut out, &mut Execution::new(&mut ()))?;
//! assert_eq!(out.as_bytes(), b"Hello \"Ada\"!\nHello \"Grace\"!\n");
//! assert_eq!(out.position(20).unwrap().line, 1);
//! # Ok::<(), pintle_template::Error>(())
//! ```
//!
//! Nothing a template does can overflow the stack: parser, compiler and executor keep stacks of their own, and depth
//! ends in Go's error ("exceeded maximum template depth") or in one of the [`Limits`].

mod builtin;
mod code;
mod compile;
mod cores;
mod error;
mod escape;
mod execution;
mod field;
mod format;
mod function;
mod kept;
mod lex;
mod literal;
mod machine;
mod node;
mod number;
mod output;
mod parse;
mod printf;
mod program;
mod watch;

pub use cores::{helper, on_cores};
pub use error::{Error, ErrorKind, Limit, Place};
pub use execution::{Execution, Limits, MissingKey};
pub use function::{Call, CallError, Function, Functions, Handler};
pub use output::{Output, Position};
pub use printf::{sprint, sprintf, sprintln};
pub use program::{Program, Templates};
pub use watch::{Reads, Watch, Written};
