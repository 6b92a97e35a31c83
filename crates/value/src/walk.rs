//! A walk through a value without recursion.

use crate::{List, Map, Str, Type, Value};

/// How deep lists and maps may nest before a walk gives up. No stack depends on it.
pub const MAX_DEPTH: usize = 10_000;

/// From this depth on a walk looks whether it goes in a circle (Go: `encoding/json`, `startDetectCyclesAfter`).
const CYCLES_AFTER: usize = 1_000;

/// What a walk meets. `index` counts the items or members of the list or map around, from 0.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A value that is neither list nor map.
    Leaf(&'a Value),
    /// A list begins; its items follow.
    List(&'a List),
    /// The list ends.
    EndList,
    /// A map begins; a key and a value for each member follow, in the order of the keys' bytes.
    Map(&'a Map),
    /// The key of the member that comes next.
    Key(&'a Str, usize),
    /// The item of a list that comes next.
    Item(usize),
    /// The map ends.
    EndMap,
}

/// Why a walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WalkError {
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A list or map, of this type, holds itself.
    Cycle(&'static Type),
    /// What the walk made would be longer than allowed.
    TooLong,
}

impl std::fmt::Display for WalkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooDeep => write!(f, "value is nested deeper than {MAX_DEPTH} levels"),
            Self::Cycle(go_type) => write!(f, "value holds itself: a cycle via {go_type}"),
            Self::TooLong => f.write_str("text of the value would be longer than allowed"),
        }
    }
}

impl std::error::Error for WalkError {}

enum Open {
    List(List, usize),
    Map(Map, std::vec::IntoIter<(Str, Value)>, usize),
}

/// Walks through `value`, and through the lists and maps in it, calling `visit` at each step.
///
/// Objects are leaves. Ends with the first error of `visit`, or of the walk itself.
pub fn walk<E: From<WalkError>>(
    value: &Value,
    visit: impl FnMut(Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    walk_around(value, |_| false, visit)
}

/// Walks as [`walk`] does, but takes lists and maps for leaves that are one for `is_leaf`.
pub(crate) fn walk_around<E: From<WalkError>>(
    value: &Value,
    is_leaf: impl Fn(&Value) -> bool,
    mut visit: impl FnMut(Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open: Vec<Open> = Vec::new();
    let mut next = Some(value.clone());
    loop {
        if let Some(value) = next.take() {
            match value {
                leaf if is_leaf(&leaf) => visit(Event::Leaf(&leaf))?,
                Value::List(list) => {
                    enter(&open, &Nested::List(&list))?;
                    visit(Event::List(&list))?;
                    open.push(Open::List(list, 0));
                }
                Value::Map(map) => {
                    enter(&open, &Nested::Map(&map))?;
                    visit(Event::Map(&map))?;
                    let members = map.entries().into_iter();
                    open.push(Open::Map(map, members, 0));
                }
                leaf => visit(Event::Leaf(&leaf))?,
            }
        }
        match open.last_mut() {
            None => return Ok(()),
            Some(Open::List(list, index)) => {
                if let Some(item) = list.get(*index) {
                    visit(Event::Item(*index))?;
                    *index += 1;
                    next = Some(item);
                } else {
                    visit(Event::EndList)?;
                    open.pop();
                }
            }
            Some(Open::Map(_, members, index)) => {
                if let Some((key, value)) = members.next() {
                    visit(Event::Key(&key, *index))?;
                    *index += 1;
                    next = Some(value);
                } else {
                    visit(Event::EndMap)?;
                    open.pop();
                }
            }
        }
    }
}

/// What a walk is about to enter.
enum Nested<'a> {
    List(&'a List),
    Map(&'a Map),
}

fn enter(open: &[Open], nested: &Nested<'_>) -> Result<(), WalkError> {
    if open.len() >= MAX_DEPTH {
        return Err(WalkError::TooDeep);
    }
    if open.len() < CYCLES_AFTER {
        return Ok(());
    }
    let around = open.iter().any(|open| match (open, nested) {
        (Open::List(a, _), Nested::List(b)) => a.is_same(b) && !a.is_empty(),
        (Open::Map(a, ..), Nested::Map(b)) => a.is_same(b),
        _ => false,
    });
    let go_type = match nested {
        Nested::List(list) => list.go_type(),
        Nested::Map(map) => map.go_type(),
    };
    if around { Err(WalkError::Cycle(go_type)) } else { Ok(()) }
}
