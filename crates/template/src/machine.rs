//! The executor: a machine with stacks of its own, so that depth ends in Go's errors and never in the process's.

mod calls;
mod follow;
mod members;
mod ranges;

use std::rc::Rc;
use std::sync::Arc;

use pintle_value::{Kind, Str, Value, WalkError};

use self::calls::{Layer, without_no_value};
pub(crate) use self::members::assignable;
use self::members::{Pending, Start};
use self::ranges::Loop;
use crate::code::{Constant, DYNAMIC, Final, Op, Operand, Template, Wrap};
use crate::error::{Error, ErrorKind, Limit};
use crate::execution::{Execution, limit};
use crate::function::CallError;
use crate::node::NodeId;
use crate::output::Output;
use crate::program::Inner;
use crate::watch::Watch;

/// Go: `text/template/exec.go`, `maxExecDepth`.
const MAX_TEMPLATE_DEPTH: u32 = 100_000;

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
    /// The longest that the output may become.
    most_output: usize,
    watch: Option<&'a mut Watch>,
}

impl<'a, 'h> Machine<'a, 'h> {
    pub(crate) fn new(program: &'a Inner, run: &'a mut Execution<'h>, out: &'a mut Output) -> Self {
        let nothing = Template::nothing();
        let most_output = out.bytes.len().saturating_add(run.output_left());
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
            most_output,
            watch: None,
        }
    }

    pub(crate) fn execute(mut self, template: &Arc<Template>, dot: &Value) -> Result<()> {
        self.frame = Frame::new(Arc::clone(template), 0, Operand::plain(dot.clone()), None, FrameKind::Root);
        self.enter();
        let start = self.out.bytes.len();
        let result = self.run();
        self.run.wrote(self.out.bytes.len().saturating_sub(start));
        result
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
            let ended = match self.watch {
                None => self.run_template::<false>(&template),
                Some(_) => self.run_template::<true>(&template),
            };
            match ended {
                Ok(Flow::Called) => {}
                Ok(Flow::Returned) => {
                    if matches!(self.frame.kind, FrameKind::Root) {
                        return Ok(());
                    }
                    if let Err(error) = self.returned() {
                        self.unwind(error)?;
                    }
                }
                Err(error) => {
                    self.note_failure();
                    self.unwind(error)?;
                }
            }
        }
    }

    /// Gives the result of a template that ended to the one that called it.
    fn returned(&mut self) -> Result<()> {
        let text = match self.leave() {
            Some(FrameKind::Include { start, here, count, .. }) => {
                self.included(count);
                if here {
                    return Ok(());
                }
                self.collected(start)
            }
            Some(FrameKind::Tpl { start, .. }) => without_no_value(self.collected(start)),
            _ => return Ok(()),
        };
        let text = self.paid(text)?;
        self.stack.push(Operand::plain(Value::String(text)));
        Ok(())
    }

    /// Counts a text that templates wrote for a function.
    fn paid(&mut self, text: Str) -> Result<Str> {
        self.run.spend(text.len() as u64 / 64)?;
        self.run.made(text.len())?;
        Ok(text)
    }

    fn included(&mut self, count: usize) {
        if let Some(count) = self.run.counts.get_mut(count) {
            *count = count.saturating_sub(1);
        }
    }

    /// Takes what was collected from `start` on off the output.
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
                Some(FrameKind::Include { start, here, count, function }) => {
                    self.included(count);
                    if !here {
                        self.collected(start); // goes nowhere
                    }
                    Some((function, String::new()))
                }
                Some(FrameKind::Tpl { start, text, function }) => {
                    self.collected(start);
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

    fn call_failed(&mut self, function: u32, call: u32, prefix: String, error: Error) -> Error {
        if matches!(error.kind(), ErrorKind::Limit(_) | ErrorKind::Cancelled) {
            return error;
        }
        // Each error around holds the text of all inside once more.
        if let Err(error) = self.run.made(error.text_len()) {
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
        if let Some(slot) = candidates.and_then(|candidates| candidates.slots.iter().find(set)) {
            Ok(*slot)
        } else {
            let name = candidates.map(|candidates| candidates.name.to_string()).unwrap_or_default();
            Err(self.fault(template, format_args!("undefined variable: {name}")))
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an instruction")]
    fn run_template<const WATCHED: bool>(&mut self, template: &Arc<Template>) -> Result<Flow> {
        loop {
            let Some(op) = template.code.get(self.frame.pc) else { return Ok(Flow::Returned) };
            self.frame.pc += 1;
            self.run.step()?;
            if WATCHED {
                self.follow(template, *op);
            }
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
                    self.fields(template, Start::Dot, chain, None)?;
                }
                Op::VariableFields(slot, chain) => {
                    self.fields(template, Start::Variable(slot), chain, None)?;
                }
                Op::Fields(chain, node) => {
                    let receiver = self.pop();
                    self.fields(template, Start::Operand(receiver), chain, Some(node))?;
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
                Op::Print(pos) => self.print(template, pos)?,
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
                    self.look_at_texts(from)?;
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
        if self.out.bytes.len() > self.most_output {
            let most = self.run.limits.output;
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

    fn print(&mut self, template: &Arc<Template>, pos: u32) -> Result<()> {
        let operand = self.pop();
        if self.collecting == 0 {
            self.out.mark(&template.source, pos, false);
        }
        match &operand.value {
            Value::String(text) => self.out.bytes.extend_from_slice(text),
            Value::Nil => self.out.bytes.extend_from_slice(b"<no value>"),
            Value::Object(object) if !matches!(object.go_type().kind, Kind::Chan | Kind::Func) => {
                self.out.bytes.extend_from_slice(&object.print_addressed());
            }
            value => {
                if let Kind::Chan | Kind::Func = value.kind() {
                    let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
                    let text = template.source.place(NodeId(node), &template.name).node;
                    let go_type = operand.type_name();
                    return Err(self.fault(template, format_args!("can't print {text} of type {go_type}")));
                }
                let most = self.most_output.saturating_sub(self.out.bytes.len());
                match pintle_value::print(&mut self.out.bytes, value, most) {
                    // Where it was too long, the output is past its limit now.
                    Ok(()) | Err(WalkError::TooLong) => {}
                    Err(error) => return Err(self.fault(template, error)),
                }
            }
        }
        self.check_output()
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
