//! The text that `sigs.k8s.io/yaml` reads again when it writes: JSON as Go writes it.

use pintle_value::Str;

use super::node::{Node, Scalar, Shape, replace_invalid};
use crate::{Error, Flavour};

/// JSON of a value (Go: `encoding/json.Marshal`, HTML escaping included).
pub(super) fn to_json(root: Node, depth: usize) -> Result<String, Error> {
    enum Step {
        Node(Node),
        Key(Str, Node),
        Text(&'static str),
    }
    let mut out = String::new();
    let mut steps = vec![Step::Node(root)];
    let mut open = 0_usize;
    while let Some(step) = steps.pop() {
        let node = match step {
            Step::Text(text) => {
                if matches!(text, "]" | "}") {
                    open -= 1;
                }
                out.push_str(text);
                continue;
            }
            Step::Key(key, node) => {
                write_string(&key, &mut out);
                out.push(':');
                node
            }
            Step::Node(node) => node,
        };
        match node.shape(Flavour::V2)? {
            Shape::Scalar(Scalar::Word(word)) => out.push_str(&word),
            Shape::Scalar(Scalar::String(text)) => write_string(&text, &mut out),
            Shape::List(items) => {
                out.push('[');
                steps.push(Step::Text("]"));
                open += 1;
                for (at, item) in items.into_iter().enumerate().rev() {
                    steps.push(Step::Node(item));
                    if at > 0 {
                        steps.push(Step::Text(","));
                    }
                }
            }
            Shape::Map(members) => {
                out.push('{');
                steps.push(Step::Text("}"));
                open += 1;
                for (at, (key, value)) in members.into_iter().enumerate().rev() {
                    steps.push(Step::Key(key, value));
                    if at > 0 {
                        steps.push(Step::Text(","));
                    }
                }
            }
        }
        if open > depth {
            return Err(super::too_deep(depth));
        }
    }
    Ok(out)
}

fn write_string(bytes: &Str, out: &mut String) {
    let replaced;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            replaced = replace_invalid(bytes);
            &replaced
        }
    };
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\x0C' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
