//! From parse tree to instructions.
//!
//! Go's evaluator remembers the node that it was last at, and errors point there; which node that is follows from the
//! tree alone, but for `and` and `or`, so that it is worked out here ([`At`]). Works on a list of tasks in place of
//! recursion: a template may nest as deep as it likes.

use std::sync::Arc;

use pintle_value::{Kind, Str, Type};

use crate::builtin::{Builtin, Param};
use crate::code::{Candidates, Constant, Final, Op, Range, Source, Target, Template};
use crate::function::FunctionTable;
use crate::literal::{Literal, can_be_nil, typed_literal, untyped_literal};
use crate::node::{Branch, NodeId, NodeKind, Nodes};

mod emit;

use emit::index;

/// Compiles the body `root` of the template `name`; `nodes` are those of the source.
pub(crate) fn compile(
    name: Str,
    source: &Arc<Source>,
    nodes: &Nodes,
    root: NodeId,
    functions: &FunctionTable,
) -> Template {
    let mut compiler = Compiler {
        source,
        nodes,
        functions,
        template: Template {
            name,
            source: Arc::clone(source),
            empty: nodes.is_empty_tree(root, &source.text),
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
        },
        last: At::Node(root),
        variables: vec![Variable { name: Str::from("$"), slot: 0, conditional: false }],
        next_slot: 1,
        conditional: 0,
        loops: Vec::new(),
        tasks: vec![Task::Walk(root)],
    };
    while let Some(task) = compiler.tasks.pop() {
        compiler.run(task);
    }
    compiler.template.shrink();
    compiler.template
}

/// The node that Go's evaluator was last at.
#[derive(Clone, Copy, Debug)]
enum At {
    Node(NodeId),
    /// Known at run time only.
    Dynamic,
}

#[derive(Clone, Debug)]
struct Variable {
    name: Str,
    slot: u32,
    /// Declared in an argument of `and` or `or` that may not be evaluated.
    conditional: bool,
}

/// What an argument is evaluated for.
#[derive(Clone, Copy, Debug)]
enum Want {
    /// The receiver of a chain: anything.
    Any,
    /// A parameter of Go's type `reflect.Value`.
    Reflect,
    Type(&'static Type),
    /// The argument at this place of a method, whose types are known at run time.
    Method(u32),
}

#[derive(Clone, Copy, Debug)]
enum Receiver {
    Dot,
    Variable(usize),
    Stack,
}

#[derive(Clone, Copy)]
enum Task {
    Walk(NodeId),
    Op(Op),
    OpAt(Op, NodeId),
    Pipe(NodeId),
    PipeEnd(NodeId),
    Command { node: NodeId, last: Final },
    Argument { node: NodeId, want: Want },
    Check(Want),
    ChainFields { node: NodeId, call: Option<MethodCall> },
    Print { action: NodeId },
    MethodEnd { start: usize },
    IfBody { branch: Branch, scope: Scope },
    WithBody { branch: Branch, scope: Scope },
    Else { branch: Branch, scope: Scope, jump: usize, dot: Option<u32> },
    RangeBody { branch: Branch, scope: Scope },
    RangeElse { branch: Branch, scope: Scope, range: u32 },
    RangeEnd { scope: Scope, range: u32 },
    EndScope { scope: Scope, jump: Option<usize> },
    AndOrArgument { or: bool, index: usize, count: usize, last: Final, group: usize },
    AndOrEnd { group: usize, start: usize, variables: usize },
}

/// The arguments of a method, if it is one: the command's node and whether a value comes from the pipeline.
#[derive(Clone, Copy, Debug)]
struct MethodCall {
    command: NodeId,
    last: Final,
}

#[derive(Clone, Copy, Debug)]
struct Scope {
    variables: usize,
    inner: usize,
    next_slot: u32,
}

struct Loop {
    range: u32,
    next_pc: u32,
}

struct Compiler<'s> {
    source: &'s Arc<Source>,
    nodes: &'s Nodes,
    functions: &'s FunctionTable,
    template: Template,
    last: At,
    variables: Vec<Variable>,
    next_slot: u32,
    conditional: u32,
    loops: Vec<Loop>,
    tasks: Vec<Task>,
}

impl Compiler<'_> {
    fn slot(&mut self) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.template.slots = self.template.slots.max(self.next_slot as usize);
        slot
    }

    fn scope(&self) -> Scope {
        Scope { variables: self.variables.len(), inner: self.variables.len(), next_slot: self.next_slot }
    }

    fn end_scope(&mut self, scope: Scope) {
        self.variables.truncate(scope.variables);
        self.next_slot = scope.next_slot;
    }

    /// Runs these tasks next, in this order.
    fn then(&mut self, tasks: impl IntoIterator<Item = Task>) {
        let mark = self.tasks.len();
        self.tasks.extend(tasks);
        if let Some(added) = self.tasks.get_mut(mark..) {
            added.reverse();
        }
    }

    // Statements.

    #[expect(clippy::too_many_lines, reason = "one arm a task")]
    fn run(&mut self, task: Task) {
        match task {
            Task::Walk(node) => self.walk(node),
            Task::Op(op) => _ = self.emit(op),
            Task::OpAt(op, node) => _ = self.emit_at(op, node),
            Task::Pipe(node) => self.pipe(node),
            Task::PipeEnd(node) => self.pipe_end(node),
            Task::Command { node, last } => self.command(node, last),
            Task::Argument { node, want } => self.argument(node, want),
            Task::Check(want) => self.check(want, 0),
            Task::ChainFields { node, call } => {
                let nodes = self.nodes;
                if let NodeKind::Chain { fields, .. } = nodes.kind(node) {
                    self.fields(node, Receiver::Stack, fields, call);
                }
            }
            Task::MethodEnd { start } => self.patch(start),
            Task::Print { action } => {
                let direct = match self.template.code.last() {
                    Some(Op::Include { function, last }) => {
                        Some(Op::IncludeHere { function: *function, last: *last })
                    }
                    _ => None,
                };
                if let (Some(op), Some(slot)) = (direct, self.template.code.last_mut()) {
                    *slot = op;
                    return;
                }
                let pos = self.source.start(action);
                self.emit_at(Op::Print(pos), action);
            }
            Task::IfBody { branch, mut scope } => {
                let jump = self.emit(Op::JumpIfFalse(0));
                scope.inner = self.variables.len();
                self.then([Task::Walk(branch.list), Task::Else { branch, scope, jump, dot: None }]);
            }
            Task::WithBody { branch, mut scope } => {
                let slot = self.slot();
                let jump = self.emit(Op::With { slot, else_pc: 0 });
                scope.inner = self.variables.len();
                self.then([Task::Walk(branch.list), Task::Else { branch, scope, jump, dot: Some(slot) }]);
            }
            Task::Else { branch, scope, jump, dot } => {
                self.variables.truncate(scope.inner);
                if let Some(slot) = dot {
                    self.emit(Op::RestoreDot(slot));
                }
                match branch.else_list {
                    None => {
                        self.patch(jump);
                        self.end_scope(scope);
                    }
                    Some(list) => {
                        let end = self.emit(Op::Jump(0));
                        self.patch(jump);
                        self.then([Task::Walk(list), Task::EndScope { scope, jump: Some(end) }]);
                    }
                }
            }
            Task::EndScope { scope, jump } => {
                if let Some(jump) = jump {
                    self.patch(jump);
                }
                self.end_scope(scope);
            }
            Task::RangeBody { branch, scope } => self.range_body(branch, scope),
            Task::RangeElse { branch, mut scope, range } => {
                self.variables.truncate(scope.inner);
                scope.inner = self.variables.len();
                if let Some(around) = self.loops.pop() {
                    self.emit(Op::Jump(around.next_pc));
                }
                let here = self.here();
                if let Some(range) = self.template.ranges.get_mut(range as usize) {
                    range.else_pc = here;
                    range.exit_pc = here;
                }
                match branch.else_list {
                    None => self.end_scope(scope),
                    Some(list) => {
                        self.then([Task::Walk(list), Task::RangeEnd { scope, range }]);
                    }
                }
            }
            Task::RangeEnd { scope, range } => {
                let here = self.here();
                if let Some(range) = self.template.ranges.get_mut(range as usize) {
                    range.exit_pc = here;
                }
                self.end_scope(scope);
            }
            Task::AndOrArgument { or, index: at, count, last, group } => {
                // The value of the argument is on the stack.
                let target = index(group);
                if at + 1 == count && last == Final::None {
                    self.emit(Op::At);
                } else {
                    self.emit(if or { Op::Or { target, last } } else { Op::And { target, last } });
                }
                if at == 0 {
                    self.conditional += 1;
                }
            }
            Task::AndOrEnd { group, start, variables } => {
                self.conditional -= 1;
                let declared = self.variables.get(variables..).unwrap_or_default();
                if let (Some(first), Some(last)) = (declared.first(), declared.last()) {
                    let unset = Op::Unset(first.slot, last.slot + 1);
                    if let Some(op) = self.template.code.get_mut(start) {
                        *op = unset;
                    }
                }
                let here = self.here();
                let code = self.template.code.get_mut(start..).unwrap_or_default();
                for op in code {
                    if let Op::And { target, .. } | Op::Or { target, .. } = op
                        && *target == index(group)
                    {
                        *target = here;
                    }
                }
                self.last = At::Dynamic;
            }
        }
    }

    fn walk(&mut self, node: NodeId) {
        let nodes = self.nodes;
        self.last = At::Node(node);
        match nodes.kind(node) {
            NodeKind::Text(end) => {
                let start = nodes.get(node).pos;
                self.emit(Op::Text(start, *end));
            }
            NodeKind::List(items) => self.then(items.iter().map(|item| Task::Walk(*item))),
            NodeKind::Action(pipe) => {
                let declares = matches!(nodes.kind(*pipe), NodeKind::Pipe { decl, .. } if !decl.is_empty());
                if declares {
                    self.then([Task::Pipe(*pipe), Task::Op(Op::Pop)]);
                } else {
                    self.then([Task::Pipe(*pipe), Task::Print { action: node }]);
                }
            }
            NodeKind::If(branch) => {
                let scope = self.scope();
                self.then([Task::Pipe(branch.pipe), Task::IfBody { branch: *branch, scope }]);
            }
            NodeKind::With(branch) => {
                let scope = self.scope();
                self.then([Task::Pipe(branch.pipe), Task::WithBody { branch: *branch, scope }]);
            }
            NodeKind::Range(branch) => {
                let scope = self.scope();
                self.then([Task::Pipe(branch.pipe), Task::RangeBody { branch: *branch, scope }]);
            }
            NodeKind::Break => {
                if let Some(around) = self.loops.last() {
                    let op = Op::RangeBreak(around.range);
                    self.emit(op);
                }
            }
            NodeKind::Continue => {
                if let Some(around) = self.loops.last() {
                    let op = Op::Jump(around.next_pc);
                    self.emit(op);
                }
            }
            NodeKind::Template { name, pipe } => {
                let name = self.name(name);
                self.emit(Op::TemplateCheck(name));
                if let Some(pipe) = pipe {
                    self.then([Task::Pipe(*pipe), Task::OpAt(Op::Template(name), node)]);
                } else {
                    self.constant(Constant::Invalid);
                    self.emit(Op::Template(name));
                }
            }
            _ => {}
        }
    }

    fn range_body(&mut self, branch: Branch, mut scope: Scope) {
        let nodes = self.nodes;
        let (mut index_target, mut elem, mut count) = (Target::None, Target::None, 0);
        if let NodeKind::Pipe { assign, decl, .. } = nodes.kind(branch.pipe) {
            count = u8::try_from(decl.len()).unwrap_or(u8::MAX);
            let mut targets = decl.iter().map(|variable| match nodes.kind(*variable) {
                NodeKind::Variable(names) => {
                    names.first().map_or(Target::None, |name| self.target(name, *assign))
                }
                _ => Target::None,
            });
            let (first, second) = (targets.next(), targets.next());
            match (first, second) {
                (Some(first), Some(second)) => (index_target, elem) = (first, second),
                (Some(first), None) => elem = first,
                _ => {}
            }
        }
        let dot_slot = self.slot();
        let range = index(self.template.ranges.len());
        self.template.ranges.push(Range {
            index: index_target,
            elem,
            variables: count,
            dot_slot,
            else_pc: 0,
            exit_pc: 0,
        });
        self.emit(Op::RangeStart(range));
        let next_pc = index(self.emit(Op::RangeNext(range)));
        self.loops.push(Loop { range, next_pc });
        scope.inner = self.variables.len();
        self.then([Task::Walk(branch.list), Task::RangeElse { branch, scope, range }]);
    }

    // Variables.

    /// Where `name` is; a declaration has just made it.
    fn target(&mut self, name: &Str, assign: bool) -> Target {
        let candidates = self.candidates(name);
        match candidates.as_slice() {
            [] => Target::None,
            [slot] => Target::Slot(*slot),
            [slot, ..] if !assign => Target::Slot(*slot),
            _ => Target::Any(self.any(name, candidates)),
        }
    }

    fn any(&mut self, name: &Str, slots: Vec<u32>) -> u32 {
        self.template.variables.push(Candidates { name: name.clone(), slots });
        index(self.template.variables.len() - 1)
    }

    /// The slots that the variable may be in, the likeliest first. One alone is always set.
    fn candidates(&self, name: &Str) -> Vec<u32> {
        let mut slots = Vec::new();
        for variable in self.variables.iter().rev().filter(|variable| variable.name == *name) {
            slots.push(variable.slot);
            if !variable.conditional {
                return slots;
            }
        }
        if slots.len() == 1 {
            slots.push(u32::MAX); // no slot at all: an undefined variable, where the other is not set
        }
        slots
    }

    fn variable(&mut self, name: &Str) {
        let candidates = self.candidates(name);
        match candidates.as_slice() {
            [] => self.fail(format!("undefined variable: {name}")),
            [slot] => _ = self.emit(Op::Variable(*slot)),
            _ => {
                let any = self.any(name, candidates);
                self.emit(Op::AnyVariable(any));
            }
        }
    }

    // Pipelines.

    fn pipe(&mut self, node: NodeId) {
        let nodes = self.nodes;
        self.last = At::Node(node);
        let NodeKind::Pipe { cmds, decl, .. } = nodes.kind(node) else { return };
        let commands = cmds.iter().enumerate().map(|(at, cmd)| Task::Command {
            node: *cmd,
            last: if at == 0 { Final::None } else { Final::Below },
        });
        let end = (!decl.is_empty()).then_some(Task::PipeEnd(node));
        let tasks: Vec<Task> = commands.chain(end).collect();
        self.then(tasks);
    }

    fn pipe_end(&mut self, node: NodeId) {
        let nodes = self.nodes;
        let NodeKind::Pipe { assign, decl, .. } = nodes.kind(node) else { return };
        for variable in decl {
            let NodeKind::Variable(names) = nodes.kind(*variable) else { continue };
            let Some(name) = names.first() else { continue };
            if *assign {
                let candidates = self.candidates(name);
                match candidates.as_slice() {
                    [] => self.fail(format!("undefined variable: {name}")),
                    [slot] => _ = self.emit(Op::Store(*slot)),
                    _ => {
                        let any = self.any(name, candidates);
                        self.emit(Op::StoreAny(any));
                    }
                }
            } else {
                let slot = self.slot();
                let conditional = self.conditional > 0;
                self.variables.push(Variable { name: name.clone(), slot, conditional });
                self.emit(Op::Store(slot));
            }
        }
    }

    fn not_a_function(&mut self, args: &[NodeId], last: Final) {
        if let Some(first) = args.first()
            && (args.len() > 1 || last != Final::None)
        {
            let message = format!("can't give argument to non-function {}", self.text(*first));
            self.fail(message);
        }
    }

    fn command(&mut self, node: NodeId, last: Final) {
        let nodes = self.nodes;
        let NodeKind::Command(args) = nodes.kind(node) else { return };
        let Some(first) = args.first().copied() else { return };
        let has_args = args.len() > 1 || last != Final::None;
        let call = has_args.then_some(MethodCall { command: node, last });
        if let NodeKind::Pipe { .. } = nodes.kind(first) {
            self.not_a_function(args, last);
            self.then([Task::Pipe(first)]);
            return;
        }
        self.last = At::Node(first);
        match nodes.kind(first) {
            NodeKind::Field(names) => {
                self.then([Task::Op(Op::Unwrap)]);
                self.fields(first, Receiver::Dot, names, call);
            }
            NodeKind::Variable(names) => {
                self.then([Task::Op(Op::Unwrap)]);
                self.variable_node(first, names, args, last, call);
            }
            NodeKind::Chain { .. } => self.chain_node(first, call, Task::Op(Op::Unwrap)),
            NodeKind::Identifier(name) => {
                self.then([Task::Op(Op::Unwrap)]);
                self.function(name, first, node, args, last);
            }
            kind => {
                self.not_a_function(args, last);
                match kind {
                    NodeKind::Dot => {
                        self.emit(Op::Dot);
                        self.emit(Op::Unwrap);
                    }
                    NodeKind::Nil => self.fail("nil is not a command".into()),
                    _ => self.literal(first),
                }
            }
        }
    }

    fn chain_node(&mut self, node: NodeId, call: Option<MethodCall>, after: Task) {
        let nodes = self.nodes;
        let NodeKind::Chain { node: inner, .. } = nodes.kind(node) else { return };
        if matches!(nodes.kind(*inner), NodeKind::Nil) {
            let message = format!("indirection through explicit nil in {}", self.text(node));
            return self.fail(message);
        }
        self.then([
            Task::Argument { node: *inner, want: Want::Any },
            Task::ChainFields { node, call },
            after,
        ]);
    }

    fn variable_node(
        &mut self,
        node: NodeId,
        names: &[Str],
        args: &[NodeId],
        last: Final,
        call: Option<MethodCall>,
    ) {
        let Some((name, fields)) = names.split_first() else { return };
        if fields.is_empty() {
            // Go looks the variable up before it complains about arguments.
            self.variable(name);
            self.not_a_function(args, last);
            return;
        }
        if let [slot] = self.candidates(name).as_slice() {
            self.fields(node, Receiver::Variable(*slot as usize), fields, call);
        } else {
            self.variable(name);
            self.fields(node, Receiver::Stack, fields, call);
        }
    }

    /// The fields `names` of a value; the last may be a method with arguments.
    fn fields(&mut self, node: NodeId, receiver: Receiver, names: &[Str], call: Option<MethodCall>) {
        let Some((method, fields)) = names.split_last() else { return };
        let names = if call.is_some() { fields } else { names };
        if names.is_empty() {
            match receiver {
                Receiver::Dot => _ = self.emit(Op::Dot),
                Receiver::Variable(slot) => _ = self.emit(Op::Variable(index(slot))),
                Receiver::Stack => {}
            }
        } else {
            let chain = self.chain(names);
            self.emit(match receiver {
                Receiver::Dot => Op::DotFields(chain),
                Receiver::Variable(slot) => Op::VariableFields(index(slot), chain),
                Receiver::Stack => Op::Fields(chain, node.0),
            });
        }
        let Some(call) = call else { return };
        let nodes = self.nodes;
        let NodeKind::Command(args) = nodes.kind(call.command) else { return };
        let args = args.get(1..).unwrap_or_default();
        let name = self.name(method);
        let count = index(args.len());
        let start = self.emit(Op::Method { name, args: count, last: call.last, end: 0 });
        let arguments = args
            .iter()
            .enumerate()
            .map(|(at, arg)| Task::Argument { node: *arg, want: Want::Method(index(at)) });
        let mut tasks: Vec<Task> = arguments.collect();
        if call.last == Final::Below {
            tasks.push(Task::Op(Op::MethodCheck(u32::MAX)));
        }
        tasks.push(Task::OpAt(Op::MethodCall { name, args: count, last: call.last }, node));
        tasks.push(Task::MethodEnd { start });
        self.then(tasks);
    }

    /// An untyped literal (Go: `evalEmptyInterface`, `idealConstant`).
    fn literal(&mut self, node: NodeId) {
        let nodes = self.nodes;
        self.last = At::Node(node);
        match untyped_literal(nodes.kind(node)) {
            Ok(constant) => self.constant(constant),
            Err(message) => self.fail(message),
        }
    }

    /// Go: `evalArg`.
    fn argument(&mut self, node: NodeId, want: Want) {
        let nodes = self.nodes;
        self.last = At::Node(node);
        match nodes.kind(node) {
            NodeKind::Dot => {
                self.emit(Op::Dot);
                self.check(want, 0);
            }
            NodeKind::Nil => match want {
                Want::Any | Want::Reflect => self.constant(Constant::Invalid),
                Want::Method(at) => _ = self.emit(Op::MethodLiteral(at)),
                Want::Type(go_type) if can_be_nil(go_type.kind) => self.constant(Constant::Nil(go_type)),
                Want::Type(go_type) => self.fail(format!("cannot assign nil to {go_type}")),
            },
            NodeKind::Field(names) => {
                self.fields(node, Receiver::Dot, names, None);
                self.check(want, 0);
            }
            NodeKind::Variable(names) => {
                self.variable_node(node, names, &[], Final::None, None);
                self.check(want, 0);
            }
            NodeKind::Pipe { .. } => self.then([Task::Pipe(node), Task::Check(want)]),
            NodeKind::Identifier(name) => {
                self.then([Task::Check(want)]);
                self.function(name, node, node, &[], Final::None);
            }
            NodeKind::Chain { .. } => self.chain_node(node, None, Task::Check(want)),
            _ => match want {
                Want::Any | Want::Reflect => self.literal(node),
                Want::Method(at) => _ = self.emit(Op::MethodLiteral(at)),
                Want::Type(go_type) => match typed_literal(nodes.kind(node), go_type) {
                    Literal::Untyped => self.literal(node),
                    Literal::Constant(constant) => self.constant(constant),
                    Literal::Expected(what) => {
                        let message = format!("expected {what}; found {}", self.text(node));
                        self.fail(message);
                    }
                    Literal::Unhandled => {
                        let message = format!("can't handle {} for arg of type {go_type}", self.text(node));
                        self.fail(message);
                    }
                },
            },
        }
    }

    /// Go: `validateType` of the value `depth` below the top of the stack.
    fn check(&mut self, want: Want, depth: u32) {
        match want {
            Want::Any | Want::Reflect => {}
            Want::Type(go_type) if go_type.kind == Kind::Interface && go_type.name == "interface {}" => {}
            Want::Type(go_type) => {
                let type_ = self.type_(go_type);
                self.emit(Op::Check { type_, depth });
            }
            Want::Method(at) => _ = self.emit(Op::MethodCheck(at)),
        }
    }

    /// Go: `evalFunction`, `evalCall`. `args` has the function at its start, unless it is empty.
    fn function(&mut self, name: &Str, ident: NodeId, command: NodeId, args: &[NodeId], last: Final) {
        self.last = At::Node(ident);
        let args = args.get(1..).unwrap_or_default();
        let user = self.functions.find(name);
        let builtin = if user.is_none() { Builtin::named(name) } else { None };
        let (params, variadic): (Vec<Want>, bool) = match (user, builtin) {
            (Some((_, function)), _) => {
                (function.params.iter().map(|param| Want::Type(param)).collect(), function.variadic)
            }
            (None, Some(builtin)) => {
                let (params, variadic) = builtin.signature();
                let want = |param: &Param| match param {
                    Param::Reflect => Want::Reflect,
                    Param::Type(go_type) => Want::Type(go_type),
                };
                (params.iter().map(want).collect(), variadic)
            }
            (None, None) => {
                return self.fail(format!("{} is not a defined function", pintle_value::quoted(name)));
            }
        };
        let count = args.len() + usize::from(last != Final::None);
        let fixed = params.len() - usize::from(variadic);
        if variadic && count < fixed {
            return self
                .fail(format!("wrong number of args for {name}: want at least {fixed} got {}", args.len()));
        }
        if !variadic && count != params.len() {
            return self.fail(format!("wrong number of args for {name}: want {} got {count}", params.len()));
        }
        let want = |at: usize| match params.get(at) {
            Some(want) if at < fixed => *want,
            _ => params.last().copied().unwrap_or(Want::Any),
        };
        if let Some(Builtin::And | Builtin::Or) = builtin {
            return self.and_or(builtin == Some(Builtin::Or), args, last);
        }
        let mut tasks: Vec<Task> =
            args.iter().enumerate().map(|(at, arg)| Task::Argument { node: *arg, want: want(at) }).collect();
        let args = index(args.len());
        if last == Final::Below
            && let Want::Type(go_type) = want(args as usize)
            && go_type.name != "interface {}"
        {
            let type_ = self.type_(go_type);
            tasks.push(Task::Op(Op::Check { type_, depth: args }));
        }
        let op = match (user, builtin) {
            (Some((function, _)), _) if self.functions.is_include(function) => Op::Include { function, last },
            (Some((function, _)), _) if self.functions.is_tpl(function) => Op::Tpl { function, last },
            (Some((function, _)), _) => Op::Call { function, args, last },
            (None, Some(Builtin::Call)) => {
                let nodes = self.nodes;
                let callee = match nodes.kind(command) {
                    NodeKind::Command(all) => all.get(1).map(|node| self.text(*node)),
                    _ => None,
                };
                let name = self.message(callee.unwrap_or_default());
                Op::CallValue { name, args, last }
            }
            (None, Some(builtin)) => Op::Builtin { builtin, args, last },
            (None, None) => return,
        };
        tasks.push(Task::OpAt(op, command));
        self.then(tasks);
    }

    fn and_or(&mut self, or: bool, args: &[NodeId], last: Final) {
        if args.is_empty() {
            return; // the value from the pipeline is the result
        }
        let start = self.template.code.len();
        if self.source.declares_in_parentheses {
            self.emit(Op::Unset(0, 0)); // the slots follow when they are known
        }
        let group = usize::try_from(u32::MAX).unwrap_or(usize::MAX) - start;
        let count = args.len();
        let mut tasks = Vec::with_capacity(count * 2 + 2);
        for (at, arg) in args.iter().enumerate() {
            tasks.push(Task::Argument { node: *arg, want: Want::Reflect });
            tasks.push(Task::AndOrArgument { or, index: at, count, last, group });
        }
        tasks.push(Task::AndOrEnd { group, start, variables: self.variables.len() });
        self.then(tasks);
    }
}
