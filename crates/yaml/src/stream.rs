//! A text of several documents, cut at its `---` lines.

/// One document of a text, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'t> {
    /// The line in the whole text that the document starts on, from 1.
    pub line: u32,
    /// The document without the `---` lines around it; it may be empty, or only comments.
    pub text: &'t str,
}

/// Cuts a text at each line that is `---` alone or followed by white space.
///
/// No YAML is read, so that one bad document does not hide the others: a `---` line inside a quoted scalar cuts too,
/// as YAML has it. What stands behind `---` on its line belongs to the document that starts there.
///
/// ```
/// let chunks: Vec<_> = pintle_yaml::documents("a: 1\n---\nb: 2\n--- c\n").collect();
/// assert_eq!(chunks.iter().map(|chunk| chunk.text).collect::<Vec<_>>(), ["a: 1\n", "b: 2\n", "c\n"]);
/// assert_eq!(chunks.iter().map(|chunk| chunk.line).collect::<Vec<_>>(), [1, 3, 4]);
/// ```
pub fn documents(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    // A text that starts with `---` has nothing before it.
    let (width, lines) = separator(text).unwrap_or((0, 0));
    let mut rest = Some(Chunk { line: 1 + lines, text: text.get(width..).unwrap_or_default() });
    std::iter::from_fn(move || {
        let chunk = rest.take()?;
        let mut line = chunk.line;
        for end in memchr::memchr_iter(b'\n', chunk.text.as_bytes()) {
            line = line.saturating_add(1);
            let (before, behind) = chunk.text.split_at_checked(end + 1)?;
            if let Some((width, lines)) = separator(behind) {
                let text = behind.get(width..).unwrap_or_default();
                rest = Some(Chunk { line: line.saturating_add(lines), text });
                return Some(Chunk { line: chunk.line, text: before });
            }
        }
        Some(chunk)
    })
}

/// How many bytes a separator at the start of a text has, and how many line breaks are in them.
fn separator(text: &str) -> Option<(usize, u32)> {
    let behind = text.strip_prefix("---")?;
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let rest = behind.get(blanks..)?;
    if rest.is_empty() {
        return Some((text.len(), 0));
    }
    if let Some(rest) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
        return Some((text.len() - rest.len(), 1));
    }
    (blanks > 0).then_some((3 + blanks, 0))
}
