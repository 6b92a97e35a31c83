//! Calls of functions, `include` and `tpl` among them.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use pintle_value::{Str, Value};

use super::{Frame, FrameKind, Machine, Result};
use crate::code::{Operand, Template, Unit};
use crate::error::{Error, ErrorKind, Limit};
use crate::execution::limit;
use crate::function::{Call, CallError};
use crate::program::{no_template, parse_unit};

/// Helm: `pkg/engine/engine.go`, `recursionMaxNums`.
const MAX_INCLUDED: u32 = 1_000;

/// How often functions may run templates through [`Call`] inside of each other. That needs native stack.
const MAX_NATIVE_DEPTH: u32 = 40;

/// How deep `tpl` may nest. Helm has no limit but its stack, which ends the process.
const MAX_TPL_DEPTH: u32 = 10_000;

/// What a `tpl` text changes for the templates that it runs.
pub(super) struct Layer {
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

impl Machine<'_, '_> {
    pub(super) fn lookup(&self, name: &Str) -> Option<Arc<Template>> {
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
    pub(super) fn layer(&self, main: &Arc<Template>, unit: Arc<Unit>) -> Result<Rc<Layer>> {
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

    /// Counts what a function made. Of a map only its head: most often it was there before.
    #[inline]
    pub(super) fn made(&mut self, value: &Value) -> Result<()> {
        const HEAD: usize = 96;
        match value {
            Value::String(text) if text.len() > 22 => self.run.made(text.len()),
            Value::List(list) => self.run.made(HEAD + list.len() * size_of::<Value>()),
            Value::Map(_) => self.run.made(HEAD),
            _ => Ok(()),
        }
    }

    /// Counts the steps that it takes to look at an argument: functions read their texts, and copy their lists and maps.
    #[inline]
    pub(super) fn look_at(&mut self, value: &Value) -> Result<()> {
        let steps = match value {
            Value::String(text) => text.len() / 64,
            Value::List(list) => list.len() / 16,
            Value::Map(map) => map.len() / 16,
            _ => 0,
        };
        if steps == 0 { Ok(()) } else { self.run.spend(steps as u64) }
    }

    /// The same for the texts on the stack from `from` on; built-in functions read nothing else.
    #[inline]
    pub(super) fn look_at_texts(&mut self, from: usize) -> Result<()> {
        let texts = self.stack.get(from..).unwrap_or_default().iter().map(|operand| match &operand.value {
            Value::String(text) => text.len() / 64,
            _ => 0,
        });
        let steps: usize = texts.sum();
        if steps == 0 { Ok(()) } else { self.run.spend(steps as u64) }
    }

    pub(super) fn call(&mut self, template: &Template, number: u32, count: u32) -> Result<()> {
        let program = self.program;
        let Some((name, function)) = program.functions.get(number) else { return Ok(()) };
        let from = self.stack.len().saturating_sub(count as usize);
        let mut args = std::mem::take(&mut self.scratch);
        args.extend(self.stack.drain(from..).map(|operand| operand.value));
        for arg in &args {
            self.look_at(arg)?;
        }
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
    pub(super) fn function_failed(&self, template: &Template, name: &Str, error: CallError) -> Error {
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
    pub(super) fn call_value(&mut self, template: &Template, name: u32, count: u32) -> Result<()> {
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

    pub(super) fn include(&mut self, template: &Template, function: u32, here: bool) -> Result<()> {
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
    pub(super) fn count_include(&mut self, name: &Str) -> Result<(Arc<Template>, usize)> {
        let place = if let Some(place) = self.run.included.get(name) {
            *place
        } else {
            let place = self.run.counts.len();
            self.run.included.insert(name.clone(), place);
            self.run.counts.push(0);
            place
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
        if let Some(template) = self.lookup(name) {
            Ok((template, place))
        } else {
            self.included(place);
            Err(no_template(name, &self.program.name))
        }
    }

    /// Helm: `pkg/engine/engine.go`, `tplFun`. Gives whether a template was begun.
    pub(super) fn tpl(&mut self, template: &Template, function: u32) -> Result<bool> {
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

    pub(super) fn parse_tpl(&mut self, text: &Str) -> std::result::Result<Arc<Unit>, (String, Error)> {
        if let Some(unit) = self.run.parsed.get(text) {
            return Ok(Arc::clone(unit));
        }
        // What a text is compiled to is kept for the run, and is larger than the text.
        let kept = 1024_usize.saturating_add(text.len().saturating_mul(32));
        let paid = self.run.spend(text.len() as u64).and_then(|()| self.run.made(kept));
        paid.map_err(|error| (String::new(), error))?;
        let unit = if let Some(unit) = self.program.kept.get(text) {
            unit
        } else {
            let unit = parse_unit(self.program.name.clone(), text.clone(), &self.program.functions).map_err(
                |error| (format!("cannot parse template {}: ", pintle_value::quoted(text)), error),
            )?;
            let unit = Arc::new(unit);
            self.program.kept.insert(text, &unit);
            unit
        };
        self.run.parsed.insert(text.clone(), Arc::clone(&unit));
        Ok(unit)
    }

    /// Runs a template for a function, on the native stack.
    pub(super) fn nested(
        &mut self,
        template: Arc<Template>,
        data: &Value,
        layer: Option<Rc<Layer>>,
    ) -> Result<Str> {
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
        result.and_then(|()| self.paid(text))
    }

    /// Keeps an error that ends the run, and gives one for the function that was told.
    pub(super) fn abort(&mut self, error: Error) -> CallError {
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

    fn make(&mut self, bytes: u64) -> std::result::Result<(), CallError> {
        self.run.made(usize::try_from(bytes).unwrap_or(usize::MAX)).map_err(|error| self.abort(error))
    }

    fn longest(&self) -> usize {
        self.run.longest()
    }

    fn host(&mut self) -> &mut dyn Any {
        self.run.host
    }
}

/// Helm takes `<no value>` out of what `tpl` gives.
pub(super) fn without_no_value(text: Str) -> Str {
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
