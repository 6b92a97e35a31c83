//! The shape that nearly all YAML has, read line by line and straight into data.
//!
//! Values files and manifests are block maps and lists of plain, quoted and literal scalars. For those the scanner, its
//! tokens and the tree of nodes are a detour that costs most of the time. What is read here is what they read; at the
//! first thing that is out of the ordinary (anchors, tags, flow collections over several lines, tabs, keys that stand
//! twice, and everything that may be an error) this reader gives up, and the whole text is read by them.

mod block;
mod flow;
mod scalar;

use pintle_value::{Data, DataMap, Str};

use crate::Limits;
use crate::decode::{Numbers, Typed};
use crate::input::all_allowed;
use crate::resolve::resolve;
use crate::tag::Tag;

/// Reads a text of the common shape; `None` where it has another shape, or may have a fault.
pub(crate) fn read(bytes: &[u8], limits: &Limits, numbers: Numbers) -> Option<Data> {
    if bytes.len() > limits.bytes || u32::try_from(bytes.len()).is_err() || !is_common(bytes) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader {
        text,
        at: 0,
        limits,
        numbers,
        nodes: 0,
        frames: Vec::new(),
        root: None,
        marked: false,
        scratch: String::new(),
    };
    reader.document().unwrap_or_default()
}

/// Whether all bytes are allowed and none but a line feed ends a line; a byte order mark is not common.
fn is_common(bytes: &[u8]) -> bool {
    let other_break = || {
        let finds = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
        !bytes.is_ascii() && (finds(b"\xC2\x85") || finds(b"\xE2\x80\xA8") || finds(b"\xE2\x80\xA9"))
    };
    !bytes.starts_with(b"\xEF\xBB\xBF")
        && memchr::memchr(b'\r', bytes).is_none()
        && all_allowed(bytes)
        && !other_break()
}

/// Something that this reader leaves to the scanner.
#[derive(Debug)]
struct Unusual;

type Result<T> = std::result::Result<T, Unusual>;

struct Reader<'t, 'l> {
    text: &'t str,
    /// Where the next line begins.
    at: usize,
    limits: &'l Limits,
    numbers: Numbers,
    nodes: usize,
    /// The collections that are open, the innermost last.
    frames: Vec<Frame>,
    root: Option<Data>,
    /// Whether there was a `---`.
    marked: bool,
    /// Where scalars that are not one stretch of the text are put together.
    scratch: String,
}

/// A collection that is open.
struct Frame {
    /// The column of its keys or dashes.
    indent: usize,
    /// Whether its value or item is still to come.
    awaits: bool,
    parts: Parts,
}

enum Parts {
    Items {
        items: Vec<Data>,
        /// Whether its dashes stand in the column of the key that it is the value of.
        unindented: bool,
    },
    Members {
        members: Vec<(Str, Data)>,
        /// The key of the value that is read.
        key: Str,
    },
}

/// The key that a line begins with, and what stands behind its colon.
type Key<'t> = (Str, &'t str);

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line<'t> {
    indent: usize,
    /// What stands behind the indent.
    content: &'t str,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Result<Option<Data>> {
        while let Some(line) = self.next_content()? {
            self.line(line)?;
        }
        while !self.frames.is_empty() {
            self.close()?;
        }
        Ok(self.root.take())
    }

    /// The next line, without its end.
    fn next_line(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        self.at += end.map_or(rest.len(), |end| end + 1);
        rest.get(..end.unwrap_or(rest.len()))
    }

    fn next_content(&mut self) -> Result<Option<Line<'t>>> {
        while let Some(line) = self.next_line() {
            let content = unindented(line);
            let indent = line.len() - content.len();
            match content.as_bytes().first() {
                None | Some(b'#') => continue,
                Some(b'\t') => return Err(Unusual),
                _ => {}
            }
            if indent == 0 && content.starts_with("---") {
                if self.marked || !self.frames.is_empty() || content.trim_end_matches(' ') != "---" {
                    return Err(Unusual);
                }
                self.marked = true;
                continue;
            }
            if indent == 0 && content.starts_with("...") {
                return Err(Unusual);
            }
            return Ok(Some(Line { indent, content }));
        }
        Ok(None)
    }

    /// Reads a line: closes what it does not belong to, and opens what begins with it.
    fn line(&mut self, line: Line<'t>) -> Result<()> {
        let Line { indent, content } = line;
        let is_item = is_item(content);
        loop {
            let Some(frame) = self.frames.last_mut() else {
                if self.root.is_some() {
                    return Err(Unusual);
                }
                self.open(indent, is_item, false)?;
                break;
            };
            if frame.indent < indent {
                if !frame.awaits {
                    return Err(Unusual);
                }
                let around = frame.indent;
                if is_item {
                    self.open(indent, true, false)?;
                    break;
                }
                let Some(key) = self.key(content)? else {
                    let data = self.scalar(content, around)?;
                    return self.add(data);
                };
                self.open(indent, false, false)?;
                return self.part(indent, content, Some(key));
            }
            let ends = match &frame.parts {
                _ if frame.indent > indent => true,
                Parts::Items { unindented, .. } => match (is_item, *unindented) {
                    (true, _) => false,
                    (false, true) => true,
                    (false, false) => return Err(Unusual),
                },
                Parts::Members { .. } if is_item => {
                    if !frame.awaits {
                        return Err(Unusual);
                    }
                    self.open(indent, true, true)?;
                    break;
                }
                Parts::Members { .. } => false,
            };
            if ends {
                self.close()?;
            } else {
                // What its last part is was never said.
                if frame.awaits {
                    self.count()?;
                    self.add(Data::Null)?;
                }
                break;
            }
        }
        self.part(indent, content, None)
    }

    /// Reads the part of the innermost collection that begins in this column; `key` is its key where that was read before.
    fn part(&mut self, mut column: usize, mut content: &'t str, mut key: Option<Key<'t>>) -> Result<()> {
        loop {
            let Some(frame) = self.frames.last_mut() else { return Err(Unusual) };
            frame.awaits = true;
            let value;
            match &mut frame.parts {
                Parts::Items { .. } => {
                    let behind = content.get(1..).unwrap_or_default();
                    value = unindented(behind);
                    if is_nothing(value) {
                        return Ok(());
                    }
                    let next = column + content.len() - value.len();
                    let is_list = is_item(value);
                    if !is_list {
                        key = self.key(value)?;
                    }
                    if is_list || key.is_some() {
                        self.open(next, is_list, false)?;
                        (column, content) = (next, value);
                        continue;
                    }
                }
                Parts::Members { .. } => {
                    let found = match key.take() {
                        Some(key) => Some(key),
                        None => self.key(content)?,
                    };
                    let (key, behind) = found.ok_or(Unusual)?;
                    self.count()?;
                    if let Some(Frame { parts: Parts::Members { key: kept, .. }, .. }) =
                        self.frames.last_mut()
                    {
                        *kept = key;
                    }
                    value = unindented(behind);
                    if is_nothing(value) {
                        return Ok(());
                    }
                    if is_item(value) {
                        return Err(Unusual);
                    }
                }
            }
            let data = self.scalar(value, column)?;
            return self.add(data);
        }
    }

    /// The key that a line begins with, and what stands behind its colon; `None` where there is no key.
    fn key(&mut self, content: &'t str) -> Result<Option<Key<'t>>> {
        /// A key is found within so many characters (YAML 1.1 §7.4.2), or is none.
        const LONGEST: usize = 1000;
        let (key, behind) = match content.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let Some((text, behind)) = self.quoted_within(content, *quote)? else { return Ok(None) };
                let Some(behind) = unindented(behind).strip_prefix(':') else { return Ok(None) };
                (text, behind)
            }
            _ if !starts_plain(content) => return Ok(None),
            _ => {
                let Some(colon) = plain_end(content)?.colon else { return Ok(None) };
                let (text, behind) = (content.get(..colon), content.get(colon + 1..));
                let text = text.unwrap_or_default().trim_end_matches(' ');
                if text == "<<" {
                    return Err(Unusual);
                }
                let typed = resolve(Tag::None, text).map(Typed::Scalar).map_err(|_| Unusual)?;
                (Str::from(&*typed.to_key().ok_or(Unusual)?), behind.unwrap_or_default())
            }
        };
        if content.len() - behind.len() > LONGEST || !matches!(behind.as_bytes().first(), None | Some(b' ')) {
            return Err(Unusual);
        }
        Ok(Some((key, behind)))
    }

    fn open(&mut self, indent: usize, is_list: bool, unindented: bool) -> Result<()> {
        self.count()?;
        if self.frames.len() >= self.limits.depth {
            return Err(Unusual);
        }
        let parts = if is_list {
            Parts::Items { items: Vec::new(), unindented }
        } else {
            Parts::Members { members: Vec::new(), key: Str::EMPTY }
        };
        self.frames.push(Frame { indent, awaits: false, parts });
        Ok(())
    }

    /// Closes the innermost collection.
    fn close(&mut self) -> Result<()> {
        if self.frames.last().is_some_and(|frame| frame.awaits) {
            self.count()?;
            self.add(Data::Null)?;
        }
        let Some(frame) = self.frames.pop() else { return Err(Unusual) };
        let data = match frame.parts {
            Parts::Items { items, .. } => Data::List(items.into()),
            Parts::Members { members, .. } => {
                let count = members.len();
                let map: DataMap = members.into_iter().collect();
                if map.len() < count {
                    return Err(Unusual); // a key that stands twice
                }
                Data::Map(map)
            }
        };
        if self.frames.is_empty() {
            self.root = Some(data);
            return Ok(());
        }
        self.add(data)
    }

    /// Adds a part to the innermost collection.
    fn add(&mut self, data: Data) -> Result<()> {
        let frame = self.frames.last_mut().ok_or(Unusual)?;
        frame.awaits = false;
        match &mut frame.parts {
            Parts::Items { items, .. } => items.push(data),
            Parts::Members { members, key } => members.push((std::mem::take(key), data)),
        }
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes { Err(Unusual) } else { Ok(()) }
    }
}

/// A line without the blanks that it begins with.
#[inline]
fn unindented(line: &str) -> &str {
    let blanks = line.bytes().take_while(|byte| *byte == b' ').count();
    line.get(blanks..).unwrap_or_default()
}

/// Whether a line is an item of a list.
fn is_item(content: &str) -> bool {
    matches!(content.as_bytes(), [b'-'] | [b'-', b' ', ..])
}

/// Whether nothing stands here but a comment, which blanks stand before.
fn is_nothing(behind: &str) -> bool {
    matches!(behind.as_bytes().first(), None | Some(b'#'))
}

/// Where a plain scalar ends before its line does.
#[derive(Default)]
struct PlainEnd {
    /// At the colon that makes a key of it.
    colon: Option<usize>,
    /// At the blank before a comment.
    comment: Option<usize>,
}

/// Looks for the end of a plain scalar, which one pass over its bytes does soonest: most are short.
fn plain_end(content: &str) -> Result<PlainEnd> {
    let mut rest = content.as_bytes();
    let at = |rest: &[u8]| Some(content.len() - rest.len());
    while let [first, behind @ ..] = rest {
        match (first, behind.first()) {
            (b':', None | Some(b' ')) => return Ok(PlainEnd { colon: at(rest), comment: None }),
            (b' ', Some(b'#')) => return Ok(PlainEnd { colon: None, comment: at(rest) }),
            (b'\t', _) => return Err(Unusual),
            _ => rest = behind,
        }
    }
    Ok(PlainEnd::default())
}

/// Whether a plain scalar may begin so (YAML 1.1 §9.1.3).
fn starts_plain(content: &str) -> bool {
    match content.as_bytes() {
        [b'-' | b'?' | b':', next, ..] => !matches!(next, b' ' | b'\t'),
        [first, ..] => !matches!(
            first,
            b'-' | b'?'
                | b':'
                | b','
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'#'
                | b'&'
                | b'*'
                | b'!'
                | b'|'
                | b'>'
                | b'\''
                | b'"'
                | b'%'
                | b'@'
                | b'`'
                | b'\t'
                | b' '
        ),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::Duplicates;
    use crate::read::read_any;

    /// Whatever is read here is what the scanner and the tree lead to.
    fn check(text: &str) -> bool {
        let limits = Limits::default();
        for numbers in [Numbers::Floats, Numbers::Typed] {
            let Some(data) = read(text.as_bytes(), &limits, numbers) else { return false };
            let any = read_any(text.as_bytes(), &limits, Duplicates::Refuse, numbers);
            assert_eq!(Some(data), any.ok(), "{text:?}");
        }
        true
    }

    #[test]
    fn the_common_shape_is_read() {
        for text in [
            "a: 1\n",
            "a: 1",
            "---\n# about\na:\n  b: c # why\n  d:\n  - e\n  - f: g\n    h: i\n  -\n    j: k\n  - - l\n    - m\n",
            "a:\nb:\n\n  c:\n",
            "- a\n-\n- b: c\n- 'd: e'\n- \"f\": g\n",
            "a: |\n  b\n\n    c\n  d\n\ne: |-\n  f\n\ng: |+\n  h\n\ni:\n- |\n  j\n",
            "a: b\n  c\n\n  d\ne: 'f\n\n  g'\nh: \"i \\\"j\\n\n  k\"\n",
            "a: []\nb: {}\nc: [d, 'e', \"f\", 1, true]\n",
            "1: a\ntrue: b\n1.5: c\n2001-01-01: d\n",
            "a: yes\nb: 0x1F\nc: 1e3\nd: ~\ne: 1_000\nf: 2001-01-01\ng: -1\nh: --x\ni: a#b\nj: a:b\n",
            "a: \u{e9}\u{1F600}\n",
            "a:\n  - b\n  - c\nd:\n- e\n",
            "a:\n  {}\nb:\n  c\n d\ne:\n  |\n  f\n-g: :h\n",
            "a: {b: c, 'd': [e, {f: 1}], g: []}\nh: [[], {}]\n",
            "a: >\n  b\n  c\n\n  d\n    e\n  f\n\ng: >-\n\n  h\n\n\n  i\nj: |2-\n   k\nl: |+1\n\n  m\n",
            "a: \"b\\\n  \\ c\\\n\n  d\"\n",
        ] {
            assert!(check(text), "{text:?}");
        }
    }

    #[test]
    fn the_rest_is_left_to_the_scanner() {
        for text in [
            "",
            "a",
            "# a\n",
            "[a]",
            "{a: b}",
            "a: &b c\n",
            "a: *b\n",
            "a: !!str b\n",
            "<<: a\n",
            "a: >-1-\n  b\n",
            "a: b\na: c\n",
            "a: b\n c: d\n",
            "a: b: c\n",
            "a:\tb\n",
            "a: b\tc\n",
            "a: |\n  b",
            "a: .nan\n",
            "a: |33\n   b\n",
            "a: b\n---\nc: d\n",
            "a: b\n...\n",
            "? a\n",
            "a: - b\n",
            "- a\nb: c\n",
            "a: 'b\n",
            "%YAML 1.1\n---\na: b\n",
            "\u{FEFF}a: b\n",
            "a: b\r\n",
            "a: b\u{2028}\n",
            "~: a\n",
            "a: [b\n",
        ] {
            assert!(read(text.as_bytes(), &Limits::default(), Numbers::Floats).is_none(), "{text:?}");
        }
    }

    #[test]
    fn limits_are_kept() {
        let text = b"a: [b, c]\n";
        assert!(read(text, &Limits::default().max_nodes(5), Numbers::Floats).is_some());
        assert!(read(text, &Limits::default().max_nodes(4), Numbers::Floats).is_none());
        assert!(read(text, &Limits::default().max_bytes(9), Numbers::Floats).is_none());
        assert!(read(b"- - - a\n", &Limits::default().max_depth(2), Numbers::Floats).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Lines that look like YAML, one below the other.
        #[test]
        fn lines_are_read_as_the_scanner_reads_them(
            lines in prop::collection::vec((0_usize..5, prop::sample::select(PIECES), prop::sample::select(PIECES)), 1..9),
            ends in any::<bool>(),
        ) {
            let lines: Vec<String> =
                lines.iter().map(|(indent, first, second)| " ".repeat(*indent) + first + second).collect();
            check(&(lines.join("\n") + if ends { "\n" } else { "" }));
        }

        #[test]
        fn characters_are_read_as_the_scanner_reads_them(text in "[ab1:#'\"|\\\\>{}\\[\\],.~<&*!%?@\\-+ \t\n\u{e9}]{0,24}") {
            check(&text);
        }
    }

    const PIECES: &[&str] = &[
        "",
        "a: ",
        "b:",
        "c: d",
        "- ",
        "-",
        "e",
        "'f'",
        "\"g\"",
        "'h",
        "i'",
        "\"j",
        "k\"",
        "|",
        "|-",
        "|+",
        ">",
        "#l",
        " #m",
        "[]",
        "{}",
        "[n, 'o']",
        "~",
        "1",
        "0o7",
        "yes",
        "p q",
        "r:s",
        "\\n",
        "\t",
        "---",
        "...",
        "? ",
        ": ",
        "&t ",
        "*u",
        "!v",
        "<<: ",
        "''",
        "\\\"",
        "w: x",
        "- y",
        "  ",
        "2001-01-01",
        "1_0",
        ".5",
        "=",
        "%",
        "\u{e9}",
    ];
}
