//! Where two values differ, in a few lines for people.

use std::fmt::Write as _;

use serde_json::Value;

/// How much of a value is shown.
const SHOWN: usize = 200;

/// Each place at which two values differ, with what each has there; nothing where they are equal.
pub(crate) fn difference(theirs: &Value, ours: &Value) -> String {
    let mut text = String::new();
    compare(theirs, ours, "", &mut text);
    text
}

fn compare(theirs: &Value, ours: &Value, path: &str, text: &mut String) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let member =
                    |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                compare(&member(a), &member(b), &format!("{path}.{name}"), text);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{path}[{index}]"), text);
            }
        }
        (Value::String(a), Value::String(b)) if a != b && (a.contains('\n') || b.contains('\n')) => {
            let lines = a.lines().zip(b.lines()).enumerate().find(|(_, (a, b))| a != b);
            let (line, a, b) = match lines {
                Some((line, (a, b))) => (line, a, b),
                None => (a.lines().count().min(b.lines().count()), a.as_str(), b.as_str()),
            };
            tell(&format!("{path}, line {}", line + 1), &format!("{a:?}"), &format!("{b:?}"), text);
        }
        _ if theirs == ours => {}
        _ => tell(path, &theirs.to_string(), &ours.to_string(), text),
    }
}

fn tell(place: &str, theirs: &str, ours: &str, text: &mut String) {
    let short = |value: &str| value.chars().take(SHOWN).collect::<String>();
    let _ = write!(text, "\n      {place}\n        theirs {}\n        ours   {}", short(theirs), short(ours));
}
