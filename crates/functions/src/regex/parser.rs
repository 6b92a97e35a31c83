//! Go's syntax of regular expressions, read into the form that `regex-automata` runs (Go: `regexp/syntax/parse.go`).

use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::class;

/// The largest count of a repetition, also of nested ones multiplied.
const MAX_REPEAT: u32 = 1_000;

/// How deep an expression may nest.
const MAX_HEIGHT: u32 = 1_000;

/// The most instructions that Go's compiled form may have.
const MAX_SIZE: u64 = (128 << 20) / (5 * 8);

/// The most runes that all classes may list together.
const MAX_RUNES: usize = (128 << 20) / 4;

/// Why an expression cannot be read, with the part that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    what: &'static str,
    part: Vec<u8>,
}

impl SyntaxError {
    fn new(what: &'static str, part: &[u8]) -> Self {
        Self { what, part: part.to_vec() }
    }

    /// Go's text of the error.
    pub(super) fn text(&self) -> Vec<u8> {
        [b"error parsing regexp: ", self.what.as_bytes(), b": `", &self.part, b"`"].concat()
    }

    /// Go: `ErrLarge`.
    pub(super) fn large(expression: &[u8]) -> Self {
        Self::new("expression too large", expression)
    }
}

/// An expression that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) hir: Hir,
    /// The names of the groups; that of the whole match, at 0, is empty, as is that of a group without one.
    pub(super) names: Vec<String>,
    /// How deep it nests.
    pub(super) height: u32,
    /// About how many instructions Go compiles it to.
    pub(super) size: u64,
}

/// What the letters of `(?imsU)` switch.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a letter that the expression switches on its own")]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_matches_newline: bool,
    swap_greed: bool,
}

/// A part of the expression with what the limits need to know.
#[derive(Debug)]
struct Node {
    hir: Hir,
    /// The repetitions multiplied along the deepest way down.
    repeats: u32,
    size: u64,
    height: u32,
}

#[derive(Debug)]
enum Item {
    Node(Node),
    Bar,
    /// An open group: the flags from before it, and its number if it captures.
    Group(Flags, Option<u32>),
}

struct Parser<'a> {
    whole: &'a [u8],
    flags: Flags,
    stack: Vec<Item>,
    names: Vec<String>,
    runes: usize,
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Reads an expression (Go: `syntax.Parse` with `syntax.Perl`).
pub(super) fn parse(expression: &[u8]) -> Result<Parsed> {
    let mut parser = Parser {
        whole: expression,
        flags: Flags::default(),
        stack: Vec::new(),
        names: vec![String::new()],
        runes: 0,
    };
    let mut rest = expression;
    let mut last_repeat: Option<&[u8]> = None;
    while let Some(first) = rest.first() {
        let before = rest;
        rest = match first {
            b'*' | b'+' | b'?' => {
                let (min, max) = match first {
                    b'*' => (0, None),
                    b'+' => (1, None),
                    _ => (0, Some(1)),
                };
                let after = parser.repeat(min, max, before, skip(before, 1), last_repeat, Counted::No)?;
                last_repeat = Some(before);
                rest = after;
                continue;
            }
            b'{' => match counts(before) {
                None => {
                    parser.literal('{')?;
                    skip(before, 1)
                }
                Some((min, max, after)) => {
                    let too_big = |count: Option<u32>| count.is_some_and(|count| count > MAX_REPEAT);
                    if too_big(Some(min)) || too_big(max) || max.is_some_and(|max| min > max) {
                        return Err(SyntaxError::new("invalid repeat count", until(before, after)));
                    }
                    let after = parser.repeat(min, max, before, after, last_repeat, Counted::Yes)?;
                    last_repeat = Some(before);
                    rest = after;
                    continue;
                }
            },
            _ => parser.element(before, *first)?,
        };
        last_repeat = None;
    }
    parser.finish()
}

/// Whether a repetition was written with a count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    No,
    Yes,
}

impl<'a> Parser<'a> {
    /// Reads one element that is no repetition, and gives what follows it.
    fn element(&mut self, text: &'a [u8], first: u8) -> Result<&'a [u8]> {
        match first {
            b'(' if text.get(1) == Some(&b'?') => return self.perl_group(text),
            b'(' => self.open(Some(String::new())),
            b'|' => {
                self.concat()?;
                self.stack.push(Item::Bar);
            }
            b')' => self.close()?,
            b'^' if self.flags.multi_line => self.look(Look::StartLF)?,
            b'^' => self.look(Look::Start)?,
            b'$' if self.flags.multi_line => self.look(Look::EndLF)?,
            b'$' => self.look(Look::End)?,
            b'.' if self.flags.dot_matches_newline => self.class(class::any())?,
            b'.' => {
                let mut class = ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]);
                class.negate();
                self.class(class)?;
            }
            b'[' => return self.bracket(text),
            b'\\' => return self.escaped(text),
            _ => {
                let (rune, rest) = next_rune(text)?;
                self.literal(rune)?;
                return Ok(rest);
            }
        }
        Ok(skip(text, 1))
    }

    fn escaped(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let look = match text.get(1) {
            Some(b'A') => Some(Look::Start),
            Some(b'b') => Some(Look::WordAscii),
            Some(b'B') => Some(Look::WordAsciiNegate),
            Some(b'z') => Some(Look::End),
            _ => None,
        };
        if let Some(look) = look {
            self.look(look)?;
            return Ok(skip(text, 2));
        }
        match text.get(1) {
            Some(b'C') => {
                return Err(SyntaxError::new("invalid escape sequence", until(text, skip(text, 2))));
            }
            Some(b'Q') => {
                let body = skip(text, 2);
                let end = memchr::memmem::find(body, b"\\E");
                let mut literal = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
                while !literal.is_empty() {
                    let (rune, rest) = next_rune(literal)?;
                    self.literal(rune)?;
                    literal = rest;
                }
                return Ok(end.map_or(&[][..], |end| skip(body, end + 2)));
            }
            _ => {}
        }
        if let Some((class, rest)) = self.unicode_class(text)? {
            self.class(class)?;
            return Ok(rest);
        }
        if let Some((class, rest)) = self.perl_class(text) {
            self.class(class)?;
            return Ok(rest);
        }
        let (code, rest) = escape(text)?;
        self.code_point(code)?;
        Ok(rest)
    }

    /// Go: `parsePerlFlags`.
    fn perl_group(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let named_python = text.len() > 4 && text.starts_with(b"(?P<");
        let named = text.len() > 3 && text.starts_with(b"(?<");
        if named_python || named {
            let start = if named { 3 } else { 4 };
            let Some(end) = memchr::memchr(b'>', text) else {
                check_utf8(text)?;
                return Err(SyntaxError::new("invalid named capture", text));
            };
            let name = text.get(start..end).unwrap_or_default();
            check_utf8(name)?;
            let valid = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            if name.is_empty() || !name.iter().all(valid) {
                return Err(SyntaxError::new("invalid named capture", until(text, skip(text, end + 1))));
            }
            self.open(Some(String::from_utf8_lossy(name).into_owned()));
            return Ok(skip(text, end + 1));
        }
        let mut rest = skip(text, 2);
        let mut flags = self.flags;
        let (mut negated, mut saw_flag) = (false, false);
        while !rest.is_empty() {
            let (rune, behind) = next_rune(rest)?;
            rest = behind;
            let flag = match rune {
                'i' => &mut flags.fold_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_matches_newline,
                'U' => &mut flags.swap_greed,
                '-' if !negated => {
                    negated = true;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if !negated || saw_flag => {
                    if rune == ':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Ok(rest);
                }
                _ => break,
            };
            *flag = !negated;
            saw_flag = true;
        }
        Err(SyntaxError::new("invalid or unsupported Perl syntax", until(text, rest)))
    }

    fn open(&mut self, name: Option<String>) {
        let index = name.map(|name| {
            self.names.push(name);
            u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
        });
        self.stack.push(Item::Group(self.flags, index));
    }

    fn close(&mut self) -> Result<()> {
        let node = self.alternation()?;
        let Some(Item::Group(flags, index)) = self.stack.pop() else {
            return Err(SyntaxError::new("unexpected )", self.whole));
        };
        self.flags = flags;
        let node = match index {
            None => node,
            Some(index) => Node {
                hir: Hir::capture(Capture { index, name: None, sub: Box::new(node.hir) }),
                repeats: node.repeats,
                size: node.size.saturating_add(2),
                height: node.height + 1,
            },
        };
        self.push(node)
    }

    fn finish(mut self) -> Result<Parsed> {
        let node = self.alternation()?;
        if !self.stack.is_empty() {
            return Err(SyntaxError::new("missing closing )", self.whole));
        }
        Ok(Parsed { hir: node.hir, names: self.names, height: node.height, size: node.size })
    }

    fn push(&mut self, node: Node) -> Result<()> {
        if node.size > MAX_SIZE || self.runes > MAX_RUNES {
            return Err(SyntaxError::large(self.whole));
        }
        if node.height > MAX_HEIGHT {
            return Err(SyntaxError::new("expression nests too deeply", self.whole));
        }
        self.stack.push(Item::Node(node));
        Ok(())
    }

    fn leaf(&mut self, hir: Hir) -> Result<()> {
        self.push(Node { hir, repeats: 0, size: 1, height: 1 })
    }

    fn look(&mut self, look: Look) -> Result<()> {
        self.leaf(Hir::look(look))
    }

    fn class(&mut self, class: ClassUnicode) -> Result<()> {
        self.runes += class.ranges().len() * 2;
        self.leaf(Hir::class(Class::Unicode(class)))
    }

    fn literal(&mut self, rune: char) -> Result<()> {
        if self.flags.fold_case {
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(rune, rune)]);
            class::fold(&mut class);
            return self.leaf(Hir::class(Class::Unicode(class)));
        }
        self.leaf(Hir::literal(rune.encode_utf8(&mut [0; 4]).as_bytes()))
    }

    /// A literal that may be half of a surrogate pair, which no text holds.
    fn code_point(&mut self, code: u32) -> Result<()> {
        match char::from_u32(code) {
            Some(rune) => self.literal(rune),
            None => self.leaf(Hir::fail()),
        }
    }

    /// Go: `parser.repeat`; `before` starts at the operator, `after` behind it.
    fn repeat(
        &mut self,
        min: u32,
        max: Option<u32>,
        before: &'a [u8],
        mut after: &'a [u8],
        last_repeat: Option<&[u8]>,
        counted: Counted,
    ) -> Result<&'a [u8]> {
        let mut greedy = !self.flags.swap_greed;
        if after.first() == Some(&b'?') {
            after = skip(after, 1);
            greedy = !greedy;
        }
        if let Some(last) = last_repeat {
            let part = last.get(..last.len() - after.len()).unwrap_or_default();
            return Err(SyntaxError::new("invalid nested repetition operator", part));
        }
        let Some(Item::Node(_)) = self.stack.last() else {
            return Err(SyntaxError::new("missing argument to repetition operator", until(before, after)));
        };
        let Some(Item::Node(node)) = self.stack.pop() else { return Ok(after) };
        let count = max.unwrap_or(min);
        let (repeats, size) = match counted {
            Counted::No => (node.repeats, node.size.saturating_add(2)),
            Counted::Yes => {
                let repeats = match (max, count) {
                    (Some(0), _) => 0,
                    (None, 0) => node.repeats,
                    _ => count.saturating_mul(node.repeats.max(1)),
                };
                (repeats, node.size.saturating_mul(u64::from(count.max(1))).saturating_add(u64::from(count)))
            }
        };
        if counted == Counted::Yes && count >= 2 && repeats > MAX_REPEAT {
            return Err(SyntaxError::new("invalid repeat count", until(before, after)));
        }
        let hir = Hir::repetition(Repetition { min, max, greedy, sub: Box::new(node.hir) });
        self.push(Node { hir, repeats, size, height: node.height + 1 })?;
        Ok(after)
    }

    /// Joins what stands on the stack above the last bar or open group.
    fn concat(&mut self) -> Result<()> {
        let start = self.stack.iter().rposition(|item| !matches!(item, Item::Node(_))).map_or(0, |at| at + 1);
        let nodes: Vec<Node> = self
            .stack
            .drain(start..)
            .filter_map(|item| match item {
                Item::Node(node) => Some(node),
                Item::Bar | Item::Group(..) => None,
            })
            .collect();
        let node = joined(nodes, Hir::concat);
        self.push(node)
    }

    /// Joins what stands on the stack above the last open group.
    fn alternation(&mut self) -> Result<Node> {
        self.concat()?;
        let start =
            self.stack.iter().rposition(|item| matches!(item, Item::Group(..))).map_or(0, |at| at + 1);
        let nodes: Vec<Node> = self
            .stack
            .drain(start..)
            .filter_map(|item| match item {
                Item::Node(node) => Some(node),
                Item::Bar | Item::Group(..) => None,
            })
            .collect();
        let node = joined(nodes, Hir::alternation);
        if node.height > MAX_HEIGHT {
            return Err(SyntaxError::new("expression nests too deeply", self.whole));
        }
        Ok(node)
    }

    /// Go: `parseClass`.
    fn bracket(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        let mut rest = skip(text, 1);
        let negated = rest.first() == Some(&b'^');
        if negated {
            rest = skip(rest, 1);
        }
        let mut class = ClassUnicode::empty();
        let mut first = true;
        while first || rest.first() != Some(&b']') {
            first = false;
            if rest.len() > 2
                && rest.starts_with(b"[:")
                && let Some((named, behind)) = self.posix_class(rest)?
            {
                class.union(&named);
                rest = behind;
                continue;
            }
            let group = match self.unicode_class(rest)? {
                None => self.perl_class(rest),
                found => found,
            };
            if let Some((group, behind)) = group {
                class.union(&group);
                rest = behind;
                continue;
            }
            let start = rest;
            let (low, behind) = class_char(rest, text)?;
            rest = behind;
            let mut high = low;
            if rest.len() >= 2 && rest.first() == Some(&b'-') && rest.get(1) != Some(&b']') {
                let (found, behind) = class_char(skip(rest, 1), text)?;
                (high, rest) = (found, behind);
                if high < low {
                    return Err(SyntaxError::new("invalid character class range", until(start, rest)));
                }
            }
            if let Some(range) = class::range(low, high) {
                let mut single = ClassUnicode::new([range]);
                if self.flags.fold_case {
                    class::fold(&mut single);
                }
                class.union(&single);
            }
        }
        if negated {
            class.negate();
        }
        self.class(class)?;
        Ok(skip(rest, 1))
    }

    /// Go: `parseNamedClass`: `[:alnum:]`, `[:^alnum:]`.
    fn posix_class(&self, text: &'a [u8]) -> Result<Option<(ClassUnicode, &'a [u8])>> {
        let Some(end) = memchr::memmem::find(skip(text, 2), b":]") else { return Ok(None) };
        let (name, rest) = text.split_at_checked(end + 4).unwrap_or((text, &[]));
        let inner = name.get(2..end + 2).unwrap_or_default();
        let (negated, inner) = match inner.strip_prefix(b"^") {
            Some(inner) => (true, inner),
            None => (false, inner),
        };
        match class::posix(inner) {
            Some(class) => Ok(Some((self.group(class, negated), rest))),
            None => Err(SyntaxError::new("invalid character class range", name)),
        }
    }

    /// Go: `parsePerlClassEscape`: `\d`, `\s`, `\w` and their opposites.
    fn perl_class(&self, text: &'a [u8]) -> Option<(ClassUnicode, &'a [u8])> {
        let [b'\\', letter, rest @ ..] = text else { return None };
        let class = class::perl(letter.to_ascii_lowercase())?;
        Some((self.group(class, letter.is_ascii_uppercase()), rest))
    }

    /// Go: `appendGroup`: folded first, then negated.
    fn group(&self, mut class: ClassUnicode, negated: bool) -> ClassUnicode {
        if self.flags.fold_case {
            class::fold(&mut class);
        }
        if negated {
            class.negate();
        }
        class
    }

    /// Go: `parseUnicodeClass`: `\pL`, `\p{Greek}`, `\P{^Greek}`.
    fn unicode_class(&self, text: &'a [u8]) -> Result<Option<(ClassUnicode, &'a [u8])>> {
        let [b'\\', letter @ (b'p' | b'P'), behind @ ..] = text else { return Ok(None) };
        let mut negated = *letter == b'P';
        let (rune, after) = next_rune(behind)?;
        let (name, rest) = if rune == '{' {
            let Some(end) = memchr::memchr(b'}', text) else {
                check_utf8(text)?;
                return Err(SyntaxError::new("invalid character class range", text));
            };
            let name = text.get(3..end).unwrap_or_default();
            check_utf8(name)?;
            (name, skip(text, end + 1))
        } else {
            (until(behind, after), after)
        };
        let (inverted, name) = match name.strip_prefix(b"^") {
            Some(name) => (true, name),
            None => (false, name),
        };
        negated ^= inverted;
        match class::unicode(name) {
            Some(class) => Ok(Some((self.group(class, negated), rest))),
            None => Err(SyntaxError::new("invalid character class range", until(text, rest))),
        }
    }
}

/// Nodes side by side, by the constructor of their kind.
fn joined(mut nodes: Vec<Node>, join: fn(Vec<Hir>) -> Hir) -> Node {
    if nodes.len() == 1
        && let Some(node) = nodes.pop()
    {
        return node;
    }
    let repeats = nodes.iter().map(|node| node.repeats).max().unwrap_or(0);
    let height = nodes.iter().map(|node| node.height).max().unwrap_or(0) + 1;
    let size = nodes.iter().fold(0_u64, |size, node| size.saturating_add(node.size)).max(1);
    let hirs: Vec<Hir> = nodes.into_iter().map(|node| node.hir).collect();
    let hir = if hirs.is_empty() { Hir::empty() } else { join(hirs) };
    Node { hir, repeats, size, height }
}

fn skip(text: &[u8], len: usize) -> &[u8] {
    text.get(len..).unwrap_or_default()
}

/// The part of `text` in front of `rest`, which is its end.
fn until<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    text.get(..text.len() - rest.len()).unwrap_or_default()
}

/// Go: `nextRune`. At the end it gives U+FFFD, as `utf8.DecodeRune` does.
fn next_rune(text: &[u8]) -> Result<(char, &[u8])> {
    match crate::runes::decode(text) {
        (crate::runes::RUNE_ERROR, 1) => Err(SyntaxError::new("invalid UTF-8", text)),
        (rune, width) => Ok((rune, skip(text, width))),
    }
}

fn check_utf8(text: &[u8]) -> Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        rest = next_rune(rest)?.1;
    }
    Ok(())
}

/// Go: `parseClassChar`.
fn class_char<'a>(text: &'a [u8], whole: &[u8]) -> Result<(u32, &'a [u8])> {
    match text.first() {
        None => Err(SyntaxError::new("missing closing ]", whole)),
        Some(b'\\') => escape(text),
        Some(_) => next_rune(text).map(|(rune, rest)| (u32::from(rune), rest)),
    }
}

/// Go: `parseEscape`: the code point of an escape sequence.
fn escape(text: &[u8]) -> Result<(u32, &[u8])> {
    let behind = skip(text, 1);
    if behind.is_empty() {
        return Err(SyntaxError::new("trailing backslash at end of expression", b""));
    }
    let (rune, mut rest) = next_rune(behind)?;
    let octal = |text: &[u8]| text.first().filter(|byte| (b'0'..=b'7').contains(byte)).copied();
    let bad = |rest: &[u8]| Err(SyntaxError::new("invalid escape sequence", until(text, rest)));
    match rune {
        '1'..='7' if octal(rest).is_none() => bad(rest), // a backreference
        '0'..='7' => {
            let mut code = u32::from(rune) - u32::from('0');
            for _ in 1..3 {
                let Some(digit) = octal(rest) else { break };
                code = code * 8 + u32::from(digit - b'0');
                rest = skip(rest, 1);
            }
            Ok((code, rest))
        }
        'x' => hex_escape(text, rest),
        'a' => Ok((7, rest)),
        'f' => Ok((12, rest)),
        'n' => Ok((10, rest)),
        'r' => Ok((13, rest)),
        't' => Ok((9, rest)),
        'v' => Ok((11, rest)),
        _ if rune.is_ascii() && !rune.is_ascii_alphanumeric() => Ok((u32::from(rune), rest)),
        _ => bad(rest),
    }
}

/// `\x41` and `\x{10FFFF}`; `rest` stands behind the `x`.
fn hex_escape<'a>(text: &'a [u8], mut rest: &'a [u8]) -> Result<(u32, &'a [u8])> {
    let bad = |rest: &[u8]| Err(SyntaxError::new("invalid escape sequence", until(text, rest)));
    if rest.is_empty() {
        return bad(rest);
    }
    let (first, behind) = next_rune(rest)?;
    rest = behind;
    if first != '{' {
        let (second, behind) = next_rune(rest)?;
        return match (first.to_digit(16), second.to_digit(16)) {
            (Some(high), Some(low)) => Ok((high * 16 + low, behind)),
            _ => bad(behind),
        };
    }
    let (mut code, mut digits) = (0_u32, 0_usize);
    loop {
        if rest.is_empty() {
            return bad(rest);
        }
        let (rune, behind) = next_rune(rest)?;
        rest = behind;
        if rune == '}' {
            return if digits == 0 { bad(rest) } else { Ok((code, rest)) };
        }
        match rune.to_digit(16) {
            Some(digit) if code * 16 + digit <= u32::from(char::MAX) => code = code * 16 + digit,
            _ => return bad(rest),
        }
        digits += 1;
    }
}

/// Go: `parseRepeat`: `{2}`, `{2,}`, `{2,3}`; numbers that are too big come as such. `None` where it is none of them.
fn counts(text: &[u8]) -> Option<(u32, Option<u32>, &[u8])> {
    let (min, rest) = count(skip(text, 1))?;
    let (max, rest) = match rest.strip_prefix(b",") {
        None => (Some(min), rest),
        Some(rest) if rest.first() == Some(&b'}') => (None, rest),
        Some(rest) => {
            let (max, rest) = count(rest)?;
            (Some(max), rest)
        }
    };
    Some((min, max, rest.strip_prefix(b"}")?))
}

fn count(text: &[u8]) -> Option<(u32, &[u8])> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(len)?;
    if digits.is_empty() || digits.len() > 1 && digits.starts_with(b"0") {
        return None;
    }
    let number = digits
        .iter()
        .fold(0_u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    Some((number, rest))
}
