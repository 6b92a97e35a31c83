//! Helm's form of the errors of templates (Helm: `pkg/engine/engine.go`, cleanupParseError, `reformatExecErrorMsg`).

use std::fmt::Write as _;

/// What Helm says of a template that cannot be parsed; `text` is Go's error.
pub(crate) fn parse_error(file: &str, text: &str) -> String {
    let tokens: Vec<&str> = text.split(": ").collect();
    match (tokens.get(1), tokens.last()) {
        (Some(location), Some(message)) => format!("parse error at ({location}): {message}"),
        _ => format!("parse error in ({file}): {text}"),
    }
}

/// What Helm says of a template that failed; `chain` are the texts of Go's error and of those that it wraps.
pub(crate) fn execution_error(file: &str, chain: &[String]) -> String {
    let Some(whole) = chain.first() else { return String::new() };
    let mut tokens = whole.splitn(3, ": ");
    let (_, location, message) = (tokens.next(), tokens.next(), tokens.next());
    let (Some(location), Some(message)) = (location, message) else {
        return format!("execution error in ({file}): {whole}");
    };
    if let Some(warning) = warning(message) {
        return format!("execution error at ({location}): {warning}");
    }
    let mut steps: Vec<Step<'_>> = Vec::new();
    for text in chain {
        let Some(step) = Step::parse(text) else { return whole.clone() };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    let mut out = String::new();
    for step in &steps {
        step.write(&mut out);
    }
    out.trim().to_owned()
}

/// The text of `required` and `fail` inside of an error's text.
pub(crate) fn warning(message: &str) -> Option<&str> {
    let (_, behind) = message.split_once("HELM_ERR_START")?;
    let (warning, _) = behind.rsplit_once("HELM_ERR_END")?;
    Some(warning)
}

/// One line group of Helm's trace.
#[derive(PartialEq)]
struct Step<'a> {
    location: &'a str,
    function: String,
    message: &'a str,
}

impl<'a> Step<'a> {
    /// Helm: `parseTemplateExecErrorString`.
    fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { location: "", function: String::new(), message: text });
        }
        Self::executing(rest).or_else(|| Self::simple(rest))
    }

    fn executing(rest: &'a str) -> Option<Self> {
        let (location, behind) = rest.split_once(": executing ")?;
        let (function, behind) = behind.strip_prefix('"')?.split_once('"')?;
        let (node, message) = behind.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            location,
            function: format!("executing \"{function}\" at <{node}>:"),
            message: cut(message),
        })
    }

    fn simple(rest: &'a str) -> Option<Self> {
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Self { location, function: String::new(), message: cut(message) })
    }

    fn write(&self, out: &mut String) {
        if !self.location.is_empty() {
            let _ = write!(out, "{}\n  ", self.location);
        }
        if !self.function.is_empty() {
            let _ = write!(out, "{}\n    ", self.function);
        }
        if !self.message.is_empty() {
            let _ = writeln!(out, "{}", self.message);
        }
    }
}

/// The message without the error that it wraps.
fn cut(message: &str) -> &str {
    message.split_once(" template:").map_or(message, |(message, _)| message)
}
