//! Where a field stands in a YAML document, and which field stands in a line.

use std::borrow::Cow;

use pintle_value::{ValuePath, pointer_key};
use pintle_yaml::{Limits, Node, NodeKind, Position, parse_spanned};

/// Which part of a line's value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// What stands in the line.
    Line,
    /// The item of a list that begins in the line.
    Item,
    /// All that the action in the line wrote.
    Whole,
}

/// The field in Go's text about JSON of the wrong kind: `… into Go struct field .metadata.name of type string`.
pub(crate) fn wrong_field(message: &str) -> Option<Cow<'_, str>> {
    let (_, behind) = message.split_once("Go struct field ")?;
    Some(pointer_key(behind.rsplit_once(" of type ").map_or(behind, |(field, _)| field)))
}

/// Where a field stands in a document, or the last one on the way to it that is there, and what of that line is meant.
///
/// The last is the line of the last thing in it.
pub(crate) fn field_position(text: &str, field: &str) -> Option<(Position, Piece, u32)> {
    let document = parse_spanned(text.as_bytes(), &Limits::default()).ok()??;
    let mut node = document.root();
    let mut position = node.position();
    let mut piece = Piece::Line;
    let mut rest = field.trim_start_matches('.');
    while !rest.is_empty() {
        let mut next = Piece::Line;
        let found = if let Some(behind) = rest.strip_prefix('[') {
            let (index, behind) = behind.split_once(']')?;
            rest = behind.strip_prefix('.').unwrap_or(behind);
            next = Piece::Item;
            match index.parse::<usize>() {
                Ok(index) => node.items().nth(index).map(|item| (item.position(), item)),
                // Keyed items (`[name="web"]`) and members in brackets (`labels[a.b/c]`).
                Err(_) => item_with(node, index).or_else(|| member(node, index.trim_matches('"'))),
            }
        } else {
            // Keys may hold dots; the longest one that is there counts.
            let (key, behind) = longest_key(node, rest);
            rest = behind;
            member(node, key)
        };
        let Some((place, below)) = found else { break };
        (position, node, piece) = (place, below, next);
    }
    Some((position, piece, last_line(node)))
}

/// The last line on which something in a node begins.
fn last_line(node: Node<'_, '_>) -> u32 {
    let mut last = node.position().line;
    let mut todo = vec![node];
    while let Some(node) = todo.pop() {
        last = last.max(node.position().line);
        todo.extend(node.items());
        todo.extend(node.members().map(|(_, _, value)| value));
    }
    last
}

pub(crate) fn member<'d, 'i>(node: Node<'d, 'i>, key: &str) -> Option<(Position, Node<'d, 'i>)> {
    let written = node.members().filter(|(name, _, _)| *name == key).last();
    written
        .map(|(_, key, value)| (key.position(), value))
        .or_else(|| node.get(key).map(|value| (value.position(), value)))
}

/// The item whose members are as in `name="web",port=80`.
fn item_with<'d, 'i>(node: Node<'d, 'i>, keys: &str) -> Option<(Position, Node<'d, 'i>)> {
    let pairs: Option<Vec<(&str, &str)>> = keys.split(',').map(|pair| pair.split_once('=')).collect();
    let pairs = pairs?;
    let fits = |item: &Node<'d, 'i>| {
        pairs
            .iter()
            .all(|(key, value)| item.get(key).and_then(|found| found.text()) == Some(value.trim_matches('"')))
    };
    node.items().find(fits).map(|item| (item.position(), item))
}

/// The first key of a path of fields, and what is behind it.
fn longest_key<'f>(node: Node<'_, '_>, rest: &'f str) -> (&'f str, &'f str) {
    let ends = rest.match_indices(['.', '[']).map(|(at, _)| at).chain([rest.len()]);
    let split = |at: usize| {
        let (key, behind) = rest.split_at(at);
        (key, behind.strip_prefix('.').unwrap_or(behind))
    };
    let mut first = None;
    let mut longest = None;
    for end in ends {
        let parts = split(end);
        first.get_or_insert(parts);
        if member(node, parts.0).is_some() {
            longest = Some(parts);
        }
    }
    longest.or(first).unwrap_or((rest, ""))
}

/// The path inside a printed map or list to what stands in the line at `offset`.
pub(crate) fn path_of_line(text: &str, offset: usize) -> Option<ValuePath> {
    let indent = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()?;
    let line = text.get(..offset)?.matches('\n').count();
    // The first line may stand behind other text and lack its indentation.
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        plain.push_str(line.get(indent..).unwrap_or_else(|| line.trim_start()));
        plain.push('\n');
    }
    let document = parse_spanned(plain.as_bytes(), &Limits::default()).ok()??;
    let wanted = u32::try_from(line + 1).ok()?;
    let mut found = None;
    let mut todo = vec![(ValuePath::root(), document.root())];
    while let Some((path, node)) = todo.pop() {
        let here = match node.kind() {
            NodeKind::Map => node
                .members()
                .map(|(key, place, value)| (place.position(), path.key(&*key), value))
                .collect::<Vec<_>>(),
            NodeKind::List => node
                .items()
                .enumerate()
                .map(|(index, item)| (item.position(), path.item(index), item))
                .collect(),
            NodeKind::Scalar => continue,
        };
        // What is asked for lies in the last one that begins at or before the line.
        if let Some((position, path, value)) =
            here.into_iter().rev().find(|(position, _, _)| position.line <= wanted)
        {
            if position.line == wanted || matches!(value.kind(), NodeKind::Scalar) {
                found = Some(path.clone());
            }
            todo.push((path, value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "kind: A
metadata:
  labels:
    app.kubernetes.io/name: web
spec:
  ports:
    - name: http
      port: 80
    - {name: admin, port: 90}
";

    #[test]
    fn fields_are_found_by_the_paths_that_servers_write() {
        for (field, line, piece) in [
            (".kind", 1, Piece::Line),
            ("metadata.labels.app.kubernetes.io/name", 4, Piece::Line),
            ("metadata.labels[app.kubernetes.io/name]", 4, Piece::Item),
            ("spec.ports[0].port", 8, Piece::Line),
            ("spec.ports[1]", 9, Piece::Item),
            (".spec.ports[name=\"admin\"].port", 9, Piece::Line),
            ("spec.ports[0].protocol", 7, Piece::Item),
            ("spec.selector.app", 5, Piece::Line),
        ] {
            let (position, found, _) = field_position(TEXT, field).unwrap();
            assert_eq!((position.line, found), (line, piece), "{field}");
        }
    }

    #[test]
    fn a_line_of_a_printed_value_is_found_in_it() {
        let text = "\n    limits:\n      cpu: 1\n      list:\n        - a\n        - b: c\n";
        let path = |needle: &str| {
            path_of_line(text, text.find(needle).unwrap()).map(|path| path.to_string()).unwrap_or_default()
        };
        assert_eq!(path("limits"), "limits");
        assert_eq!(path("cpu"), "limits.cpu");
        assert_eq!(path("- a"), "limits.list[0]");
        assert_eq!(path("- b"), "limits.list[1].b");
        assert_eq!(path_of_line("one line", 0), None);
        assert_eq!(field_position(TEXT, "spec").unwrap().2, 9);
        assert_eq!(path_of_line("two: [lines\nthat: are no YAML", 3), None);
    }
}
