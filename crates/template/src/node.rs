//! The parse tree (Go: `text/template/parse/node.go`), kept in one arena so that no depth of nesting needs stack.

use pintle_value::{Str, append_quoted};

use crate::number::NumberNode;

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) u32);

#[derive(Debug)]
pub(crate) struct Node {
    /// Where the node starts, in bytes from the start of the text.
    pub(crate) pos: u32,
    pub(crate) kind: NodeKind,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    /// Plain text, up to this byte of the text.
    Text(u32),
    Action(NodeId),
    If(Branch),
    Range(Branch),
    With(Branch),
    Break,
    Continue,
    Template {
        name: Str,
        pipe: Option<NodeId>,
    },
    List(Vec<NodeId>),
    Pipe {
        assign: bool,
        decl: Vec<NodeId>,
        cmds: Vec<NodeId>,
    },
    Command(Vec<NodeId>),
    Identifier(Str),
    Variable(Vec<Str>),
    Dot,
    Nil,
    Field(Vec<Str>),
    Chain {
        node: NodeId,
        fields: Vec<Str>,
    },
    Bool(bool),
    Number(Box<NumberNode>),
    String {
        quoted: Str,
        text: Str,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: NodeId,
    pub(crate) list: NodeId,
    pub(crate) else_list: Option<NodeId>,
}

/// The arena of all nodes that were parsed from one text.
#[derive(Debug, Default)]
pub(crate) struct Nodes(Vec<Node>);

impl Nodes {
    pub(crate) fn add(&mut self, pos: usize, kind: NodeKind) -> NodeId {
        let id = NodeId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Node { pos: u32::try_from(pos).unwrap_or(u32::MAX), kind });
        id
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        const MISSING: &Node = &Node { pos: 0, kind: NodeKind::Dot };
        self.0.get(id.0 as usize).unwrap_or(MISSING)
    }

    /// Where each node starts.
    pub(crate) fn starts(&self) -> Box<[u32]> {
        self.0.iter().map(|node| node.pos).collect()
    }

    pub(crate) fn kind(&self, id: NodeId) -> &NodeKind {
        &self.get(id).kind
    }

    /// Whether this list holds nothing but space (Go: `IsEmptyTree`).
    pub(crate) fn is_empty_tree(&self, id: NodeId, text: &[u8]) -> bool {
        let NodeKind::List(items) = self.kind(id) else { return false };
        items.iter().all(|item| match self.get(*item) {
            Node { pos, kind: NodeKind::Text(end) } => {
                let text = text.get(*pos as usize..*end as usize).unwrap_or_default();
                is_unicode_space(text)
            }
            _ => false,
        })
    }

    /// Go's text of the node (`Node.String`), which errors quote.
    #[expect(clippy::too_many_lines, reason = "one arm a kind of node")]
    pub(crate) fn text(&self, id: NodeId, source: &[u8]) -> Vec<u8> {
        enum Part<'a> {
            Node(NodeId),
            Literal(&'static [u8]),
            Name(&'a Str),
        }
        let mut out = Vec::new();
        let mut todo = vec![Part::Node(id)];
        while let Some(part) = todo.pop() {
            let id = match part {
                Part::Literal(text) => {
                    out.extend_from_slice(text);
                    continue;
                }
                Part::Name(name) => {
                    out.extend_from_slice(name);
                    continue;
                }
                Part::Node(id) => id,
            };
            let node = self.get(id);
            let mark = todo.len();
            match &node.kind {
                NodeKind::Text(end) => {
                    out.extend_from_slice(source.get(node.pos as usize..*end as usize).unwrap_or_default());
                }
                NodeKind::Action(pipe) => {
                    todo.extend([Part::Literal(b"{{"), Part::Node(*pipe), Part::Literal(b"}}")]);
                }
                NodeKind::If(branch) | NodeKind::Range(branch) | NodeKind::With(branch) => {
                    todo.push(Part::Literal(match node.kind {
                        NodeKind::If(_) => b"{{if ",
                        NodeKind::Range(_) => b"{{range ",
                        _ => b"{{with ",
                    }));
                    todo.extend([Part::Node(branch.pipe), Part::Literal(b"}}"), Part::Node(branch.list)]);
                    if let Some(list) = branch.else_list {
                        todo.extend([Part::Literal(b"{{else}}"), Part::Node(list)]);
                    }
                    todo.push(Part::Literal(b"{{end}}"));
                }
                NodeKind::Break => out.extend_from_slice(b"{{break}}"),
                NodeKind::Continue => out.extend_from_slice(b"{{continue}}"),
                NodeKind::Template { name, pipe } => {
                    out.extend_from_slice(b"{{template ");
                    append_quoted(&mut out, name, pintle_value::Quote::Printable);
                    if let Some(pipe) = pipe {
                        todo.extend([Part::Literal(b" "), Part::Node(*pipe)]);
                    }
                    todo.push(Part::Literal(b"}}"));
                }
                NodeKind::List(items) => todo.extend(items.iter().map(|item| Part::Node(*item))),
                NodeKind::Pipe { assign, decl, cmds } => {
                    for (index, decl) in decl.iter().enumerate() {
                        todo.extend((index > 0).then_some(Part::Literal(b", ")));
                        todo.push(Part::Node(*decl));
                    }
                    if !decl.is_empty() {
                        todo.push(Part::Literal(if *assign { b" = " } else { b" := " }));
                    }
                    for (index, cmd) in cmds.iter().enumerate() {
                        todo.extend((index > 0).then_some(Part::Literal(b" | ")));
                        todo.push(Part::Node(*cmd));
                    }
                }
                NodeKind::Command(args) => {
                    for (index, arg) in args.iter().enumerate() {
                        todo.extend((index > 0).then_some(Part::Literal(b" ")));
                        if matches!(self.kind(*arg), NodeKind::Pipe { .. }) {
                            todo.extend([Part::Literal(b"("), Part::Node(*arg), Part::Literal(b")")]);
                        } else {
                            todo.push(Part::Node(*arg));
                        }
                    }
                }
                NodeKind::Identifier(name) => out.extend_from_slice(name),
                NodeKind::Variable(names) => {
                    for (index, name) in names.iter().enumerate() {
                        todo.extend((index > 0).then_some(Part::Literal(b".")));
                        todo.push(Part::Name(name));
                    }
                }
                NodeKind::Dot => out.push(b'.'),
                NodeKind::Nil => out.extend_from_slice(b"nil"),
                NodeKind::Field(names) => {
                    todo.extend(names.iter().flat_map(|name| [Part::Literal(b"."), Part::Name(name)]));
                }
                NodeKind::Chain { node, fields } => {
                    if matches!(self.kind(*node), NodeKind::Pipe { .. }) {
                        todo.extend([Part::Literal(b"("), Part::Node(*node), Part::Literal(b")")]);
                    } else {
                        todo.push(Part::Node(*node));
                    }
                    todo.extend(fields.iter().flat_map(|name| [Part::Literal(b"."), Part::Name(name)]));
                }
                NodeKind::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
                NodeKind::Number(number) => out.extend_from_slice(&number.text),
                NodeKind::String { quoted, .. } => out.extend_from_slice(quoted),
            }
            if let Some(added) = todo.get_mut(mark..) {
                added.reverse(); // the last in is the first out
            }
        }
        out
    }
}

/// Go: `bytes.TrimSpace(text)` leaves nothing.
fn is_unicode_space(text: &[u8]) -> bool {
    if text.iter().all(|byte| matches!(byte, b' ' | b'\t'..=b'\r')) {
        return true;
    }
    std::str::from_utf8(text).is_ok_and(|text| text.chars().all(char::is_whitespace))
}
