//! What a watched run does beside running: it keeps for each value on the stack what it was made from.
//!
//! [`Machine::follow`] is called before each instruction. It first settles what the instruction before left on the
//! stack, which is known by comparing the stack's heights, and then notes what this one is about to do. Instructions
//! that it does not know lose the origin of what they push, and nothing else.

use std::collections::HashMap;
use std::rc::Rc;

use pintle_value::{Str, Value, ValuePath};

use super::{FrameKind, Machine};
use crate::builtin::Builtin;
use crate::code::{Final, Op, Target, Template};
use crate::watch::{Around, Control, Effect, Iterated, Lineage, Mark, Part, Pending, Reads, Watch};

impl<'a> Machine<'a, '_> {
    /// The machine with a watch on what it does.
    pub(crate) fn watched(mut self, watch: &'a mut Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Notes what `op`, which runs next, does.
    pub(super) fn follow(&mut self, template: &Template, op: Op) {
        let Some(watch) = self.watch.take() else { return };
        self.settle(watch, template);
        let pending = self.prepare(watch, template, op);
        watch.pending = Some(pending);
        self.watch = Some(watch);
    }

    /// Keeps what the instruction that failed worked on.
    pub(super) fn note_failure(&mut self) {
        let Some(watch) = self.watch.take() else { return };
        if watch.failure.is_none() {
            let operands = watch.pending.take().map(|pending| pending.operands).unwrap_or_default();
            let mut values = operands.paths;
            if values.is_empty() {
                // Nothing of its own: what the template was given.
                let mut given =
                    std::iter::once(&watch.dot).chain(watch.frames.iter().rev().map(|around| &around.dot));
                let exact = given.find_map(Lineage::exact);
                values.extend(exact.map(Rc::clone));
            }
            let mut conditions = watch.conditions();
            conditions.retain(|path| !values.contains(path));
            let own = |paths: Vec<Rc<ValuePath>>| paths.iter().map(|path| (**path).clone()).collect();
            watch.failure = Some(Reads { values: own(values), conditions: own(conditions) });
        }
        self.watch = Some(watch);
    }

    /// Brings the watch's stack to the height of the machine's.
    fn settle(&self, watch: &mut Watch, template: &Template) {
        let height = self.stack.len();
        let depth = self.frames.len();
        let effect = watch.pending.take().map_or(Effect::Nothing, |pending| pending.effect);
        if depth < watch.frames.len() {
            self.settle_return(watch);
        } else if depth > watch.frames.len() || watch.stack.is_empty() {
            let (dot, text) = match effect {
                Effect::Begin { dot, text } => (dot, text),
                _ => (Lineage::default(), Lineage::default()),
            };
            self.settle_begin(watch, dot);
            if !text.paths.is_empty() {
                // A template that stands in a value does what the value says.
                let all = Control { depth, from: 0, until: usize::MAX, paths: text.paths };
                watch.controls.push(all);
            }
        } else {
            self.settle_effect(watch, template, effect);
        }
        watch.stack.resize(height, Lineage::default());
    }

    fn settle_begin(&self, watch: &mut Watch, dot: Lineage) {
        let collects = match self.frame.kind {
            FrameKind::Include { here, .. } => !here,
            FrameKind::Tpl { .. } => true,
            FrameKind::Root | FrameKind::Template => false,
        };
        if self.frames.len() > watch.frames.len() {
            let around = Around {
                dot: std::mem::replace(&mut watch.dot, dot.clone()),
                loops: watch.loops.len(),
                controls: watch.controls.len(),
                collects,
            };
            watch.frames.push(around);
        }
        if collects {
            watch.written.push(Vec::new());
        }
        watch.stack.resize(self.frame.base, Lineage::default());
        watch.stack.push(dot);
    }

    fn settle_return(&self, watch: &mut Watch) {
        let mut collected = None;
        while watch.frames.len() > self.frames.len() {
            let Some(around) = watch.frames.pop() else { break };
            watch.dot = around.dot;
            watch.loops.truncate(around.loops);
            watch.controls.truncate(around.controls);
            if around.collects {
                collected = watch.written.pop();
            }
        }
        let Some(marks) = collected else { return };
        let text = match self.stack.last().map(|operand| &operand.value) {
            Some(Value::String(text)) => text.clone(),
            _ => return,
        };
        let mut lineage = Lineage::union(marks.iter().map(|mark| &mark.lineage));
        lineage.parts = vec![Rc::new(Part { text, marks })];
        watch.stack.truncate(self.stack.len().saturating_sub(1));
        watch.stack.push(lineage);
    }

    fn settle_effect(&self, watch: &mut Watch, template: &Template, effect: Effect) {
        let height = self.stack.len();
        let top = height.saturating_sub(1);
        match effect {
            Effect::Nothing => {}
            Effect::Choose => {
                // What was looked at is gone, or took the place of what the pipeline gave.
                if height < watch.stack.len() {
                    let gone = watch.stack.get(height..).map(|all| Lineage::union(all.iter()));
                    watch.passed.add(&gone.unwrap_or_default());
                    watch.stack.truncate(height);
                }
            }
            // A text for `tpl` that has no action begins no template.
            Effect::Push(lineage) | Effect::Replace(lineage) | Effect::Begin { text: lineage, .. } => {
                watch.stack.resize(top, Lineage::default());
                watch.stack.push(lineage);
            }
            Effect::Make(members, lineage) => {
                if let Some(made) = self.stack.last() {
                    watch.remember(&made.value, members);
                }
                watch.stack.resize(top, Lineage::default());
                watch.stack.push(lineage);
            }
            Effect::RangeStart(iterated, range) => {
                if self.loops.len() > watch.loops.len()
                    && let Some(range) = template.ranges.get(range as usize)
                {
                    watch.stack.resize(height, Lineage::default());
                    self.set(watch, range.dot_slot, watch.dot.clone());
                    let at = self.frame.pc.saturating_sub(1);
                    watch.controls.push(Control {
                        depth: self.frames.len(),
                        from: at,
                        until: range.else_pc as usize,
                        paths: iterated.lineage.paths.clone(),
                    });
                    watch.loops.push(iterated);
                }
            }
            Effect::RangeNext(range) => {
                let Some(range) = template.ranges.get(range as usize) else { return };
                if self.loops.len() < watch.loops.len() {
                    watch.loops.truncate(self.loops.len());
                    if let Some(slot) = watch.stack.get_mut(self.frame.base + range.dot_slot as usize) {
                        watch.dot = std::mem::take(slot);
                    }
                    return;
                }
                let Some(around) = watch.loops.last_mut() else { return };
                let item = around.item();
                for target in [&range.index, &range.elem] {
                    let slot = match target {
                        Target::None => continue,
                        Target::Slot(slot) => *slot,
                        Target::Any(any) => match self.any_slot(template, *any) {
                            Ok(slot) => slot,
                            Err(_) => continue,
                        },
                    };
                    self.set(watch, slot, item.clone());
                }
                watch.dot = item;
            }
        }
    }

    fn set(&self, watch: &mut Watch, slot: u32, lineage: Lineage) {
        if let Some(place) = watch.stack.get_mut(self.frame.base + slot as usize) {
            *place = lineage;
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an instruction")]
    fn prepare(&self, watch: &mut Watch, template: &Template, op: Op) -> Pending {
        let at = self.frame.pc.saturating_sub(1);
        let depth = self.frames.len();
        while watch.controls.last().is_some_and(|control| {
            control.depth > depth || control.depth == depth && !(control.from..control.until).contains(&at)
        }) {
            watch.controls.pop();
        }
        let top = watch.stack.last().cloned().unwrap_or_default();
        let (effect, operands) = match op {
            Op::Text(start, _) => {
                self.mark(watch, template, start, true, Lineage::default());
                (Effect::Nothing, Lineage::default())
            }
            Op::Print(pos) => {
                let lineage = top;
                self.mark(watch, template, pos, false, lineage.clone());
                (Effect::Nothing, lineage)
            }
            Op::Constant(_) | Op::MethodLiteral(_) => (Effect::Push(Lineage::default()), Lineage::default()),
            Op::Dot => {
                let found = self.itself(watch, &self.frame.dot.value, &watch.dot);
                (Effect::Push(found.clone()), found)
            }
            Op::Variable(slot) => {
                let found = self.of_variable(watch, slot, &[]);
                (Effect::Push(found.clone()), found)
            }
            Op::AnyVariable(any) => {
                let slot = self.any_slot(template, any).ok();
                let found = slot.map(|slot| self.of_variable(watch, slot, &[])).unwrap_or_default();
                (Effect::Push(found.clone()), found)
            }
            Op::DotFields(chain) => {
                let found = read(watch, &self.frame.dot.value, &watch.dot, chain_of(template, chain));
                (Effect::Push(found.clone()), found)
            }
            Op::VariableFields(slot, chain) => {
                let found = self.of_variable(watch, slot, chain_of(template, chain));
                (Effect::Push(found.clone()), found)
            }
            Op::Fields(chain, _) => {
                let value = self.stack.last().map(|operand| operand.value.clone()).unwrap_or_default();
                let found = read(watch, &value, &top, chain_of(template, chain));
                (Effect::Replace(found.clone()), found)
            }
            Op::Pop => {
                watch.passed = Lineage::default();
                (Effect::Nothing, Lineage::default())
            }
            Op::Store(slot) => {
                self.set(watch, slot, top.clone());
                (Effect::Nothing, top)
            }
            Op::StoreAny(any) => {
                if let Ok(slot) = self.any_slot(template, any) {
                    self.set(watch, slot, top);
                }
                (Effect::Nothing, Lineage::default())
            }
            Op::Unset(from, to) => {
                (from..to).for_each(|slot| self.set(watch, slot, Lineage::default()));
                (Effect::Nothing, Lineage::default())
            }
            Op::Call { function, args, last } => {
                let name = self.program.functions.get(function).map(|(name, _)| name.to_str_lossy());
                self.prepare_call(watch, name.as_deref().unwrap_or_default(), args, last)
            }
            Op::Builtin { builtin, args, last } => {
                let name = if builtin == Builtin::Index { "index" } else { builtin.name() };
                self.prepare_call(watch, name, args, last)
            }
            Op::CallValue { args, last, .. } => self.prepare_call(watch, "call", args, last),
            Op::MethodCall { args, last, .. } => self.prepare_call(watch, "", args, last),
            Op::Include { last, .. } | Op::IncludeHere { last, .. } => {
                let data = usize::from(last == Final::Below);
                let given = self.operand(watch, data);
                (Effect::Begin { dot: given, text: Lineage::default() }, Lineage::default())
            }
            Op::Tpl { last, .. } => {
                let (data, text) = if last == Final::Below { (1, 0) } else { (0, 1) };
                let text = self.operand(watch, text);
                (Effect::Begin { dot: self.operand(watch, data), text: text.clone() }, text)
            }
            Op::Template(_) => {
                (Effect::Begin { dot: self.operand(watch, 0), text: Lineage::default() }, top.clone())
            }
            Op::And { .. } | Op::Or { .. } => (Effect::Choose, top.clone()),
            Op::Method { .. } => (Effect::Nothing, top.clone()),
            Op::Check { depth, .. } => (Effect::Nothing, self.operand(watch, depth as usize)),
            Op::JumpIfFalse(target) => {
                self.decide(watch, template, target, &top);
                (Effect::Nothing, top)
            }
            Op::With { slot, else_pc } => {
                let lineage = self.operand(watch, 0);
                self.decide(watch, template, else_pc, &lineage);
                if self.stack.last().is_some_and(|operand| operand.value.is_true()) {
                    let dot = std::mem::replace(&mut watch.dot, lineage.clone());
                    self.set(watch, slot, dot);
                }
                (Effect::Nothing, lineage)
            }
            Op::RestoreDot(slot) => {
                if let Some(place) = watch.stack.get_mut(self.frame.base + slot as usize) {
                    watch.dot = std::mem::take(place);
                }
                (Effect::Nothing, Lineage::default())
            }
            Op::RangeStart(range) => {
                let lineage = self.operand(watch, 0);
                let value = self.stack.last().map(|operand| operand.value.clone()).unwrap_or_default();
                let keys = value.as_map().map(|map| map.keys()).unwrap_or_default();
                let path = watch.path_of(&value).or_else(|| lineage.exact()).map(Rc::clone);
                (
                    Effect::RangeStart(Iterated { lineage: lineage.clone(), path, keys, next: 0 }, range),
                    lineage,
                )
            }
            Op::RangeNext(range) | Op::RangeBreak(range) => (Effect::RangeNext(range), Lineage::default()),
            _ => (Effect::Nothing, Lineage::default()),
        };
        Pending { effect, operands }
    }

    /// What a call leaves: most functions make something of all their arguments; some give one of their members.
    fn prepare_call(&self, watch: &Watch, name: &str, args: u32, last: Final) -> (Effect, Lineage) {
        let count = args as usize + usize::from(last == Final::Below);
        let from = self.stack.len().saturating_sub(count);
        let mut values: Vec<Value> =
            self.stack.iter().skip(from).map(|operand| operand.value.clone()).collect();
        let mut lineages: Vec<Lineage> = (0..count).rev().map(|depth| self.operand(watch, depth)).collect();
        if last == Final::Below && count > 0 {
            values.rotate_left(1); // the machine does the same before it calls
            lineages.rotate_left(1);
        }
        let all = Lineage::union(&lineages);
        let member = |container: usize, keys: &mut dyn Iterator<Item = usize>| {
            let mut value = values.get(container)?.clone();
            let mut lineage = lineages.get(container)?.clone();
            for at in keys {
                let key = values.get(at)?;
                lineage = step(watch, &value, &lineage, key);
                value = member_of(&value, key);
            }
            Some(self.itself(watch, &value, &lineage))
        };
        let found = match name {
            "index" => member(0, &mut (1..count)),
            "get" if count == 2 => member(0, &mut std::iter::once(1)),
            "dict" => {
                let members = values.chunks(2).zip(lineages.chunks(2)).filter_map(|(pair, lineages)| {
                    Some((pair.first()?.as_str()?.clone(), lineages.get(1)?.clone()))
                });
                return (Effect::Make(members.collect(), all.clone()), all);
            }
            "set" if count == 3 => {
                let key = values.get(1).and_then(Value::as_str).cloned();
                let members: HashMap<Str, Lineage> = key.zip(lineages.get(2).cloned()).into_iter().collect();
                let map = lineages.first().cloned().unwrap_or_default();
                return (Effect::Make(members, map), all);
            }
            _ => None,
        };
        let result = found.unwrap_or_else(|| all.clone());
        (if count == 0 { Effect::Push(result.clone()) } else { Effect::Replace(result.clone()) }, result)
    }

    /// What the value `depth` below the top of the stack was made from.
    fn operand(&self, watch: &Watch, depth: usize) -> Lineage {
        let place = self.stack.len().checked_sub(depth + 1);
        let operand = place.and_then(|place| self.stack.get(place).zip(watch.stack.get(place)));
        operand.map(|(operand, lineage)| self.itself(watch, &operand.value, lineage)).unwrap_or_default()
    }

    /// A map or list of the tree is itself, however it came here.
    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn itself(&self, watch: &Watch, value: &Value, lineage: &Lineage) -> Lineage {
        match watch.path_of(value) {
            Some(path) => Lineage::of(Rc::clone(path)),
            None => lineage.clone(),
        }
    }

    fn of_variable(&self, watch: &Watch, slot: u32, names: &[Str]) -> Lineage {
        let lineage = watch.stack.get(self.frame.base + slot as usize).cloned().unwrap_or_default();
        let value = self.variable(slot).map(|operand| operand.value.clone()).unwrap_or_default();
        read(watch, &value, &lineage, names)
    }

    /// Remembers what a condition was made from, for as long as it decides.
    fn decide(&self, watch: &mut Watch, template: &Template, target: u32, lineage: &Lineage) {
        let mut lineage = lineage.clone();
        lineage.add(&std::mem::take(&mut watch.passed));
        if lineage.paths.is_empty() {
            return;
        }
        // Where there is an `else`, the instruction before it jumps to its end.
        let before = target.checked_sub(1).and_then(|at| template.code.get(at as usize));
        let until = match before {
            Some(Op::Jump(end)) if *end > target => *end,
            _ => target,
        };
        watch.controls.push(Control {
            depth: self.frames.len(),
            from: self.frame.pc,
            until: until as usize,
            paths: lineage.paths,
        });
    }

    fn mark(&self, watch: &mut Watch, template: &Template, pos: u32, verbatim: bool, lineage: Lineage) {
        let start = self.collecting_from();
        let passed = std::mem::take(&mut watch.passed).paths;
        let mut conditions = watch.conditions();
        conditions.splice(0..0, passed);
        let conditions = conditions.into();
        let mark = Mark {
            offset: self.out.bytes.len().saturating_sub(start),
            source: std::sync::Arc::clone(&template.source),
            pos,
            verbatim,
            lineage,
            conditions,
        };
        if let Some(written) = watch.written.last_mut() {
            written.push(mark);
        }
    }

    /// Where in the output the text begins that is being collected.
    fn collecting_from(&self) -> usize {
        let own = std::iter::once(&self.frame).chain(self.frames.iter().rev());
        own.map(|frame| &frame.kind)
            .find_map(|kind| match kind {
                FrameKind::Include { start, here: false, .. } | FrameKind::Tpl { start, .. } => Some(*start),
                _ => None,
            })
            .unwrap_or(0)
    }
}

impl Iterated {
    /// What the next item is.
    fn item(&mut self) -> Lineage {
        let index = self.next;
        self.next += 1;
        match &self.path {
            None => Lineage { exact: false, ..self.lineage.clone() },
            Some(path) => Lineage::of(Rc::new(match self.keys.get(index) {
                Some(key) => path.key(key.clone()),
                None => path.item(index),
            })),
        }
    }
}

fn chain_of(template: &Template, chain: u32) -> &[Str] {
    template.chains.get(chain as usize).map(|chain| &*chain.names).unwrap_or_default()
}

/// What a chain of fields leads to.
fn read(watch: &Watch, value: &Value, lineage: &Lineage, names: &[Str]) -> Lineage {
    let mut value = value.clone();
    let mut lineage = lineage.clone();
    for name in names {
        let name = Value::String(name.clone());
        lineage = step(watch, &value, &lineage, &name);
        value = member_of(&value, &name);
    }
    match watch.path_of(&value) {
        Some(path) => Lineage::of(Rc::clone(path)),
        None => lineage,
    }
}

/// What the member `key` of a value was made from.
fn step(watch: &Watch, value: &Value, lineage: &Lineage, key: &Value) -> Lineage {
    let below = |path: &ValuePath| match key {
        Value::String(key) => path.key(key.clone()),
        other => path.item(index_of(other).unwrap_or(0)),
    };
    if let Some(path) = watch.path_of(value) {
        return Lineage::of(Rc::new(below(path)));
    }
    if let (Some(made), Value::String(key)) = (watch.made(value), key)
        && let Some(member) = made.members.get(key)
    {
        return member.clone();
    }
    match lineage.exact() {
        Some(path) => Lineage::of(Rc::new(below(path))),
        None => lineage.clone(),
    }
}

fn member_of(value: &Value, key: &Value) -> Value {
    match (value, key) {
        (Value::Map(map), Value::String(key)) => map.get_str(key),
        (Value::List(list), key) => index_of(key).and_then(|index| list.get(index)),
        _ => None,
    }
    .unwrap_or_default()
}

fn index_of(value: &Value) -> Option<usize> {
    match value {
        Value::Int(index) => usize::try_from(*index).ok(),
        Value::Number(number) => number.as_int().and_then(|index| usize::try_from(index).ok()),
        _ => None,
    }
}
