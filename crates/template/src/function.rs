//! The functions that a host offers to templates.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use pintle_value::{Str, Type, Value};

/// Why a function gave no value.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The function returned an error with this text. The executor reports `error calling NAME: TEXT`.
    Message(Str),
    /// The Go function would have panicked with this text; the executor recovers it as Go's `safeCall` does.
    Panic(Str),
    /// A template that the function ran failed (`include`, `tpl`); `prefix` is what the function wraps around that
    /// error's text (Go's `fmt.Errorf("…: %w")`), empty for none.
    Template {
        /// What stands before the inner error's text.
        prefix: Str,
        /// The inner error, which Helm unwraps into a trace.
        error: Box<crate::Error>,
    },
}

impl CallError {
    /// An error with this text.
    pub fn new(text: impl Into<Str>) -> Self {
        Self::Message(text.into())
    }

    /// A Go panic with this text.
    pub fn panic(text: impl Into<Str>) -> Self {
        Self::Panic(text.into())
    }
}

/// What a function may use of the run that calls it.
pub trait Call {
    /// Runs the template `name` with `data` as its dot, and gives its output (Helm: `pkg/engine/engine.go`,
    /// `includeFun`, its depth limit included).
    fn include(&mut self, name: &Str, data: &Value) -> Result<Str, CallError>;

    /// Parses `text` as a template that sees all definitions of its caller, and runs it (Helm:
    /// `pkg/engine/engine.go`, `tplFun`).
    fn tpl(&mut self, text: &Str, data: &Value) -> Result<Str, CallError>;

    /// Takes `steps` from the run's budget, and ends the run where it was cancelled or is past its deadline. The
    /// executor pays for the sizes of arguments (texts by 64 bytes, lists and maps by 16 members, not what is in them)
    /// itself. A function whose cost is not in step with them (`repeat`, `until`, key generation, walks into nested
    /// values) calls this before it does the work, and again while it does much of it.
    fn spend(&mut self, steps: u64) -> Result<(), CallError>;

    /// Takes `bytes` from the run's budget of memory. A function that makes much out of little calls this before it
    /// does. The executor pays for texts and lists that functions give itself.
    fn make(&mut self, bytes: u64) -> Result<(), CallError>;

    /// How long a text may be that a function makes now: the run's limit of output, or what is left of its memory.
    fn longest(&self) -> usize;

    /// What the host gave to this run: clock, random source, lookup. A function set knows the type.
    fn host(&mut self) -> &mut dyn Any;
}

/// A function's code. Arguments were already checked and converted as Go does it: each is of the declared type, and
/// there are as many as declared (any number more for a variadic function).
pub type Handler = Arc<dyn Fn(&mut dyn Call, &[Value]) -> Result<Value, CallError> + Send + Sync>;

/// A function with the Go types that its arguments must have.
#[derive(Clone)]
pub struct Function {
    /// The parameters' types. Of a variadic function the last one is the element's type (`...string` is `string`).
    pub params: &'static [&'static Type],
    /// Whether the last parameter takes any number of arguments.
    pub variadic: bool,
    /// The code.
    pub handler: Handler,
}

/// The functions of a template set, by name. Built-in ones (`and`, `printf`, …) need not be in it; a function of the
/// same name replaces the built-in one, as in Go.
///
/// Functions named `include` and `tpl` with parameters `(string, interface {})` are not called: the executor does
/// itself what [`Call::include`] and [`Call::tpl`] say, because it can nest them without native stack.
#[derive(Clone, Debug, Default)]
pub struct Functions(HashMap<Str, Function>);

impl Functions {
    /// No functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<Str>, function: Function) {
        self.0.insert(name.into(), function);
    }

    /// The function `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Function> {
        self.0.get(name)
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.0.keys()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("params", &self.params)
            .field("variadic", &self.variadic)
            .finish_non_exhaustive()
    }
}

/// The functions of a program, by number.
#[derive(Debug)]
pub(crate) struct FunctionTable {
    numbers: HashMap<Str, u32>,
    functions: Vec<(Str, Function)>,
    include: Option<u32>,
    tpl: Option<u32>,
}

impl FunctionTable {
    pub(crate) fn new(functions: Functions) -> Self {
        let functions: Vec<(Str, Function)> = functions.0.into_iter().collect();
        let numbers: HashMap<Str, u32> =
            functions.iter().zip(0_u32..).map(|((name, _), number)| (name.clone(), number)).collect();
        let nesting = |name: &str| {
            let number = *numbers.get(name.as_bytes())?;
            let (_, function) = functions.get(number as usize)?;
            let fits = matches!(function.params, [name, data] if name.name == "string" && data.name == "interface {}");
            (fits && !function.variadic).then_some(number)
        };
        Self { include: nesting("include"), tpl: nesting("tpl"), numbers, functions }
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<(u32, &Function)> {
        let number = *self.numbers.get(name)?;
        Some((number, &self.functions.get(number as usize)?.1))
    }

    pub(crate) fn get(&self, number: u32) -> Option<&(Str, Function)> {
        self.functions.get(number as usize)
    }

    pub(crate) fn is_include(&self, number: u32) -> bool {
        self.include == Some(number)
    }

    pub(crate) fn is_tpl(&self, number: u32) -> bool {
        self.tpl == Some(number)
    }
}
