//! A compiled expression, and how Go walks a text with it (Go: `regexp/regexp.go`).

use std::borrow::Cow;

use regex_automata::meta;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::parser::{Parsed, SyntaxError, parse};
use crate::runes;

/// What the compiled form of an expression may take in memory.
const MAX_COMPILED: usize = 64 << 20;

/// Deeper expressions are compiled on a thread with a larger stack, because the compiler recurses.
const SHALLOW: u32 = 50;

/// A compiled regular expression of Go's syntax and with Go's classes, for whoever has to match as Go does.
///
/// ```
/// use pintle_functions::Regex;
/// assert!(Regex::compile(r"^\d+$")?.matches("42"));
/// assert_eq!(
///     Regex::compile("a(?=b)").unwrap_err().to_string(),
///     "error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
/// );
/// # Ok::<(), pintle_functions::RegexError>(())
/// ```
#[derive(Debug)]
pub struct Regex {
    searcher: meta::Regex,
    names: Vec<String>,
    size: u64,
    empty: bool,
}

/// A match: where each group begins and ends, the whole match first.
pub(super) type Groups = Vec<Option<(usize, usize)>>;

/// What is wrong with a regular expression, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RegexError(String);

impl Regex {
    /// Compiles an expression (Go: `regexp.Compile`). One whose compiled form would take more than 64 MiB is an error.
    pub fn compile(expression: &str) -> Result<Self, RegexError> {
        Self::new(expression.as_bytes())
            .map_err(|text| RegexError(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Whether the expression matches anywhere in the text (Go: `Regexp.MatchString`). Takes time in step with the
    /// length of text and expression.
    pub fn matches(&self, text: &str) -> bool {
        self.searcher.is_match(Input::new(text.as_bytes()))
    }

    /// Compiles an expression; the error is Go's text (Go: `regexp.Compile`).
    pub(crate) fn new(expression: &[u8]) -> Result<Self, Vec<u8>> {
        let Parsed { hir, names, height, size } = parse(expression).map_err(|error| error.text())?;
        let too_large = || SyntaxError::large(expression).text();
        let regex = if height <= SHALLOW {
            compile(&hir)
        } else {
            const STACK: usize = 64 << 20;
            let compiler = std::thread::Builder::new().stack_size(STACK).spawn(move || compile(&hir));
            compiler.ok().and_then(|compiler| compiler.join().ok()).flatten()
        };
        Ok(Self { searcher: regex.ok_or_else(too_large)?, names, size, empty: expression.is_empty() })
    }

    /// Whether the expression is the empty text.
    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// How many steps a search in a text of this length takes at most: it looks at each byte with each part of the
    /// expression, 32 at a step.
    pub(crate) fn cost(&self, len: usize) -> u64 {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        (len.saturating_mul(self.size) / 32).saturating_add(1)
    }

    /// How many steps to count for what one of many searches may look at behind its match. It can be all of the rest of
    /// the text for each single character, but hardly ever is: only a part is counted, so that the run notices soon.
    pub(crate) fn cost_ahead(&self, rest: usize) -> u64 {
        const PART: usize = 256;
        self.cost(rest / PART)
    }

    /// About how many steps the compilation took.
    pub(crate) fn compile_cost(&self) -> u64 {
        self.size.saturating_add(self.memory() / 64)
    }

    /// How many bytes the compiled expression takes.
    pub(crate) fn memory(&self) -> u64 {
        u64::try_from(self.searcher.memory_usage()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_match(&self, text: &Text<'_>) -> bool {
        self.searcher.is_match(Input::new(text.as_bytes()))
    }

    pub(super) fn find(&self, text: &Text<'_>, start: usize) -> Option<(usize, usize)> {
        let found = self.searcher.search(&input(text, start))?;
        Some((found.start(), found.end()))
    }

    pub(super) fn groups(&self, text: &Text<'_>, start: usize, captures: &mut Captures) -> Option<Groups> {
        self.searcher.search_captures(&input(text, start), captures);
        captures.is_match().then(|| {
            (0..captures.group_len())
                .map(|index| captures.get_group(index).map(|span| (span.start, span.end)))
                .collect()
        })
    }

    pub(super) fn captures(&self) -> Captures {
        self.searcher.create_captures()
    }

    /// The groups' names, by number.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// All matches but empty ones right behind another, at most `count`; any number where it is `None` (Go:
    /// `Regexp.allMatches`).
    ///
    /// Tells `spend` before and after each search how many steps it takes, and ends with its first error.
    pub(super) fn find_all<E>(
        &self,
        text: &Text<'_>,
        count: Option<usize>,
        mut spend: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Vec<(usize, usize)>, E> {
        let mut found = Vec::new();
        let end = text.as_bytes().len();
        let (mut at, mut last_end) = (0, None);
        while at <= end && count.is_none_or(|count| found.len() < count) {
            spend(self.cost_ahead(end - at))?;
            let Some((from, to)) = self.find(text, at) else { break };
            spend(self.cost(to - at))?;
            let mut accepted = true;
            if to == at {
                accepted = last_end != Some(from);
                at += text.width_at(at).max(1);
            } else {
                at = to;
            }
            last_end = Some(to);
            if accepted {
                found.push((from, to));
            }
        }
        Ok(found)
    }
}

fn compile(hir: &Hir) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(MAX_COMPILED))
        .which_captures(regex_automata::nfa::thompson::WhichCaptures::All);
    meta::Builder::new().configure(config).build_from_hir(hir).ok()
}

fn input<'t>(text: &'t Text<'_>, start: usize) -> Input<'t> {
    Input::new(text.as_bytes()).range(start..).anchored(Anchored::No)
}

/// A text to search. Go takes each byte that is not UTF-8 for U+FFFD, so such a text is searched in a copy that has
/// it there.
pub(super) struct Text<'t> {
    original: &'t [u8],
    searched: Cow<'t, str>,
}

impl<'t> Text<'t> {
    pub(super) fn new(original: &'t [u8]) -> Self {
        let searched = match std::str::from_utf8(original) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(runes::runes(original).map(|(rune, _)| rune).collect()),
        };
        Self { original, searched }
    }

    fn as_bytes(&self) -> &[u8] {
        self.searched.as_bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.searched.len()
    }

    /// How wide the rune at this place is; 0 at the end.
    pub(super) fn width_at(&self, at: usize) -> usize {
        runes::decode(self.as_bytes().get(at..).unwrap_or_default()).1
    }

    /// The original bytes of a part.
    pub(super) fn part(&self, from: usize, to: usize) -> &'t [u8] {
        let (from, to) = match self.searched {
            Cow::Borrowed(_) => (from, to),
            Cow::Owned(_) => (self.original_offset(from), self.original_offset(to)),
        };
        self.original.get(from..to).unwrap_or_default()
    }

    fn original_offset(&self, searched: usize) -> usize {
        let (mut here, mut there) = (0, 0);
        for (rune, width) in runes::runes(self.original) {
            if here >= searched {
                break;
            }
            here += rune.len_utf8();
            there += width;
        }
        there
    }
}
