//! Multiplication is for numbers.
//!
//! minijinja repeats a list without making it, and charges no fuel when such a list is printed: `[0] * 99999999 ~ ''`
//! would take gigabytes. Lists and texts have no powers, so `a * b` is written `a ** 1 * b ** 1`, which is the same for
//! numbers and an error for everything else.

use std::borrow::Cow;

/// Behind a factor: it is a number.
const IS_A_NUMBER: &str = " ** 1";

/// The expression with multiplications that only numbers take.
pub(crate) fn of_numbers(expression: &str) -> Cow<'_, str> {
    let mut places = Vec::new();
    let mut rest = Scanner(expression);
    while let Some(letter) = rest.peek() {
        match letter {
            '*' if rest.0.starts_with("**") => rest.skip(2),
            '*' => {
                places.push(expression.len() - rest.0.len());
                rest.skip(1);
                let mut behind = rest;
                behind.factor();
                let place = expression.len() - behind.0.len();
                behind.blanks();
                if !behind.0.starts_with('*') {
                    places.push(place); // other signs of multiplication and powers see to it themselves
                }
            }
            '\'' | '"' => rest.text(letter),
            _ => rest.skip(letter.len_utf8()),
        }
    }
    if places.is_empty() {
        return expression.into();
    }
    places.sort_unstable();
    let mut written = String::with_capacity(expression.len() + places.len() * IS_A_NUMBER.len());
    let mut copied = 0;
    for place in places {
        written.push_str(expression.get(copied..place).unwrap_or_default());
        written.push_str(IS_A_NUMBER);
        copied = place;
    }
    written.push_str(expression.get(copied..).unwrap_or_default());
    written.into()
}

/// The reason in words of the expression as it was written.
pub(crate) fn as_written(reason: String, expression: &str) -> String {
    if expression.contains("**") { reason } else { reason.replace("** operator", "* operator") }
}

/// What is left of an expression.
#[derive(Clone, Copy)]
struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.0.chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.0 = self.0.get(bytes..).unwrap_or_default();
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn word(&mut self) {
        self.0 = self.0.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    }

    /// A text in quotes.
    fn text(&mut self, quote: char) {
        self.skip(1);
        while let Some(letter) = self.peek() {
            self.skip(letter.len_utf8());
            match letter {
                '\\' => self.skip(self.peek().map_or(0, char::len_utf8)),
                _ if letter == quote => return,
                _ => {}
            }
        }
    }

    /// Something in brackets, those inside of it too.
    fn brackets(&mut self) {
        let mut depth = 0_usize;
        while let Some(letter) = self.peek() {
            match letter {
                '\'' | '"' => {
                    self.text(letter);
                    continue;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.skip(letter.len_utf8());
            if depth == 0 {
                return;
            }
        }
    }

    /// A value with its signs, members, calls and filters; what stands behind it is left.
    fn factor(&mut self) {
        self.0 = self.0.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '-');
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.text(quote),
            Some('(' | '[' | '{') => self.brackets(),
            _ => self.word(),
        }
        loop {
            let mut behind = *self;
            behind.blanks();
            match behind.peek() {
                Some('(' | '[') => behind.brackets(),
                Some('.' | '|') => {
                    behind.skip(1);
                    behind.blanks();
                    behind.word();
                }
                _ => return,
            }
            *self = behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_found_outside_of_texts() {
        for (expression, written) in [
            ("a + b", "a + b"),
            ("a*b", "a ** 1*b ** 1"),
            ("a ** b", "a ** b"),
            ("a * b ** c", "a  ** 1* b ** c"),
            ("2 * 3 * -c + d", "2  ** 1* 3  ** 1* -c ** 1 + d"),
            ("(a * b[0].c|f('*)', 1) | g) ~ h", "(a  ** 1* b[0].c|f('*)', 1) | g ** 1) ~ h"),
            ("a * (b * c)", "a  ** 1* (b  ** 1* c ** 1) ** 1"),
            (r#"'a*b' ~ "c\"*" * 2.5"#, r#"'a*b' ~ "c\"*"  ** 1* 2.5 ** 1"#),
            ("a *", "a  ** 1* ** 1"),
        ] {
            assert_eq!(of_numbers(expression), written);
        }
    }
}
