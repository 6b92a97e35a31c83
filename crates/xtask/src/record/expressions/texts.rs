//! The text files beside this one: sections of lines, with comments.

use std::collections::BTreeMap;

/// Why a text file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{file}: line {line} stands before the first heading")]
    Heading { file: &'static str, line: usize },
    #[error("signatures.txt has no line for {0:?}, which Helm registers")]
    Signature(String),
    #[error("signatures.txt: {function} takes {kind:?}, which pools.txt does not have")]
    Pool { function: String, kind: String },
}

/// What stands between two lines of a text that stands in one line of a file.
const LINE_END: char = '␤';

/// The cases of `written.txt`, by function or group.
pub(super) fn written() -> Result<BTreeMap<String, Vec<String>>, Error> {
    sections("written.txt", include_str!("written.txt"), |line| line.strip_prefix("# "))
}

/// The arguments of `pools.txt`, by kind.
pub(super) fn pools() -> Result<BTreeMap<String, Vec<String>>, Error> {
    sections("pools.txt", include_str!("pools.txt"), |line| line.strip_prefix('[')?.strip_suffix(']'))
}

/// The lines of a file by the heading above them. Headings are told by `heading`; comments stand above the first.
fn sections(
    file: &'static str,
    text: &str,
    heading: impl Fn(&str) -> Option<&str>,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    // The first paragraph says what the file is.
    let first = text.lines().position(str::is_empty).unwrap_or_default();
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current = None;
    for (index, line) in text.lines().enumerate().skip(first).filter(|(_, line)| !line.is_empty()) {
        if let Some(name) = heading(line) {
            current = Some(name.to_owned());
            continue;
        }
        let name = current.clone().ok_or(Error::Heading { file, line: index + 1 })?;
        sections.entry(name).or_default().push(line.replace(LINE_END, "\n"));
    }
    Ok(sections)
}
