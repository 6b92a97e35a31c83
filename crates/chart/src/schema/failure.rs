//! What is said of a value that does not fit its schema (`santhosh-tekuri/jsonschema` v6: `kind/kind.go`,
//! `output.go`).

use std::fmt::Write as _;

use pintle_value::{Data, pointer_token, quoted};

/// A value that does not fit, and why: a tree, because a schema can ask for one of several things.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The steps to the value.
    pub(super) path: Vec<String>,
    pub(super) kind: Kind,
    pub(super) causes: Vec<Failure>,
}

/// Why a value does not fit.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Several faults of one value.
    Group,
    /// The faults that a referenced schema found.
    Reference,
    /// Members of the map are missing or too many: the text, and their names.
    Members(String, Vec<String>),
    /// Any other, with its text.
    Text(String),
}

impl Failure {
    /// The faults that have no causes of their own, each with the steps to its value and its text; of missing members
    /// each with its own steps.
    pub(super) fn leaves(&self) -> Vec<(Vec<String>, String)> {
        let mut leaves = Vec::new();
        let mut todo = vec![self];
        while let Some(failure) = todo.pop() {
            match &failure.kind {
                Kind::Text(text) if failure.causes.is_empty() => {
                    leaves.push((failure.path.clone(), text.clone()));
                }
                Kind::Members(text, names) => leaves.extend(names.iter().map(|name| {
                    let path = failure.path.iter().chain([name]).cloned().collect();
                    (path, text.clone())
                })),
                _ => todo.extend(failure.causes.iter().rev()),
            }
        }
        leaves
    }

    /// Appends the lines of the tree, each with `- ` behind the blanks of its depth.
    pub(super) fn write(&self, out: &mut String, depth: usize) {
        let mut depth = depth;
        let silent = matches!(self.kind, Kind::Reference) && self.causes.len() == 1;
        if !silent {
            for _ in 0..depth {
                out.push_str("  ");
            }
            let text = match &self.kind {
                Kind::Group | Kind::Reference => "validation failed",
                Kind::Members(text, _) | Kind::Text(text) => text,
            };
            let mut pointer = String::new();
            for step in &self.path {
                pointer.push('/');
                pointer.push_str(&pointer_token(step));
            }
            let _ = writeln!(out, "- at {}: {text}", quote(&pointer));
            depth += 1;
        }
        for cause in &self.causes {
            cause.write(out, depth);
        }
    }
}

/// A text in single quotes.
pub(super) fn quote(text: &str) -> String {
    let double = quoted(text).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = double.get(1..double.len().saturating_sub(1)).unwrap_or_default();
    format!("'{inner}'")
}

/// Several texts in single quotes, separated by commas.
pub(super) fn quote_all<S: AsRef<str>>(texts: &[S]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quote(text.as_ref())).collect();
    texts.join(", ")
}

/// A value as it stands in a message.
pub(super) fn display(data: &Data) -> String {
    match data {
        Data::Null => "<nil>".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => match data.as_i64() {
            Some(whole) => whole.to_string(),
            None => value.to_string(),
        },
        Data::String(text) => quote(&text.to_str_lossy()),
        Data::List(_) | Data::Map(_) => "value".to_owned(),
    }
}

/// A whole number with commas between groups of three digits, as Go's English printer writes it.
pub(super) fn grouped(number: usize) -> String {
    group(&number.to_string())
}

/// A number with commas between groups of three digits before the point.
pub(super) fn grouped_float(number: f64) -> String {
    let text = format!("{number}");
    if !text.contains('.') {
        return group(&text);
    }
    let rounded = format!("{number:.3}"); // the printer keeps three digits behind the point
    let trimmed = rounded.trim_end_matches('0').trim_end_matches('.');
    match trimmed.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", group(whole)),
        None => group(trimmed),
    }
}

fn group(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
