//! Patterns for paths, as Go's `path.Match` reads them.

/// A pattern for paths (Go: `path.Match`): `*` is any text without `/`, `?` any letter but `/`, `[a-z]` and
/// `[^a-z]` one letter of a class, `\` takes the next letter as it is. There is no `**`.
#[derive(Clone, Debug)]
pub struct PathPattern(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Star,
    Any,
    Letter(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl PathPattern {
    /// Reads a pattern. The error is Go's text.
    pub fn new(pattern: &str) -> Result<Self, &'static str> {
        const BAD: &str = "syntax error in pattern";
        let mut tokens = Vec::new();
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            tokens.push(match letter {
                '*' => {
                    if matches!(tokens.last(), Some(Token::Star)) {
                        continue;
                    }
                    Token::Star
                }
                '?' => Token::Any,
                '\\' => Token::Letter(letters.next().ok_or(BAD)?),
                '[' => {
                    let negated = letters.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        if !ranges.is_empty() && letters.next_if_eq(&']').is_some() {
                            break;
                        }
                        let mut bound = || match letters.next() {
                            None | Some('-' | ']') => Err(BAD),
                            Some('\\') => letters.next().ok_or(BAD),
                            Some(letter) => Ok(letter),
                        };
                        let low = bound()?;
                        let high = if letters.next_if_eq(&'-').is_some() {
                            match letters.next() {
                                None | Some('-' | ']') => return Err(BAD),
                                Some('\\') => letters.next().ok_or(BAD)?,
                                Some(letter) => letter,
                            }
                        } else {
                            low
                        };
                        ranges.push((low, high));
                    }
                    Token::Class { negated, ranges }
                }
                letter => Token::Letter(letter),
            });
        }
        Ok(Self(tokens))
    }

    /// Whether the pattern matches the whole path.
    pub fn matches(&self, path: &str) -> bool {
        let letters: Vec<char> = path.chars().collect();
        let (mut at, mut token) = (0, 0);
        // Where the last star stands and how far it reaches: only it ever has to grow.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(token), letters.get(at)) {
                (Some(Token::Star), _) => {
                    star = Some((token, at));
                    token += 1;
                    continue;
                }
                (Some(single), Some(letter)) if single.matches(*letter) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match star {
                Some((place, reach)) if letters.get(reach).is_some_and(|letter| *letter != '/') => {
                    star = Some((place, reach + 1));
                    token = place + 1;
                    at = reach + 1;
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    fn matches(&self, letter: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => letter != '/',
            Self::Letter(wanted) => letter == *wanted,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    #[test]
    fn matches_as_go_does() {
        for (pattern, path, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*", "a/b", false),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a???b", "a☺☻☹b", true),
            ("a[^a]b", "a☺b", true),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("", "", true),
            ("", "a", false),
        ] {
            let parsed = PathPattern::new(pattern).expect(pattern);
            assert_eq!(parsed.matches(path), expected, "{pattern} on {path}");
        }
        for pattern in ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\", "a\\"] {
            assert!(PathPattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
