//! The globs of `.Files.Glob`.

/// A glob as `github.com/gobwas/glob` reads it with `/` as the separator: `*` is any text without `/`, `**` any
/// text, `?` any letter but `/`, `[abc]` and `[!a-z]` one letter, `{a,b}` one of several globs, `\` takes the next
/// letter as it is.
#[derive(Debug)]
pub(crate) struct Glob(Vec<Token>);

#[derive(Debug)]
enum Token {
    Text(Vec<char>),
    Single,
    Any,
    Super,
    Class { negated: bool, chars: Vec<char>, range: Option<(char, char)> },
    AnyOf(Vec<Vec<Token>>),
}

/// How deep braces may nest; deeper ones count as an error of the glob.
const DEPTH: usize = 32;

/// How many steps a match may take, so that no glob can stall a render; a match that would take more fails.
const STEPS: usize = 1_000_000;

impl Glob {
    /// Reads a glob; `None` where it is none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let letters: Vec<char> = text.chars().collect();
        let mut reader = Reader { letters: &letters, at: 0 };
        let tokens = reader.pattern(0)?;
        (reader.at == letters.len()).then_some(Self(tokens))
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let letters: Vec<char> = path.chars().collect();
        let mut steps = 0;
        matches(&self.0, &letters, None, &mut steps)
    }
}

struct Reader<'a> {
    letters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    /// Up to the end, or inside braces up to the `,` or `}` that ends this part.
    fn pattern(&mut self, depth: usize) -> Option<Vec<Token>> {
        if depth > DEPTH {
            return None;
        }
        let mut tokens = Vec::new();
        while let Some(letter) = self.peek() {
            if depth > 0 && matches!(letter, ',' | '}') {
                return Some(tokens);
            }
            self.at += 1;
            match letter {
                '*' if self.peek() == Some('*') => {
                    self.at += 1;
                    tokens.push(Token::Super);
                }
                '*' => tokens.push(Token::Any),
                '?' => tokens.push(Token::Single),
                '[' => tokens.push(self.class()?),
                '{' => {
                    let mut parts = Vec::new();
                    loop {
                        parts.push(self.pattern(depth + 1)?);
                        match self.next()? {
                            ',' => {}
                            _ => break,
                        }
                    }
                    tokens.push(Token::AnyOf(parts));
                }
                letter => {
                    let letter = if letter == '\\' { self.next() } else { Some(letter) };
                    let Some(letter) = letter else { continue };
                    match tokens.last_mut() {
                        Some(Token::Text(text)) => text.push(letter),
                        _ => tokens.push(Token::Text(vec![letter])),
                    }
                }
            }
        }
        if depth > 0 { None } else { Some(tokens) }
    }

    fn class(&mut self) -> Option<Token> {
        let mut negated = false;
        if self.peek() == Some('!') {
            negated = true;
            self.at += 1;
        }
        let first = self.peek()?;
        if self.letters.get(self.at + 1) == Some(&'-') {
            let high = *self.letters.get(self.at + 2)?;
            self.at += 3;
            return (self.next()? == ']' && high >= first).then_some(Token::Class {
                negated,
                chars: Vec::new(),
                range: Some((first, high)),
            });
        }
        let mut chars = Vec::new();
        loop {
            match self.next()? {
                ']' => break,
                '\\' => chars.push(self.next()?),
                letter => chars.push(letter),
            }
        }
        (!chars.is_empty()).then_some(Token::Class { negated, chars, range: None })
    }
}

/// What stands behind an alternative: the rest of the tokens around it.
#[derive(Clone, Copy)]
struct Rest<'a> {
    tokens: &'a [Token],
    outer: Option<&'a Rest<'a>>,
}

fn matches(tokens: &[Token], path: &[char], outer: Option<&Rest<'_>>, steps: &mut usize) -> bool {
    *steps += 1;
    if *steps > STEPS {
        return false;
    }
    let Some((token, behind)) = tokens.split_first() else {
        return match outer {
            None => path.is_empty(),
            Some(rest) => matches(rest.tokens, path, rest.outer, steps),
        };
    };
    match token {
        Token::Text(text) => {
            path.strip_prefix(text.as_slice()).is_some_and(|path| matches(behind, path, outer, steps))
        }
        Token::Single => {
            one(path, |letter| letter != '/').is_some_and(|path| matches(behind, path, outer, steps))
        }
        Token::Class { negated, chars, range } => {
            let inside = |letter: char| match range {
                Some((low, high)) => (*low..=*high).contains(&letter),
                None => chars.contains(&letter),
            };
            one(path, |letter| inside(letter) != *negated)
                .is_some_and(|path| matches(behind, path, outer, steps))
        }
        Token::Any | Token::Super => {
            let mut path = path;
            loop {
                if matches(behind, path, outer, steps) {
                    return true;
                }
                match path.split_first() {
                    Some((letter, rest)) if *letter != '/' || matches!(token, Token::Super) => path = rest,
                    _ => return false,
                }
            }
        }
        Token::AnyOf(parts) => {
            let rest = Rest { tokens: behind, outer };
            parts.iter().any(|part| matches(part, path, Some(&rest), steps))
        }
    }
}

fn one(path: &[char], test: impl Fn(char) -> bool) -> Option<&[char]> {
    path.split_first().filter(|(letter, _)| test(**letter)).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn matches_as_gobwas_does() {
        for (glob, path, expected) in [
            ("*", "a.yaml", true),
            ("*", "a/b.yaml", false),
            ("**", "a/b.yaml", true),
            ("config/*", "config/a", true),
            ("config/*", "config/a/b", false),
            ("config/**", "config/a/b", true),
            ("**.yaml", "config/a/b.yaml", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[abc]x", "cx", true),
            ("{a,b*}/c", "bcd/c", true),
            ("{a,b*}/c", "d/c", false),
            ("files/{x,{y,z}}.txt", "files/z.txt", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("", "", true),
        ] {
            assert_eq!(Glob::new(glob).expect(glob).matches(path), expected, "{glob} on {path}");
        }
        for bad in ["[", "{a", "[a-", "[b-a]", "[]"] {
            assert!(Glob::new(bad).is_none(), "{bad}");
        }
    }
}
