//! What templates are compiled to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use pintle_value::{List, Map, Number, Str, Type, Value, types};

use crate::builtin::Builtin;
use crate::error::Place;
use crate::function::FunctionTable;
use crate::node::{NodeId, Nodes};
use crate::output::Position;
use crate::parse::{Parsed, parse};

/// A parsed text: what errors and output positions point into.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name that the text was parsed under.
    pub(crate) name: Str,
    pub(crate) text: Str,
    /// Where each node starts, in bytes from the start of the text.
    starts: Box<[u32]>,
    /// The parse tree is larger than all else that is kept of a text, and errors alone ask for it: it is dropped when
    /// the text is compiled and made once more for the first error.
    nodes: OnceLock<Nodes>,
    /// What the text was parsed with; `None` where there is no text.
    functions: Option<Arc<FunctionTable>>,
    /// Whether a pipeline in parentheses declares a variable.
    pub(crate) declares_in_parentheses: bool,
}

impl Source {
    /// What to keep of a text that was parsed with these functions.
    pub(crate) fn new(name: Str, text: Str, parsed: &Parsed, functions: &Arc<FunctionTable>) -> Self {
        Self {
            name,
            text,
            starts: parsed.nodes.starts(),
            nodes: OnceLock::new(),
            functions: Some(Arc::clone(functions)),
            declares_in_parentheses: parsed.declares_in_parentheses,
        }
    }

    /// Where a node starts, in bytes from the start of the text.
    pub(crate) fn start(&self, node: NodeId) -> u32 {
        self.starts.get(node.0 as usize).copied().unwrap_or(0)
    }

    /// The parse tree.
    pub(crate) fn nodes(&self) -> &Nodes {
        self.nodes.get_or_init(|| {
            // What was parsed once is parsed again; the nodes get the same numbers.
            let functions = self.functions.as_deref();
            let parsed = functions.and_then(|functions| parse(&self.name, &self.text, functions).ok());
            parsed.map(|parsed| parsed.nodes).unwrap_or_default()
        })
    }

    /// The line, from 1, and the column in bytes, from 0 (Go: `Tree.ErrorContext`).
    pub(crate) fn line_column(&self, pos: u32) -> (u32, u32) {
        let before = self.text.get(..pos as usize).unwrap_or(&self.text);
        let lines = memchr::memchr_iter(b'\n', before).count();
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (
            u32::try_from(lines + 1).unwrap_or(u32::MAX),
            u32::try_from(before.len() - start).unwrap_or(u32::MAX),
        )
    }

    /// The place that a byte of the text is at.
    pub(crate) fn position(&self, pos: u32) -> Position {
        let (line, column) = self.line_column(pos);
        Position { template: self.name.clone(), line, column: column + 1 }
    }

    pub(crate) fn place(&self, node: NodeId, template: &Str) -> Place {
        let (line, column) = self.line_column(self.start(node));
        let text = self.nodes().text(node, &self.text);
        Place {
            file: self.name.clone(),
            template: template.clone(),
            line,
            column,
            node: String::from_utf8_lossy(&text).into_owned(),
        }
    }
}

/// All templates of one text.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) templates: HashMap<Str, Arc<Template>>,
}

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Str,
    pub(crate) source: Arc<Source>,
    /// Whether the body is nothing but space, so that it does not replace another one.
    pub(crate) empty: bool,
    pub(crate) code: Vec<Op>,
    /// For each instruction the node that its errors point at; [`DYNAMIC`] where that depends on the run.
    pub(crate) at: Vec<u32>,
    /// How many variables it has, `$` and places for saved dots among them.
    pub(crate) slots: usize,
    pub(crate) constants: Vec<Constant>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) types: Vec<&'static Type>,
    pub(crate) ranges: Vec<Range>,
    pub(crate) names: Vec<Str>,
    pub(crate) variables: Vec<Candidates>,
    pub(crate) messages: Vec<String>,
}

impl Template {
    /// A template that writes nothing.
    pub(crate) fn nothing() -> Arc<Self> {
        static NOTHING: OnceLock<Arc<Template>> = OnceLock::new();
        Arc::clone(NOTHING.get_or_init(Self::make_nothing))
    }

    /// Gives back the room that its tables have left: templates are kept long, and there are many.
    pub(crate) fn shrink(&mut self) {
        self.code.shrink_to_fit();
        self.at.shrink_to_fit();
        self.constants.shrink_to_fit();
        self.chains.shrink_to_fit();
        self.ranges.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    fn make_nothing() -> Arc<Self> {
        let source = Source {
            name: Str::EMPTY,
            text: Str::EMPTY,
            starts: Box::default(),
            nodes: OnceLock::new(),
            functions: None,
            declares_in_parentheses: false,
        };
        Arc::new(Self {
            name: Str::EMPTY,
            source: Arc::new(source),
            empty: true,
            code: Vec::new(),
            at: Vec::new(),
            slots: 1,
            constants: Vec::new(),
            chains: Vec::new(),
            types: Vec::new(),
            ranges: Vec::new(),
            names: Vec::new(),
            variables: Vec::new(),
            messages: Vec::new(),
        })
    }
}

/// Names of fields, each of the value that the one before leads to.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) names: Box<[Str]>,
    /// Where each name was found in its map when it was last asked for. A hint and nothing more: runs on other threads
    /// write it too.
    places: Box<[AtomicU32]>,
}

impl Chain {
    pub(crate) fn new(names: &[Str]) -> Self {
        Self { names: names.into(), places: names.iter().map(|_| AtomicU32::new(0)).collect() }
    }

    /// The member of a map that the name at this index of the chain stands for, where there is one.
    #[inline]
    pub(crate) fn member(&self, index: usize, receiver: &Value) -> Option<Operand> {
        let (Value::Map(map), Some(name), Some(hint)) =
            (receiver, self.names.get(index), self.places.get(index))
        else {
            return None;
        };
        let known = hint.load(Ordering::Relaxed);
        let mut place = known as usize;
        let value = map.get_near(name, &mut place)?;
        if place != known as usize {
            hint.store(u32::try_from(place).unwrap_or(0), Ordering::Relaxed);
        }
        Some(Operand::element(value, map.go_type().elem))
    }
}

/// In [`Template::at`]: the node that evaluation of `and` or `or` ended with.
pub(crate) const DYNAMIC: u32 = u32::MAX;

/// The places that a variable may be in, where declarations stand in arguments of `and` and `or`: the first that is
/// set counts.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    pub(crate) name: Str,
    pub(crate) slots: Vec<u32>,
}

/// A constant of a template.
#[derive(Clone, Debug)]
pub(crate) enum Constant {
    /// Go's zero `reflect.Value`.
    Invalid,
    Bool(bool),
    Int(i64),
    Float(f64),
    Complex(f64, f64),
    Number(Number),
    String(Str),
    /// The zero value of a type that can be nil.
    Nil(&'static Type),
}

impl Constant {
    pub(crate) fn operand(&self) -> Operand {
        Operand::plain(match self {
            Self::Invalid => Value::Nil,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Complex(real, imaginary) => Value::Complex(std::rc::Rc::new((*real, *imaginary))),
            Self::Number(number) => Value::Number(*number),
            Self::String(text) => Value::String(text.clone()),
            Self::Nil(go_type) => return nil_of(go_type),
        })
    }
}

/// Go: `reflect.Zero` of a type that can be nil.
pub(crate) fn nil_of(go_type: &'static Type) -> Operand {
    match go_type.kind {
        pintle_value::Kind::Map => Operand::plain(Value::Map(Map::nil(go_type))),
        pintle_value::Kind::Slice => Operand::plain(Value::List(List::nil(go_type))),
        _ => Operand::wrapped(Value::Nil),
    }
}

/// Go: `reflect.Zero` of a map's element type.
pub(crate) fn zero_of(go_type: &'static Type) -> Operand {
    use pintle_value::Kind;
    Operand::plain(match go_type.kind {
        Kind::Bool => Value::Bool(false),
        Kind::Int => Value::Int(0),
        Kind::Float64 => Value::Float(0.0),
        Kind::String => Value::EMPTY,
        Kind::Int8 => Value::Number(Number::Int8(0)),
        Kind::Int16 => Value::Number(Number::Int16(0)),
        Kind::Int32 => Value::Number(Number::Int32(0)),
        Kind::Int64 => Value::Number(Number::Int64(0)),
        Kind::Uint | Kind::Uintptr => Value::Number(Number::Uint(0)),
        Kind::Uint8 => Value::Number(Number::Uint8(0)),
        Kind::Uint16 => Value::Number(Number::Uint16(0)),
        Kind::Uint32 => Value::Number(Number::Uint32(0)),
        Kind::Uint64 => Value::Number(Number::Uint64(0)),
        Kind::Float32 => Value::Number(Number::Float32(0.0)),
        _ => return nil_of(go_type),
    })
}

/// A value as a template's evaluation sees it: Go's `reflect.Value`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    pub(crate) wrap: Wrap,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// The value itself; with `Nil` Go's zero `reflect.Value`.
    #[default]
    Plain,
    /// The value in an `interface {}`, as maps and lists hold it; with `Nil` the nil interface.
    Interface,
    /// A variable that was not declared yet.
    Unset,
}

impl Operand {
    pub(crate) fn plain(value: Value) -> Self {
        Self { value, wrap: Wrap::Plain }
    }

    pub(crate) fn wrapped(value: Value) -> Self {
        Self { value, wrap: Wrap::Interface }
    }

    /// A value out of a map, list or field whose declared type is `elem`.
    pub(crate) fn element(value: Value, elem: Option<&'static Type>) -> Self {
        let wrap = match elem {
            Some(elem) if elem.kind != pintle_value::Kind::Interface => Wrap::Plain,
            _ => Wrap::Interface,
        };
        Self { value, wrap }
    }

    /// What a function gave. Of Go's types only `interface {}` has a nil that is no value of its own.
    pub(crate) fn result(value: Value) -> Self {
        if value.is_nil() { Self::wrapped(value) } else { Self::plain(value) }
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.wrap != Wrap::Interface && self.value.is_nil()
    }

    /// Go: `value.Type()` of a valid value.
    pub(crate) fn type_name(&self) -> &'static str {
        if self.wrap == Wrap::Interface {
            return types::ANY.name;
        }
        self.value.go_type().map_or("<nil>", |go_type| go_type.name)
    }
}

/// Where an iteration puts its key or value.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    None,
    Slot(u32),
    /// An index into [`Template::variables`].
    Any(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) index: Target,
    pub(crate) elem: Target,
    pub(crate) variables: u8,
    pub(crate) dot_slot: u32,
    pub(crate) else_pc: u32,
    pub(crate) exit_pc: u32,
}

/// How the value before the last `|` comes to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Final {
    None,
    /// It lies below the arguments on the stack, and is the last argument.
    Below,
}

/// An instruction. Numbers index the tables of [`Template`], or are addresses of instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Text(u32, u32),
    Constant(u32),
    Dot,
    Variable(u32),
    AnyVariable(u32),
    DotFields(u32),
    VariableFields(u32, u32),
    /// With the node that errors of methods point at.
    Fields(u32, u32),
    /// The end of a command: an `interface {}` becomes what is in it.
    Unwrap,
    Store(u32),
    StoreAny(u32),
    Unset(u32, u32),
    Pop,
    /// With the place in the source that what is written comes from.
    Print(u32),
    Check {
        type_: u32,
        depth: u32,
    },
    Call {
        function: u32,
        args: u32,
        last: Final,
    },
    Builtin {
        builtin: Builtin,
        args: u32,
        last: Final,
    },
    /// `call`, with the name of the function in [`Template::messages`].
    CallValue {
        name: u32,
        args: u32,
        last: Final,
    },
    /// `include`: the result is pushed.
    Include {
        function: u32,
        last: Final,
    },
    /// `include` whose result would be printed as it is.
    IncludeHere {
        function: u32,
        last: Final,
    },
    Tpl {
        function: u32,
        last: Final,
    },
    And {
        target: u32,
        last: Final,
    },
    Or {
        target: u32,
        last: Final,
    },
    /// Sets the node of [`DYNAMIC`].
    At,
    /// Finds a method; `end` is where to go on where there is nothing to find it in.
    Method {
        name: u32,
        args: u32,
        last: Final,
        end: u32,
    },
    MethodCheck(u32),
    MethodLiteral(u32),
    MethodCall {
        name: u32,
        args: u32,
        last: Final,
    },
    Jump(u32),
    JumpIfFalse(u32),
    With {
        slot: u32,
        else_pc: u32,
    },
    RestoreDot(u32),
    RangeStart(u32),
    RangeNext(u32),
    RangeBreak(u32),
    TemplateCheck(u32),
    Template(u32),
    Fail(u32),
}
