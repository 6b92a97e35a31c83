//! The action `range`.

use pintle_value::{Kind, List, Str, Type, Value};

use super::{Machine, Result};
use crate::code::{Operand, Range, Target, Template};
use crate::error::Error;

/// An iteration that is under way.
pub(super) enum Loop {
    List { list: List, at: usize },
    Map(std::vec::IntoIter<(Str, Value)>, Option<&'static Type>),
    Number { next: u64, end: u64, like: Value },
    Sequence(pintle_value::Sequence),
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

impl Machine<'_, '_> {
    pub(super) fn range_start(&mut self, template: &Template, range: &Range) -> Result<()> {
        let value = self.pop().value;
        self.look_at(&value)?; // the members of a map are copied
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

    pub(super) fn cannot_range(&self, template: &Template, value: &Value) -> Error {
        self.fault(template, format_args!("range can't iterate over {}", printed(value)))
    }

    pub(super) fn range_next(&mut self, template: &Template, range: &Range) -> Result<()> {
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

    pub(super) fn assign(&mut self, template: &Template, target: &Target, value: Operand) -> Result<()> {
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

    pub(super) fn range_end(&mut self, range: &Range) {
        self.loops.pop();
        if let Some(variable) = self.stack.get_mut(self.frame.base + range.dot_slot as usize) {
            self.frame.dot = std::mem::take(variable);
        }
        self.frame.pc = range.exit_pc as usize;
    }
}

fn printed(value: &Value) -> String {
    pintle_value::printed(value, 1 << 20).map_or_else(|error| error.to_string(), |text| text.to_string())
}
