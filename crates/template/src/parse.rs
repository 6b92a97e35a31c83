//! The parser (Go: `text/template/parse/parse.go`), with its own stacks: no nesting of a template needs native stack.

use std::collections::HashMap;

use pintle_value::{Str, quoted};

use crate::function::FunctionTable;
use crate::lex::{Keywords, Kind, Lexer, Token};
use crate::node::{Branch, NodeId, NodeKind, Nodes};
use crate::number::{NumberNode, unquote};

/// How deep parentheses may nest (Go: `maxStackDepth`).
const MAX_PAREN_DEPTH: u32 = 10_000;

/// Everything that one text defines.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) nodes: Nodes,
    /// The body of each template that the text defines, the text's own included.
    pub(crate) trees: HashMap<Str, NodeId>,
    /// Whether a pipeline in parentheses declares a variable.
    pub(crate) declares_in_parentheses: bool,
}

/// Why a text could not be parsed; the message is without `template: NAME:LINE: `.
#[derive(Debug)]
pub(crate) struct ParseError {
    pub(crate) line: u32,
    pub(crate) message: String,
}

type Result<T> = std::result::Result<T, ParseError>;

/// Parses `text` as the template `name`.
pub(crate) fn parse(name: &Str, text: &[u8], functions: &FunctionTable) -> Result<Parsed> {
    let keywords = Keywords {
        break_ok: functions.find(b"break").is_none(),
        continue_ok: functions.find(b"continue").is_none(),
    };
    let mut parser = Parser {
        name,
        text,
        functions,
        lexer: Lexer::new(text, keywords),
        nodes: Nodes::default(),
        trees: HashMap::new(),
        tree: Tree::default(),
        outer: Vec::new(),
        open: Vec::new(),
        declares_in_parentheses: false,
    };
    parser.run()?;
    let declares_in_parentheses = parser.declares_in_parentheses;
    Ok(Parsed { nodes: parser.nodes, trees: parser.trees, declares_in_parentheses })
}

/// What the parser knows of the template that it is in; `define` and `block` begin another one.
struct Tree {
    tokens: [Token; 3],
    peeked: usize,
    vars: Vec<Str>,
    action_line: u32,
    range_depth: u32,
    paren_depth: u32,
}

impl Default for Tree {
    fn default() -> Self {
        let none = Token { kind: Kind::Eof, pos: 0, end: 0, line: 0, error: None };
        Self {
            tokens: [none.clone(), none.clone(), none],
            peeked: 0,
            vars: vec![Str::from("$")],
            action_line: 0,
            range_depth: 0,
            paren_depth: 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    If,
    Range,
    With,
}

impl Control {
    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Range => "range",
            Self::With => "with",
        }
    }
}

/// Something that waits for its `{{end}}`.
struct Open {
    what: What,
    list_pos: usize,
    list: Vec<NodeId>,
}

enum What {
    Define {
        name: Str,
    },
    Block {
        name: Str,
        pipe: NodeId,
        pos: usize,
    },
    Control {
        control: Control,
        pipe: NodeId,
        vars: usize,
        /// The first list, when the one being read is that of `else`.
        list: Option<NodeId>,
        /// Whether this stands in an `else if` or `else with`, so that its end is also that of the one around.
        chained: bool,
    },
}

/// A pipeline being read: the one of an action, or one in parentheses.
struct OpenPipe {
    pos: usize,
    context: &'static str,
    end: Kind,
    assign: bool,
    decl: Vec<NodeId>,
    cmds: Vec<NodeId>,
    command: Option<(usize, Vec<NodeId>)>,
}

enum Term {
    Node(NodeId),
    Paren,
    None,
}

enum Item {
    Node(NodeId),
    End,
    Else(usize),
    /// A control structure, `define` or `block` was opened.
    Opened,
}

struct Parser<'t> {
    name: &'t Str,
    text: &'t [u8],
    functions: &'t FunctionTable,
    lexer: Lexer<'t>,
    nodes: Nodes,
    trees: HashMap<Str, NodeId>,
    tree: Tree,
    outer: Vec<Tree>,
    open: Vec<Open>,
    declares_in_parentheses: bool,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<()> {
        let root_pos = self.peek().pos;
        let mut root = Vec::new();
        loop {
            if self.open.is_empty() {
                let token = self.peek();
                if token.kind == Kind::Eof {
                    break;
                }
                if token.kind == Kind::LeftDelim {
                    let delim = self.next();
                    if self.next_non_space().kind == Kind::Define {
                        self.define()?;
                        continue;
                    }
                    self.backup2(delim);
                }
            } else if self.peek_non_space().kind == Kind::Eof {
                return self.fail("unexpected EOF");
            }
            match self.text_or_action()? {
                Item::Opened => {}
                Item::Node(node) => match self.open.last_mut() {
                    Some(open) => open.list.push(node),
                    None => root.push(node),
                },
                Item::End => {
                    if let Some(node) = self.end()? {
                        match self.open.last_mut() {
                            Some(open) => open.list.push(node),
                            None => root.push(node),
                        }
                    }
                }
                Item::Else(pos) => self.else_(pos)?,
            }
        }
        let root = self.nodes.add(root_pos, NodeKind::List(root));
        let name = self.name.clone();
        self.add(name, root)
    }

    // Tokens.

    fn token(&self, index: usize) -> Token {
        self.tree.tokens.get(index).cloned().unwrap_or_else(|| Tree::default().tokens[0].clone())
    }

    fn next(&mut self) -> Token {
        if self.tree.peeked > 0 {
            self.tree.peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.next_token();
        }
        self.token(self.tree.peeked)
    }

    fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    fn backup2(&mut self, first: Token) {
        self.tree.tokens[1] = first;
        self.tree.peeked = 2;
    }

    fn backup3(&mut self, first: Token, second: Token) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        if self.tree.peeked == 0 {
            self.tree.peeked = 1;
            self.tree.tokens[0] = self.lexer.next_token();
        }
        self.token(self.tree.peeked - 1)
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn slice(&self, token: &Token) -> &[u8] {
        self.text.get(token.range()).unwrap_or_default()
    }

    // Errors.

    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(ParseError { line: self.tree.tokens[0].line, message: message.into() })
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T> {
        if let Some(error) = &token.error {
            let mut extra = String::new();
            let started = self.tree.action_line;
            if started != 0 && started != token.line {
                extra = format!(" in action started at {}:{started}", self.name);
                if error.ends_with(" action") {
                    extra = extra.trim_start_matches(" in action").to_owned();
                }
            }
            return self.fail(format!("{error}{extra}"));
        }
        self.fail(format!("unexpected {} in {context}", self.describe(token)))
    }

    /// Go: `item.String`.
    fn describe(&self, token: &Token) -> String {
        let text = self.slice(token);
        if token.kind == Kind::Eof {
            return "EOF".into();
        }
        if token.kind >= Kind::Block {
            return format!("<{}>", String::from_utf8_lossy(text));
        }
        if text.len() > 10 {
            let mut end = text.len();
            let (mut at, mut runes) = (0, 0);
            while let Some((_, width)) = pintle_value::decode_rune(text.get(at..).unwrap_or_default()) {
                if runes == 10 {
                    end = at;
                    break;
                }
                at += width;
                runes += 1;
            }
            return format!("{}...", quoted(text.get(..end).unwrap_or_default()));
        }
        quoted(text)
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    // Templates.

    /// Go: `Tree.add`.
    fn add(&mut self, name: Str, root: NodeId) -> Result<()> {
        let replace = match self.trees.get(&name) {
            None => true,
            Some(tree) => self.nodes.is_empty_tree(*tree, self.text),
        };
        if replace {
            self.trees.insert(name, root);
        } else if !self.nodes.is_empty_tree(root, self.text) {
            return self.fail(format!("template: multiple definition of template {}", quoted(&name)));
        }
        Ok(())
    }

    fn enter(&mut self) {
        self.outer.push(std::mem::take(&mut self.tree));
    }

    fn leave(&mut self) {
        if let Some(tree) = self.outer.pop() {
            self.tree = tree;
        }
    }

    fn define(&mut self) -> Result<()> {
        let context = "define clause";
        self.enter();
        let token = self.next_non_space();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, context);
        }
        let Some(name) = unquote(self.slice(&token)) else { return self.fail("invalid syntax") };
        self.expect(Kind::RightDelim, context)?;
        self.open(What::Define { name: Str::from(name) });
        Ok(())
    }

    fn open(&mut self, what: What) {
        let list_pos = self.peek_non_space().pos;
        self.open.push(Open { what, list_pos, list: Vec::new() });
    }

    /// Reads text, an action, or the head of something that is then open.
    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => {
                let end = u32::try_from(token.end).unwrap_or(u32::MAX);
                Ok(Item::Node(self.nodes.add(token.pos, NodeKind::Text(end))))
            }
            Kind::LeftDelim => {
                self.tree.action_line = token.line;
                let item = self.action()?;
                if !matches!(item, Item::Opened) {
                    self.tree.action_line = 0;
                }
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Block => return self.block(),
            Kind::Break | Kind::Continue => {
                let (text, kind) = match token.kind {
                    Kind::Break => ("{{break}}", NodeKind::Break),
                    _ => ("{{continue}}", NodeKind::Continue),
                };
                let delim = self.next_non_space();
                if delim.kind != Kind::RightDelim {
                    return self.unexpected(&delim, text);
                }
                if self.tree.range_depth == 0 {
                    return self.fail(format!("{text} outside {{{{range}}}}"));
                }
                return Ok(Item::Node(self.nodes.add(token.pos, kind)));
            }
            Kind::Else => {
                let peek = self.peek_non_space();
                if matches!(peek.kind, Kind::If | Kind::With) {
                    return Ok(Item::Else(peek.pos));
                }
                return Ok(Item::Else(self.expect(Kind::RightDelim, "else")?.pos));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            Kind::If => return self.control(Control::If, false),
            Kind::Range => return self.control(Control::Range, false),
            Kind::With => return self.control(Control::With, false),
            Kind::Template => return self.template(),
            _ => {}
        }
        self.backup();
        let pos = self.peek().pos;
        let pipe = self.pipeline("command", Kind::RightDelim)?;
        Ok(Item::Node(self.nodes.add(pos, NodeKind::Action(pipe))))
    }

    fn control(&mut self, control: Control, chained: bool) -> Result<Item> {
        let vars = self.tree.vars.len();
        let pipe = self.pipeline(control.name(), Kind::RightDelim)?;
        if control == Control::Range {
            self.tree.range_depth += 1;
        }
        self.open(What::Control { control, pipe, vars, list: None, chained });
        Ok(Item::Opened)
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<Str> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        match unquote(self.slice(token)) {
            Some(name) => Ok(Str::from(name)),
            None => self.fail("invalid syntax"),
        }
    }

    fn block(&mut self) -> Result<Item> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.enter();
        self.open(What::Block { name, pipe, pos: token.pos });
        Ok(Item::Opened)
    }

    fn template(&mut self) -> Result<Item> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(context, Kind::RightDelim)?);
        }
        Ok(Item::Node(self.nodes.add(token.pos, NodeKind::Template { name, pipe })))
    }

    /// Closes what is open; gives the node that it made.
    fn end(&mut self) -> Result<Option<NodeId>> {
        let Some(mut open) = self.open.pop() else { return self.fail("unexpected {{end}}") };
        loop {
            let list = self.nodes.add(open.list_pos, NodeKind::List(open.list));
            match open.what {
                What::Define { name } => {
                    self.add(name, list)?;
                    self.leave();
                    return Ok(None);
                }
                What::Block { name, pipe, pos } => {
                    self.add(name.clone(), list)?;
                    self.leave();
                    self.tree.action_line = 0;
                    return Ok(Some(self.nodes.add(pos, NodeKind::Template { name, pipe: Some(pipe) })));
                }
                What::Control { control, pipe, vars, list: first, chained } => {
                    let (list, else_list) = if let Some(first) = first {
                        (first, Some(list))
                    } else {
                        self.tree.range_depth -= u32::from(control == Control::Range);
                        (list, None)
                    };
                    self.tree.vars.truncate(vars);
                    self.tree.action_line = 0;
                    let branch = Branch { pipe, list, else_list };
                    let kind = match control {
                        Control::If => NodeKind::If(branch),
                        Control::Range => NodeKind::Range(branch),
                        Control::With => NodeKind::With(branch),
                    };
                    let pos = self.nodes.get(pipe).pos as usize;
                    let node = self.nodes.add(pos, kind);
                    if !chained {
                        return Ok(Some(node));
                    }
                    match self.open.pop() {
                        Some(mut around) => {
                            around.list.push(node);
                            open = around;
                        }
                        None => return Ok(Some(node)),
                    }
                }
            }
        }
    }

    fn else_(&mut self, pos: usize) -> Result<()> {
        let Some(open) = self.open.last_mut() else { return self.fail("unexpected {{else}}") };
        let context = match &open.what {
            What::Define { .. } => Some("define clause"),
            What::Block { .. } => Some("block clause"),
            What::Control { .. } => None,
        };
        if let Some(context) = context {
            if context == "block clause" {
                self.leave(); // the template around reports it
            }
            return self.fail(format!("unexpected {{{{else}}}} in {context}"));
        }
        let items = std::mem::take(&mut open.list);
        let list_pos = std::mem::replace(&mut open.list_pos, pos);
        let What::Control { control, list, .. } = &mut open.what else { return Ok(()) };
        if list.is_some() {
            return self.fail("expected end; found {{else}}");
        }
        *list = Some(self.nodes.add(list_pos, NodeKind::List(items)));
        let control = *control;
        self.tree.range_depth -= u32::from(control == Control::Range);
        let chained = match (control, self.peek().kind) {
            (Control::If, Kind::If) => Some(Control::If),
            (Control::With, Kind::With) => Some(Control::With),
            _ => None,
        };
        if let Some(chained) = chained {
            self.next();
            self.control(chained, true)?;
            return Ok(());
        }
        let list_pos = self.peek_non_space().pos;
        if let Some(open) = self.open.last_mut() {
            open.list_pos = list_pos;
        }
        Ok(())
    }

    // Pipelines.

    fn open_pipe(&mut self, context: &'static str, end: Kind) -> Result<OpenPipe> {
        let pos = self.peek_non_space().pos;
        let mut pipe =
            OpenPipe { pos, context, end, assign: false, decl: Vec::new(), cmds: Vec::new(), command: None };
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(pipe);
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            if matches!(next.kind, Kind::Assign | Kind::Declare) {
                pipe.assign = next.kind == Kind::Assign;
                self.next_non_space();
                self.declare(&mut pipe, &variable);
                return Ok(pipe);
            }
            if next.kind == Kind::Char && self.slice(&next) == b"," {
                self.next_non_space();
                self.declare(&mut pipe, &variable);
                if context == "range" && pipe.decl.len() < 2 {
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => continue,
                        _ => return self.fail("range can only initialize variables"),
                    }
                }
                return self.fail(format!("too many declarations in {context}"));
            }
            if after.kind == Kind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok(pipe);
        }
    }

    fn declare(&mut self, pipe: &mut OpenPipe, variable: &Token) {
        let name = Str::from(self.slice(variable));
        pipe.decl.push(self.nodes.add(variable.pos, NodeKind::Variable(vec![name.clone()])));
        self.tree.vars.push(name);
    }

    fn pipeline(&mut self, context: &'static str, end: Kind) -> Result<NodeId> {
        let mut pipes = Vec::new();
        let mut pipe = self.open_pipe(context, end)?;
        loop {
            // Between commands.
            if pipe.command.is_none() {
                let token = self.next_non_space();
                if token.kind == pipe.end {
                    self.check_pipeline(&pipe)?;
                    self.declares_in_parentheses |= !pipes.is_empty() && !pipe.decl.is_empty();
                    let kind = NodeKind::Pipe { assign: pipe.assign, decl: pipe.decl, cmds: pipe.cmds };
                    let node = self.nodes.add(pipe.pos, kind);
                    match pipes.pop() {
                        None => return Ok(node),
                        Some(around) => {
                            pipe = around;
                            self.tree.paren_depth -= 1;
                            self.operand(&mut pipe, Some(node))?;
                            continue;
                        }
                    }
                }
                match token.kind {
                    Kind::Bool
                    | Kind::CharConstant
                    | Kind::Complex
                    | Kind::Dot
                    | Kind::Field
                    | Kind::Identifier
                    | Kind::Number
                    | Kind::Nil
                    | Kind::RawString
                    | Kind::String
                    | Kind::Variable
                    | Kind::LeftParen => {
                        self.backup();
                        let pos = self.peek_non_space().pos;
                        pipe.command = Some((pos, Vec::new()));
                    }
                    _ => return self.unexpected(&token, pipe.context),
                }
            }
            // Inside of a command.
            self.peek_non_space();
            match self.term()? {
                Term::Node(node) => self.operand(&mut pipe, Some(node))?,
                Term::None => self.operand(&mut pipe, None)?,
                Term::Paren => {
                    if self.tree.paren_depth >= MAX_PAREN_DEPTH {
                        return self.fail("max expression depth exceeded");
                    }
                    self.tree.paren_depth += 1;
                    let inner = self.open_pipe("parenthesized pipeline", Kind::RightParen)?;
                    pipes.push(std::mem::replace(&mut pipe, inner));
                }
            }
        }
    }

    fn check_pipeline(&self, pipe: &OpenPipe) -> Result<()> {
        if pipe.cmds.is_empty() {
            return self.fail(format!("missing value for {}", pipe.context));
        }
        for (index, cmd) in pipe.cmds.iter().enumerate().skip(1) {
            if let NodeKind::Command(args) = self.nodes.kind(*cmd)
                && let Some(first) = args.first()
                && matches!(
                    self.nodes.kind(*first),
                    NodeKind::Bool(_)
                        | NodeKind::Dot
                        | NodeKind::Nil
                        | NodeKind::Number(_)
                        | NodeKind::String { .. }
                )
            {
                return self.fail(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    /// Takes a term with the fields behind it as an argument of the command, and ends the command where it ends.
    fn operand(&mut self, pipe: &mut OpenPipe, term: Option<NodeId>) -> Result<()> {
        let Some((pos, mut args)) = pipe.command.take() else { return Ok(()) };
        if let Some(mut node) = term {
            let first = self.peek();
            if first.kind == Kind::Field {
                let mut fields = Vec::new();
                while self.peek().kind == Kind::Field {
                    let token = self.next();
                    fields.push(Str::from(self.slice(&token).get(1..).unwrap_or_default()));
                }
                let kind = match self.nodes.kind(node) {
                    NodeKind::Field(names) => NodeKind::Field([names.as_slice(), &fields].concat()),
                    NodeKind::Variable(names) => NodeKind::Variable([names.as_slice(), &fields].concat()),
                    NodeKind::Bool(_)
                    | NodeKind::String { .. }
                    | NodeKind::Number(_)
                    | NodeKind::Nil
                    | NodeKind::Dot => {
                        let text = self.nodes.text(node, self.text);
                        return self.fail(format!("unexpected . after term {}", quoted(text)));
                    }
                    _ => NodeKind::Chain { node, fields },
                };
                node = self.nodes.add(first.pos, kind);
            }
            args.push(node);
        }
        let token = self.next();
        match token.kind {
            Kind::Space => {
                pipe.command = Some((pos, args));
                return Ok(());
            }
            Kind::RightDelim | Kind::RightParen => self.backup(),
            Kind::Pipe => {}
            _ => return self.unexpected(&token, "operand"),
        }
        if args.is_empty() {
            return self.fail("empty command");
        }
        pipe.cmds.push(self.nodes.add(pos, NodeKind::Command(args)));
        Ok(())
    }

    fn term(&mut self) -> Result<Term> {
        let token = self.next_non_space();
        let text = self.slice(&token);
        let kind = match token.kind {
            Kind::Identifier => {
                if self.functions.find(text).is_none() && crate::builtin::Builtin::named(text).is_none() {
                    return self.fail(format!("function {} not defined", quoted(text)));
                }
                NodeKind::Identifier(Str::from(text))
            }
            Kind::Dot => NodeKind::Dot,
            Kind::Nil => NodeKind::Nil,
            Kind::Variable => {
                let name = Str::from(text);
                if !self.tree.vars.contains(&name) {
                    return self.fail(format!("undefined variable {}", quoted(&name)));
                }
                NodeKind::Variable(vec![name])
            }
            Kind::Field => NodeKind::Field(vec![Str::from(text.get(1..).unwrap_or_default())]),
            Kind::Bool => NodeKind::Bool(text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match NumberNode::parse(text, token.kind) {
                Ok(number) => NodeKind::Number(Box::new(number)),
                Err(message) => return self.fail(message),
            },
            Kind::LeftParen => return Ok(Term::Paren),
            Kind::String | Kind::RawString => match unquote(text) {
                Some(content) => NodeKind::String { quoted: Str::from(text), text: Str::from(content) },
                None => return self.fail("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(Term::None);
            }
        };
        Ok(Term::Node(self.nodes.add(token.pos, kind)))
    }
}
