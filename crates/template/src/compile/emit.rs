//! Instructions and what they refer to, added to a template.

use pintle_value::{Str, Type};

use super::{At, Compiler};
use crate::builtin::Builtin;
use crate::code::{Chain, Constant, DYNAMIC, Op};
use crate::node::NodeId;

impl Compiler<'_> {
    pub(super) fn emit(&mut self, op: Op) -> usize {
        let before = self.template.code.last();
        match op {
            // What these take from the stack they unwrap themselves. A jump to the instruction that goes away arrives
            // at the one in its place.
            Op::Print(_)
            | Op::Pop
            | Op::JumpIfFalse(_)
            | Op::With { .. }
            | Op::Store(_)
            | Op::RangeStart(_)
            | Op::Template(_)
                if matches!(before, Some(Op::Unwrap)) =>
            {
                self.template.code.pop();
                self.template.at.pop();
            }
            Op::Unwrap => {
                let plain = match before {
                    Some(Op::Builtin { builtin, .. }) => *builtin != Builtin::Index,
                    Some(Op::Include { .. } | Op::Tpl { .. } | Op::Unwrap) => true,
                    _ => false,
                };
                if plain {
                    return self.template.code.len();
                }
            }
            _ => {}
        }
        let at = match self.last {
            At::Node(node) => node.0,
            At::Dynamic => DYNAMIC,
        };
        self.template.code.push(op);
        self.template.at.push(at);
        self.template.code.len() - 1
    }

    pub(super) fn emit_at(&mut self, op: Op, node: NodeId) -> usize {
        let last = std::mem::replace(&mut self.last, At::Node(node));
        let pc = self.emit(op);
        self.last = last;
        pc
    }

    pub(super) fn here(&self) -> u32 {
        index(self.template.code.len())
    }

    pub(super) fn patch(&mut self, pc: usize) {
        let here = self.here();
        match self.template.code.get_mut(pc) {
            Some(Op::Jump(target) | Op::JumpIfFalse(target)) => *target = here,
            Some(Op::With { else_pc, .. }) => *else_pc = here,
            Some(Op::Method { end, .. }) => *end = here,
            _ => {}
        }
    }

    pub(super) fn constant(&mut self, constant: Constant) {
        self.template.constants.push(constant);
        let op = Op::Constant(index(self.template.constants.len() - 1));
        self.emit(op);
    }

    pub(super) fn type_(&mut self, go_type: &'static Type) -> u32 {
        let types = &mut self.template.types;
        let found = types.iter().position(|known| std::ptr::eq(*known, go_type));
        index(found.unwrap_or_else(|| {
            types.push(go_type);
            types.len() - 1
        }))
    }

    pub(super) fn name(&mut self, name: &Str) -> u32 {
        let names = &mut self.template.names;
        let found = names.iter().position(|known| known == name);
        index(found.unwrap_or_else(|| {
            names.push(name.clone());
            names.len() - 1
        }))
    }

    pub(super) fn message(&mut self, message: String) -> u32 {
        self.template.messages.push(message);
        index(self.template.messages.len() - 1)
    }

    pub(super) fn chain(&mut self, names: &[Str]) -> u32 {
        let chains = &mut self.template.chains;
        let found = chains.iter().position(|known| *known.names == *names);
        index(found.unwrap_or_else(|| {
            chains.push(Chain::new(names));
            chains.len() - 1
        }))
    }

    pub(super) fn fail(&mut self, message: String) {
        let message = self.message(message);
        self.emit(Op::Fail(message));
    }

    pub(super) fn text(&self, node: NodeId) -> String {
        String::from_utf8_lossy(&self.nodes.text(node, &self.source.text)).into_owned()
    }
}

pub(super) fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
