//! Letters' case and words: `title`, `snakecase`, `initials` and their like.

use pintle_value::Str;

use crate::runes::{
    RUNE_ERROR, decode, is_digit, is_letter, is_lower, is_number, is_punct, is_space, is_title, is_upper,
    map, push, runes, to_lower, to_title, to_upper,
};

/// Go: `strings.Title`.
pub(crate) fn title(text: &Str) -> Vec<u8> {
    let mut before = ' ';
    map(text, |rune| {
        let first = is_word_separator(before);
        before = rune;
        if first { to_title(rune) } else { rune }
    })
}

fn is_word_separator(rune: char) -> bool {
    if rune.is_ascii() {
        return !(rune.is_ascii_alphanumeric() || rune == '_');
    }
    !(is_letter(rune) || is_digit(rune)) && is_space(rune)
}

/// goutils: `Uncapitalize`.
pub(crate) fn untitle(text: &Str) -> Vec<u8> {
    let mut first = true;
    map(text, |rune| {
        if is_space(rune) {
            first = true;
            rune
        } else if std::mem::take(&mut first) {
            to_lower(rune)
        } else {
            rune
        }
    })
}

/// goutils: `SwapCase`.
pub(crate) fn swap(text: &Str) -> Vec<u8> {
    let mut after_space = true;
    map(text, |rune| {
        if is_upper(rune) || is_title(rune) {
            after_space = false;
            to_lower(rune)
        } else if is_lower(rune) {
            if std::mem::take(&mut after_space) { to_title(rune) } else { to_upper(rune) }
        } else {
            after_space = is_space(rune);
            rune
        }
    })
}

/// goutils: `DeleteWhiteSpace`. It looks at bytes as if each were a character, and so breaks text that is not ASCII
/// as soon as it has something to delete.
pub(crate) fn without_space(text: &Str) -> Vec<u8> {
    if !text.iter().any(|byte| is_space(char::from(*byte))) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter().map(|byte| char::from(*byte)).filter(|rune| !is_space(*rune)) {
        push(&mut out, byte);
    }
    out
}

/// goutils: `Initials`, by bytes as well.
pub(crate) fn initials(text: &Str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_gap = true;
    for rune in text.iter().map(|byte| char::from(*byte)) {
        if is_space(rune) {
            after_gap = true;
        } else if std::mem::take(&mut after_gap) {
            push(&mut out, rune);
        }
    }
    out
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || is_space(rune)
}

/// xstrings: `ToPascalCase`.
pub(crate) fn pascal(text: &Str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = runes(text).map(|(rune, _)| rune).peekable();
    let mut current = None;
    let mut first_was_upper = false;
    // Connectors in front stay.
    for rune in rest.by_ref() {
        if !is_connector(rune) {
            first_was_upper = is_upper(rune);
            current = Some(to_upper(rune));
            break;
        }
        push(&mut out, rune);
        current = Some(rune);
    }
    let Some(mut current) = current else { return out };
    if rest.peek().is_none() {
        // Of a text of connectors alone the last one is written twice.
        push(&mut out, current);
        return out;
    }
    for rune in rest {
        let before = std::mem::replace(&mut current, rune);
        if is_connector(current) && is_connector(before) {
            push(&mut out, before);
            continue;
        }
        if is_connector(before) {
            first_was_upper = is_upper(current);
            current = to_upper(current);
            continue;
        }
        if first_was_upper {
            if is_upper(current) {
                current = to_lower(current);
            } else {
                first_was_upper = false;
            }
        }
        push(&mut out, before);
    }
    push(&mut out, current);
    out
}

/// The kinds of words that xstrings cuts a text into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

/// xstrings: `ToSnakeCase` and `ToKebabCase`, which differ in the connector.
pub(crate) fn separated(text: &Str, connector: char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    if text.is_empty() {
        return out;
    }
    let write = |out: &mut Vec<u8>, kind: Word, word: &[u8]| write_lower(out, kind, word, connector);
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            write(&mut out, kind, word);
        }
        let (before, before_word) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match before {
            Word::Number => {
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write(&mut out, kind, word);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::Invalid | Word::Punct | Word::Connector) {
                    push(&mut out, connector);
                }
            }
            Word::Connector => write(&mut out, before, before_word),
            Word::Punct => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punct) {
                    push(&mut out, connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Alphabet {
                    // A number belongs to the word before it …
                    write(&mut out, Word::Number, number);
                    if !matches!(kind, Word::Connector | Word::Punct) {
                        push(&mut out, connector);
                    }
                    continue;
                }
                // … unless small letters follow it.
                push(&mut out, connector);
                write(&mut out, Word::Number, number);
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write(&mut out, kind, word);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::Invalid | Word::Connector | Word::Punct) {
                    push(&mut out, connector);
                }
            }
        }
    }
    write(&mut out, kind, word);
    out
}

/// xstrings: `toLower`.
fn write_lower(out: &mut Vec<u8>, kind: Word, word: &[u8], connector: char) {
    if kind != Word::Upper && kind != Word::Connector {
        out.extend_from_slice(word);
        return;
    }
    for (rune, _) in runes(word) {
        push(out, if is_connector(rune) { connector } else { to_lower_if_upper(rune) });
    }
}

fn to_lower_if_upper(rune: char) -> char {
    if is_upper(rune) { to_lower(rune) } else { rune }
}

/// xstrings: `isAlphabet`: letters but the common Chinese characters.
fn is_alphabet(rune: char) -> bool {
    is_letter(rune)
        && !matches!(rune, '\u{4E00}'..='\u{9FCC}' | '\u{3400}'..='\u{4D85}' | '\u{20000}'..='\u{2B81D}')
}

/// xstrings: `nextWord`: the kind of the first word, the word, and what follows it.
fn next_word(text: &[u8]) -> (Word, &[u8], &[u8]) {
    let (rune, width) = next_valid_rune(text, RUNE_ERROR);
    let mut end = width;
    let kind = if text.is_empty() || rune == RUNE_ERROR {
        Word::Invalid
    } else if is_connector(rune) {
        end += span(text, end, rune, is_connector);
        Word::Connector
    } else if is_punct(rune) {
        end += span(text, end, rune, is_punct);
        Word::Punct
    } else if is_upper(rune) {
        end = upper_word(text, end, rune);
        Word::Upper
    } else if is_alphabet(rune) {
        end += span(text, end, rune, |rune| is_alphabet(rune) && !is_upper(rune));
        Word::Alphabet
    } else if is_number(rune) {
        end += span(text, end, rune, is_number);
        Word::Number
    } else {
        end += span(text, end, rune, |rune| {
            !(is_connector(rune) || is_alphabet(rune) || is_number(rune) || is_punct(rune))
        });
        Word::Other
    };
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (kind, word, rest)
}

/// The bytes from `start` on whose runes belong to the word.
fn span(text: &[u8], start: usize, before: char, belongs: impl Fn(char) -> bool) -> usize {
    let mut at = start;
    let mut rune = before;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let (next, width) = next_valid_rune(rest, rune);
        rune = next;
        if width == 0 || !belongs(rune) {
            break;
        }
        at += width;
    }
    at - start
}

/// An upper-case word: `HTTP` of `HTTPServer`, `Status` of `StatusCode`.
fn upper_word(text: &[u8], start: usize, first: char) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    if rest.is_empty() {
        return start;
    }
    let (second, width) = next_valid_rune(rest, first);
    if is_upper(second) {
        let mut at = start + width;
        let mut last_width = width;
        let mut rune = second;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return at;
            }
            let (next, width) = next_valid_rune(rest, rune);
            rune = next;
            if !is_upper(rune) {
                break;
            }
            at += width;
            last_width = width;
        }
        // The last capital starts the next word where small letters follow.
        return if is_alphabet(rune) { at - last_width } else { at };
    }
    if is_alphabet(second) {
        let at = start + width;
        return at + span(text, at, second, |rune| is_alphabet(rune) && !is_upper(rune));
    }
    start
}

/// xstrings: `nextValidRune`: bytes that are not UTF-8 are passed over; at the end the rune before comes again.
fn next_valid_rune(text: &[u8], before: char) -> (char, usize) {
    let mut size = 0;
    loop {
        let rest = text.get(size..).unwrap_or_default();
        let (rune, width) = decode(rest);
        if width == 0 {
            return (before, size);
        }
        size += width;
        if rune != RUNE_ERROR {
            return (rune, size);
        }
    }
}
