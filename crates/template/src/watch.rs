//! Which values of a tree a run read, and what it made of them.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use pintle_value::{Str, Value, ValuePath};

use crate::code::Source;
use crate::output::Position;

/// The most values that are kept for one piece of output or one fault.
const MOST_PATHS: usize = 32;
/// The most included texts that are kept for one piece of output.
const MOST_PARTS: usize = 8;
/// The most maps and lists of the tree, and maps that templates made, that are told apart.
const MOST_KNOWN: usize = 1 << 20;

/// Follows the values of a tree through one run: which of them each byte of the output and a fault came from.
///
/// A run with a watch ([`Program::execute_watched`](crate::Program::execute_watched)) computes the same as one
/// without, several times slower and with more memory; it is for explaining what another run did. What is said is as
/// exact as templates allow: a member of a map or list of the tree is named by its path, also through variables, `dict`,
/// `range`, `with` and `include`; what a function made of several values names all of them, up to 32; what was copied
/// out of the tree (`deepCopy`, `fromYaml`) is named by the values that it was made from.
#[derive(Default)]
pub struct Watch {
    /// The paths of the tree's maps and lists, by address.
    pub(crate) known: HashMap<usize, Rc<ValuePath>>,
    /// What has those addresses, so that nothing else gets them.
    alive: Vec<Value>,
    /// Maps that templates made member by member.
    pub(crate) made: HashMap<usize, Made>,
    /// What each value on the machine's stack was made from.
    pub(crate) stack: Vec<Lineage>,
    pub(crate) dot: Lineage,
    pub(crate) frames: Vec<Around>,
    pub(crate) loops: Vec<Iterated>,
    pub(crate) controls: Vec<Control>,
    /// What `and` and `or` looked at in this action before they came to their result.
    pub(crate) passed: Lineage,
    /// What was written, the text being collected innermost last.
    pub(crate) written: Vec<Vec<Mark>>,
    pub(crate) pending: Option<Pending>,
    pub(crate) failure: Option<Reads>,
}

/// The values that something came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reads {
    /// Those that it was made from, in the order in which they were read.
    pub values: Vec<ValuePath>,
    /// Those that decided that it was made: conditions, and what is ranged over; the innermost first.
    pub conditions: Vec<ValuePath>,
}

/// Where a piece of output came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The places that wrote it: the action in the file, then the place in what it included, and so on.
    pub positions: Vec<Position>,
    /// The values in it.
    pub reads: Reads,
    /// All that the innermost action wrote, of which this is a part.
    pub text: Str,
    /// Where in [`text`](Self::text) the piece begins.
    pub offset: usize,
}

/// What a value was made from.
#[derive(Clone, Default)]
pub(crate) struct Lineage {
    pub(crate) paths: Vec<Rc<ValuePath>>,
    /// Whether the value is the one at its only path.
    pub(crate) exact: bool,
    /// The texts of templates in it.
    pub(crate) parts: Vec<Rc<Part>>,
}

/// A text that a template wrote for another one.
pub(crate) struct Part {
    pub(crate) text: Str,
    pub(crate) marks: Vec<Mark>,
}

/// What was written from an offset on.
#[derive(Clone)]
pub(crate) struct Mark {
    pub(crate) offset: usize,
    pub(crate) source: Arc<Source>,
    pub(crate) pos: u32,
    /// Whether the bytes are those of the source.
    pub(crate) verbatim: bool,
    pub(crate) lineage: Lineage,
    pub(crate) conditions: Rc<[Rc<ValuePath>]>,
}

/// A map that a template made, by its members.
pub(crate) struct Made {
    pub(crate) map: Value,
    pub(crate) members: HashMap<Str, Lineage>,
}

/// A template that waits for the one it called.
pub(crate) struct Around {
    pub(crate) dot: Lineage,
    pub(crate) loops: usize,
    pub(crate) controls: usize,
    pub(crate) collects: bool,
}

/// What is ranged over.
pub(crate) struct Iterated {
    pub(crate) lineage: Lineage,
    /// The path of the list or map itself.
    pub(crate) path: Option<Rc<ValuePath>>,
    /// The keys of a map.
    pub(crate) keys: Vec<Str>,
    pub(crate) next: usize,
}

/// A condition, and the instructions that it decides about.
pub(crate) struct Control {
    pub(crate) depth: usize,
    pub(crate) from: usize,
    pub(crate) until: usize,
    pub(crate) paths: Vec<Rc<ValuePath>>,
}

/// An instruction whose effect on the stack is not known yet.
pub(crate) struct Pending {
    pub(crate) effect: Effect,
    /// What the instruction works on, to blame if it fails.
    pub(crate) operands: Lineage,
}

/// What an instruction leaves on the stack.
pub(crate) enum Effect {
    Nothing,
    /// A new value.
    Push(Lineage),
    /// One value in place of its operands.
    Replace(Lineage),
    /// The same, a map with these members.
    Make(HashMap<Str, Lineage>, Lineage),
    /// The value on top or nothing (`and`, `or`).
    Choose,
    /// A template begins with this dot; a text that is no template is left as it is.
    Begin {
        dot: Lineage,
        text: Lineage,
    },
    RangeStart(Iterated, u32),
    RangeNext(u32),
}

impl Watch {
    /// Watches the tree below `root`, a map; its own members have paths of one step.
    pub fn new(root: &Value) -> Self {
        let mut watch = Self { written: vec![Vec::new()], ..Self::default() };
        let mut todo: VecDeque<(ValuePath, Value)> = VecDeque::from([(ValuePath::root(), root.clone())]);
        while let Some((path, value)) = todo.pop_front() {
            if watch.known.len() >= MOST_KNOWN {
                break;
            }
            let Some(address) = address(&value) else { continue };
            // The shortest path names what lies in several places, such as the tables of globals.
            if watch.known.contains_key(&address) {
                continue;
            }
            if let Some(map) = value.as_map() {
                todo.extend(map.entries().into_iter().map(|(key, value)| (path.key(key), value)));
            } else if let Some(list) = value.as_list() {
                let items = list.to_vec().into_iter().enumerate();
                todo.extend(items.map(|(index, item)| (path.item(index), item)));
            }
            watch.known.insert(address, Rc::new(path));
            watch.alive.push(value);
        }
        watch
    }

    /// The values that the run's fault came from; `None` where it did not fail.
    pub fn failure(&self) -> Option<&Reads> {
        self.failure.as_ref()
    }

    /// Where the bytes `from..to` of the run's output came from; `output` is all of it.
    ///
    /// The values are those of every action that wrote a part of the piece, the place that of the first one; of a
    /// piece that no action wrote, the place of its first letter.
    pub fn written(&self, output: &[u8], from: usize, to: usize) -> Option<Written> {
        written(self.written.first()?, output, from, to)
    }

    /// The pieces of the run's output, `length` bytes long, that actions of the file wrote, each as its first byte and
    /// the one behind its last; what was included without a change is a piece for each of the actions in it.
    pub fn actions(&self, length: usize) -> Vec<Range<usize>> {
        let Some(marks) = self.written.first() else { return Vec::new() };
        let ends = marks.iter().skip(1).map(|mark| mark.offset).chain([length]);
        let pieces = marks.iter().zip(ends).filter(|(mark, _)| !mark.verbatim);
        pieces.map(|(mark, end)| mark.offset..end).filter(|piece| !piece.is_empty()).collect()
    }

    /// The path of a map or list of the tree.
    pub(crate) fn path_of(&self, value: &Value) -> Option<&Rc<ValuePath>> {
        self.known.get(&address(value)?)
    }

    /// Remembers the members of a map that a template made.
    pub(crate) fn remember(&mut self, map: &Value, members: impl IntoIterator<Item = (Str, Lineage)>) {
        let Some(address) = address(map) else { return };
        if self.known.contains_key(&address) || self.made.len() >= MOST_KNOWN {
            return;
        }
        let made = self.made.entry(address);
        let made = made.or_insert_with(|| Made { map: map.clone(), members: HashMap::new() });
        made.members.extend(members);
    }

    /// What the members of this map were made from, where a template made it.
    pub(crate) fn made(&self, value: &Value) -> Option<&Made> {
        let made = self.made.get(&address(value)?)?;
        debug_assert!(address(&made.map) == address(value), "a map that is alive keeps its address");
        Some(made)
    }

    /// The conditions around the instruction that runs, the innermost first.
    pub(crate) fn conditions(&self) -> Vec<Rc<ValuePath>> {
        let mut found: Vec<Rc<ValuePath>> = Vec::new();
        for path in self.controls.iter().rev().flat_map(|control| &control.paths) {
            if found.len() < MOST_PATHS && !found.contains(path) {
                found.push(Rc::clone(path));
            }
        }
        found
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

impl Lineage {
    /// The value at this path itself.
    pub(crate) fn of(path: Rc<ValuePath>) -> Self {
        if path.is_root() {
            return Self::default(); // the whole tree names nothing
        }
        Self { paths: vec![path], exact: true, parts: Vec::new() }
    }

    /// The path of the value itself, where it is known.
    pub(crate) fn exact(&self) -> Option<&Rc<ValuePath>> {
        self.paths.first().filter(|_| self.exact)
    }

    /// Adds what another value was made from.
    pub(crate) fn add(&mut self, other: &Self) {
        self.exact = if self.paths.is_empty() && self.parts.is_empty() {
            other.exact
        } else {
            self.exact && other.paths.is_empty() && other.parts.is_empty()
        };
        for path in &other.paths {
            if self.paths.len() < MOST_PATHS && !self.paths.contains(path) {
                self.paths.push(Rc::clone(path));
            }
        }
        for part in &other.parts {
            if self.parts.len() < MOST_PARTS && !self.parts.iter().any(|known| Rc::ptr_eq(known, part)) {
                self.parts.push(Rc::clone(part));
            }
        }
    }

    /// What a function made of all these.
    pub(crate) fn union<'l>(all: impl IntoIterator<Item = &'l Self>) -> Self {
        let mut union = Self::default();
        for lineage in all {
            union.add(lineage);
        }
        union.exact = false;
        union
    }
}

/// A number that tells this map or list from every other that is alive.
pub(crate) fn address(value: &Value) -> Option<usize> {
    let address = match value {
        Value::Map(map) => map.address(),
        Value::List(list) => list.address(),
        _ => 0,
    };
    (address != 0).then_some(address)
}

fn written(marks: &[Mark], text: &[u8], from: usize, to: usize) -> Option<Written> {
    let first = marks.partition_point(|mark| mark.offset <= from).checked_sub(1)?;
    let mut found: Option<Written> = None;
    let mut plain = None;
    let mut conditions: Vec<ValuePath> = Vec::new();
    for (index, mark) in marks.iter().enumerate().skip(first) {
        if mark.offset >= to && index > first {
            break;
        }
        let end = marks.get(index + 1).map_or(text.len(), |next| next.offset);
        if end <= from {
            continue;
        }
        for path in mark.conditions.iter() {
            push(&mut conditions, path);
        }
        let begin = mark.offset.max(from);
        if mark.verbatim {
            let piece = text.get(begin..end.min(to)).unwrap_or_default();
            let blanks = piece.len() - piece.trim_ascii_start().len();
            if blanks < piece.len() && plain.is_none() {
                plain = Some(place(mark, begin + blanks - mark.offset));
            }
            continue;
        }
        let segment = text.get(mark.offset..end).unwrap_or_default();
        let here = action(mark, segment, begin - mark.offset);
        match &mut found {
            None => found = Some(here),
            Some(found) => {
                for path in here.reads.values {
                    if !found.reads.values.contains(&path) {
                        found.reads.values.push(path);
                    }
                }
                for path in here.reads.conditions {
                    push(&mut conditions, &path);
                }
            }
        }
    }
    let mut found = found.or_else(|| {
        let position = plain.or_else(|| marks.get(first).map(|mark| place(mark, from - mark.offset)))?;
        Some(Written {
            positions: vec![position],
            reads: Reads::default(),
            text: Str::from_bytes(text.get(from..to).unwrap_or_default()),
            offset: 0,
        })
    })?;
    for path in conditions {
        push(&mut found.reads.conditions, &path);
    }
    let Reads { values, conditions } = &mut found.reads;
    conditions.retain(|path| !values.contains(path));
    Some(found)
}

/// What the action at `mark` wrote between two offsets of `segment`, which is all that it wrote.
fn action(mark: &Mark, segment: &[u8], from: usize) -> Written {
    let here = place(mark, 0);
    let inner = mark.lineage.parts.iter().find_map(|part| {
        let (from, to) = same_line(part, segment, from)?;
        written(&part.marks, &part.text, from, to.max(from + 1))
    });
    if let Some(mut inner) = inner {
        inner.positions.insert(0, here);
        return inner;
    }
    Written {
        positions: vec![here],
        reads: Reads { values: paths(&mark.lineage.paths), conditions: Vec::new() },
        text: Str::from_bytes(segment),
        offset: from,
    }
}

/// Where the line of `segment` at `offset` stands in the text that it was made from: functions such as `nindent` and
/// `trim` change the blanks of lines and the number of lines, not what stands in them. Of several equal lines the one
/// that is as far from the text's end.
fn same_line(part: &Part, segment: &[u8], offset: usize) -> Option<(usize, usize)> {
    let ours = lines(segment);
    let index = ours.partition_point(|line| line.start <= offset).checked_sub(1)?;
    let content = ours.get(index)?.content(segment).filter(|content| !content.is_empty())?;
    let theirs = lines(&part.text);
    let from_end = ours.len() - index;
    theirs
        .iter()
        .enumerate()
        .filter(|(_, line)| line.content(&part.text) == Some(content))
        .min_by_key(|(at, _)| (theirs.len() - at).abs_diff(from_end))
        .map(|(_, line)| (line.from, line.to))
}

/// A line of a text, and what stands in it between its blanks.
struct Line {
    start: usize,
    from: usize,
    to: usize,
}

impl Line {
    fn content<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        text.get(self.from..self.to)
    }
}

fn lines(text: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let from = start + line.len() - line.trim_ascii_start().len();
        let to = start + line.trim_ascii_end().len();
        lines.push(Line { start, from, to: to.max(from) });
        start += line.len();
    }
    lines
}

fn place(mark: &Mark, behind: usize) -> Position {
    let behind = if mark.verbatim { u32::try_from(behind).unwrap_or(u32::MAX) } else { 0 };
    mark.source.position(mark.pos.saturating_add(behind))
}

fn paths(paths: &[Rc<ValuePath>]) -> Vec<ValuePath> {
    paths.iter().map(|path| (**path).clone()).collect()
}

fn push(into: &mut Vec<ValuePath>, path: &ValuePath) {
    if into.len() < MOST_PATHS && !into.contains(path) {
        into.push(path.clone());
    }
}
