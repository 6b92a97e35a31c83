//! The executor: a machine with stacks of its own, so that depth ends in Go's errors and never in the process's.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use pintle_value::{Kind, List, Object, Str, Type, Value};

use crate::code::{Constant, DYNAMIC, Final, Op, Operand, Range, Target, Template, Unit, Wrap};
use crate::compile::{Literal, can_be_nil, typed_literal};
use crate::error::{Error, ErrorKind, Limit};
use crate::execution::{Execution, limit};
use crate::field::{Method, field};
use crate::function::{Call, CallError};
use crate::node::NodeId;
use crate::output::Output;
use crate::program::{Inner, no_template, parse_unit};

/// Go: `text/template/exec.go`, `maxExecDepth`.
const MAX_TEMPLATE_DEPTH: u32 = 100_000;

/// Helm: `pkg/engine/engine.go`, `recursionMaxNums`.
const MAX_INCLUDED: u32 = 1_000;

/// How often functions may run templates through [`Call`] inside of each other. That needs native stack.
const MAX_NATIVE_DEPTH: u32 = 40;

/// How deep `tpl` may nest. Helm has no limit but its stack, which ends the process.
const MAX_TPL_DEPTH: u32 = 10_000;

/// What a `tpl` text changes for the templates that it runs.
struct Layer {
    /// The text itself, under the name of the set.
    main: Arc<Template>,
    definitions: Option<Rc<Definitions>>,
    depth: u32,
}

/// Definitions that `tpl` texts added to those of their callers.
struct Definitions {
    unit: Arc<Unit>,
    outer: Option<Rc<Definitions>>,
}

/// A template that is running.
struct Frame {
    template: Arc<Template>,
    pc: usize,
    /// Where its variables begin on the stack.
    base: usize,
    loops: usize,
    methods: usize,
    dot: Operand,
    /// How many `template` actions are around, since the last `include`.
    depth: u32,
    layer: Option<Rc<Layer>>,
    kind: FrameKind,
    /// The node that errors of its caller's call point at.
    call: u32,
}

enum FrameKind {
    /// Started from outside.
    Root,
    /// By the action `template`.
    Template,
    /// By `include`: what it writes from `start` on becomes a string, or stays where it is.
    Include {
        start: usize,
        here: bool,
        count: usize,
        function: u32,
    },
    Tpl {
        start: usize,
        text: Str,
        function: u32,
    },
}

enum Loop {
    List { list: List, at: usize },
    Map(std::vec::IntoIter<(Str, Value)>, Option<&'static Type>),
    Number { next: u64, end: u64, like: Value },
    Sequence(pintle_value::Sequence),
}

/// A method whose arguments are being evaluated.
struct Pending {
    object: Rc<dyn Object>,
    params: &'static [&'static Type],
    variadic: bool,
    args: u32,
}

enum Flow {
    /// Another template was begun.
    Called,
    Returned,
}

type Result<T> = std::result::Result<T, Error>;

pub(crate) struct Machine<'a, 'h> {
    program: &'a Inner,
    pub(crate) run: &'a mut Execution<'h>,
    out: &'a mut Output,
    frame: Frame,
    frames: Vec<Frame>,
    pub(crate) stack: Vec<Operand>,
    loops: Vec<Loop>,
    methods: Vec<Pending>,
    scratch: Vec<Value>,
    /// The node that `and` or `or` ended with.
    at: u32,
    /// How many strings are being collected at the end of the output.
    collecting: u32,
    native: u32,
}

impl<'a, 'h> Machine<'a, 'h> {
    pub(crate) fn new(program: &'a Inner, run: &'a mut Execution<'h>, out: &'a mut Output) -> Self {
        let nothing = Template::nothing();
        Self {
            program,
            run,
            out,
            frame: Frame::new(nothing, 0, Operand::default(), None, FrameKind::Root),
            frames: Vec::new(),
            stack: Vec::with_capacity(64),
            loops: Vec::new(),
            methods: Vec::new(),
            scratch: Vec::new(),
            at: 0,
            collecting: 0,
            native: 0,
        }
    }

    pub(crate) fn execute(mut self, template: &Arc<Template>, dot: &Value) -> Result<()> {
        self.frame = Frame::new(Arc::clone(template), 0, Operand::plain(dot.clone()), None, FrameKind::Root);
        self.enter();
        self.run()
    }

    /// Makes room for the variables of the template that begins.
    fn enter(&mut self) {
        let slots = self.frame.template.slots;
        self.frame.base = self.stack.len();
        self.frame.loops = self.loops.len();
        self.frame.methods = self.methods.len();
        self.stack.push(self.frame.dot.clone());
        self.stack.resize_with(self.frame.base + slots, Operand::default);
    }

    fn begin(&mut self, frame: Frame) -> Result<()> {
        if self.frames.len() >= self.run.limits.depth {
            let depth = self.run.limits.depth;
            return Err(limit(Limit::Depth, format!("templates nest deeper than {depth}")));
        }
        self.frames.push(std::mem::replace(&mut self.frame, frame));
        self.enter();
        Ok(())
    }

    /// Leaves the frame that runs, for the one around it.
    fn leave(&mut self) -> Option<FrameKind> {
        let around = self.frames.pop()?;
        self.stack.truncate(self.frame.base);
        self.loops.truncate(self.frame.loops);
        self.methods.truncate(self.frame.methods);
        Some(std::mem::replace(&mut self.frame, around).kind)
    }

    /// Runs until the template that was started from outside ends.
    fn run(&mut self) -> Result<()> {
        loop {
            let template = Arc::clone(&self.frame.template);
            match self.run_template(&template) {
                Ok(Flow::Called) => {}
                Ok(Flow::Returned) => {
                    if matches!(self.frame.kind, FrameKind::Root) {
                        return Ok(());
                    }
                    self.returned()?;
                }
                Err(error) => self.unwind(error)?,
            }
        }
    }

    /// Gives the result of a template that ended to the one that called it.
    fn returned(&mut self) -> Result<()> {
        match self.leave() {
            Some(FrameKind::Include { start, here, count, .. }) => {
                self.included(count);
                if !here {
                    let text = self.collected(start);
                    self.stack.push(Operand::plain(Value::String(text)));
                }
            }
            Some(FrameKind::Tpl { start, .. }) => {
                let text = without_no_value(self.collected(start));
                self.stack.push(Operand::plain(Value::String(text)));
            }
            _ => {}
        }
        Ok(())
    }

    fn included(&mut self, count: usize) {
        if let Some(count) = self.run.counts.get_mut(count) {
            *count = count.saturating_sub(1);
        }
    }

    fn collected(&mut self, start: usize) -> Str {
        self.collecting -= 1;
        let text = Str::from_bytes(self.out.bytes.get(start..).unwrap_or_default());
        self.out.bytes.truncate(start);
        text
    }

    /// Carries an error out to where the run was started, through all calls around.
    fn unwind(&mut self, mut error: Error) -> Result<()> {
        loop {
            if matches!(self.frame.kind, FrameKind::Root) {
                return Err(error);
            }
            let call = self.frame.call;
            let prefix = match self.leave() {
                Some(FrameKind::Include { here, count, function, .. }) => {
                    self.included(count);
                    self.collecting -= u32::from(!here);
                    Some((function, String::new()))
                }
                Some(FrameKind::Tpl { text, function, .. }) => {
                    self.collecting -= 1;
                    let text = pintle_value::quoted(&text);
                    Some((function, format!("error during tpl function execution for {text}: ")))
                }
                _ => None,
            };
            if let Some((function, prefix)) = prefix {
                error = self.call_failed(function, call, prefix, error);
            }
        }
    }

    fn call_failed(&self, function: u32, call: u32, prefix: String, error: Error) -> Error {
        if matches!(error.kind(), ErrorKind::Limit(_) | ErrorKind::Cancelled) {
            return error;
        }
        let error = if prefix.is_empty() { error } else { error.within(prefix, None) };
        let name = self.program.functions.get(function).map(|(name, _)| name.to_string()).unwrap_or_default();
        let (head, place) = self.head(&self.frame.template, call);
        error.within(format!("{head}error calling {name}: "), Some(place))
    }

    /// What an error at this node begins with.
    fn head(&self, template: &Template, node: u32) -> (String, crate::Place) {
        let node = if node == DYNAMIC { self.at } else { node };
        let place = template.source.place(NodeId(node), &template.name);
        let executing = pintle_value::quoted(&template.name);
        let head = format!(
            "template: {}:{}:{}: executing {executing} at <{}>: ",
            place.file, place.line, place.column, place.node
        );
        (head, place)
    }

    fn error_at(&self, template: &Template, node: u32, message: impl std::fmt::Display) -> Error {
        let (head, place) = self.head(template, node);
        Error::new(ErrorKind::Execute, format!("{head}{message}"), Some(place))
    }

    /// An error at the node of the instruction before `pc`.
    fn fault(&self, template: &Template, message: impl std::fmt::Display) -> Error {
        let node = template.at.get(self.frame.pc.saturating_sub(1)).copied().unwrap_or(0);
        self.error_at(template, node, message)
    }

    fn pop(&mut self) -> Operand {
        self.stack.pop().unwrap_or_default()
    }

    fn variable(&self, slot: u32) -> Option<&Operand> {
        self.stack.get(self.frame.base + slot as usize)
    }

    fn set_variable(&mut self, slot: u32, operand: Operand) {
        if let Some(variable) = self.stack.get_mut(self.frame.base + slot as usize) {
            *variable = operand;
        }
    }

    /// The first of these slots that is set.
    fn any_slot(&self, template: &Template, any: u32) -> Result<u32> {
        let candidates = template.variables.get(any as usize);
        let set = |slot: &&u32| {
            **slot != u32::MAX && self.variable(**slot).is_some_and(|variable| variable.wrap != Wrap::Unset)
        };
        match candidates.and_then(|candidates| candidates.slots.iter().find(set)) {
            Some(slot) => Ok(*slot),
            None => {
                let name = candidates.map(|candidates| candidates.name.to_string()).unwrap_or_default();
                Err(self.fault(template, format_args!("undefined variable: {name}")))
            }
        }
    }

    fn run_template(&mut self, template: &Arc<Template>) -> Result<Flow> {
        loop {
            let Some(op) = template.code.get(self.frame.pc) else { return Ok(Flow::Returned) };
            self.frame.pc += 1;
            self.run.step()?;
            match *op {
                Op::Text(start, end) => {
                    if self.collecting == 0 {
                        self.out.mark(&template.source, start, true);
                    }
                    let text = template.source.text.get(start as usize..end as usize).unwrap_or_default();
                    self.out.bytes.extend_from_slice(text);
                    self.check_output()?;
                }
                Op::Constant(index) => {
                    let constant = template.constants.get(index as usize).unwrap_or(&Constant::Invalid);
                    self.stack.push(constant.operand());
                }
                Op::Dot => self.stack.push(self.frame.dot.clone()),
                Op::Variable(slot) => {
                    let value = self.variable(slot).cloned().unwrap_or_default();
                    self.stack.push(value);
                }
                Op::AnyVariable(any) => {
                    let slot = self.any_slot(template, any)?;
                    let value = self.variable(slot).cloned().unwrap_or_default();
                    self.stack.push(value);
                }
                Op::DotFields(chain) => {
                    let value = self.fields(template, Start::Dot, chain, None)?;
                    self.stack.push(value);
                }
                Op::VariableFields(slot, chain) => {
                    let value = self.fields(template, Start::Variable(slot), chain, None)?;
                    self.stack.push(value);
                }
                Op::Fields(chain, node) => {
                    let receiver = self.pop();
                    let value = self.fields(template, Start::Operand(receiver), chain, Some(node))?;
                    self.stack.push(value);
                }
                Op::Unwrap => {
                    if let Some(top) = self.stack.last_mut() {
                        top.wrap = Wrap::Plain;
                    }
                }
                Op::Store(slot) => {
                    if let Some(top) = self.stack.last() {
                        let value = Operand::plain(top.value.clone());
                        self.set_variable(slot, value);
                    }
                }
                Op::StoreAny(any) => {
                    let slot = self.any_slot(template, any)?;
                    if let Some(top) = self.stack.last() {
                        let value = Operand::plain(top.value.clone());
                        self.set_variable(slot, value);
                    }
                }
                Op::Unset(from, to) => {
                    for slot in from..to {
                        self.set_variable(slot, Operand { value: Value::Nil, wrap: Wrap::Unset });
                    }
                }
                Op::Pop => _ = self.stack.pop(),
                Op::Print => self.print(template)?,
                Op::Check { type_, depth } => {
                    if let Some(go_type) = template.types.get(type_ as usize).copied() {
                        self.check(template, go_type, depth)?;
                    }
                }
                Op::Call { function, args, last } => {
                    self.rotate(args, last);
                    self.call(template, function, args + u32::from(last == Final::Below))?;
                }
                Op::Builtin { builtin, args, last } => {
                    self.rotate(args, last);
                    let count = args as usize + usize::from(last == Final::Below);
                    let from = self.stack.len().saturating_sub(count);
                    let args: &[Operand] = self.stack.get(from..).unwrap_or_default();
                    match builtin.call(args, self.run.limits.output) {
                        Ok(value) => {
                            self.stack.truncate(from);
                            self.made(&value.value)?;
                            self.stack.push(value);
                        }
                        Err(message) => {
                            let error = CallError::new(message);
                            return Err(self.function_failed(template, &Str::from(builtin.name()), error));
                        }
                    }
                }
                Op::CallValue { name, args, last } => {
                    self.rotate(args, last);
                    self.call_value(template, name, args + u32::from(last == Final::Below))?;
                }
                Op::Include { function, last } => {
                    self.rotate(1, last);
                    self.include(template, function, false)?;
                    return Ok(Flow::Called);
                }
                Op::IncludeHere { function, last } => {
                    self.rotate(1, last);
                    self.include(template, function, true)?;
                    return Ok(Flow::Called);
                }
                Op::Tpl { function, last } => {
                    self.rotate(1, last);
                    if self.tpl(template, function)? {
                        return Ok(Flow::Called);
                    }
                }
                Op::And { target, last } => self.short_circuit(template, target, last, false),
                Op::Or { target, last } => self.short_circuit(template, target, last, true),
                Op::At => self.note_at(template),
                Op::Method { name, args, last, end } => self.method(template, name, args, last, end)?,
                Op::MethodCheck(at) => {
                    if let Some((go_type, depth)) = self.method_param(at) {
                        self.check(template, go_type, depth)?;
                    }
                }
                Op::MethodLiteral(at) => self.method_literal(template, at)?,
                Op::MethodCall { name, args, last } => {
                    self.rotate(args, last);
                    self.method_call(template, name, args + u32::from(last == Final::Below))?;
                }
                Op::Jump(target) => self.frame.pc = target as usize,
                Op::JumpIfFalse(target) => {
                    if !self.pop().value.is_true() {
                        self.frame.pc = target as usize;
                    }
                }
                Op::With { slot, else_pc } => {
                    let mut value = self.pop();
                    if value.value.is_true() {
                        value.wrap = Wrap::Plain;
                        let dot = std::mem::replace(&mut self.frame.dot, value);
                        self.set_variable(slot, dot);
                    } else {
                        self.frame.pc = else_pc as usize;
                    }
                }
                Op::RestoreDot(slot) => {
                    if let Some(variable) = self.stack.get_mut(self.frame.base + slot as usize) {
                        self.frame.dot = std::mem::take(variable);
                    }
                }
                Op::RangeStart(range) => {
                    if let Some(range) = template.ranges.get(range as usize) {
                        self.range_start(template, range)?;
                    }
                }
                Op::RangeNext(range) => {
                    if let Some(range) = template.ranges.get(range as usize) {
                        self.range_next(template, range)?;
                    }
                }
                Op::RangeBreak(range) => {
                    if let Some(range) = template.ranges.get(range as usize) {
                        self.range_end(range);
                    }
                }
                Op::TemplateCheck(name) => {
                    let Some(name) = template.names.get(name as usize) else { continue };
                    if self.lookup(name).is_none() {
                        let name = pintle_value::quoted(name);
                        return Err(self.fault(template, format_args!("template {name} not defined")));
                    }
                    if self.frame.depth == MAX_TEMPLATE_DEPTH {
                        let message = format!("exceeded maximum template depth ({MAX_TEMPLATE_DEPTH})");
                        return Err(self.fault(template, message));
                    }
                }
                Op::Template(name) => {
                    let mut dot = self.pop();
                    dot.wrap = Wrap::Plain;
                    let Some(callee) = template.names.get(name as usize).and_then(|name| self.lookup(name))
                    else {
                        continue;
                    };
                    let depth = self.frame.depth + 1;
                    let layer = self.frame.layer.clone();
                    self.begin(Frame::new(callee, depth, dot, layer, FrameKind::Template))?;
                    return Ok(Flow::Called);
                }
                Op::Fail(message) => {
                    let message = template.messages.get(message as usize).map_or("", String::as_str);
                    return Err(self.fault(template, message));
                }
            }
        }
    }

    #[inline]
    fn check_output(&self) -> Result<()> {
        let most = self.run.limits.output;
        if self.out.bytes.len() > most {
            return Err(limit(Limit::Output, format!("templates wrote more than {most} bytes")));
        }
        Ok(())
    }

    /// Brings the value of the pipeline, which lies below the arguments, behind them.
    fn rotate(&mut self, args: u32, last: Final) {
        if last == Final::Below {
            let from = self.stack.len().saturating_sub(args as usize + 1);
            if let Some(args) = self.stack.get_mut(from..) {
                args.rotate_left(1);
            }
        }
    }

    fn lookup(&self, name: &Str) -> Option<Arc<Template>> {
        let program = self.program.definitions.get(name);
        let Some(layer) = &self.frame.layer else { return program.map(Arc::clone) };
        if *name == self.program.name {
            return Some(Arc::clone(&layer.main));
        }
        let mut empty = None;
        let mut definitions = layer.definitions.as_ref();
        while let Some(current) = definitions {
            match current.unit.templates.get(name) {
                Some(template) if template.empty => empty = Some(template), // hides nothing
                Some(template) => return Some(Arc::clone(template)),
                None => {}
            }
            definitions = current.outer.as_ref();
        }
        program.or(empty).map(Arc::clone)
    }

    /// The layer of a `tpl` text on top of that of its caller.
    fn layer(&self, main: &Arc<Template>, unit: Arc<Unit>) -> Result<Rc<Layer>> {
        let outer = self.frame.layer.as_ref();
        let depth = outer.map_or(0, |layer| layer.depth) + 1;
        if depth > MAX_TPL_DEPTH {
            return Err(limit(Limit::Depth, format!("tpl nests deeper than {MAX_TPL_DEPTH}")));
        }
        let mut definitions = outer.and_then(|layer| layer.definitions.clone());
        if unit.templates.len() > 1 {
            definitions = Some(Rc::new(Definitions { unit, outer: definitions }));
        }
        Ok(Rc::new(Layer { main: Arc::clone(main), definitions, depth }))
    }

    // Writing.

    fn print(&mut self, template: &Arc<Template>) -> Result<()> {
        let operand = self.pop();
        if self.collecting == 0 {
            let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
            let pos = template.source.nodes.get(NodeId(node)).pos;
            self.out.mark(&template.source, pos, false);
        }
        match &operand.value {
            Value::String(text) => self.out.bytes.extend_from_slice(text),
            Value::Nil => self.out.bytes.extend_from_slice(b"<no value>"),
            value => {
                if let Kind::Chan | Kind::Func = value.kind() {
                    let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
                    let text = template.source.place(NodeId(node), &template.name).node;
                    let go_type = operand.type_name();
                    return Err(self.fault(template, format_args!("can't print {text} of type {go_type}")));
                }
                let most = self.run.limits.output.saturating_sub(self.out.bytes.len());
                if let Err(error) = pintle_value::print(&mut self.out.bytes, value, most) {
                    return Err(self.fault(template, error));
                }
            }
        }
        self.check_output()
    }

    // Fields and methods.

    fn fields(
        &mut self,
        template: &Template,
        start: Start,
        chain: u32,
        call: Option<u32>,
    ) -> Result<Operand> {
        let Some(names) = template.chains.get(chain as usize) else { return Ok(Operand::default()) };
        let Some((first, rest)) = names.split_first() else { return Ok(Operand::default()) };
        let mut receiver = match start {
            Start::Dot => member(&self.frame.dot.value, first),
            Start::Variable(slot) => self.variable(slot).and_then(|variable| member(&variable.value, first)),
            Start::Operand(ref operand) => member(&operand.value, first),
        };
        if receiver.is_none() {
            receiver = Some(match start {
                Start::Dot => self.field(template, &self.frame.dot.clone(), first, call)?,
                Start::Variable(slot) => {
                    let variable = self.variable(slot).cloned().unwrap_or_default();
                    self.field(template, &variable, first, call)?
                }
                Start::Operand(operand) => self.field(template, &operand, first, call)?,
            });
        }
        let mut value = receiver.unwrap_or_default();
        for name in rest {
            value = match member(&value.value, name) {
                Some(found) => found,
                None => self.field(template, &value, name, call)?,
            };
        }
        Ok(value)
    }

    /// Go: `evalField`, without arguments.
    #[cold]
    fn field(&mut self, template: &Template, receiver: &Operand, name: &Str, call: Option<u32>) -> Result<Operand> {
        let found = field(receiver, name, self.run.missing_key, false);
        self.found(template, found, name, call)
    }

    fn found(
        &mut self,
        template: &Template,
        found: std::result::Result<Method, String>,
        name: &Str,
        call: Option<u32>,
    ) -> Result<Operand> {
        match found {
            Ok(Method::Value(value)) => Ok(value),
            Ok(Method::Method { object, params, variadic }) => {
                self.arity(template, name, params.len(), variadic, 0, 0)?;
                let result = object.call(&name.to_str_lossy(), &[]);
                let node = call.or_else(|| template.at.get(self.frame.pc - 1).copied()).unwrap_or(0);
                self.method_result(template, name, node, result)
            }
            Err(message) => Err(self.fault(template, message)),
        }
    }

    fn method_result(
        &mut self,
        template: &Template,
        name: &Str,
        node: u32,
        result: std::result::Result<Value, pintle_value::MethodError>,
    ) -> Result<Operand> {
        match result {
            Ok(value) => {
                self.made(&value)?;
                Ok(Operand::result(value))
            }
            Err(error) => {
                let (head, place) = self.head(template, node);
                let inner = Error::new(ErrorKind::Execute, error.to_string(), None);
                Err(inner.within(format!("{head}error calling {name}: "), Some(place)))
            }
        }
    }

    fn arity(
        &self,
        template: &Template,
        name: &Str,
        params: usize,
        variadic: bool,
        given: usize,
        count: usize,
    ) -> Result<()> {
        if variadic && count + 1 < params {
            let message =
                format!("wrong number of args for {name}: want at least {} got {given}", params - 1);
            return Err(self.fault(template, message));
        }
        if !variadic && count != params {
            return Err(self.fault(
                template,
                format_args!("wrong number of args for {name}: want {params} got {count}"),
            ));
        }
        Ok(())
    }

    fn method(&mut self, template: &Template, name: u32, args: u32, last: Final, end: u32) -> Result<()> {
        let Some(name) = template.names.get(name as usize) else { return Ok(()) };
        let receiver = self.pop();
        match field(&receiver, name, self.run.missing_key, true) {
            Ok(Method::Method { object, params, variadic }) => {
                let count = args + u32::from(last == Final::Below);
                self.arity(template, name, params.len(), variadic, args as usize, count as usize)?;
                self.methods.push(Pending { object, params, variadic, args });
                Ok(())
            }
            Ok(Method::Value(value)) => {
                // Only nothing takes arguments and is no method (Go: `evalField` returns `zero` before it looks).
                if last == Final::Below {
                    self.pop();
                }
                self.stack.push(value);
                self.frame.pc = end as usize;
                Ok(())
            }
            Err(message) => Err(self.fault(template, message)),
        }
    }

    /// The type of an argument of the method that is being called, and how far below the top of the stack it is.
    fn method_param(&self, at: u32) -> Option<(&'static Type, u32)> {
        let pending = self.methods.last()?;
        let (at, depth) = if at == u32::MAX { (pending.args, pending.args) } else { (at, 0) };
        let at = at as usize;
        let fixed = pending.params.len() - usize::from(pending.variadic);
        let param = if at < fixed { pending.params.get(at) } else { pending.params.last() };
        param.map(|go_type| (*go_type, depth))
    }

    fn method_literal(&mut self, template: &Template, at: u32) -> Result<()> {
        let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        let literal = template.source.nodes.kind(NodeId(node));
        let Some((go_type, _)) = self.method_param(at) else { return Ok(()) };
        if let crate::node::NodeKind::Nil = literal {
            if !can_be_nil(go_type.kind) {
                return Err(self.fault(template, format_args!("cannot assign nil to {go_type}")));
            }
            self.stack.push(crate::code::nil_of(go_type));
            return Ok(());
        }
        let constant = match typed_literal(literal, go_type) {
            Literal::Constant(constant) => constant,
            Literal::Untyped => match crate::compile::untyped_literal(literal) {
                Ok(constant) => constant,
                Err(message) => return Err(self.fault(template, message)),
            },
            Literal::Expected(what) => {
                let text = template.source.place(NodeId(node), &template.name).node;
                return Err(self.fault(template, format_args!("expected {what}; found {text}")));
            }
            Literal::Unhandled => {
                let text = template.source.place(NodeId(node), &template.name).node;
                let message = format!("can't handle {text} for arg of type {go_type}");
                return Err(self.fault(template, message));
            }
        };
        self.stack.push(constant.operand());
        Ok(())
    }

    fn method_call(&mut self, template: &Template, name: u32, count: u32) -> Result<()> {
        let (Some(pending), Some(name)) = (self.methods.pop(), template.names.get(name as usize)) else {
            return Ok(());
        };
        let from = self.stack.len().saturating_sub(count as usize);
        let args: Vec<Value> = self.stack.drain(from..).map(|operand| operand.value).collect();
        let result = pending.object.call(&name.to_str_lossy(), &args);
        let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        let value = self.method_result(template, name, node, result)?;
        self.stack.push(value);
        Ok(())
    }

    /// Go: `validateType` of the value `depth` below the top of the stack.
    fn check(&mut self, template: &Template, go_type: &'static Type, depth: u32) -> Result<()> {
        let place = self.stack.len().wrapping_sub(depth as usize + 1);
        let Some(operand) = self.stack.get_mut(place) else { return Ok(()) };
        if go_type.kind == Kind::Interface && go_type.name == "interface {}" {
            return Ok(());
        }
        if operand.value.is_nil() {
            if operand.wrap == Wrap::Interface {
                let message = format!("wrong type for value; expected {go_type}; got interface {{}}");
                return Err(self.fault(template, message));
            }
            if can_be_nil(go_type.kind) {
                *operand = crate::code::nil_of(go_type);
                return Ok(());
            }
            return Err(self.fault(template, format_args!("invalid value; expected {go_type}")));
        }
        let Some(actual) = operand.value.go_type() else { return Ok(()) };
        if std::ptr::eq(actual, go_type) || actual == go_type {
            return Ok(());
        }
        if assignable(actual, go_type) {
            if let Value::Map(map) = &operand.value {
                operand.value = Value::Map(map.retyped(go_type));
            }
            return Ok(());
        }
        if actual.kind == Kind::Ptr && actual.elem.is_some_and(|elem| assignable(elem, go_type)) {
            if operand.value.is_true() {
                return Ok(());
            }
            return Err(self.fault(template, format_args!("dereference of nil pointer of type {go_type}")));
        }
        let message = format!("wrong type for value; expected {go_type}; got {actual}");
        Err(self.fault(template, message))
    }

    // Functions.

    /// Counts what a function made.
    #[inline]
    fn made(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::String(text) if text.len() > 22 => self.run.made(text.len()),
            Value::List(list) => self.run.made(list.len() * size_of::<Value>()),
            _ => Ok(()),
        }
    }

    fn call(&mut self, template: &Template, number: u32, count: u32) -> Result<()> {
        let program = self.program;
        let Some((name, function)) = program.functions.get(number) else { return Ok(()) };
        let from = self.stack.len().saturating_sub(count as usize);
        let mut args = std::mem::take(&mut self.scratch);
        args.extend(self.stack.drain(from..).map(|operand| operand.value));
        let result = (function.handler)(self, &args);
        args.clear();
        self.scratch = args;
        if let Some(error) = self.run.aborted.take() {
            return Err(error);
        }
        match result {
            Ok(value) => {
                self.made(&value)?;
                self.stack.push(Operand::result(value));
                Ok(())
            }
            Err(error) => Err(self.function_failed(template, name, error)),
        }
    }

    #[cold]
    fn function_failed(&self, template: &Template, name: &Str, error: CallError) -> Error {
        let node = template.at.get(self.frame.pc.saturating_sub(1)).copied().unwrap_or(0);
        let (head, place) = self.head(template, node);
        let inner = match error {
            CallError::Message(text) | CallError::Panic(text) => {
                Error::new(ErrorKind::Execute, text.to_string(), None)
            }
            CallError::Template { prefix, error } if prefix.is_empty() => *error,
            CallError::Template { prefix, error } => error.within(prefix.to_string(), None),
        };
        inner.within(format!("{head}error calling {name}: "), Some(place))
    }

    /// The built-in function `call` (Go: `text/template/funcs.go`, `call`).
    fn call_value(&mut self, template: &Template, name: u32, count: u32) -> Result<()> {
        let callee = template.messages.get(name as usize).map_or("", String::as_str);
        let from = self.stack.len().saturating_sub(count as usize);
        let mut args: Vec<Value> = self.stack.drain(from..).map(|operand| operand.value).collect();
        let function = if args.is_empty() { Value::Nil } else { args.remove(0) };
        match crate::field::call_function(callee, &function, args) {
            Ok(value) => {
                self.made(&value)?;
                self.stack.push(Operand::result(value));
                Ok(())
            }
            Err(error) => Err(self.function_failed(template, &Str::from("call"), error)),
        }
    }

    fn include(&mut self, template: &Template, function: u32, here: bool) -> Result<()> {
        let data = self.pop();
        let name = self.pop();
        let call = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        let name = name.value.as_str().cloned().unwrap_or_default();
        let (callee, count) = match self.count_include(&name) {
            Ok(counted) => counted,
            Err(error) => return Err(self.call_failed(function, call, String::new(), error)),
        };
        let start = self.out.bytes.len();
        self.collecting += u32::from(!here);
        let layer = self.frame.layer.clone();
        let kind = FrameKind::Include { start, here, count, function };
        let mut frame = Frame::new(callee, 0, Operand::plain(data.value), layer, kind);
        frame.call = call;
        self.begin(frame)
    }

    /// Helm: `pkg/engine/engine.go`, `includeFun`. Gives the template, and where its name is counted.
    fn count_include(&mut self, name: &Str) -> Result<(Arc<Template>, usize)> {
        let place = match self.run.included.get(name) {
            Some(place) => *place,
            None => {
                let place = self.run.counts.len();
                self.run.included.insert(name.clone(), place);
                self.run.counts.push(0);
                place
            }
        };
        let Some(count) = self.run.counts.get_mut(place) else {
            return Err(no_template(name, &self.program.name));
        };
        if *count > MAX_INCLUDED {
            let text =
                format!("rendering template has a nested reference name: {name}: unable to execute template");
            return Err(Error::new(ErrorKind::Execute, text, None));
        }
        *count += 1;
        match self.lookup(name) {
            Some(template) => Ok((template, place)),
            None => {
                self.included(place);
                Err(no_template(name, &self.program.name))
            }
        }
    }

    /// Helm: `pkg/engine/engine.go`, `tplFun`. Gives whether a template was begun.
    fn tpl(&mut self, template: &Template, function: u32) -> Result<bool> {
        let data = self.pop();
        let text = self.pop();
        let call = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        let text = text.value.as_str().cloned().unwrap_or_default();
        if memchr::memmem::find(&text, b"{{").is_none() {
            self.stack.push(Operand::plain(Value::String(without_no_value(text))));
            return Ok(false);
        }
        let unit = match self.parse_tpl(&text) {
            Ok(unit) => unit,
            Err((prefix, error)) => return Err(self.call_failed(function, call, prefix, error)),
        };
        let Some(main) = unit.templates.get(&self.program.name).map(Arc::clone) else { return Ok(false) };
        let layer = self.layer(&main, unit)?;
        let start = self.out.bytes.len();
        self.collecting += 1;
        let kind = FrameKind::Tpl { start, text, function };
        let mut frame = Frame::new(main, 0, Operand::plain(data.value), Some(layer), kind);
        frame.call = call;
        self.begin(frame)?;
        Ok(true)
    }

    fn parse_tpl(&mut self, text: &Str) -> std::result::Result<Arc<Unit>, (String, Error)> {
        if let Some(unit) = self.run.parsed.get(text) {
            return Ok(Arc::clone(unit));
        }
        let spent = self.run.spend(text.len() as u64).map_err(|error| (String::new(), error));
        spent?;
        let unit = parse_unit(self.program.name.clone(), text.clone(), &self.program.functions)
            .map_err(|error| (format!("cannot parse template {}: ", pintle_value::quoted(text)), error))?;
        let unit = Arc::new(unit);
        self.run.parsed.insert(text.clone(), Arc::clone(&unit));
        Ok(unit)
    }

    fn note_at(&mut self, template: &Template) {
        let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        if node != DYNAMIC {
            self.at = node;
        }
    }

    fn short_circuit(&mut self, template: &Template, target: u32, last: Final, or: bool) {
        self.note_at(template);
        let value = self.pop();
        if value.value.is_true() == or {
            if last == Final::Below {
                self.pop();
            }
            self.stack.push(value);
            self.frame.pc = target as usize;
        }
    }

    // Range.

    fn range_start(&mut self, template: &Template, range: &Range) -> Result<()> {
        let value = self.pop().value;
        let around = match &value {
            Value::Nil => None,
            Value::List(list) => (!list.is_empty()).then(|| Loop::List { list: list.clone(), at: 0 }),
            Value::Map(map) => {
                let elem = map.go_type().elem;
                (!map.is_empty()).then(|| Loop::Map(map.entries().into_iter(), elem))
            }
            Value::Int(_) | Value::Number(_) => {
                let end = match &value {
                    Value::Int(end) => Some(u64::try_from(*end).unwrap_or(0)),
                    Value::Number(number) => {
                        let signed = number.as_int().map(|end| u64::try_from(end).unwrap_or(0));
                        signed.or_else(|| number.as_uint())
                    }
                    _ => None,
                };
                let Some(end) = end else { return Err(self.cannot_range(template, &value)) };
                if range.variables > 1 {
                    let text = printed(&value);
                    let message = format!("can't use {text} to iterate over more than one variable");
                    return Err(self.fault(template, message));
                }
                (end > 0).then(|| Loop::Number { next: 0, end, like: value.clone() })
            }
            Value::Object(object) => {
                if let Some(map) = object.as_map() {
                    let elem = map.go_type().elem;
                    (!map.is_empty()).then(|| Loop::Map(map.entries().into_iter(), elem))
                } else if let Some(list) = object.as_list() {
                    (!list.is_empty()).then_some(Loop::List { list, at: 0 })
                } else if let Some(sequence) = object.sequence() {
                    if range.variables > 1 && !sequence.pairs {
                        let text = printed(&value);
                        let message = format!("can't use {text} iterate over more than one variable");
                        return Err(self.fault(template, message));
                    }
                    Some(Loop::Sequence(sequence))
                } else if value.kind() == Kind::Ptr && !object.is_true() {
                    return Err(self.cannot_range(template, &Value::Nil));
                } else {
                    return Err(self.cannot_range(template, &value));
                }
            }
            other => return Err(self.cannot_range(template, other)),
        };
        let Some(around) = around else {
            self.frame.pc = range.else_pc as usize;
            return Ok(());
        };
        let dot = std::mem::take(&mut self.frame.dot);
        self.frame.dot = dot.clone();
        self.set_variable(range.dot_slot, dot);
        self.loops.push(around);
        Ok(())
    }

    fn cannot_range(&self, template: &Template, value: &Value) -> Error {
        self.fault(template, format_args!("range can't iterate over {}", printed(value)))
    }

    fn range_next(&mut self, template: &Template, range: &Range) -> Result<()> {
        let first = self.loops.last().is_some_and(Loop::is_fresh);
        let next = self.loops.last_mut().and_then(|around| around.next(range.variables));
        let Some((index, elem)) = next else {
            self.range_end(range);
            if first {
                self.frame.pc = range.else_pc as usize; // a function that gave nothing
            }
            return Ok(());
        };
        self.assign(template, &range.index, index)?;
        self.assign(template, &range.elem, elem.clone())?;
        self.frame.dot = elem;
        Ok(())
    }

    fn assign(&mut self, template: &Template, target: &Target, value: Operand) -> Result<()> {
        match target {
            Target::None => {}
            Target::Slot(slot) => self.set_variable(*slot, value),
            Target::Any(any) => {
                let slot = self.any_slot(template, *any)?;
                self.set_variable(slot, value);
            }
        }
        Ok(())
    }

    fn range_end(&mut self, range: &Range) {
        self.loops.pop();
        if let Some(variable) = self.stack.get_mut(self.frame.base + range.dot_slot as usize) {
            self.frame.dot = std::mem::take(variable);
        }
        self.frame.pc = range.exit_pc as usize;
    }

    /// Runs a template for a function, on the native stack.
    fn nested(&mut self, template: Arc<Template>, data: &Value, layer: Option<Rc<Layer>>) -> Result<Str> {
        if self.native >= MAX_NATIVE_DEPTH {
            let text = format!("functions run templates deeper than {MAX_NATIVE_DEPTH}");
            return Err(limit(Limit::Depth, text));
        }
        self.native += 1;
        self.collecting += 1;
        let (start, stack, frames) = (self.out.bytes.len(), self.stack.len(), self.frames.len());
        let result = self
            .begin(Frame::new(template, 0, Operand::plain(data.clone()), layer, FrameKind::Root))
            .and_then(|()| self.run());
        while self.frames.len() > frames {
            self.leave();
        }
        self.stack.truncate(stack);
        self.native -= 1;
        let text = self.collected(start);
        result.map(|()| text)
    }

    /// Keeps an error that ends the run, and gives one for the function that was told.
    fn abort(&mut self, error: Error) -> CallError {
        if matches!(error.kind(), ErrorKind::Limit(_) | ErrorKind::Cancelled) {
            let text = error.to_string();
            self.run.aborted.get_or_insert(error);
            return CallError::new(text);
        }
        CallError::Template { prefix: Str::EMPTY, error: Box::new(error) }
    }
}

impl Call for Machine<'_, '_> {
    fn include(&mut self, name: &Str, data: &Value) -> std::result::Result<Str, CallError> {
        let (template, count) = match self.count_include(name) {
            Ok(counted) => counted,
            Err(error) => return Err(self.abort(error)),
        };
        let layer = self.frame.layer.clone();
        let result = self.nested(template, data, layer);
        self.included(count);
        result.map_err(|error| self.abort(error))
    }

    fn tpl(&mut self, text: &Str, data: &Value) -> std::result::Result<Str, CallError> {
        let unit = match self.parse_tpl(text) {
            Ok(unit) => unit,
            Err((prefix, error)) if prefix.is_empty() => return Err(self.abort(error)),
            Err((prefix, error)) => {
                return Err(CallError::Template { prefix: Str::from(prefix), error: Box::new(error) });
            }
        };
        let Some(main) = unit.templates.get(&self.program.name).map(Arc::clone) else {
            return Ok(Str::EMPTY);
        };
        let layer = self.layer(&main, unit).map_err(|error| self.abort(error))?;
        match self.nested(main, data, Some(layer)) {
            Ok(output) => Ok(without_no_value(output)),
            Err(error) => match self.abort(error) {
                CallError::Template { error, .. } => {
                    let text = pintle_value::quoted(text);
                    let prefix = Str::from(format!("error during tpl function execution for {text}: "));
                    Err(CallError::Template { prefix, error })
                }
                aborted => Err(aborted),
            },
        }
    }

    fn spend(&mut self, steps: u64) -> std::result::Result<(), CallError> {
        self.run.spend(steps).map_err(|error| self.abort(error))
    }

    fn host(&mut self) -> &mut dyn Any {
        self.run.host
    }
}

/// The member of a map, where there is one.
#[inline]
fn member(receiver: &Value, name: &Str) -> Option<Operand> {
    match receiver {
        Value::Map(map) => map.get_str(name).map(|value| Operand::element(value, map.go_type().elem)),
        _ => None,
    }
}

enum Start {
    Dot,
    Variable(u32),
    Operand(Operand),
}

impl Frame {
    fn new(
        template: Arc<Template>,
        depth: u32,
        dot: Operand,
        layer: Option<Rc<Layer>>,
        kind: FrameKind,
    ) -> Self {
        Self { template, pc: 0, base: 0, loops: 0, methods: 0, dot, depth, layer, kind, call: 0 }
    }
}

impl Loop {
    /// Whether this gives its items one by one and has given none.
    fn is_fresh(&self) -> bool {
        matches!(self, Self::Sequence(sequence) if !sequence.started())
    }

    fn next(&mut self, variables: u8) -> Option<(Operand, Operand)> {
        match self {
            Self::List { list, at } => {
                let item = list.get(*at)?;
                let index = i64::try_from(*at).unwrap_or(i64::MAX);
                *at += 1;
                Some((Operand::plain(Value::Int(index)), Operand::element(item, list.go_type().elem)))
            }
            Self::Map(members, elem) => {
                let (key, value) = members.next()?;
                Some((Operand::plain(Value::String(key)), Operand::element(value, *elem)))
            }
            Self::Number { next, end, like } => {
                if next >= end {
                    return None;
                }
                let value = crate::field::number_like(like, *next);
                *next += 1;
                Some((Operand::default(), Operand::plain(value)))
            }
            Self::Sequence(sequence) => {
                let (first, second) = sequence.next()?;
                match second {
                    Some(second) if variables > 1 => {
                        Some((Operand::element(first, None), Operand::element(second, None)))
                    }
                    _ => Some((Operand::default(), Operand::element(first, None))),
                }
            }
        }
    }
}

/// Go: `reflect.Type.AssignableTo`, for the types that functions have.
pub(crate) fn assignable(from: &Type, to: &Type) -> bool {
    if from == to {
        return true;
    }
    if to.kind == Kind::Interface {
        return to.name == "interface {}"; // values of this crate implement no other interface
    }
    from.kind == to.kind
        && !(from.is_named() && to.is_named())
        && from.key == to.key
        && from.elem == to.elem
        && from.elem.is_some()
}

fn printed(value: &Value) -> String {
    pintle_value::printed(value, 1 << 20).map_or_else(|error| error.to_string(), |text| text.to_string())
}

/// Helm takes `<no value>` out of what `tpl` gives.
fn without_no_value(text: Str) -> Str {
    const NO_VALUE: &[u8] = b"<no value>";
    if memchr::memmem::find(&text, NO_VALUE).is_none() {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memmem::find(rest, NO_VALUE) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + NO_VALUE.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Str::from(out)
}
