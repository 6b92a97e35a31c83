//! Fields, methods and the types of arguments.

use std::rc::Rc;

use pintle_value::{Kind, Object, Str, Type, Value};

use super::{Machine, Result};
use crate::code::{Final, Operand, Template, Wrap};
use crate::error::{Error, ErrorKind};
use crate::field::{Method, field};
use crate::literal::{Literal, can_be_nil, typed_literal};
use crate::node::NodeId;

/// A method whose arguments are being evaluated.
pub(super) struct Pending {
    object: Rc<dyn Object>,
    params: &'static [&'static Type],
    variadic: bool,
    args: u32,
}

/// Where a chain of fields begins.
pub(super) enum Start {
    Dot,
    Variable(u32),
    Operand(Operand),
}

impl Machine<'_, '_> {
    /// Pushes what the chain of fields leads to.
    pub(super) fn fields(
        &mut self,
        template: &Template,
        start: Start,
        chain: u32,
        call: Option<u32>,
    ) -> Result<()> {
        let Some(chain) = template.chains.get(chain as usize) else { return Ok(()) };
        let Some((first, rest)) = chain.names.split_first() else { return Ok(()) };
        let mut receiver = match start {
            Start::Dot => chain.member(0, &self.frame.dot.value),
            Start::Variable(slot) => {
                self.variable(slot).and_then(|variable| chain.member(0, &variable.value))
            }
            Start::Operand(ref operand) => chain.member(0, &operand.value),
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
        for (index, name) in rest.iter().enumerate() {
            value = match chain.member(index + 1, &value.value) {
                Some(found) => found,
                None => self.field(template, &value, name, call)?,
            };
        }
        self.stack.push(value);
        Ok(())
    }

    /// Go: `evalField`, without arguments.
    #[cold]
    pub(super) fn field(
        &mut self,
        template: &Template,
        receiver: &Operand,
        name: &Str,
        call: Option<u32>,
    ) -> Result<Operand> {
        let found = field(receiver, name, self.run.missing_key, false);
        self.found(template, found, name, call)
    }

    pub(super) fn found(
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

    pub(super) fn method_result(
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
            Err(pintle_value::MethodError::Signature(text)) => Err(self.fault(template, text)),
            Err(error) => {
                let (head, place) = self.head(template, node);
                let inner = Error::new(ErrorKind::Execute, error.to_string(), None);
                Err(inner.within(format!("{head}error calling {name}: "), Some(place)))
            }
        }
    }

    pub(super) fn arity(
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

    pub(super) fn method(
        &mut self,
        template: &Template,
        name: u32,
        args: u32,
        last: Final,
        end: u32,
    ) -> Result<()> {
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
    pub(super) fn method_param(&self, at: u32) -> Option<(&'static Type, u32)> {
        let pending = self.methods.last()?;
        let (at, depth) = if at == u32::MAX { (pending.args, pending.args) } else { (at, 0) };
        let at = at as usize;
        let fixed = pending.params.len() - usize::from(pending.variadic);
        let param = if at < fixed { pending.params.get(at) } else { pending.params.last() };
        param.map(|go_type| (*go_type, depth))
    }

    pub(super) fn method_literal(&mut self, template: &Template, at: u32) -> Result<()> {
        let node = template.at.get(self.frame.pc - 1).copied().unwrap_or(0);
        let literal = template.source.nodes().kind(NodeId(node));
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
            Literal::Untyped => match crate::literal::untyped_literal(literal) {
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

    pub(super) fn method_call(&mut self, template: &Template, name: u32, count: u32) -> Result<()> {
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
    pub(super) fn check(&mut self, template: &Template, go_type: &'static Type, depth: u32) -> Result<()> {
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
                operand.value = Value::Map(map.converted(go_type));
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
