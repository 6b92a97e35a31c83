//! Conditions over objects, in CEL.

use std::fmt;
use std::sync::Arc;

use kube_cel::KubeCelExt as _;
use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr};
use kube_cel::cel::objects::{Key, Map as CelMap};
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, Value};
use pintle_value::{Data, DataMap};

use crate::ExpressionError;

/// How long the text of a condition may be, in bytes.
const TEXT: usize = 10 << 10;

/// How deeply a condition's text may nest (parentheses, lists, calls), and how many signs of operators it may have:
/// parser and evaluation go down by recursion for both, on a thread with a [`STACK`].
const NESTING: usize = 32;
const SIGNS: usize = 300;

/// How deep the tree of a condition may be: `a.b.c` and `1 + 2 + 3` are three deep.
const TREE: usize = 64;

/// The stack of that thread, in bytes; only what is used of it takes memory.
const STACK: usize = 64 << 20;

/// How many `all`, `exists`, `map` and `filter` may stand inside one another: each multiplies the time by the length of
/// a list, and CEL has no fuel.
const LOOPS: usize = 2;

/// How deeply objects may be nested.
const DEPTH: usize = 64;

/// Members that objects have at their top, where one that is not there is missing and no slip of the pen.
const MEMBERS: [&str; 6] = ["apiVersion", "data", "kind", "metadata", "spec", "status"];

/// A condition in [CEL](https://cel.dev) with the functions that Kubernetes adds to it: `status.phase == 'Ready'`.
///
/// It ends: the language has no recursion, and a condition with loops nested deeper than two is refused.
///
/// ```
/// use pintle_expressions::Condition;
/// use pintle_value::Data;
///
/// let object: Data = serde_json::from_str(r#"{"status": {"conditions": [{"type": "Ready", "status": "True"}]}}"#)?;
/// let ready = Condition::parse("status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')")?;
/// assert!(ready.holds(&object)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Condition {
    text: Arc<str>,
    expression: Arc<IdedExpr>,
}

impl Condition {
    /// Reads a condition. The error says what cannot be read, and where in the text.
    pub fn parse(text: impl Into<String>) -> Result<Self, ExpressionError> {
        let text = text.into();
        let refused = |reason: String| ExpressionError::Condition { text: text.clone(), reason };
        if text.len() > TEXT {
            let text = text.chars().take(80).collect();
            return Err(ExpressionError::Condition { text, reason: format!("is longer than {TEXT} bytes") });
        }
        if let Some(reason) = too_complex(&text) {
            return Err(refused(reason));
        }
        let parsed = apart(|| read(&text)).unwrap_or_else(|| Err("cannot be read".to_owned()));
        let expression = parsed.map_err(refused)?;
        Ok(Self { text: text.into(), expression: Arc::new(expression) })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the condition holds for an object, whose top-level members are the variables.
    ///
    /// A member that is missing is an error ([`ExpressionError::Missing`]) and not `false`; `has(status.phase)` asks for
    /// one.
    pub fn holds(&self, object: &Data) -> Result<bool, ExpressionError> {
        let empty = DataMap::default();
        let members = object.as_map().unwrap_or(&empty).iter();
        self.holds_for(members.map(|(name, data)| (name.to_str_lossy(), data)))
    }

    /// Whether the condition holds with these variables, such as `self` and `dep`.
    pub fn holds_for<N: AsRef<str> + Send>(
        &self,
        variables: impl IntoIterator<Item = (N, impl std::borrow::Borrow<Data>)>,
    ) -> Result<bool, ExpressionError> {
        let variables: Result<Vec<(N, Value)>, ExpressionError> =
            variables.into_iter().map(|(name, data)| Ok((name, self.to_cel(data.borrow(), 0)?))).collect();
        let variables = variables?;
        let evaluate = || {
            let mut context = Context::default().with_all();
            for (name, value) in variables {
                context.add_variable_from_value(name.as_ref(), value);
            }
            Value::resolve(&self.expression, &context)
        };
        let result = apart(evaluate).ok_or_else(|| self.failed("cannot be evaluated"))?;
        match result {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(self.failed(format!("gives {} and not a boolean", other.type_of()))),
            Err(ExecutionError::NoSuchKey(member)) => Err(self.missing(&member)),
            Err(ExecutionError::UndeclaredReference(name)) if MEMBERS.contains(&name.as_str()) => {
                Err(self.missing(&name))
            }
            Err(error) => Err(self.failed(reason(&error))),
        }
    }

    fn missing(&self, member: &str) -> ExpressionError {
        ExpressionError::Missing { text: self.text.to_string(), member: member.to_owned() }
    }

    fn failed(&self, reason: impl Into<String>) -> ExpressionError {
        ExpressionError::Condition { text: self.text.to_string(), reason: reason.into() }
    }

    fn to_cel(&self, data: &Data, depth: usize) -> Result<Value, ExpressionError> {
        if depth > DEPTH {
            return Err(self.failed(format!("meets an object that is nested deeper than {DEPTH}")));
        }
        Ok(match data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Int(value) => Value::Int(*value),
            // A whole number is an integer, as in what an API server sends.
            Data::Float(value) => data.as_i64().map_or(Value::Float(*value), Value::Int),
            Data::String(text) => Value::String(Arc::new(text.to_str_lossy().into_owned())),
            Data::List(list) => {
                let items: Result<Vec<Value>, _> =
                    list.iter().map(|item| self.to_cel(item, depth + 1)).collect();
                Value::List(Arc::new(items?))
            }
            Data::Map(map) => {
                let members: Result<_, ExpressionError> = map
                    .iter()
                    .map(|(key, data)| {
                        let key = Key::String(Arc::new(key.to_str_lossy().into_owned()));
                        Ok((key, self.to_cel(data, depth + 1)?))
                    })
                    .collect();
                Value::Map(CelMap { map: Arc::new(members?) })
            }
        })
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", self.text)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

/// Why an evaluation failed, without the values that took part in it: they may be secret.
fn reason(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => format!("names {name}, which is not defined"),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("calls a function with {actual} arguments that takes {expected}")
        }
        ExecutionError::FunctionError { function, .. } => format!("has a call of {function} that failed"),
        ExecutionError::UnexpectedType { got, want } => format!("has {got} where {want} belongs"),
        ExecutionError::IndexOutOfBounds(_) => "takes an item that the list does not have".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "divides by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "computes a number that is too large".to_owned(),
        _ => "has an operation whose operands are of the wrong type".to_owned(),
    }
}

/// Why a text is not even read: a parser that goes down by recursion would leave its stack.
fn too_complex(text: &str) -> Option<String> {
    let (mut depth, mut deepest, mut signs) = (0_usize, 0, 0);
    // Signs within strings count too: where a string ends is the parser's to say.
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '?' | ':' | '<' | '>' | '=' | '!' | '.' | '&' | '|' => signs += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > NESTING {
        return Some(format!("nests deeper than {NESTING}"));
    }
    (signs > SIGNS).then(|| format!("has more than {SIGNS} signs of operators"))
}

/// Does work of the CEL crate's on a thread of its own: parser and evaluation take up to some 100 KiB of stack for each
/// level, and what odd text may do to them stays there. `None` where it panicked, or where there is no thread to be had.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("cel".to_owned()).stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Reads a text, and refuses what would take too much to evaluate.
fn read(text: &str) -> Result<IdedExpr, String> {
    let expression = Parser::new().enable_optional_syntax(true).parse(text).map_err(|errors| {
        let reasons: Vec<&str> = errors.errors.iter().map(|error| error.msg.as_str()).collect();
        format!("cannot be read: {}", reasons.join("; "))
    })?;
    let Extent { depth, loops } = Extent::of(&expression);
    if depth > TREE {
        return Err(format!("is nested deeper than {TREE}"));
    }
    if loops > LOOPS {
        return Err(format!("has more than {LOOPS} loops inside one another"));
    }
    Ok(expression)
}

/// How deep a tree is, and how many loops stand inside one another at the deepest place.
#[derive(Clone, Copy, Default)]
struct Extent {
    depth: usize,
    loops: usize,
}

impl Extent {
    fn of(expression: &IdedExpr) -> Self {
        let below = match &expression.expr {
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Self::default(),
            Expr::Call(call) => Self::widest(call.target.as_deref().into_iter().chain(&call.args)),
            Expr::Comprehension(inner) => {
                let body = [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result];
                let mut body = Self::widest(body);
                body.loops += 1;
                body.max(Self::of(&inner.iter_range))
            }
            Expr::List(list) => Self::widest(&list.elements),
            Expr::Map(map) => Self::of_entries(map.entries.iter().map(|entry| &entry.expr)),
            Expr::Struct(shape) => Self::of_entries(shape.entries.iter().map(|entry| &entry.expr)),
            Expr::Select(select) => Self::of(&select.operand),
        };
        Self { depth: below.depth + 1, ..below }
    }

    fn of_entries<'a>(entries: impl Iterator<Item = &'a EntryExpr>) -> Self {
        let parts = entries.flat_map(|entry| match entry {
            EntryExpr::StructField(field) => [None, Some(&field.value)],
            EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)],
        });
        Self::widest(parts.flatten())
    }

    fn widest<'a>(parts: impl IntoIterator<Item = &'a IdedExpr>) -> Self {
        parts.into_iter().map(Self::of).fold(Self::default(), Self::max)
    }

    fn max(self, other: Self) -> Self {
        Self { depth: self.depth.max(other.depth), loops: self.loops.max(other.loops) }
    }
}
